//! What calls to platforms have in common: clients that follow and repeat nothing, addresses that show a token to nobody,
//! answers that are read to a limit.

use std::net::IpAddr;
use std::sync::{Arc, Once};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{RequestBuilder, Response, StatusCode, Url};

use super::tokens::{NoToken, TokenSource};

/// Longest body of an answer that is read, in bytes. Of a longer one only status and headers count.
pub const MAX_ANSWER: usize = 64 * 1024;

/// Longest access token, in bytes; platforms' own have under 2,000.
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

/// A client for [`crate::channels::line::client::LineClient::new`]; make one a thread and share it, as it holds the connections. It follows no
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
pub(crate) enum Unsent {
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

/// The body, or nothing where it is too long, breaks off or takes too long: by then the status has told what matters.
pub(crate) async fn read_body(mut response: reqwest::Response) -> Vec<u8> {
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

pub(crate) fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (1..=100).contains(&value.len()).then(|| value.to_owned())
}

pub(crate) fn bearer(token: &str) -> Result<HeaderValue, BadSettings> {
    let plausible = (1..=MAX_TOKEN).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic());
    if !plausible {
        return Err(BadSettings::AccessToken);
    }
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| BadSettings::AccessToken)?;
    value.set_sensitive(true);
    Ok(value)
}

/// The address, if calling it shows the token to nobody on the way.
pub(crate) fn checked_base(text: &str) -> Result<Url, BadSettings> {
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

/// By what calls are authorised.
#[derive(Clone)]
pub(crate) enum Authorization {
    /// A token that a person copied.
    Given(HeaderValue),
    /// Tokens that we ask for.
    Asked(Arc<TokenSource>),
}

impl Authorization {
    /// Sends a request with a token. One that was refused is changed once, and the same request goes again: it was not
    /// taken, so that this is the same try.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response, Unsent> {
        let tokens = match self {
            Self::Given(header) => return Ok(request.header(AUTHORIZATION, header.clone()).send().await?),
            Self::Asked(tokens) => tokens,
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
}
