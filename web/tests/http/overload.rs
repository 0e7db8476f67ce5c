//! That too much work takes along what matters most, or that what was refused stays refused.
//!
//! The server runs in this process, so that the pressure can be set by hand.

use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use madoguchi_engine::channels::line::signature;
use madoguchi_web::boot::Server;
use madoguchi_web::config::Config;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::server::{PASSWORD, cookie_of, install_provider, user_add};

const SECRET: &str = "channel-secret-of-the-test";
const PATIENCE: Duration = Duration::from_secs(10);

/// A window with one inbox, and its owner logged in.
struct House {
    server: Server,
    client: Client,
    cookie: String,
    inbox: String,
    _dir: TempDir,
}

impl House {
    async fn open() -> Self {
        install_provider();
        let dir = tempfile::tempdir().expect("a temporary folder");
        let data_dir = dir.path().join("data");
        assert!(user_add(&data_dir, "owner", "owner", PASSWORD).success());
        let mut config = Config { data_dir, listen: "127.0.0.1:0".to_owned(), ..Config::default() };
        config.passwords.weak_hashes_for_tests = true;
        config.engine.min_free_bytes = 1;
        config.engine.presence_grace_ms = 3_600_000;
        let server = Server::start(config).await.expect("it starts");
        let client = Client::builder().no_proxy().build().expect("a plain client");
        let mut house = Self { server, client, cookie: String::new(), inbox: String::new(), _dir: dir };
        house.cookie = house.log_in("owner").await;
        house.ask("POST", "/api/v1/windows", json!({"id": "sales", "name": "窓口", "product": 5})).await;
        let settings = json!({"channel_secret": SECRET, "channel_access_token": "t"});
        let inbox = json!({"window": "sales", "kind": "line", "settings": settings});
        house.inbox = house.ask("POST", "/api/v1/inboxes", inbox).await.1["id"].as_str().expect("an id").to_owned();
        let me = house.get("/api/v1/session").await.1["agent"]["id"].as_str().expect("an id").to_owned();
        assert_eq!(house.ask("PUT", &format!("/api/v1/windows/sales/agents/{me}"), json!({})).await.0, 200);
        house
    }

    async fn log_in(&self, login: &str) -> String {
        let body = json!({"login": login, "password": PASSWORD});
        let response = self.client.post(format!("{}/api/v1/session", self.server.address)).json(&body).send().await;
        cookie_of(&response.expect("an answer"))
    }

    fn press(&self, percent: u64) {
        self.server.app.engine.faults().pressure.store(percent, Ordering::Release);
    }

    fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let request = self.client.request(method, format!("{}{path}", self.server.address));
        request.header("cookie", &self.cookie).header("origin", &self.server.address)
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        told(self.request(method, path).json(&body).send().await.expect("an answer")).await
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        told(self.request("GET", path).send().await.expect("an answer")).await
    }

    fn hook(&self, body: &str, secret: &str) -> RequestBuilder {
        self.client
            .post(format!("{}/hooks/line/{}", self.server.address, self.inbox))
            .header("x-line-signature", signature::sign(secret, body.as_bytes()))
            .body(body.to_owned())
    }

    /// A customer writes; the status.
    async fn say(&self, user: u32, event: u32) -> u16 {
        let event = json!({
            "type": "message", "timestamp": 1_000 + event, "source": {"type": "user", "userId": format!("U{user:032}")},
            "webhookEventId": format!("E{user}-{event}"),
            "message": {"type": "text", "id": format!("{user}{event}"), "text": format!("m{event}")},
        });
        let body = json!({"destination": "U", "events": [event]}).to_string();
        self.hook(&body, SECRET).send().await.expect("an answer").status().as_u16()
    }

    async fn conversation(&self, user: u32) -> String {
        let (_, list) = self.get(&format!("/api/v1/conversations?q=u{user:032}")).await;
        list["items"][0]["id"].as_str().unwrap_or_else(|| panic!("no conversation: {list}")).to_owned()
    }

    async fn figures(&self) -> String {
        let url = format!("{}/metrics", self.server.address);
        self.client.get(url).send().await.expect("an answer").text().await.expect("text")
    }

    async fn close(self) {
        let ended = self.server.stop(Duration::from_secs(20)).await;
        assert_eq!(format!("{ended:?}"), format!("{:?}", std::process::ExitCode::SUCCESS));
    }
}

/// Asks again and again until it is so.
async fn until(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !ask().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, asking).await.is_ok(), "waited in vain for {what}");
}

