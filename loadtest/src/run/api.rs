//! The REST interface as far as a run needs it: setting things up, timelines, figures.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, ORIGIN, SET_COOKIE};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::error::RunError;

/// Longest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 * 1024 * 1024;
/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a call is tried again while the server says "later", and how long apart.
const TRIES: u32 = 600;
const PAUSE: Duration = Duration::from_millis(100);

/// A client, logged in or not. Clones share connections.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    client: Client<HttpConnector, Full<Bytes>>,
    base: String,
    cookie: Option<HeaderValue>,
}

impl Api {
    /// For the server at `base`, such as `http://127.0.0.1:8080`.
    pub(crate) fn new(base: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self { client: Client::builder(TokioExecutor::new()).build(connector), base: base.to_owned(), cookie: None }
    }

    /// Logs a person in.
    pub(crate) async fn login(&self, login: &str, password: &str) -> Result<Self, RunError> {
        let call = "POST /api/v1/session";
        let body = json!({"login": login, "password": password});
        let (headers, _) = self.patiently(&Method::POST, "/api/v1/session", Some(&body)).await?;
        let cookie = headers.get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok()?.split(';').next());
        let cookie = cookie.and_then(|cookie| cookie.parse().ok());
        let cookie = cookie.ok_or_else(|| failed(call, "a login without a cookie".into()))?;
        Ok(Self { cookie: Some(cookie), ..self.clone() })
    }

    /// What says who is asking, for the socket.
    pub(crate) fn identity(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let (Some(cookie), Ok(origin)) = (&self.cookie, HeaderValue::from_str(&self.base)) {
            headers.insert(COOKIE, cookie.clone());
            headers.insert(ORIGIN, origin);
        }
        headers
    }

    /// GET.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, RunError> {
        self.call(Method::GET, path, None).await
    }

    /// A call with a JSON answer.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, RunError> {
        let (_, bytes) = self.patiently(&method, path, body).await?;
        serde_json::from_slice(&bytes).map_err(|error| failed(&format!("{method} {path}"), error.into()))
    }

    /// A call whose answer is text, or has none.
    pub(crate) async fn text(&self, method: Method, path: &str, body: Option<&Value>) -> Result<String, RunError> {
        let (_, bytes) = self.patiently(&method, path, body).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    async fn patiently(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(HeaderMap, Bytes), RunError> {
        let call = format!("{method} {path}");
        let mut tries = 0;
        loop {
            let exchange = tokio::time::timeout(PATIENCE, self.exchange(method, path, body)).await;
            let answer = exchange.unwrap_or_else(|elapsed| Err(elapsed.into()));
            let (status, headers, bytes) = answer.map_err(|source| failed(&call, source))?;
            match status {
                200..300 => return Ok((headers, bytes)),
                429 | 503 if tries < TRIES => {
                    tries += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                _ => {
                    let body = String::from_utf8_lossy(&bytes).into_owned();
                    return Err(RunError::Refused { call, status, body });
                }
            }
        }
    }

    async fn exchange(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, HeaderMap, Bytes), Box<dyn Error + Send + Sync>> {
        let mut request = Request::builder().method(method.clone()).uri(format!("{}{path}", self.base));
        if let Some(headers) = request.headers_mut() {
            headers.extend(self.identity());
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let body = body.map_or_else(Bytes::new, |body| body.to_string().into());
        let answer = self.client.request(request.body(Full::new(body))?).await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = Limited::new(answer.into_body(), MAX_ANSWER).collect().await?.to_bytes();
        Ok((status, headers, bytes))
    }
}

fn failed(call: &str, source: Box<dyn Error + Send + Sync>) -> RunError {
    RunError::Call { call: call.to_owned(), source }
}
