//! The calls to LINE WORKS. One call is one try, kept to the tenant's pace; every way in which it can end is an [`Outcome`].
//!
//! Must never say "not sent" of a message that may have been, nor write a token, a body or a person into a log.

use std::sync::Arc;

use reqwest::{Client, RequestBuilder, Url};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::answer;
use super::pace::{Api, Pace};
use crate::channels::Outcome;
use crate::channels::http::{Authorization, BadSettings, Unsent, checked_base, read_body};
use crate::channels::json::{self, Lazy};
use crate::channels::media::{Known, Profile};
use crate::channels::tokens::TokenSource;

/// The platform's own address; the default.
pub const API_BASE_URL: &str = "https://www.worksapis.com";
/// Where its tokens come from; the default.
pub const AUTH_BASE_URL: &str = "https://auth.worksmobile.com";

/// One bot's way to its platform.
pub(crate) struct WorksClient {
    pub(super) http: Client,
    /// For what may take long.
    pub(super) media: Client,
    pub(super) base: Url,
    pub(super) bot: String,
    pub(super) tokens: Arc<TokenSource>,
    pub(super) authorization: Authorization,
    pub(super) pace: Arc<Pace>,
    pub(super) a_minute: u32,
}

/// An answer as it came.
pub(super) struct Told {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Told {
    pub(super) fn outcome(&self) -> Outcome {
        answer::outcome(self.status, &self.body)
    }

    /// What it says, where it says yes.
    pub(super) fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Outcome> {
        match self.outcome() {
            Outcome::Accepted { .. } => serde_json::from_slice(&self.body).map_err(|_| odd()),
            no => Err(no),
        }
    }
}

/// An answer that is not the platform's.
pub(super) fn odd() -> Outcome {
    Outcome::Refused { status: 200, detail: "the answer is not the platform's".to_owned() }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Member<'a> {
    #[serde(borrow)]
    user_name: Lazy<'a>,
    #[serde(borrow)]
    email: Lazy<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Name<'a> {
    #[serde(borrow)]
    last_name: Lazy<'a>,
    #[serde(borrow)]
    first_name: Lazy<'a>,
}

impl WorksClient {
    /// For the bot of this number at this address.
    pub(super) fn new(
        (http, media): (Client, Client),
        base_url: &str,
        bot: &str,
        tokens: Arc<TokenSource>,
        (pace, a_minute): (Arc<Pace>, u32),
    ) -> Result<Self, BadSettings> {
        let base = checked_base(base_url)?;
        let authorization = Authorization::Asked(tokens.clone());
        Ok(Self { http, media, base, bot: bot.to_owned(), tokens, authorization, pace, a_minute })
    }

    /// An address below the platform's; each part stays one part, whatever is in it.
    pub(super) fn address(&self, parts: &[&str]) -> Url {
        let mut address = self.base.clone();
        if let Ok(mut path) = address.path_segments_mut() {
            path.pop_if_empty().push("v1.0").extend(parts);
        }
        address
    }

    /// Sends one message. The platform does not know it again.
    pub(super) async fn send(&self, user: &str, content: &Value) -> Outcome {
        let address = self.address(&["bots", &self.bot, "users", user, "messages"]);
        let request = self.http.post(address).json(&json!({ "content": content }));
        match self.call(Some(Api::Send), request).await {
            Ok(told) => told.outcome(),
            Err(outcome) => outcome,
        }
    }

    /// Asks who a member is.
    pub(super) async fn profile(&self, user: &str) -> Known {
        let request = self.http.get(self.address(&["users", user]));
        let Ok(told) = self.call(Some(Api::Profile), request).await else { return Known::Later };
        match told.status {
            200 => {}
            // Whether names may be read is the tenant's to say; it may say otherwise another day.
            400 | 403 | 404 => return Known::Nobody,
            _ => return Known::Later,
        }
        let raw: Option<&RawValue> = serde_json::from_slice(&told.body).ok();
        let Some(member) = json::object::<Member<'_>>(raw) else { return Known::Later };
        let name: Name<'_> = json::object(member.user_name).unwrap_or_default();
        let parts = [name.last_name, name.first_name].into_iter().filter_map(json::text);
        let whole = parts.filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join(" ");
        let name = if whole.is_empty() { json::text(member.email) } else { Some(whole) };
        name.map_or(Known::Nobody, |name| Known::As(Profile { name, picture_url: None }))
    }

    /// Leaves a room. Answers whether the bot is out.
    pub(super) async fn leave(&self, room: &str) -> bool {
        let request = self.http.post(self.address(&["bots", &self.bot, "channels", room, "leave"]));
        let told = self.call(None, request).await;
        told.is_ok_and(|told| (200..300).contains(&told.status) || matches!(told.status, 400 | 404))
    }

    /// One call with a token; `api` where the platform counts it.
    pub(super) async fn call(&self, api: Option<Api>, request: RequestBuilder) -> Result<Told, Outcome> {
        if let Some(api) = api {
            self.pace.take(api, self.a_minute).map_err(|_| Outcome::RateLimited)?;
        }
        let response = self.authorization.send(request).await.map_err(unsent)?;
        let status = response.status().as_u16();
        if let Some(api) = api {
            self.pace.heard(api, status, response.headers());
        }
        let body = read_body(response).await;
        tracing::debug!(?api, status, "LINE WORKS answered");
        Ok(Told { status, body })
    }
}

/// What a request without an answer means.
pub(super) fn unsent(unsent: Unsent) -> Outcome {
    match unsent {
        Unsent::NoToken(no) => no.into(),
        // Only an error of connecting proves that no byte of the request left.
        Unsent::Http(error) if error.is_connect() => Outcome::NotSent,
        Unsent::Http(_) => Outcome::Ambiguous,
    }
}