async fn told(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let waits = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let body: Value = serde_json::from_str(&response.text().await.expect("a body")).unwrap_or(Value::Null);
    if status == 503 {
        assert_eq!(body["code"], "overloaded", "{body}");
        assert!(waits.is_some_and(|seconds| seconds >= 1), "{body}");
    }
    (status, body)
}

#[actix_web::test]
async fn lists_are_refused_while_customers_still_get_through_and_all_comes_back_by_itself() {
    let house = House::open().await;
    assert_eq!(house.say(1, 0).await, 200);
    let conversation = house.conversation(1).await;
    let note = format!("/api/v1/conversations/{conversation}/notes");
    for (event, pressure, search, list, command) in [
        (1, 24, 200, 200, 200),
        (2, 25, 503, 200, 200),
        (3, 49, 503, 200, 200),
        (4, 50, 503, 503, 200),
        (5, 74, 503, 503, 200),
        (6, 75, 503, 503, 503),
        (7, 100, 503, 503, 503),
        (8, 0, 200, 200, 200),
    ] {
        house.press(pressure);
        let conversations = "/api/v1/windows/sales/conversations";
        assert_eq!(house.get(&format!("{conversations}?q=x")).await.0, search, "search at {pressure} %");
        assert_eq!(house.get(conversations).await.0, list, "list at {pressure} %");
        let body = json!({"client_id": format!("n{event}"), "text": "メモ"});
        assert_eq!(house.ask("POST", &note, body).await.0, command, "command at {pressure} %");
        assert_eq!(house.say(1, event).await, 200, "a customer at {pressure} %");
        assert_eq!(house.get("/healthz").await.0, 200);
        assert_eq!(house.get("/readyz").await.0, 200);
        assert_eq!(house.get("/api/v1/session").await.0, 200, "who I am");
        house.log_in("owner").await;
    }
    let figures = house.figures().await;
    for (class, count) in [("search", 6), ("list", 4), ("command", 2)] {
        let line = format!(r#"madoguchi_refused_total{{class="{class}",why="pressure"}} {count}"#);
        assert!(figures.contains(&line), "{line} is not in\n{figures}");
    }
    assert!(!figures.contains(r#"madoguchi_refused_total{class="webhook""#), "{figures}");
    assert!(figures.contains(r#"madoguchi_webhooks_total{channel="line",outcome="recorded"} 9"#), "{figures}");
    house.close().await;
}

#[actix_web::test]
async fn a_socket_learns_under_its_own_ref_that_its_command_was_not_taken() {
    let house = House::open().await;
    assert_eq!(house.say(1, 0).await, 200);
    let conversation = house.conversation(1).await;
    let url = format!("{}/api/v1/socket", house.server.address.replacen("http", "ws", 1));
    let mut request = url.into_client_request().expect("an address");
    request.headers_mut().insert("cookie", house.cookie.parse().expect("a cookie"));
    request.headers_mut().insert("origin", house.server.address.parse().expect("an origin"));
    house.press(75);
    assert!(tokio_tungstenite::connect_async(request.clone()).await.is_err(), "no further socket is opened");
    house.press(74);
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.expect("a socket");
    for (reference, pressure, code) in [("a", 75, Some("overloaded")), ("b", 100, Some("overloaded")), ("c", 74, None)]
    {
        house.press(pressure);
        let command = json!({"type": "claim"});
        let wish = json!({"type": "command", "ref": reference, "conversation": conversation, "command": command});
        socket.send(Message::text(wish.to_string())).await.expect("sent");
        let reply = loop {
            let next = tokio::time::timeout(PATIENCE, socket.next()).await.expect("a reply comes in time");
            let Message::Text(text) = next.expect("open").expect("readable") else { continue };
            let frame: Value = serde_json::from_str(&text).expect("JSON");
            if frame["type"] == "reply" {
                break frame;
            }
        };
        assert_eq!((&reply["ref"], reply["problem"]["code"].as_str()), (&json!(reference), code), "{reply}");
        assert_eq!(reply["problem"]["retry_after_ms"].is_u64(), code.is_some(), "{reply}");
    }
    drop(socket);
    house.close().await;
}

#[actix_web::test]
async fn a_flood_of_wrong_signatures_keeps_no_right_one_out() {
    let house = House::open().await;
    let flood = join_all((0..300).map(|_| async {
        let response = house.hook(r#"{"destination":"U0","events":[]}"#, "another-secret").send().await;
        response.expect("an answer").status().as_u16()
    }));
    let customers = join_all((0..100).map(|user| house.say(user, 0)));
    let (flood, customers) = tokio::join!(flood, customers);
    assert!(customers.iter().all(|status| *status == 200), "{customers:?}");
    assert_eq!(flood.iter().filter(|status| **status == 401).count(), 30, "the allowed number a minute");
    assert_eq!(flood.iter().filter(|status| **status == 429).count(), 270);
    house.close().await;
}

#[actix_web::test]
async fn a_conversation_set_aside_is_found_and_put_back_by_an_administrator_and_by_nobody_else() {
    let house = House::open().await;
    assert_eq!(house.say(1, 0).await, 200);
    let conversation = house.conversation(1).await;
    let address = |wish: &str| format!("/api/v1/conversations/{conversation}/{wish}");
    let faults = house.server.app.engine.faults();
    for _ in 0..3 {
        faults.panics_before_decide.store(1, Ordering::Release);
        house.request("POST", &address("claim")).send().await.expect("an answer");
        faults.panics_before_decide.store(0, Ordering::Release);
    }
    let aside = async || house.get("/api/v1/conversations?set_aside=true").await.1["items"].as_array().map(Vec::len);
    until("the conversation to be set aside", async || aside().await == Some(1)).await;
    assert_eq!(house.get("/api/v1/conversations?set_aside=false").await.1["items"], json!([]));
    assert_eq!(house.ask("POST", &address("claim"), json!({})).await.1["code"], "set_aside");
    assert_eq!(house.say(1, 1).await, 200, "stored");
    let raw = async || house.get("/api/v1/windows/sales/raw").await.1["items"].as_array().map(Vec::len);
    assert_eq!(raw().await, Some(1));

    let taro = json!({"login": "taro", "name": "太郎", "role": "supervisor", "password": PASSWORD});
    assert_eq!(house.ask("POST", "/api/v1/agents", taro).await.0, 201);
    let cookie = house.log_in("taro").await;
    let as_taro = house.client.post(format!("{}{}", house.server.address, address("takeback")));
    let as_taro = as_taro.header("cookie", cookie).header("origin", &house.server.address).json(&json!({}));
    assert_eq!(as_taro.send().await.expect("an answer").status(), 403);

    let (status, done) = house.ask("POST", &address("takeback"), json!({})).await;
    assert_eq!((status, &done["conversation"]["set_aside"]), (200, &json!(false)), "{done}");
    until("what was stored to follow", async || raw().await == Some(0)).await;
    let (_, lines) = house.get(&address("messages")).await;
    let texts: Vec<_> =
        lines["items"].as_array().expect("a page").iter().map(|line| &line["content"]["text"]).collect();
    assert_eq!(texts, ["m0", "m1"], "what was stored meanwhile followed by itself");
    assert_eq!(house.ask("POST", &address("claim"), json!({})).await.0, 200);
    let again = house.ask("POST", &address("takeback"), json!({})).await;
    assert_eq!(again.0, 200, "twice is once");
    house.close().await;
}

#[actix_web::test]
async fn every_figure_at_the_door_stands_in_the_operators_document() {
    let house = House::open().await;
    assert_eq!(house.say(1, 0).await, 200);
    let document = include_str!("../../../docs/operations.md");
    let rows: Vec<&str> = document.lines().filter(|line| line.starts_with("| `madoguchi_")).collect();
    let rows: Vec<&str> = rows.iter().filter_map(|line| line.split('`').nth(1)).collect();
    // The engine publishes once a second.
    let published = r#"madoguchi_arbiter_lag_seconds{arbiter="http-0"}"#;
    until("the first figures", async || house.figures().await.contains(published)).await;
    let figures = house.figures().await;
    let shown: Vec<&str> = figures.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert!(shown.len() > 20, "{figures}");
    for name in &shown {
        assert!(rows.iter().any(|row| row.split('{').next() == Some(name)), "{name} is not explained");
        assert!(figures.contains(&format!("# HELP {name} ")), "{name} has no words");
    }
    for row in rows.iter().filter(|row| !row.contains('{')) {
        assert!(shown.contains(row), "{row} is not there from the first moment\n{figures}");
    }
    for arbiter in ["http-0", "sender", "window-0"] {
        assert!(figures.contains(&format!(r#"madoguchi_arbiter_lag_seconds{{arbiter="{arbiter}"}}"#)), "{figures}");
    }
    assert!(figures.contains("madoguchi_journal_batch_records_bucket"), "{figures}");
    house.close().await;
}
