//! The calls to LINE. One call is one try: nothing is repeated here but what a refused token kept from being taken, and
//! every way in which it can end is an [`Outcome`].
//!
//! Must never say "not sent" of a message that may have been, nor write a token, a body or a recipient into a log.
//! What an answer means stands in `answer`; when to try again in [`super::backoff`].

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use reqwest::{RequestBuilder, Response, Url};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::answer::{self, Answer, Call};
use super::content::Data;
use crate::channels::http::{Authorization, Unsent, bearer, checked_base, header, read_body};
pub use crate::channels::http::{BadSettings, MAX_ANSWER, Timeouts, http_client};
use crate::channels::json::{self, Lazy};
use crate::channels::tokens::TokenSource;
use crate::channels::{Bubble, Outcome};

/// LINE's own address; the default.
pub const API_BASE_URL: &str = "https://api.line.me";
/// One account's way to LINE. Cheap to clone.
#[derive(Clone)]
pub struct LineClient {
    pub(super) http: reqwest::Client,
    pub(super) base: Url,
    pub(super) data: Option<Data>,
    reply: Url,
    push: Url,
    validate: Url,
    loading: Url,
    read: Url,
    info: Url,
    pub(super) authorization: Authorization,
}

impl fmt::Debug for LineClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.push.host_str();
        f.debug_struct("LineClient").field("host", &host).finish_non_exhaustive()
    }
}

/// What LINE says about the account that a token belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BotInfo {
    /// The account's own user id: the `destination` of its webhooks.
    pub user_id: String,
    /// Its name, as customers see it.
    pub display_name: String,
    /// Its id with an `@`.
    pub basic_id: Option<String>,
    /// `chat` or `bot`.
    pub chat_mode: Option<String>,
    /// `auto` or `manual`.
    pub mark_as_read_mode: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BotInfoFields<'a> {
    #[serde(borrow)]
    user_id: Lazy<'a>,
    #[serde(borrow)]
    display_name: Lazy<'a>,
    #[serde(borrow)]
    basic_id: Lazy<'a>,
    #[serde(borrow)]
    chat_mode: Lazy<'a>,
    #[serde(borrow)]
    mark_as_read_mode: Lazy<'a>,
}

impl LineClient {
    /// A client for one account. `base_url` is [`API_BASE_URL`], or where a double listens.
    ///
    /// # Errors
    /// The address could show the token to others, or the token cannot be one.
    pub fn new(http: reqwest::Client, base_url: &str, access_token: &str) -> Result<Self, BadSettings> {
        Self::authorised(http, base_url, Authorization::Given(bearer(access_token)?))
    }

    /// The same with tokens that are asked for.
    pub(crate) fn asking(http: reqwest::Client, base_url: &str, tokens: Arc<TokenSource>) -> Result<Self, BadSettings> {
        Self::authorised(http, base_url, Authorization::Asked(tokens))
    }

    fn authorised(http: reqwest::Client, base_url: &str, authorization: Authorization) -> Result<Self, BadSettings> {
        let base = checked_base(base_url)?;
        let address = |path: &str| {
            let whole = format!("{}{path}", base.as_str().trim_end_matches('/'));
            Url::parse(&whole).map_err(|_| BadSettings::BaseUrl)
        };
        Ok(Self {
            reply: address("/v2/bot/message/reply")?,
            push: address("/v2/bot/message/push")?,
            validate: address("/v2/bot/message/validate/push")?,
            loading: address("/v2/bot/chat/loading/start")?,
            read: address("/v2/bot/chat/markAsRead")?,
            info: address("/v2/bot/info")?,
            authorization,
            http,
            base,
            data: None,
        })
    }

    /// Where its tokens come from, where they are asked for.
    pub(super) fn tokens(&self) -> Option<&TokenSource> {
        match &self.authorization {
            Authorization::Given(_) => None,
            Authorization::Asked(tokens) => Some(tokens),
        }
    }

    /// Answers free, once. LINE does not recognise a repetition of this call. LINE takes 1 to 5 bubbles.
    pub async fn reply(&self, reply_token: &str, bubbles: &[Bubble]) -> Outcome {
        let body = json!({ "replyToken": reply_token, "messages": messages(bubbles) });
        let request = self.http.post(self.reply.clone()).json(&body);
        self.call(Call::Reply, request).await.1
    }

