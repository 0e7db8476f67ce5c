//! That a desk misses something, sees what it may not, or stays when it should go: the live socket of the real program.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::Error;

use super::server::{Caller, Server};
use super::spine::desk;

const PATIENCE: Duration = Duration::from_secs(10);

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// One open socket.
pub(crate) struct Live(Socket);

impl Live {
    pub(crate) async fn open(caller: &Caller<'_>) -> Self {
        Self(connect(caller, &caller.server.address).await.expect("the socket opens"))
    }

    pub(crate) async fn say(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.expect("it is taken");
    }

    pub(crate) async fn watch(&mut self, from: Option<&Value>) {
        let mut frame = json!({"type": "watch", "window": "sales"});
        if let Some(from) = from {
            frame["stream"] = from["stream"].clone();
            frame["position"] = from["position"].clone();
        }
        self.say(frame).await;
    }

    async fn message(&mut self) -> Message {
        let next = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("something comes in time");
        next.expect("the socket is open").expect("a whole message")
    }

    /// The next frame of one of these types; others in between are passed over.
    pub(crate) async fn next(&mut self, kinds: &[&str]) -> Value {
        loop {
            match self.message().await {
                Message::Text(text) => {
                    let frame: Value = serde_json::from_str(&text).expect("JSON");
                    if kinds.iter().any(|kind| frame["type"] == *kind) {
                        return frame;
                    }
                }
                Message::Close(frame) => panic!("closed with {frame:?} while waiting for {kinds:?}"),
                _ => {}
            }
        }
    }

    pub(crate) async fn command(&mut self, conversation: &str, command: Value) -> Value {
        self.say(json!({"type": "command", "ref": "r", "conversation": conversation, "command": command})).await;
        self.next(&["reply"]).await
    }

    pub(crate) async fn close_code(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.message().await {
                return frame.expect("a code").code.into();
            }
        }
    }
}

async fn connect(caller: &Caller<'_>, origin: &str) -> Result<Socket, Box<Error>> {
    let url = format!("{}/api/v1/socket", caller.server.address.replacen("http", "ws", 1));
    let mut request = url.into_client_request().expect("an address");
    let headers = request.headers_mut();
    headers.insert("cookie", caller.cookie.parse().expect("a header"));
    headers.insert("origin", origin.parse().expect("a header"));
    connect_async(request).await.map(|(socket, _)| socket).map_err(Box::new)
}

fn status(refused: Result<Socket, Box<Error>>) -> u16 {
    match refused.map_err(|error| *error) {
        Err(Error::Http(response)) => response.status().as_u16(),
        other => panic!("{other:?}"),
    }
}

#[actix_web::test]
async fn a_desk_that_comes_back_gets_exactly_what_it_missed() {
    let server = Server::start().await;
    let (hanako, taro, id) = desk(&server).await;
    let mut watching = Live::open(&hanako).await;
    assert_eq!(watching.next(&["hello", "me"]).await["protocol"], 1);
    let me = watching.next(&["hello", "me"]).await;
    assert_eq!((&me["windows"][0]["id"], &me["windows"][0]["member"]), (&json!("sales"), &json!(true)));
    watching.watch(None).await;
    let snapshot = watching.next(&["snapshot"]).await;
    assert_eq!(snapshot["conversations"][0]["id"], json!(id));
    assert_eq!(watching.next(&["presence"]).await["agents"].as_array().map(Vec::len), Some(2));

    let mut working = Live::open(&taro).await;
    let claimed = working.command(&id, json!({"type": "claim"})).await;
    let epoch = claimed["ok"]["seat"]["epoch"].clone();
    assert!(epoch.is_u64(), "{claimed}");
    for number in 0..20 {
        let note = json!({"type": "add_note", "client_id": format!("n-{number}"), "text": "メモ"});
        assert!(working.command(&id, note).await["ok"].is_object());
    }
    let mut told = Vec::new();
    let mut position = snapshot["position"].as_u64().expect("a number");
    while told.len() < 21 {
        let update = watching.next(&["update", "snapshot"]).await;
        position += 1;
        assert_eq!(update["position"], position, "no gap, nothing twice");
        told.push(update);
    }
    assert_eq!(told[0]["events"][0]["type"], "claimed");
    let lost = watching.command(&id, json!({"type": "claim"})).await;
    assert_eq!(lost["problem"]["code"], "seat_taken");

    drop(watching);
    let mut back = Live::open(&hanako).await;
    back.watch(Some(&told[4])).await;
    for missed in &told[5..] {
        assert_eq!(&back.next(&["update", "snapshot"]).await, missed, "the same bytes as before");
    }
    back.next(&["presence"]).await;
    let done = working.command(&id, json!({"type": "complete", "seat_epoch": epoch})).await;
    assert_eq!(done["ok"]["conversation"]["status"], "done");
    assert_eq!(back.next(&["update", "snapshot"]).await["events"][0]["type"], "completed");
}

