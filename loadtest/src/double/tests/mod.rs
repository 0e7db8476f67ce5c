//! The double's own rules, seen from outside: a client of its API and an engine that gets its webhooks.

mod content;
mod control;
mod door;
mod engine;
mod faulty;
mod hooks;
mod kinds;
mod media;
mod people;
mod sends;
mod tokens;

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use super::{Channel, Clock, Double, Options, Shown};
use engine::Engine;

/// Only failing tests wait so long.
const PATIENCE: Duration = Duration::from_secs(20);
/// 2026-11-21, on a clock that stands.
const NOON_MS: i64 = 1_795_262_400_000;

/// A platform with one channel and one friend of it.
struct Line {
    double: Double,
    channel: Channel,
    user: String,
    http: Client<HttpConnector, Full<Bytes>>,
}

/// An answer of the platform; none where the connection ended without.
type Answered = Option<(u16, HeaderMap, Value)>;

impl Line {
    fn start() -> Self {
        Self::with(Options { clock: Clock::standing(NOON_MS), ..Options::default() })
    }

    fn with(options: Options) -> Self {
        let double = Double::start(options).expect("free ports");
        let channel = double.add_channel("窓口");
        let user = double.add_user(&channel, "山田").expect("the channel exists");
        let http = Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build_http();
        Self { double, channel, user, http }
    }

    async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answered {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.double.api_url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).expect("a request");
        let answer = self.http.request(request).await.ok()?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        Some((
            head.status.as_u16(),
            head.headers,
            if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).expect("answers are JSON") },
        ))
    }

    /// A call with the channel's token.
    async fn post(&self, path: &str, key: Option<&str>, body: &Value) -> Answered {
        let token = format!("Bearer {}", self.channel.access_token);
        let mut headers = vec![("authorization", token.as_str()), ("content-type", "application/json")];
        headers.extend(key.map(|key| ("x-line-retry-key", key)));
        self.call("POST", path, &headers, &body.to_string()).await
    }

    /// A call of the content host: status, headers, bytes; fewer of them than promised where it broke off.
    async fn data(&self, path: &str) -> (u16, HeaderMap, Result<Bytes, hyper::Error>) {
        let request = Request::get(format!("{}{path}", self.double.data_url()))
            .header("authorization", format!("Bearer {}", self.channel.access_token))
            .body(Full::default())
            .expect("a request");
        let (head, body) = self.http.request(request).await.expect("an answer").into_parts();
        (head.status.as_u16(), head.headers, body.collect().await.map(http_body_util::Collected::to_bytes))
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let token = format!("Bearer {}", self.channel.access_token);
        let (status, _, body) = self.call("GET", path, &[("authorization", &token)], "").await.expect("an answer");
        (status, body)
    }

    async fn push(&self, key: Option<&str>, text: &str) -> Answered {
        let body = json!({ "to": self.user, "messages": [{ "type": "text", "text": text }] });
        self.post("/v2/bot/message/push", key, &body).await
    }

    async fn push_status(&self, text: &str) -> u16 {
        self.push(None, text).await.map_or(0, |(status, ..)| status)
    }

    async fn reply(&self, token: &str, text: &str) -> (u16, Value) {
        let body = json!({ "replyToken": token, "messages": [{ "type": "text", "text": text }] });
        let (status, _, body) = self.post("/v2/bot/message/reply", None, &body).await.expect("an answer");
        (status, body)
    }

    /// Texts on the user's phone.
    fn texts(&self) -> Vec<String> {
        let shown = self.double.conversation(&self.user).expect("the user exists");
        shown.iter().filter_map(|shown: &std::sync::Arc<Shown>| shown.text.clone()).collect()
    }

    /// An engine that the channel's webhooks go to.
    async fn engine(&self) -> Engine {
        let engine = Engine::start().await;
        self.double.set_webhook(&self.channel, &engine.url).expect("the channel exists");
        engine
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
