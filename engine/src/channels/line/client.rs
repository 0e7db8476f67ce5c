//! The calls to LINE. One call is one try: nothing is repeated here but what a refused token kept from being taken, and
//! every way in which it can end is an [`Outcome`].
//!
//! Must never say "not sent" of a message that may have been, nor write a token, a body or a recipient into a log.
//! What an answer means stands in `answer`; when to try again in [`super::backoff`].

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::answer::{self, Answer, Call};
use super::content::Data;
use super::json::{self, Lazy};
use super::tokens::{Authorization, NoToken, TokenSource};
use crate::channels::{Bubble, Outcome};

/// LINE's own address; the default.
pub const API_BASE_URL: &str = "https://api.line.me";
/// Longest body of an answer that is read, in bytes. Of a longer one only status and headers count.
pub const MAX_ANSWER: usize = 64 * 1024;
/// Longest access token, in bytes; LINE's have under 300, and signed ones under 2,000.
const MAX_TOKEN: usize = 4 * 1024;

/// How long a call may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Until the connection stands, TLS included.
    pub connect: Duration,
    /// Until the answer is read to its end, from the start of the call.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(3), total: Duration::from_secs(10) }
    }
}

/// Settings with which no call can be made. Says nothing of a token's content.
#[derive(Debug, thiserror::Error)]
pub enum BadSettings {
    /// Neither https nor loopback, or more than scheme, host, port and path.
    #[error("base url must be https, or http on this machine, without user, query or fragment")]
    BaseUrl,
    /// Empty, too long, or with characters that no token has.
    #[error("access token has a form that no token has")]
    AccessToken,
    /// The machine lacks what a client needs.
    #[error("http client could not be made")]
    Http(#[source] reqwest::Error),
}

/// A client for [`LineClient::new`]; make one a thread and share it, as it holds the connections. It follows no
/// redirect, uses no proxy, keeps no cookie and repeats no request by itself.
///
/// A machine without CA certificates gets a client that trusts nobody: it can only call loopback addresses.
///
/// # Errors
/// [`BadSettings::Http`].
pub fn http_client(timeouts: Timeouts) -> Result<reqwest::Client, BadSettings> {
    built(|| client_builder(timeouts.connect, timeouts.total))
}

/// What every client has in common: nothing is followed, repeated, remembered or sent through others.
pub(crate) fn client_builder(connect: Duration, total: Duration) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("madoguchi/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(connect)
        .timeout(total)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .tcp_nodelay(true)
}

pub(crate) fn built(builder: impl Fn() -> reqwest::ClientBuilder) -> Result<reqwest::Client, BadSettings> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Fails only where the program has chosen a provider already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    builder().build().or_else(|error| {
        tracing::warn!(%error, "no certificates to trust: only loopback addresses can be called");
        let nobody = builder().tls_certs_only([]);
        nobody.build().map_err(BadSettings::Http)
    })
}

/// A request without an answer.
#[derive(Debug)]
pub(super) enum Unsent {
    /// It did not leave: there is no token for it.
    NoToken(NoToken),
    /// How it went is in the error.
    Http(reqwest::Error),
}

impl From<reqwest::Error> for Unsent {
    fn from(error: reqwest::Error) -> Self {
        Self::Http(error)
    }
}

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

    /// Sends a request with a token. One that LINE refused is changed once, and the same request goes again: it was not
    /// taken, so that this is the same try.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Response, Unsent> {
        let tokens = match &self.authorization {
            Authorization::Given(header) => return Ok(request.header(AUTHORIZATION, header.clone()).send().await?),
            Authorization::Asked(tokens) => tokens,
        };
        let token = tokens.token().await.map_err(Unsent::NoToken)?;
        let again = request.try_clone();
        let response = request.header(AUTHORIZATION, token.header).send().await?;
        let Some(again) = again.filter(|_| response.status() == StatusCode::UNAUTHORIZED) else {
            return Ok(response);
        };
        let token = tokens.instead_of(token.serial).await.map_err(Unsent::NoToken)?;
        Ok(again.header(AUTHORIZATION, token.header).send().await?)
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

/// The body, or nothing where it is too long, breaks off or takes too long: by then the status has told what matters.
pub(super) async fn read_body(mut response: reqwest::Response) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_ANSWER => {
                body.extend_from_slice(&chunk);
            }
            Ok(None) => return body,
            Ok(Some(_)) | Err(_) => return Vec::new(),
        }
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

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (1..=100).contains(&value.len()).then(|| value.to_owned())
}

pub(super) fn bearer(token: &str) -> Result<HeaderValue, BadSettings> {
    let plausible = (1..=MAX_TOKEN).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic());
    if !plausible {
        return Err(BadSettings::AccessToken);
    }
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| BadSettings::AccessToken)?;
    value.set_sensitive(true);
    Ok(value)
}

/// The address, if calling it shows the token to nobody on the way.
pub(super) fn checked_base(text: &str) -> Result<Url, BadSettings> {
    let url = Url::parse(text).map_err(|_| BadSettings::BaseUrl)?;
    let bare =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    let private = match url.scheme() {
        "https" => url.has_host(),
        "http" => url.host_str().is_some_and(is_loopback),
        _ => false,
    };
    if bare && private {
        return Ok(url);
    }
    Err(BadSettings::BaseUrl)
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}
