//! How a bot speaks: the addresses made for bots, under its token.

use madoguchi_protocol::api::BotDelivery;
use reqwest::Method;
use serde_json::{Value, json};

use super::Act;

/// How often a call is tried again that broke off or was told "later".
const TRIES: u32 = 5;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(200);

/// What became of something that a bot said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The conversation.
    pub conversation: String,
    /// What it wanted.
    pub act: Act,
    /// The status; 0 where none came.
    pub status: u16,
    /// The stable code of a refusal; empty without one.
    pub code: String,
}

/// A token and where it counts. Clones share connections.
#[derive(Clone, Debug)]
pub struct Mouth {
    client: reqwest::Client,
    server: String,
    token: String,
}

impl Mouth {
    /// For the engine at `server`, such as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn new(server: &str, token: &str) -> Self {
        // Somebody in this process may have chosen one before us, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().expect("a client without certificates can be made");
        Self { client, server: server.trim_end_matches('/').to_owned(), token: token.to_owned() }
    }

    /// Any call under the token: status and body.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let mut request = self.client.request(method, format!("{}{path}", self.server)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let Ok(response) = request.send().await else { return (0, Value::Null) };
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    /// Does one thing about a delivery. The same delivery and place give the same client id, so that saying it twice is
    /// saying it once.
    pub(super) async fn act(&self, delivery: &BotDelivery, place: usize, act: Act) -> Answered {
        let conversation = delivery.conversation.as_ref().map(|c| c.id.clone()).unwrap_or_default();
        let epoch = delivery.seat_epoch;
        let (call, body) = match &act {
            Act::Say(text) => {
                let content = json!({"type": "text", "text": text});
                let client_id = format!("{}-{place}", delivery.id.rsplit('_').next().unwrap_or_default());
                ("messages", json!({"client_id": client_id, "seat_epoch": epoch, "content": content}))
            }
            Act::HandOver(summary) => ("handover", json!({"seat_epoch": epoch, "summary": summary})),
            Act::Complete => {
                let heard = delivery.message.as_ref().map_or(0, |message| message.number);
                ("complete", json!({"seat_epoch": epoch, "heard": heard}))
            }
        };
        let path = format!("/api/v1/bot/conversations/{conversation}/{call}");
        let mut told = (0, Value::Null);
        for _ in 0..TRIES {
            told = self.call(Method::POST, &path, Some(&body)).await;
            if !matches!(told.0, 0 | 429 | 503) {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        let code = told.1["code"].as_str().unwrap_or_default().to_owned();
        Answered { conversation, act, status: told.0, code }
    }
}
