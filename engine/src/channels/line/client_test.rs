//! The client against a server that answers by script: each way in which a call can end, and what was on the wire.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::client::{API_BASE_URL, BotInfo, LineClient, MAX_ANSWER, Timeouts, http_client};
use crate::channels::{Bubble, Outcome};

const TOKEN: &str = "token-of-the-account";
const KEY: Uuid = Uuid::from_u128(0x1234_5678_9abc_4def_8123_4567_89ab_cdef);

/// What the server does with one call after it has read it whole.
enum Does {
    /// Status, further headers, body.
    Answers(u16, &'static str, String),
    /// Closes the connection without a word.
    Drops,
    /// Says nothing until the client gives up.
    Hangs,
    /// Tells its status and breaks off in the body.
    BreaksOff(u16),
    /// Sends a body without end.
    NeverEnds(u16),
    /// Reads half of the request and closes.
    DropsEarly,
}

/// A request as it was on the wire.
struct Seen {
    head: String,
    body: Vec<u8>,
}

impl Seen {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1);
        lines.find_map(|line| {
            let (known, value) = line.split_once(": ")?;
            known.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Takes one connection for each entry of the script, and gives back what it was asked.
async fn server(script: Vec<Does>) -> (SocketAddr, JoinHandle<Vec<Seen>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let run = async move {
        let mut seen = Vec::new();
        for does in script {
            let (mut stream, _) = listener.accept().await.unwrap();
            if matches!(does, Does::DropsEarly) {
                stream.read_exact(&mut [0; 16]).await.unwrap();
                continue;
            }
            seen.push(read_request(&mut stream).await);
            act(&mut stream, does).await;
        }
        seen
    };
    (address, tokio::spawn(run))
}

/// What the server was asked, once its script is done; a call that never comes ends the test.
async fn finished(served: JoinHandle<Vec<Seen>>) -> Vec<Seen> {
    let waited = tokio::time::timeout(Duration::from_secs(30), served).await;
    waited.expect("a call did not come").unwrap()
}

async fn read_request(stream: &mut TcpStream) -> Seen {
    let mut read = Vec::new();
    let head_end = loop {
        if let Some(at) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "cut off");
    };
    let mut seen =
        Seen { head: String::from_utf8(read[..head_end].to_vec()).unwrap(), body: read[head_end..].to_vec() };
    let length = seen.header("content-length").unwrap_or("0").parse().unwrap();
    while seen.body.len() < length {
        assert_ne!(stream.read_buf(&mut seen.body).await.unwrap(), 0, "cut off");
    }
    seen
}

async fn act(stream: &mut TcpStream, does: Does) {
    let head = |status: u16, headers: &str, length: usize| {
        format!("HTTP/1.1 {status} X\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n")
    };
    match does {
        Does::Answers(status, headers, body) => {
            let answer = head(status, headers, body.len()) + &body;
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        Does::BreaksOff(status) => {
            let answer = head(status, "x-line-request-id: req-1\r\n", 1_000) + "{\"sent";
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
        Does::NeverEnds(status) => {
            let answer = head(status, "x-line-request-id: req-1\r\n", usize::MAX / 4);
            stream.write_all(answer.as_bytes()).await.unwrap();
            let mut written = 0_usize;
            while let Ok(bytes) = stream.write(&[b' '; 16 * 1024]).await {
                written += bytes;
            }
            assert!(written < 64 << 20, "the client read on and on");
        }
        Does::Drops => stream.shutdown().await.unwrap(),
        Does::Hangs => {
            let after = stream.read(&mut [0]).await;
            assert!(matches!(after, Ok(0) | Err(_)), "more than one request");
        }
        Does::DropsEarly => unreachable!("closed before it was read"),
    }
}

fn ok(body: &str) -> Does {
    Does::Answers(200, "x-line-request-id: req-1\r\n", body.to_owned())
}

fn says(status: u16, message: &str) -> Does {
    let body = json!({ "message": message }).to_string();
    Does::Answers(status, "X-Line-Request-Id: req-1\r\n", body)
}

fn client(address: SocketAddr) -> LineClient {
    client_within(address, Duration::from_secs(10))
}

fn client_within(address: SocketAddr, total: Duration) -> LineClient {
    let connect = Duration::from_secs(3);
    let http = http_client(Timeouts { connect, total }).unwrap();
    LineClient::new(http, &format!("http://{address}"), TOKEN).unwrap()
}

/// How one push and one reply end when the server does `does` to each.
async fn both(does: impl Fn() -> Does) -> (Outcome, Outcome) {
    let (address, served) = server(vec![does(), does()]).await;
    let client = client(address);
    let push = client.push("U1", &said(&["a"]), KEY).await;
    let reply = client.reply("rt", &said(&["a"])).await;
    finished(served).await;
    (push, reply)
}

fn accepted(ids: &[&str], request_id: &str) -> Outcome {
    Outcome::Accepted {
        external_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        request_id: Some(request_id.to_owned()),
    }
}

fn said(texts: &[&str]) -> Vec<Bubble> {
    let bubble = |text: &&str| Bubble { numbers: vec![1], body: json!({ "type": "text", "text": text }) };
    texts.iter().map(bubble).collect()
}

#[tokio::test]
async fn a_push_carries_key_token_recipient_and_texts_and_brings_the_ids_back() {
    let answer = r#"{"sentMessages":[{"id":"1","quoteToken":"q"},{"id":2}]}"#;
    let (address, served) = server(vec![ok(answer)]).await;
    let outcome = client(address).push("U1", &said(&["一", "二\n🍎"]), KEY).await;
    assert_eq!(outcome, accepted(&["1", "2"], "req-1"));
    let seen = &finished(served).await[0];
    assert!(seen.head.starts_with("POST /v2/bot/message/push HTTP/1.1\r\n"));
    assert_eq!(seen.header("authorization"), Some("Bearer token-of-the-account"));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.header("x-line-retry-key"), Some("12345678-9abc-4def-8123-456789abcdef"));
    let texts = json!([{ "type": "text", "text": "一" }, { "type": "text", "text": "二\n🍎" }]);
    assert_eq!(seen.json(), json!({ "to": "U1", "messages": texts }));
}

#[tokio::test]
async fn a_reply_carries_no_retry_key_because_line_would_refuse_it() {
    let (address, served) = server(vec![ok(r#"{"sentMessages":[{"id":"1"}]}"#)]).await;
    let outcome = client(address).reply("rt", &said(&["はい"])).await;
    assert_eq!(outcome, accepted(&["1"], "req-1"));
    let seen = &finished(served).await[0];
    assert!(seen.head.starts_with("POST /v2/bot/message/reply HTTP/1.1\r\n"));
    assert_eq!(seen.header("x-line-retry-key"), None);
    let texts = json!([{ "type": "text", "text": "はい" }]);
    assert_eq!(seen.json(), json!({ "replyToken": "rt", "messages": texts }));
}

#[tokio::test]
async fn a_push_that_was_accepted_before_is_success_with_the_first_ids() {
    let body = r#"{"message":"The retry key is already accepted","sentMessages":[{"id":"7"}]}"#;
    let headers = "x-line-request-id: req-2\r\nx-line-accepted-request-id: req-1\r\n";
    let (push, reply) = both(|| Does::Answers(409, headers, body.to_owned())).await;
    assert_eq!(push, accepted(&["7"], "req-1"));
    assert!(matches!(reply, Outcome::Refused { status: 409, .. }));
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let refused = Outcome::Refused { status: 400, detail: "Invalid reply token".to_owned() };
    let (push, reply) = both(|| says(400, "Invalid reply token")).await;
    assert_eq!((push, reply), (refused, Outcome::TokenInvalid));
    let unauthorised = Outcome::Unauthorised { status: 401 };
    let (push, reply) = both(|| says(401, "Authentication failed.")).await;
    assert_eq!((push, reply), (unauthorised.clone(), unauthorised));
    let (push, _) = both(|| says(429, "You have reached your monthly limit.")).await;
    assert_eq!(push, Outcome::QuotaEmpty);
    let (push, reply) = both(|| says(429, "The API rate limit has been exceeded.")).await;
    assert_eq!((push, reply), (Outcome::RateLimited, Outcome::RateLimited));
}

#[tokio::test]
async fn what_may_have_been_sent_is_never_called_unsent() {
    let ambiguous = (Outcome::Ambiguous, Outcome::Ambiguous);
    for status in [500, 502, 503, 504] {
        assert_eq!(both(|| says(status, "")).await, ambiguous, "{status}");
    }
    assert_eq!(both(|| Does::Drops).await, ambiguous);
    assert_eq!(both(|| Does::DropsEarly).await, ambiguous);
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_ambiguous() {
    let (address, served) = server(vec![Does::Hangs]).await;
    let client = client_within(address, Duration::from_millis(200));
    assert_eq!(client.push("U1", &said(&["a"]), KEY).await, Outcome::Ambiguous);
    assert_eq!(finished(served).await.len(), 1);
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = client(address);
    assert_eq!(client.push("U1", &said(&["a"]), KEY).await, Outcome::NotSent);
    assert_eq!(client.reply("rt", &said(&["a"])).await, Outcome::NotSent);
}

#[tokio::test]
async fn a_status_that_came_counts_whatever_becomes_of_the_body() {
    let none = accepted(&[], "req-1");
    assert_eq!(both(|| Does::BreaksOff(200)).await, (none.clone(), none.clone()));
    let gone = Outcome::Refused { status: 404, detail: String::new() };
    assert_eq!(both(|| Does::BreaksOff(404)).await, (gone.clone(), gone));
    let long = format!(r#"{{"sentMessages":[{{"id":"1"}}],"x":"{}"}}"#, "x".repeat(MAX_ANSWER));
    assert_eq!(both(|| ok(&long)).await, (none.clone(), none.clone()));
    assert_eq!(both(|| Does::NeverEnds(200)).await, (none.clone(), none));
}

#[tokio::test]
async fn the_token_follows_no_redirect() {
    let elsewhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let address = elsewhere.local_addr().unwrap();
    let location = format!("location: http://{address}/v2/bot/message/push\r\n");
    let location: &'static str = location.leak();
    let (push, reply) = both(|| Does::Answers(307, location, String::new())).await;
    assert!(matches!(push, Outcome::Refused { status: 307, .. }));
    assert!(matches!(reply, Outcome::Refused { status: 307, .. }));
    let called = elsewhere.accept().map(|(_, caller)| caller);
    assert_eq!(called.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn one_call_is_one_try() {
    let (address, served) = server(vec![Does::Drops, ok("{}")]).await;
    let client = client(address);
    assert_eq!(client.push("U1", &said(&["a"]), KEY).await, Outcome::Ambiguous);
    assert!(!served.is_finished(), "the second entry waits for a second call");
    assert_eq!(client.push("U1", &said(&["b"]), KEY).await, accepted(&[], "req-1"));
    let texts: Vec<Value> = finished(served).await.iter().map(Seen::json).collect();
    assert_eq!(texts[1]["messages"][0]["text"], "b");
    assert_eq!(texts.len(), 2);
}

#[tokio::test]
async fn a_token_tells_whose_it_is() {
    let body = json!({ "userId": "Ubot", "basicId": "@216ru", "displayName": "窓口", "chatMode": "chat",
        "markAsReadMode": "manual", "pictureUrl": "https://example.com/p" });
    let script = vec![ok(&body.to_string()), says(401, "no"), ok("<html>")];
    let (address, served) = server(script).await;
    let client = client(address);
    let expected = BotInfo {
        user_id: "Ubot".to_owned(),
        display_name: "窓口".to_owned(),
        basic_id: Some("@216ru".to_owned()),
        chat_mode: Some("chat".to_owned()),
        mark_as_read_mode: Some("manual".to_owned()),
    };
    assert_eq!(client.bot_info().await, Ok(expected));
    let unauthorised = Outcome::Unauthorised { status: 401 };
    assert_eq!(client.bot_info().await, Err(unauthorised));
    let refused = client.bot_info().await.unwrap_err();
    assert!(matches!(refused, Outcome::Refused { status: 200, .. }));
    let seen = finished(served).await;
    assert!(seen[0].head.starts_with("GET /v2/bot/info HTTP/1.1\r\n"));
}

#[test]
fn a_token_never_crosses_a_network_in_clear_text() {
    let http = http_client(Timeouts::default()).unwrap();
    let made = |base: &str, token: &str| LineClient::new(http.clone(), base, token).is_ok();
    for base in [
        API_BASE_URL,
        "https://api.line.me/",
        "https://gateway.example.com/line/",
        "http://127.0.0.1:8080",
        "http://127.9.9.9",
        "http://localhost:1",
        "http://[::1]:8080/",
    ] {
        assert!(made(base, TOKEN), "{base}");
    }
    for base in [
        "http://api.line.me",
        "http://10.0.0.1",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "https://user:pass@api.line.me",
        "https://api.line.me/?x=1",
        "https://api.line.me/#x",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "api.line.me",
        "",
    ] {
        assert!(!made(base, TOKEN), "{base}");
    }
    for token in ["", "a b", "a\r\nx: y", "トークン", &"x".repeat(5_000)] {
        assert!(!made(API_BASE_URL, token), "{token}");
    }
}

#[test]
fn printing_a_client_shows_no_token() {
    let http = http_client(Timeouts::default()).unwrap();
    let client = LineClient::new(http, API_BASE_URL, TOKEN).unwrap();
    assert!(!format!("{client:?}").contains(TOKEN));
}
