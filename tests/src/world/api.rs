//! The REST interface as a program or a console uses it. Every call returns an [`Answer`], also when none came.

use std::sync::Once;

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderMap, ORIGIN, SET_COOKIE};
use serde_json::{Value, json};

use super::PATIENCE;

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The request, for messages.
    pub request: String,
    /// The HTTP status; `None` when the connection broke before it came, so that nobody knows what was done.
    pub status: Option<u16>,
    /// The body; null where there is none or it is no JSON.
    pub body: Value,
    /// The headers.
    pub headers: HeaderMap,
}

impl Answer {
    /// The body of a success.
    ///
    /// # Panics
    /// It is none.
    #[track_caller]
    pub fn ok(self) -> Value {
        let success = self.status.is_some_and(|status| (200..300).contains(&status));
        assert!(success, "{} gave {:?}: {}", self.request, self.status, self.body);
        self.body
    }

    /// The stable code of a problem document, empty where there is none.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Checks that it is a problem with this status and code, and returns it.
    ///
    /// # Panics
    /// It is something else.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        let found = (self.status, self.code());
        assert_eq!(found, (Some(status), code), "{}: {}", self.request, self.body);
        self.body
    }

    /// Whether no answer came: what was asked for may have been done or not.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.status.is_none()
    }
}

/// Who is asking.
#[derive(Clone, Debug)]
enum Identity {
    Nobody,
    Console { cookie: String },
    Program { token: String },
}

/// A client of one server. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Api {
    client: reqwest::Client,
    base: String,
    identity: Identity,
}

impl Api {
    /// A client that has not logged in. `base` is `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn new(base: &str) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // Somebody in this process may have chosen one before us, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .no_proxy()
            .build()
            .expect("a client without certificates can always be made");
        Self { client, base: base.to_owned(), identity: Identity::Nobody }
    }

    /// The same client for a server that moved to another port.
    #[must_use]
    pub fn moved_to(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// A program's client, with a bearer token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { identity: Identity::Program { token: token.to_owned() }, ..self.clone() }
    }

    /// Logs a person in, as the console does; the new client carries the session.
    ///
    /// # Panics
    /// The login is refused or sets no cookie.
    pub async fn login(&self, login: &str, password: &str) -> Self {
        let answer = self.try_login(login, password).await;
        let cookie = session_cookie(&answer.headers);
        let _ = answer.ok();
        Self { identity: Identity::Console { cookie: cookie.expect("a login sets a cookie") }, ..self.clone() }
    }

    /// A login whose answer matters.
    pub async fn try_login(&self, login: &str, password: &str) -> Answer {
        self.post("/api/v1/session", json!({"login": login, "password": password})).await
    }

    /// The address.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The headers that say who is asking, for a request of another kind.
    #[must_use]
    pub fn identity_headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let visible = |text: &str| text.parse().expect("addresses, cookies and tokens are visible ASCII");
        match &self.identity {
            Identity::Nobody => {}
            Identity::Console { cookie } => {
                headers.insert(COOKIE, visible(cookie));
                headers.insert(ORIGIN, visible(&self.base));
            }
            Identity::Program { token } => {
                headers.insert(AUTHORIZATION, visible(&format!("Bearer {token}")));
            }
        }
        headers
    }

    /// Any call.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.client.request(method.clone(), format!("{}{path}", self.base));
        request = request.headers(self.identity_headers());
        if let Some(body) = &body {
            request = request.json(body);
        }
        answer(format!("{method} {path}"), request).await
    }

    /// A call with bytes and headers of the test's choosing: webhooks, broken JSON, foreign origins.
    pub async fn post_raw(&self, path: &str, headers: HeaderMap, body: Vec<u8>) -> Answer {
        let request = self.client.post(format!("{}{path}", self.base));
        let request = request.headers(headers).body(body);
        answer(format!("POST {path}"), request).await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// PATCH with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    /// A new agent; the login is also the name.
    pub async fn create_agent(&self, login: &str, role: &str, password: &str) -> Answer {
        let body = json!({"login": login, "name": login, "role": role, "password": password});
        self.post("/api/v1/agents", body).await
    }

    /// A new window for 5, 30 or 100 agents.
    pub async fn create_window(&self, id: &str, name: &str, product: u32) -> Answer {
        let body = json!({"id": id, "name": name, "product": product});
        self.post("/api/v1/windows", body).await
    }

    /// Makes an agent a member of a window.
    pub async fn add_member(&self, window: &str, agent: &str) -> Answer {
        self.put(&format!("/api/v1/windows/{window}/agents/{agent}"), json!({})).await
    }

    /// A new inbox of a kind.
    pub async fn create_inbox(&self, window: &str, kind: &str, settings: Value) -> Answer {
        let body = json!({"window": window, "kind": kind, "settings": settings});
        self.post("/api/v1/inboxes", body).await
    }

    /// The conversations of a window; `query` without the question mark, or empty.
    pub async fn conversations(&self, window: &str, query: &str) -> Answer {
        self.get(&format!("/api/v1/windows/{window}/conversations?{query}")).await
    }

    /// One conversation.
    pub async fn conversation(&self, id: &str) -> Answer {
        self.get(&format!("/api/v1/conversations/{id}")).await
    }

    /// The timeline; `query` without the question mark, or empty.
    pub async fn messages(&self, id: &str, query: &str) -> Answer {
        self.get(&format!("/api/v1/conversations/{id}/messages?{query}")).await
    }

    /// 対応開始.
    pub async fn claim(&self, id: &str) -> Answer {
        self.command(id, "claim", json!({})).await
    }

    /// A text to the customer.
    pub async fn send(&self, id: &str, client_id: &str, seat_epoch: u64, text: &str) -> Answer {
        let content = json!({"type": "text", "text": text});
        let body = json!({"client_id": client_id, "seat_epoch": seat_epoch, "content": content});
        self.command(id, "messages", body).await
    }

    /// 対応完了.
    pub async fn complete(&self, id: &str, seat_epoch: u64) -> Answer {
        self.command(id, "complete", json!({"seat_epoch": seat_epoch})).await
    }

    /// 未対応に戻す.
    pub async fn release(&self, id: &str, seat_epoch: u64) -> Answer {
        self.command(id, "release", json!({"seat_epoch": seat_epoch})).await
    }

    /// Any other command of a conversation: `takeover`, `handover`, `assign`, `notes`…
    pub async fn command(&self, id: &str, command: &str, body: Value) -> Answer {
        self.post(&format!("/api/v1/conversations/{id}/{command}"), body).await
    }
}

async fn answer(request: String, builder: reqwest::RequestBuilder) -> Answer {
    let mut answer = Answer { request, status: None, body: Value::Null, headers: HeaderMap::new() };
    if let Ok(response) = builder.send().await {
        let status = response.status().as_u16();
        answer.headers = response.headers().clone();
        // A status whose body never came whole is no answer either.
        if let Ok(bytes) = response.bytes().await {
            answer.status = Some(status);
            answer.body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        }
    }
    answer
}

/// The cookies of a login as a browser would send them back.
fn session_cookie(headers: &HeaderMap) -> Option<String> {
    let pairs: Vec<&str> =
        headers.get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok()?.split(';').next()).collect();
    (!pairs.is_empty()).then(|| pairs.join("; "))
}
