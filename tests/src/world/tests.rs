//! The world's own tests, against doubles of the server that keep or break their promises.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::*;

/// A program that behaves as the lines of a shell script say.
fn program(folder: &tempfile::TempDir, script: &str) -> SpawnOptions {
    let path = folder.path().join("madoguchi");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    SpawnOptions { binary: Some(path), ..SpawnOptions::default() }
}

const IDLE: &str = "while :; do sleep 0.01; done";

/// Answers every request on a free port with the same bytes.
async fn http_double(answer: &'static str) -> (String, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (url, task)
}

#[tokio::test]
async fn a_server_is_found_awaited_stopped_and_started_again_where_it_was() {
    let (url, _double) = http_double("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}").await;
    let folder = tempfile::tempdir().unwrap();
    let script = format!("echo \"$@\" >&2; trap 'exit 7' TERM; echo listening {url}; {IDLE}");
    let mut server = Server::ready(program(&folder, &script)).await;
    assert_eq!(server.url(), url);
    assert_eq!(server.sigterm(PATIENCE).code(), Some(7));
    server.restart(Port::Same);
    let port = url.rsplit(':').next().unwrap();
    let dir = server.data_dir().display().to_string();
    wait_until("the second start to be logged", PATIENCE, async || {
        let log = server.log();
        let second = format!("serve --data-dir {dir} --listen 127.0.0.1:{port}");
        (log.contains("--listen 127.0.0.1:0\n") && log.contains(&second)).then_some(())
    })
    .await;
    let pid = server.pid().unwrap();
    server.kill9();
    assert_eq!(server.pid(), None);
    assert!(!PathBuf::from(format!("/proc/{pid}")).exists(), "it outlived its kill");
}

#[test]
#[should_panic(expected = "its log:\nthe port is taken")]
fn a_server_that_ends_at_once_fails_with_its_own_words() {
    let folder = tempfile::tempdir().unwrap();
    let _ = Server::spawn(program(&folder, "echo the port is taken >&2; exit 1"));
}

#[test]
#[should_panic(expected = "its first line is \"hello\"")]
fn a_server_that_says_something_else_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let _ = Server::spawn(program(&folder, &format!("echo hello; {IDLE}")));
}

#[test]
#[should_panic(expected = "did not stop within")]
fn a_server_that_ignores_a_stop_is_killed_and_reported() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("trap '' TERM; echo listening http://127.0.0.1:1; {IDLE}");
    let mut server = Server::spawn(program(&folder, &script));
    server.sigterm(Duration::from_millis(50));
}

#[test]
fn a_stop_by_signal_is_told_from_an_exit() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::spawn(program(&folder, "echo listening http://127.0.0.1:1; exec sleep 1000"));
    assert_eq!(server.sigterm(PATIENCE).signal(), Some(15));
}

#[test]
fn a_user_is_added_with_the_password_on_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "if [ $1 = user ]; then mkdir -p $4; read p; echo \"$* $p\" > $4/users; exit 0; fi; echo listening http://127.0.0.1:1; {IDLE}"
    );
    let server = Server::spawn(program(&folder, &script));
    server.add_user("hanako", "owner", "correct horse");
    let said = std::fs::read_to_string(server.data_dir().join("users")).unwrap();
    let dir = server.data_dir().display();
    assert_eq!(said, format!("user add --data-dir {dir} --login hanako --role owner correct horse\n"));
}

#[tokio::test]
async fn a_broken_connection_is_an_answer_of_its_own() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let answer = Api::new(&url).claim("c").await;
    assert!(answer.is_lost());

    let half = "HTTP/1.1 200 OK\r\ncontent-length: 90\r\nconnection: close\r\n\r\n{\"seat\"";
    let (url, _double) = http_double(half).await;
    assert!(Api::new(&url).claim("c").await.is_lost(), "half a body is no answer");
}

