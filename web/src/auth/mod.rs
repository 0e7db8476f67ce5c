//! Who is asking: cookie sessions for people, bearer tokens for programs, both answered the same way.
//!
//! A secret is stored as its SHA-256 only. The organisation is asked anew at every request, so that a disabled person is
//! out at once. See [`sessions`] for what lives how long, [`passwords`] for hashing, [`guessing`] for limits on tries,
//! [`pace`] for how much a token may ask, [`origin`] for requests from other sites.

pub mod bots;
pub mod cookie;
pub mod guessing;
pub mod origin;
pub mod pace;
pub mod passwords;
pub mod scopes;
pub mod sessions;
pub mod tokens;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use madoguchi_engine::domain::id::AgentId;
use madoguchi_engine::domain::org::Role;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_protocol::{Code, Problem};
use sha2::{Digest, Sha256};

use crate::App;
use crate::config::Config;
use crate::error::problem;
use crate::peer::caller;

use self::guessing::Guessing;
use self::pace::Pace;
use self::passwords::Passwords;
use self::scopes::Scopes;
use self::sessions::Sessions;
use self::tokens::Tokens;

/// The SHA-256 of a session's or token's secret: enough to find it, useless to whoever steals it.
pub type Fingerprint = [u8; 32];

/// What a request was let in by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionKey {
    /// A cookie that a browser sends by itself, also when another site asks it to.
    Cookie(Fingerprint),
    /// A token that a program sends on purpose.
    Token(Fingerprint),
}

impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Cookie(_) => "Cookie",
            Self::Token(_) => "Token",
        })
    }
}

/// Who is asking, and with which rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The person, or the maker of the token.
    pub agent: AgentId,
    /// What they may do.
    pub role: Role,
    /// What let them in; `None` for the operator at the command line.
    pub session: Option<SessionKey>,
    /// What that may be used for.
    pub scopes: Scopes,
    /// From which address they come; `None` where nobody knows.
    pub from: Option<IpAddr>,
}

impl Identity {
    /// Somebody without a proof, such as in a program that runs the engine itself.
    #[must_use]
    pub fn of(agent: AgentId, role: Role) -> Self {
        Self { agent, role, session: None, scopes: Scopes::ALL, from: None }
    }

    /// Whether a browser sent the proof by itself, so that the request's origin counts.
    #[must_use]
    pub fn by_cookie(&self) -> bool {
        matches!(self.session, Some(SessionKey::Cookie(_)))
    }
}

/// Tells a person's role now; `None` for who does not exist or is disabled.
pub type People = Arc<dyn Fn(AgentId) -> Option<Role> + Send + Sync>;

/// Everything that says who somebody is. Cheap to clone.
#[derive(Clone)]
pub struct Auth {
    /// Cookie sessions.
    pub sessions: Sessions,
    /// Bearer tokens.
    pub tokens: Tokens,
    /// Hashing on threads of its own.
    pub passwords: Passwords,
    /// Limits on guessing.
    pub guessing: Arc<Guessing>,
    /// How much each token asks.
    pub pace: Arc<Pace>,
    people: People,
}

impl Auth {
    /// Over the given stores.
    #[must_use]
    pub fn new(config: &Config, sessions: Sessions, tokens: Tokens, people: People) -> Self {
        Self {
            sessions,
            tokens,
            passwords: Passwords::start(
                config.hashing_threads(),
                config.passwords.queue,
                config.passwords.weak_hashes_for_tests,
            ),
            guessing: Arc::new(Guessing::new(
                config.passwords.failures_per_login,
                config.passwords.failures_per_address,
                config.limits.wrong_signatures_per_minute,
            )),
            pace: Arc::new(Pace::new(config.limits.token_requests_per_second)),
            people,
        }
    }

    /// Who holds this proof now. Counts as a sign of life of a session.
    #[must_use]
    pub fn find(&self, key: SessionKey, now: Timestamp) -> Option<Identity> {
        let (agent, scopes) = match key {
            SessionKey::Cookie(print) => (self.sessions.touch(print, now)?, Scopes::ALL),
            SessionKey::Token(print) => self.tokens.touch(print, now)?,
        };
        let role = (self.people)(agent)?;
        Some(Identity { agent, role, session: Some(key), scopes, from: None })
    }