#[actix_web::test]
async fn another_sites_page_opens_no_socket() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    assert_eq!(status(connect(&owner, "https://evil.example").await), 403);
    let stranger = Caller { server: &server, cookie: "madoguchi=x".to_owned() };
    assert_eq!(status(connect(&stranger, &server.address).await), 401);
}

#[actix_web::test]
async fn one_person_does_not_take_every_socket() {
    let server = Server::start_with(&[("MADOGUCHI_LIMITS__SOCKETS_PER_AGENT", "2")]).await;
    let owner = server.log_in("owner").await;
    let mut first = Live::open(&owner).await;
    let _second = Live::open(&owner).await;
    assert_eq!(status(connect(&owner, &server.address).await), 429);
    first.0.close(None).await.expect("it closes");
    first.close_code().await;
    // The place is free when the server has seen the end, not when we have.
    let again = async { while connect(&owner, &server.address).await.is_err() {} };
    tokio::time::timeout(PATIENCE, again).await.expect("the place is given back");
}

#[actix_web::test]
async fn who_is_taken_out_of_a_window_sees_no_more_of_it() {
    let server = Server::start().await;
    let (hanako, taro, id) = desk(&server).await;
    let owner = server.log_in("owner").await;
    let mut leaving = Live::open(&hanako).await;
    let mut staying = Live::open(&taro).await;
    for live in [&mut leaving, &mut staying] {
        live.watch(None).await;
        live.next(&["snapshot"]).await;
    }
    leaving.say(json!({"type": "watch", "window": "other"})).await;
    assert_eq!(leaving.next(&["unwatched"]).await["problem"]["code"], "forbidden");

    let (_, agents) = owner.get("/api/v1/windows/sales/agents").await;
    let agents = agents.as_array().or(agents["items"].as_array()).expect("a list").clone();
    let gone = agents.iter().find(|agent| agent["name"] == "hanako").expect("a member")["id"].clone();
    let path = format!("/api/v1/windows/sales/agents/{}", gone.as_str().expect("an id"));
    assert!(owner.ask(Method::DELETE, &path, None).await.0.is_success());
    let ended = leaving.next(&["unwatched"]).await;
    assert_eq!((&ended["window"], &ended["problem"]["code"]), (&json!("sales"), &json!("not_a_member")));
    assert_eq!(leaving.next(&["me"]).await["windows"], json!([]));

    assert!(staying.command(&id, json!({"type": "claim"})).await["ok"].is_object());
    let refused = leaving.command(&id, json!({"type": "claim"})).await;
    assert_eq!(refused["problem"]["code"], "forbidden");
    leaving.watch(None).await;
    assert_eq!(leaving.next(&["unwatched", "update", "snapshot"]).await["type"], "unwatched");
}

#[actix_web::test]
async fn a_socket_does_not_outlive_its_session() {
    let server = Server::start().await;
    let (hanako, ..) = desk(&server).await;
    let mut live = Live::open(&hanako).await;
    live.next(&["me"]).await;
    assert!(hanako.ask(Method::DELETE, "/api/v1/session", None).await.0.is_success());
    assert_eq!(live.close_code().await, 4500);
}

