//! That stopping loses what was begun, hangs, or leaves something behind.

use std::io::{Read, Write};
use std::net::TcpStream;

use nix::sys::signal::Signal;
use serde_json::json;

use super::server::{PASSWORD, Server, madoguchi};

#[actix_web::test]
async fn what_was_begun_before_sigterm_is_answered_and_the_end_is_clean() {
    let server = Server::start_with(&[("MADOGUCHI_LOG__LEVEL", "debug")]).await;
    let owner = server.log_in("owner").await;
    let body = json!({"id": "late", "name": "late", "product": 5}).to_string();
    let host = server.address.trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&host).expect("it listens");
    let head = format!(
        "POST /api/v1/windows HTTP/1.1\r\nHost: {host}\r\nOrigin: {}\r\nCookie: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        server.address,
        owner.cookie,
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("sent");
    // The server asks for the body: the request is past the gate and in hand.
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).expect("it asks for the body");
    assert!(asked.starts_with(b"HTTP/1.1 100 Continue"));

    server.signal(Signal::SIGTERM);
    until_not_ready(&server).await;
    server.signal(Signal::SIGTERM);
    let mut second = TcpStream::connect(&host).expect("it still listens");
    second.write_all(head.replace("Expect: 100-continue\r\n", "").as_bytes()).expect("sent");
    let refused = first_line(&mut second);
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");

    stream.write_all(body.as_bytes()).expect("sent");
    let answered = first_line(&mut stream);
    assert!(answered.starts_with("HTTP/1.1 201"), "{answered}");
    let data = server.data_dir();
    let (status, log, dir) = server.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(!data.join("admin.sock").exists());
    assert!(log.contains("stopped"), "{log}");
    assert!(!log.contains(PASSWORD), "{log}");
    drop(dir);
}

async fn until_not_ready(server: &Server) {
    for _ in 0..2_000 {
        let ready = server
            .request(reqwest::Method::GET, "/readyz")
            .send()
            .await
            .expect("it answers while something is in hand");
        if ready.status() == 503 {
            return;
        }
    }
    panic!("it never said that it is stopping");
}

fn first_line(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while stream.read(&mut byte).expect("an answer") == 1 && byte != *b"\n" {
        text.push(byte[0]);
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[actix_web::test]
async fn a_second_server_leaves_the_first_ones_store_alone() {
    let server = Server::start().await;
    let output = madoguchi(&["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(server.data_dir())
        .output()
        .expect("it ends by itself");
    assert_eq!(output.status.code(), Some(69));
    assert!(output.stdout.is_empty());
    assert!(server.data_dir().join("admin.sock").exists());
    server.log_in("owner").await;
}

#[actix_web::test]
async fn a_port_that_is_taken_is_said_and_not_waited_for() {
    let server = Server::start().await;
    let dir = tempfile::tempdir().expect("a temporary folder");
    let output = madoguchi(&["serve", "--listen"])
        .arg(server.address.trim_start_matches("http://"))
        .arg("--data-dir")
        .arg(dir.path().join("data"))
        .output()
        .expect("it ends by itself");
    assert_eq!(output.status.code(), Some(69));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("cannot listen at 127.0.0.1"), "{said}");
}

#[actix_web::test]
async fn a_session_outlives_a_kill() {
    let server = Server::start().await;
    let owner = server.log_in("owner").await;
    let cookie = owner.cookie.clone();
    server.signal(Signal::SIGKILL);
    let (_, _, dir) = server.wait();
    let server = Server::start_in(dir, &[]);
    let response = server
        .request(reqwest::Method::GET, "/api/v1/session")
        .header("cookie", cookie)
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200);
}