    /// Sends a message of its own. For 24 hours LINE recognises a call with the same `retry_key`; recipient and bubbles
    /// must be the same as well. Limits as for [`LineClient::reply`].
    pub async fn push(&self, to: &str, bubbles: &[Bubble], retry_key: Uuid) -> Outcome {
        let body = json!({ "to": to, "messages": messages(bubbles) });
        let request = self.http.post(self.push.clone()).json(&body);
        let request = request.header("x-line-retry-key", retry_key.hyphenated().to_string());
        self.call(Call::Push, request).await.1
    }

    /// Asks whether LINE would take these bubbles. Sends nothing and costs nothing.
    pub async fn validate(&self, bubbles: &[Bubble]) -> Outcome {
        let body = json!({ "messages": messages(bubbles) });
        self.call(Call::Ask, self.http.post(self.validate.clone()).json(&body)).await.1
    }

    /// Shows the user the loading animation for so many seconds, 5 to 60 in steps of 5, or until the next bubble comes.
    pub async fn show_loading(&self, user_id: &str, seconds: u8) -> Outcome {
        let body = json!({ "chatId": user_id, "loadingSeconds": seconds });
        self.call(Call::Ask, self.http.post(self.loading.clone()).json(&body)).await.1
    }

    /// Shows the user that the message of this token, and all before it, were read.
    pub async fn mark_as_read(&self, token: &str) -> Outcome {
        let body = json!({ "markAsReadToken": token });
        self.call(Call::Ask, self.http.post(self.read.clone()).json(&body)).await.1
    }

    /// Asks whose token this is.
    ///
    /// # Errors
    /// The outcome of the call; `Refused` with status 200 where the answer is not LINE's.
    pub async fn bot_info(&self) -> Result<BotInfo, Outcome> {
        let (body, outcome) = self.call(Call::Ask, self.http.get(self.info.clone())).await;
        if !matches!(outcome, Outcome::Accepted { .. }) {
            return Err(outcome);
        }
        read_bot_info(&body)
            .ok_or_else(|| Outcome::Refused { status: 200, detail: "the answer names no account".to_owned() })
    }

    /// Sends a request with a token, see [`Authorization::send`].
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Response, Unsent> {
        self.authorization.send(request).await
    }

    pub(super) async fn call(&self, call: Call, request: RequestBuilder) -> (Vec<u8>, Outcome) {
        let began = Instant::now();
        let response = match self.send(request).await {
            Ok(response) => response,
            Err(Unsent::NoToken(no)) => return (Vec::new(), no.into()),
            Err(Unsent::Http(error)) => {
                // Only an error of connecting proves that no byte of the request left.
                let outcome = if error.is_connect() { Outcome::NotSent } else { Outcome::Ambiguous };
                let error = error.without_url();
                tracing::debug!(?call, ?outcome, %error, "no answer from LINE");
                return (Vec::new(), outcome);
            }
        };
        let (status, headers) = (response.status().as_u16(), response.headers());
        let answer = Answer {
            status,
            request_id: header(headers, "x-line-request-id"),
            accepted_request_id: header(headers, "x-line-accepted-request-id"),
            body: read_body(response).await,
        };
        tracing::debug!(
            ?call,
            status,
            request.id = answer.request_id.as_deref(),
            duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "LINE answered"
        );
        let outcome = answer::outcome(call, &answer);
        (answer.body, outcome)
    }
}

fn read_bot_info(body: &[u8]) -> Option<BotInfo> {
    let raw: &RawValue = serde_json::from_slice(body).ok()?;
    let fields: BotInfoFields<'_> = json::object(Some(raw))?;
    Some(BotInfo {
        user_id: json::id(fields.user_id)?,
        display_name: json::text(fields.display_name).unwrap_or_default(),
        basic_id: json::text(fields.basic_id),
        chat_mode: json::text(fields.chat_mode),
        mark_as_read_mode: json::text(fields.mark_as_read_mode),
    })
}

fn messages(bubbles: &[Bubble]) -> Vec<&serde_json::Value> {
    bubbles.iter().map(|bubble| &bubble.body).collect()
}