#[actix_web::test]
async fn a_socket_ends_with_the_account_and_with_the_password_behind_it() {
    let server = Server::start().await;
    let (hanako, taro, _) = desk(&server).await;
    let owner = server.log_in("owner").await;
    let id_of = async |caller: &Caller<'_>| caller.get("/api/v1/session").await.1["agent"]["id"].clone();
    let (out, anew) = (id_of(&hanako).await, id_of(&taro).await);
    let (mut first, mut second) = (Live::open(&hanako).await, Live::open(&taro).await);
    first.next(&["me"]).await;
    second.next(&["me"]).await;
    let path = format!("/api/v1/agents/{}", out.as_str().expect("an id"));
    assert!(owner.ask(Method::PATCH, &path, Some(json!({"disabled": true}))).await.0.is_success());
    assert_eq!(first.close_code().await, 4500);
    let path = format!("/api/v1/agents/{}/password", anew.as_str().expect("an id"));
    let password = Some(json!({"password": "betsu-no-kagi-77"}));
    assert!(owner.ask(Method::PUT, &path, password).await.0.is_success());
    assert_eq!(second.close_code().await, 4500);
}

#[actix_web::test]
async fn a_bad_frame_is_answered_and_a_worse_one_ends_the_socket() {
    let server = Server::start().await;
    let (hanako, _, id) = desk(&server).await;
    let mut live = Live::open(&hanako).await;
    for bad in ["{", r#"{"type":"fly"}"#, r#"{"type":"presence","state":"offline"}"#] {
        live.0.send(Message::text(bad)).await.expect("taken");
        assert!(live.next(&["problem"]).await["problem"]["code"].is_string(), "{bad}");
    }
    let reply = live.command("no-such-id", json!({"type": "claim"})).await;
    assert_eq!(reply["problem"]["code"], "not_found");
    let reply = live.command(&id, json!({"type": "complete", "seat_epoch": 9})).await;
    assert_eq!(reply["problem"]["status"], 409);
    live.0.send(Message::binary(vec![1_u8])).await.expect("taken");
    assert_eq!(live.close_code().await, 4501);

    let mut live = Live::open(&hanako).await;
    live.0.send(Message::text("x".repeat(70_000))).await.expect("taken");
    assert_eq!(live.close_code().await, 4501);
}

#[actix_web::test]
async fn a_stopping_server_tells_its_sockets_to_come_back() {
    let server = Server::start().await;
    let (hanako, ..) = desk(&server).await;
    let mut live = Live::open(&hanako).await;
    live.next(&["me"]).await;
    server.signal(Signal::SIGTERM);
    assert!(live.next(&["going"]).await["retry_after_ms"].is_u64());
    assert_eq!(live.close_code().await, 4000);
    // The answer to the close frame goes out with the next look.
    let _ = live.0.next().await;
    let begun = std::time::Instant::now();
    let (status, log, _dir) = server.wait();
    assert!(status.success(), "{log}");
    assert!(begun.elapsed() < Duration::from_secs(4), "it waited for nobody: {log}");
}

#[actix_web::test]
async fn colleagues_see_who_writes_and_who_is_there() {
    let server = Server::start().await;
    let (hanako, taro, id) = desk(&server).await;
    let mut seeing = Live::open(&hanako).await;
    seeing.watch(None).await;
    seeing.next(&["presence"]).await;
    let mut writing = Live::open(&taro).await;
    let me = writing.next(&["me"]).await;
    writing.say(json!({"type": "typing", "conversation": id})).await;
    let typing = seeing.next(&["typing"]).await;
    assert_eq!(typing["typing"], json!([{"conversation": id, "agent": me["agent"]["id"]}]));
    writing.say(json!({"type": "presence", "state": "wrap_up"})).await;
    loop {
        let presence = seeing.next(&["presence"]).await;
        let agents = presence["agents"].as_array().expect("a list").clone();
        if agents.contains(&json!({"agent": me["agent"]["id"], "state": "wrap_up"})) {
            break;
        }
    }
}

#[actix_web::test]
async fn a_desk_is_told_that_nothing_goes_out_and_when_it_does_again() {
    let server = Server::start().await;
    let (hanako, ..) = desk(&server).await;
    let owner = server.log_in("owner").await;
    let mut live = Live::open(&hanako).await;
    live.watch(None).await;
    assert_eq!(live.next(&["accounts"]).await["sending_held"], false);
    assert_eq!(hanako.get("/api/v1/sending").await.0, 403, "agents are told, and have no switch");
    for held in [true, false] {
        let (status, said) = owner.ask(Method::PUT, "/api/v1/sending", Some(json!({"held": held}))).await;
        assert_eq!((status.as_u16(), &said["held"]), (200, &json!(held)));
        // How the account stands may be told in between: nobody listens where it sends to.
        while live.next(&["accounts"]).await["sending_held"] != held {}
    }
}