    /// Whether who was let in earlier would still be, with the same role. Two look-ups in memory; for open sockets.
    #[must_use]
    pub fn still_valid(&self, who: &Identity) -> bool {
        let alive = match who.session {
            Some(SessionKey::Cookie(print)) => self.sessions.is_alive(print),
            Some(SessionKey::Token(print)) => self.tokens.is_alive(print),
            None => true,
        };
        alive && (self.people)(who.agent) == Some(who.role)
    }

    /// Ends every session and token of somebody who may not come in any more.
    pub async fn shut_out(&self, agent: AgentId) {
        self.sessions.end_all(agent).await;
        self.tokens.end_all(agent).await;
    }

    /// Counts one request under a token.
    ///
    /// # Errors
    /// `rate_limited` where it asks too much.
    pub fn keep_pace(&self, print: Fingerprint) -> Result<(), Problem> {
        self.pace.allow(print).map_err(|wait| {
            metrics::counter!("madoguchi_tokens_limited_total").increment(1);
            rate_limited(wait)
        })
    }

    /// Forgets what is over. To be called each minute.
    pub fn sweep(&self, now: Timestamp) {
        self.sessions.sweep(now);
        self.tokens.sweep(now);
        self.guessing.retain_recent();
        self.pace.retain_recent();
    }
}

/// Who made this request. Callers wait, so that a proof kept elsewhere one day needs no change of theirs.
///
/// # Errors
/// `unauthenticated` without a valid session or token; `origin_refused` for a change by cookie from another site;
/// `rate_limited` for a token that asks too much.
pub async fn identify(app: &App, req: &HttpRequest) -> Result<Identity, Problem> {
    let now = app.clock.now();
    let key = proof(app, req).ok_or_else(|| problem(Code::Unauthenticated))?;
    let from = caller(req, &app.config.trusted_proxies);
    let Some(who) = app.auth.find(key, now) else { return Err(unknown(app, key, from)) };
    let who = Identity { from: Some(from), ..who };
    if who.by_cookie() && !req.method().is_safe() && !origin_allowed(app, req) {
        return Err(problem(Code::OriginRefused));
    }
    if let SessionKey::Token(print) = key {
        app.auth.keep_pace(print)?;
    }
    app.engine.presence().seen(who.agent, now);
    Ok(who)
}

/// A proof that nobody holds. Wrong tokens are counted by address: whoever tries many is told to wait.
fn unknown(app: &App, key: SessionKey, from: IpAddr) -> Problem {
    let waits = match key {
        SessionKey::Token(_) => app.auth.guessing.token_failed(from),
        // A browser comes back with an old cookie by itself.
        SessionKey::Cookie(_) => None,
    };
    match waits {
        Some(wait) => rate_limited(wait),
        None => problem(Code::Unauthenticated),
    }
}

/// Too many tries; when to come back.
#[must_use]
pub fn rate_limited(wait: Duration) -> Problem {
    let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    problem(Code::RateLimited).retry_after_ms(ms.max(1))
}

/// Whether the site that made a browser send this request is one of ours. A request with a token of its own is nobody
/// else's doing and passes. To be asked for every change by cookie and for every socket.
#[must_use]
pub fn origin_allowed(app: &App, req: &HttpRequest) -> bool {
    req.headers().contains_key(AUTHORIZATION) || app.origins.allow(req.headers())
}

/// The proof that came with the request. With an `Authorization` header cookies do not count.
fn proof(app: &App, req: &HttpRequest) -> Option<SessionKey> {
    if let Some(header) = req.headers().get(AUTHORIZATION) {
        let secret = header.to_str().ok()?.strip_prefix("Bearer ")?;
        return Some(SessionKey::Token(fingerprint(secret.trim())));
    }
    let cookie = req.cookie(app.cookie.name())?;
    Some(SessionKey::Cookie(fingerprint(cookie.value())))
}

/// What is stored of a secret.
#[must_use]
pub fn fingerprint(secret: &str) -> Fingerprint {
    Sha256::digest(secret.as_bytes()).into()
}

/// 256 random bits as text.
#[must_use]
pub fn draw_secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}
