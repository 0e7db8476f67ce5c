//! A house to measure in: a server on a folder of its own, one window, one LINE account, the owner logged in.

use std::path::Path;

use serde_json::{Value, json};

use crate::Outcome;
use crate::server::Server;
use crate::webhook::Webhooks;
use crate::wire::{Answer, Wire, request};

/// The window's address.
pub const WINDOW: &str = "support";
const LOGIN: &str = "owner";
const PASSWORD: &str = "correct horse 窓口 42";
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// The house.
pub struct House {
    /// The server.
    pub server: Server,
    /// What its platform sends.
    pub webhooks: Webhooks,
    /// Headers that say "the owner asks", whole lines.
    pub owner: String,
}

impl House {
    /// Furnishes an empty folder.
    ///
    /// # Errors
    /// The server does not start or refuses.
    pub async fn furnish(data_dir: &Path) -> Outcome<Self> {
        Self::furnish_with(data_dir, &[]).await
    }

    /// The same with more settings, names without `MADOGUCHI_`.
    ///
    /// # Errors
    /// As [`House::furnish`].
    pub async fn furnish_with(data_dir: &Path, settings: &[(&str, &str)]) -> Outcome<Self> {
        Server::add_owner(data_dir, LOGIN, PASSWORD)?;
        let server = Server::start_with(data_dir, settings)?;
        let mut house = Self::enter(server).await?;
        house.post("/api/v1/windows", &json!({"id": WINDOW, "name": "窓口", "product": 100})).await?;
        let agent = json!({"login": "hanako", "name": "花子", "role": "agent", "password": PASSWORD});
        let agent = house.post("/api/v1/agents", &agent).await?;
        let agent = agent["id"].as_str().ok_or("an agent without an id")?.to_owned();
        let answer = house.call("PUT", &format!("/api/v1/windows/{WINDOW}/agents/{agent}"), &json!({})).await?;
        expect_success(&answer)?;
        let settings = json!({
            "channel_secret": SECRET, "channel_access_token": "t",
            // Nobody listens there, and nothing is sent in these measurements.
            "api_base_url": "http://127.0.0.1:9", "api_data_base_url": "http://127.0.0.1:9",
        });
        house.post("/api/v1/inboxes", &json!({"window": WINDOW, "kind": "line", "settings": settings})).await?;
        house.find_webhook().await?;
        Ok(house)
    }

    /// Enters a house that was furnished before.
    ///
    /// # Errors
    /// As [`House::furnish`].
    pub async fn reopen(data_dir: &Path) -> Outcome<Self> {
        let mut house = Self::enter(Server::start(data_dir)?).await?;
        house.find_webhook().await?;
        Ok(house)
    }

    async fn enter(server: Server) -> Outcome<Self> {
        let mut wire = Wire::connect(&server.address).await?;
        let body = serde_json::to_vec(&json!({"login": LOGIN, "password": PASSWORD}))?;
        let headers = format!("content-type: application/json\r\norigin: http://{}\r\n", server.address);
        let answer =
            wire.call(&with_host(request("POST", "/api/v1/session", &headers, &body), &server.address)).await?;
        expect_success(&answer)?;
        let cookies: Vec<&str> = answer.head.lines().filter_map(set_cookie).collect();
        let owner = format!("{headers}cookie: {}\r\n", cookies.join("; "));
        Ok(Self { server, webhooks: Webhooks::new(SECRET, ""), owner })
    }

    async fn find_webhook(&mut self) -> Outcome<()> {
        let answer = self.call("GET", "/api/v1/inboxes", &Value::Null).await?;
        let list: Value = serde_json::from_slice(&answer.body)?;
        let inbox = list["items"][0]["id"].as_str().ok_or("no inbox")?;
        self.webhooks = Webhooks::new(SECRET, &format!("/hooks/line/{inbox}"));
        Ok(())
    }

    /// Any call as the owner.
    ///
    /// # Errors
    /// No answer came.
    pub async fn call(&self, method: &str, path: &str, body: &Value) -> Outcome<Answer> {
        let body = if body.is_null() { Vec::new() } else { serde_json::to_vec(body)? };
        let request = request(method, path, &self.owner, &body);
        Wire::connect(&self.server.address).await?.call(&with_host(request, &self.server.address)).await
    }

    async fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        let answer = self.call("POST", path, body).await?;
        expect_success(&answer)?;
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// One of the server's own figures.
    ///
    /// # Errors
    /// No answer came, or there is no such figure.
    pub async fn metric(&self, name: &str) -> Outcome<f64> {
        let answer = self.call("GET", "/metrics", &Value::Null).await?;
        let text = String::from_utf8(answer.body)?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)).ok_or_else(|| format!("no metric {name}"))?;
        Ok(line.trim().parse()?)
    }

    /// How long a reader waits now for a list that holds everything accepted so far.
    ///
    /// # Errors
    /// The list is refused.
    pub async fn read_wait(&self) -> Outcome<std::time::Duration> {
        let begun = std::time::Instant::now();
        let path = format!("/api/v1/windows/{WINDOW}/conversations?limit=1&q=nobody");
        expect_success(&self.call("GET", &path, &Value::Null).await?)?;
        Ok(begun.elapsed())
    }
}

/// The server compares origin and host.
fn with_host(request: Vec<u8>, address: &str) -> Vec<u8> {
    let text = String::from_utf8(request).expect("requests here are text");
    text.replacen("host: bench", &format!("host: {address}"), 1).into_bytes()
}

fn set_cookie(line: &str) -> Option<&str> {
    let (name, value) = line.split_once(':')?;
    name.eq_ignore_ascii_case("set-cookie").then(|| value.trim().split(';').next())?
}

fn expect_success(answer: &Answer) -> Outcome<()> {
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    Err(format!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body)).into())
}
