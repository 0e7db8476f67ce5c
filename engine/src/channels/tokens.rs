//! Access tokens that we ask platforms for ourselves, and change before they end.
//!
//! One renewal at a time, whoever needs it: the others wait for its end. Early renewals happen apart from sends, which use
//! the present token meanwhile. A token that is refused in the middle of its life is renewed once for all who were
//! refused with it. Must never show a token, a secret or an assertion.

use std::fmt;

use parking_lot::Mutex;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Url};
use serde::Deserialize;

use super::Outcome;
use super::http::{BadSettings, bearer, checked_base, read_body};
use crate::clock::Clock;
use crate::domain::time::Timestamp;

/// A token is not used in the last moments of its life, in milliseconds.
const MARGIN_MS: i64 = 10_000;
/// A renewal begins when a fifth of a token's life is left, and this at most, in milliseconds.
const EARLY_MOST_MS: i64 = 24 * 3_600_000;
/// After a platform refused to give a token it is asked again after this, in milliseconds: a person must mend it.
const REFUSED_MS: i64 = 30_000;
/// After a platform could not be asked it is asked again after this, in milliseconds.
const UNASKED_MS: i64 = 1_000;

/// With what tokens are asked for, and where.
pub(crate) trait Credential: Send + Sync {
    /// The address that gives tokens, for an account whose platform is at `base`.
    fn address(&self, base: &Url) -> Option<Url>;
    /// The form to post there. Must never be shown.
    fn form(&self, now: Timestamp) -> String;
}

/// Why there is no new token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoToken {
    /// The platform refused: number, secret or key are wrong, or there are too many tokens.
    Refused {
        /// With which status.
        status: u16,
    },
    /// The platform could not be asked, or could not answer.
    Unreachable,
}

impl From<NoToken> for Outcome {
    fn from(no: NoToken) -> Self {
        match no {
            NoToken::Refused { status } => Self::Unauthorised { status },
            // Without a token nothing was sent.
            NoToken::Unreachable => Self::NotSent,
        }
    }
}

/// How an account stands with its tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenState {
    /// Until when the present one is good; `None` where there is none, or where it has no end.
    pub until: Option<Timestamp>,
    /// Why the last renewal gave none, and when; `None` after one that did.
    pub failed: Option<(NoToken, Timestamp)>,
}

/// A token.
#[derive(Clone)]
pub(crate) struct Issued {
    pub(crate) header: HeaderValue,
    /// Which one it is: a refusal speaks of one token only.
    pub(crate) serial: u64,
    until: Timestamp,
    renew_at: Timestamp,
}

#[derive(Default)]
struct Held {
    token: Option<Issued>,
    failed: Option<(NoToken, Timestamp)>,
    serial: u64,
}

/// Where the tokens of one account come from.
pub(crate) struct TokenSource {
    http: Client,
    url: Url,
    credential: Box<dyn Credential>,
    clock: Clock,
    held: Mutex<Held>,
    renewing: tokio::sync::Mutex<()>,
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSource").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Given {
    access_token: String,
    expires_in: Seconds,
}

/// A number, which some platforms write as a string.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(i64),
    Text(String),
}

impl Seconds {
    fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

impl TokenSource {
    /// For an account whose platform is at `base_url`.
    pub(crate) fn new(
        http: Client,
        base_url: &str,
        credential: Box<dyn Credential>,
        clock: Clock,
    ) -> Result<Self, BadSettings> {
        let url = credential.address(&checked_base(base_url)?).ok_or(BadSettings::BaseUrl)?;
        Ok(Self { http, url, credential, clock, held: Mutex::default(), renewing: tokio::sync::Mutex::default() })
    }

    /// How it stands.
    pub(crate) fn state(&self) -> TokenState {
        let held = self.held.lock();
        TokenState { until: held.token.as_ref().map(|token| token.until), failed: held.failed }
    }

    /// A token that is good now.
    pub(crate) async fn token(&self) -> Result<Issued, NoToken> {
        if let Some(token) = self.usable() {
            return Ok(token);
        }
        let _turn = self.renewing.lock().await;
        match self.usable() {
            Some(token) => Ok(token),
            None => self.renew().await,
        }
    }

    /// Another token than the one that was refused.
    pub(crate) async fn instead_of(&self, refused: u64) -> Result<Issued, NoToken> {
        let _turn = self.renewing.lock().await;
        if let Some(token) = self.usable().filter(|token| token.serial != refused) {
            return Ok(token);
        }
        self.held.lock().token = None;
        self.renew().await
    }

    /// Renews the token where that is due and nobody is at it. Nobody waits for this.
    pub(crate) async fn keep(&self) {
        let now = self.clock.now();
        let due = self.held.lock().token.as_ref().is_none_or(|token| token.renew_at <= now);
        let Ok(_turn) = self.renewing.try_lock() else { return };
        if due {
            // What went wrong is in the state, and tried again.
            let _ = self.renew().await;
        }
    }

    fn usable(&self) -> Option<Issued> {
        let now = self.clock.now();
        self.held.lock().token.clone().filter(|token| now.plus_ms(MARGIN_MS) < token.until)
    }

    async fn renew(&self) -> Result<Issued, NoToken> {
        let now = self.clock.now();
        if let Some((why, at)) = self.held.lock().failed {
            let wait = if matches!(why, NoToken::Refused { .. }) { REFUSED_MS } else { UNASKED_MS };
            if now.since_ms(at) < wait {
                return Err(why);
            }
        }
        let asked = self.ask(now).await;
        let mut held = self.held.lock();
        match asked {
            Ok((header, life_ms)) => {
                held.serial += 1;
                held.failed = None;
                let early_ms = (life_ms / 5).min(EARLY_MOST_MS);
                let (until, renew_at) = (now.plus_ms(life_ms), now.plus_ms(life_ms - early_ms));
                let token = Issued { header, serial: held.serial, until, renew_at };
                held.token = Some(token.clone());
                metrics::counter!("madoguchi_access_tokens_total", "outcome" => "issued").increment(1);
                Ok(token)
            }
            Err(why) => {
                held.failed = Some((why, self.clock.now()));
                let outcome = if why == NoToken::Unreachable { "unreachable" } else { "refused" };
                metrics::counter!("madoguchi_access_tokens_total", "outcome" => outcome).increment(1);
                tracing::warn!(?why, "a platform gave no access token");
                Err(why)
            }
        }
    }

    /// Asks; answers with the header and the life of the token in milliseconds.
    async fn ask(&self, now: Timestamp) -> Result<(HeaderValue, i64), NoToken> {
        let request = self.http.post(self.url.clone()).body(self.credential.form(now));
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let response = request.send().await.map_err(|_| NoToken::Unreachable)?;
        let status = response.status().as_u16();
        match status {
            200 => {}
            408 | 429 | 500.. => return Err(NoToken::Unreachable),
            status => return Err(NoToken::Refused { status }),
        }
        let body = zeroize::Zeroizing::new(read_body(response).await);
        let given: Given = serde_json::from_slice(&body).map_err(|_| NoToken::Unreachable)?;
        let header = bearer(&given.access_token).map_err(|_| NoToken::Unreachable)?;
        let expires_in = given.expires_in.number().ok_or(NoToken::Unreachable)?;
        Ok((header, expires_in.clamp(0, 31 * 24 * 3_600) * 1_000))
    }
}