#[tokio::test]
async fn a_refusal_carries_its_code_and_a_login_its_cookie() {
    let problem = "HTTP/1.1 409 Conflict\r\ncontent-length: 21\r\nconnection: close\r\n\r\n{\"code\":\"seat_taken\"}";
    let (url, _double) = http_double(problem).await;
    Api::new(&url).claim("c").await.refused(409, "seat_taken");

    let login = "HTTP/1.1 204 No Content\r\nset-cookie: madoguchi=abc; HttpOnly; Path=/\r\nconnection: close\r\n\r\n";
    let (url, _double) = http_double(login).await;
    let headers = Api::new(&url).login("hanako", "pw").await.identity_headers();
    assert_eq!((&headers["cookie"], &headers["origin"]), (&"madoguchi=abc".parse().unwrap(), &url.parse().unwrap()));
}

/// Serves one socket after the other: each gets its frames after its first `watch`, then a close with the code.
async fn socket_double(connections: Vec<(Vec<Value>, u16)>) -> (Api, tokio::sync::mpsc::Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = Api::new(&format!("http://{}", listener.local_addr().unwrap()));
    let (watches, received) = tokio::sync::mpsc::channel(16);
    tokio::spawn(async move {
        for (frames, code) in connections {
            let (stream, _) = listener.accept().await.unwrap();
            let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
            let Some(Ok(Message::Text(watch))) = socket.next().await else {
                continue;
            };
            watches.send(serde_json::from_str(&watch).unwrap()).await.unwrap();
            for frame in frames {
                socket.send(Message::text(frame.to_string())).await.unwrap();
            }
            let close = CloseFrame { code: code.into(), reason: "".into() };
            let _ = socket.close(Some(close)).await;
        }
    });
    (api, received)
}

fn snapshot(position: u64) -> Value {
    json!({"type": "snapshot", "window": "w", "stream": "s", "position": position})
}

fn update(position: u64) -> Value {
    json!({"type": "update", "window": "w", "stream": "s", "position": position, "events": []})
}

#[tokio::test]
async fn a_desk_goes_on_after_a_reconnect_from_where_it_stood() {
    let lives = vec![(vec![snapshot(4), update(5)], 4001), (vec![update(6), update(7)], 4501)];
    let (api, mut watches) = socket_double(lives).await;
    let mut desk = Desk::open(&api).await;
    desk.watch("w").await;
    desk.wait_position("w", 5).await;
    assert_eq!(desk.wait_closed(PATIENCE).await, 4001);
    desk.reconnect().await;
    desk.wait_position("w", 7).await;
    assert_eq!(desk.wait_closed(PATIENCE).await, 4501);
    assert_eq!(watches.recv().await.unwrap(), json!({"type": "watch", "window": "w"}));
    assert_eq!(watches.recv().await.unwrap(), json!({"type": "watch", "window": "w", "stream": "s", "position": 5}));
    assert_eq!(desk.frames_of("update", "w"), [update(5), update(6), update(7)]);
    assert_eq!(desk.position("w"), Some(("s".to_owned(), 7)));
    desk.check();
}

#[tokio::test]
async fn a_gap_a_repetition_and_a_foreign_stream_are_all_seen() {
    let foreign = json!({"type": "update", "window": "w", "stream": "t", "position": 5, "events": []});
    let unwatched = json!({"type": "update", "window": "v", "stream": "s", "position": 5, "events": []});
    for wrong in [update(6), update(4), update(3), foreign, unwatched] {
        let (api, _watches) = socket_double(vec![(vec![snapshot(4), wrong.clone()], 4001)]).await;
        let mut desk = Desk::open(&api).await;
        desk.watch("w").await;
        wait_until("the desk to notice", PATIENCE, async || desk.violation()).await;
        assert_eq!(desk.frames().last(), Some(&wrong));
    }
    let (api, _watches) = socket_double(vec![(vec![update(1)], 4001)]).await;
    let mut desk = Desk::open(&api).await;
    desk.watch("w").await;
    wait_until("an update before its snapshot to be noticed", PATIENCE, async || desk.violation()).await;
}

#[tokio::test]
async fn a_command_gets_its_own_reply() {
    let replies = vec![json!({"type": "reply", "ref": "r9", "ok": 1}), json!({"type": "reply", "ref": "r1", "ok": 2})];
    let (api, mut received) = socket_double(vec![(replies, 4001)]).await;
    let mut desk = Desk::open(&api).await;
    let reply = desk.command(json!({"type": "claim", "conversation": "c"})).await;
    assert_eq!(reply["ok"], 2);
    assert_eq!(received.recv().await.unwrap()["ref"], "r1");
}
