//! What LINE says about media, profiles and groups, each answer against a server that gives it.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::client::{LineClient, Timeouts, http_client};
use crate::channels::media::{BrokeOff, Gathering, Known, Opened, Preparation, Profile};

/// A client of a server that answers everything so, and the first lines of what it was asked.
async fn client(status: u16, body: &str) -> (LineClient, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (heard, length, body) = (asked.clone(), body.len(), body.to_owned());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            heard.lock().unwrap().push(String::from_utf8(head).unwrap());
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let http = http_client(Timeouts::default()).unwrap();
    let client = LineClient::new(http.clone(), &base, "token-of-the-account").unwrap();
    (client.with_data(http, &base).unwrap(), asked)
}

fn word(opened: &Opened) -> &'static str {
    match opened {
        Opened::Bytes(_) => "bytes",
        Opened::NotYet => "not yet",
        Opened::Gone => "gone",
        Opened::Later => "later",
        Opened::Refused => "refused",
        Opened::Unsafe => "unsafe",
    }
}

#[tokio::test]
async fn every_status_of_content_means_one_thing() {
    for (status, wanted) in [
        (200, "bytes"),
        (202, "not yet"),
        (404, "gone"),
        (410, "gone"),
        (401, "later"),
        (403, "later"),
        (408, "later"),
        (429, "later"),
        (500, "later"),
        (503, "later"),
        (302, "refused"),
        (400, "refused"),
        (405, "refused"),
    ] {
        let (client, asked) = client(status, "").await;
        assert_eq!(word(&client.content("59/../0").await), wanted, "{status}");
        let asked = asked.lock().unwrap()[0].to_ascii_lowercase();
        assert!(asked.starts_with("get /v2/bot/message/59%2f..%2f0/content http/1.1\r\n"), "{asked}");
        assert!(asked.contains("\r\nauthorization: bearer token-of-the-account\r\n"), "{asked}");
    }
}

#[tokio::test]
async fn bytes_that_break_off_are_not_taken_for_the_whole() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4_096]).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").await.unwrap();
    });
    let http = http_client(Timeouts::default()).unwrap();
    let client = LineClient::new(http.clone(), &base, "t").unwrap().with_data(http, &base).unwrap();
    let Opened::Bytes(mut bytes) = client.content("1").await else { panic!("it answers 200") };
    let mut last = bytes.next().await;
    while let Ok(Some(_)) = last {
        last = bytes.next().await;
    }
    assert_eq!(last, Err(BrokeOff));
}

#[tokio::test]
async fn a_film_is_ready_under_way_failed_or_gone() {
    for (status, body, wanted) in [
        (200, r#"{"status":"succeeded"}"#, Preparation::Ready),
        (200, r#"{"status":"processing"}"#, Preparation::UnderWay),
        (200, r#"{"status":"failed"}"#, Preparation::Failed),
        (200, r#"{"status":"tomorrow"}"#, Preparation::Unknown),
        (200, "no json", Preparation::Unknown),
        (400, "{}", Preparation::Ready),
        (404, "{}", Preparation::Gone),
        (410, "{}", Preparation::Gone),
        (500, "{}", Preparation::Unknown),
    ] {
        let (client, _) = client(status, body).await;
        assert_eq!(client.preparation("1").await, wanted, "{status} {body}");
    }
}

#[tokio::test]
async fn a_profile_is_known_unknown_or_for_later() {
    let full = Profile { name: "花子 🍎".to_owned(), picture_url: Some("https://p.example/1".to_owned()) };
    let bare = Profile { name: "x".to_owned(), picture_url: None };
    for (status, body, wanted) in [
        (200, r#"{"displayName":"花子 🍎","userId":"U1","pictureUrl":"https://p.example/1"}"#, Known::As(full)),
        (200, r#"{"displayName":"x","pictureUrl":7}"#, Known::As(bare)),
        (200, r#"{"userId":"U1"}"#, Known::Later),
        (200, "<html>", Known::Later),
        (404, r#"{"message":"Not found"}"#, Known::Nobody),
        (400, "{}", Known::Nobody),
        (401, "{}", Known::Later),
        (429, "{}", Known::Later),
        (500, "{}", Known::Later),
    ] {
        let (client, _) = client(status, body).await;
        assert_eq!(client.profile("U1").await, wanted, "{status} {body}");
    }
}

#[tokio::test]
async fn a_group_is_left_or_was_left_before() {
    let (group, room) = (Gathering::Group("C1".to_owned()), Gathering::Room("R1".to_owned()));
    for (status, gathering, path, wanted) in [
        (200, &group, "group/C1", true),
        (200, &room, "room/R1", true),
        (404, &group, "group/C1", true),
        (400, &group, "group/C1", true),
        (429, &group, "group/C1", false),
        (500, &room, "room/R1", false),
    ] {
        let (client, asked) = client(status, "{}").await;
        assert_eq!(client.leave(gathering).await, wanted, "{status}");
        assert!(asked.lock().unwrap()[0].starts_with(&format!("POST /v2/bot/{path}/leave ")), "{status}");
    }
}
