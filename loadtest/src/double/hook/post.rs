//! One POST to the engine: as LINE sends it, timed, and never to another machine.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Request, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;

const SIGNATURE: HeaderName = HeaderName::from_static("x-line-signature");
/// Longest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// How LINE would put it in its webhook statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// 2xx in time.
    Ok,
    /// Nobody listens there, or the address is not on this machine.
    CouldNotConnect,
    /// No answer in time.
    RequestTimeout,
    /// An answer, but not 2xx.
    ErrorStatusCode,
    /// The connection broke before the answer.
    Unclassified,
    /// The channel has no webhook, or it is switched off: nothing was sent.
    NotSent,
}

/// What came of one POST.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Posted {
    pub(crate) status: Option<u16>,
    pub(crate) reason: Reason,
    pub(crate) took: Duration,
}

impl Posted {
    pub(crate) const NOT_SENT: Self = Self { status: None, reason: Reason::NotSent, took: Duration::ZERO };
}

type HttpClient = Client<HttpConnector, Full<Bytes>>;

/// Keeps connections to the engine. LINE has changed the case of its header names before, so there are two clients.
#[derive(Debug)]
pub(crate) struct Poster {
    lower_case: HttpClient,
    title_case: HttpClient,
    timeout: Duration,
}

impl Poster {
    pub(crate) fn new(timeout: Duration) -> Self {
        let client = |title_case| {
            let mut connector = HttpConnector::new();
            connector.set_nodelay(true);
            Client::builder(TokioExecutor::new())
                .http1_title_case_headers(title_case)
                .retry_canceled_requests(false)
                .build(connector)
        };
        Self { lower_case: client(false), title_case: client(true), timeout }
    }

    /// Posts `body`. The time runs from here to the last byte of the answer.
    pub(crate) async fn post(&self, url: &str, body: Bytes, signature: Option<&str>, title_case: bool) -> Posted {
        let started = Instant::now();
        let (status, reason) =
            match tokio::time::timeout(self.timeout, self.exchange(url, body, signature, title_case)).await {
                Ok(Ok(status)) if (200..300).contains(&status) => (Some(status), Reason::Ok),
                Ok(Ok(status)) => (Some(status), Reason::ErrorStatusCode),
                Ok(Err(reason)) => (None, reason),
                Err(_) => (None, Reason::RequestTimeout),
            };
        Posted { status, reason, took: started.elapsed() }
    }

    async fn exchange(&self, url: &str, body: Bytes, signature: Option<&str>, title_case: bool) -> Result<u16, Reason> {
        let uri = local(url).ok_or(Reason::CouldNotConnect)?;
        let mut request = Request::post(uri)
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .header(USER_AGENT, "LineBotWebhook/2.0");
        if let Some(signature) = signature {
            let value = HeaderValue::from_bytes(signature.as_bytes()).map_err(|_| Reason::Unclassified)?;
            request = request.header(SIGNATURE, value);
        }
        let request = request.body(Full::new(body)).map_err(|_| Reason::Unclassified)?;
        let client = if title_case { &self.title_case } else { &self.lower_case };
        let answer = client
            .request(request)
            .await
            .map_err(|error| if error.is_connect() { Reason::CouldNotConnect } else { Reason::Unclassified })?;
        let status = answer.status().as_u16();
        // The status decides; the rest is only read so that the connection can be used again.
        let _ = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
        Ok(status)
    }
}

/// The address, if it is plain http on this machine.
pub(crate) fn local(url: &str) -> Option<Uri> {
    let uri: Uri = url.parse().ok()?;
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    let loopback = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    (uri.scheme_str() == Some("http") && loopback).then_some(uri)
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn nothing_leaves_this_machine() {
        for url in ["http://127.0.0.1:8080/hooks/line/x", "http://localhost/x", "http://[::1]:1/x"] {
            assert!(local(url).is_some(), "{url}");
        }
        for url in
            ["https://127.0.0.1/x", "http://10.0.0.1/x", "http://example.com/x", "http://localhost.example.com/", "/x"]
        {
            assert!(local(url).is_none(), "{url}");
        }
    }
}
