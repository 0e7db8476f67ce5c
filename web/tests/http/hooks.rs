//! That a webhook is believed that must not be, or refused that must not be.

use madoguchi_engine::channels::line::signature;
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use super::server::{Server, answer};

const SECRET: &str = "channel-secret-of-the-test";
const EMPTY: &str = r#"{"destination":"U0","events":[]}"#;

fn hook(server: &Server, inbox: &str, body: &str, signature: Option<&str>) -> RequestBuilder {
    let mut request = server
        .request(Method::POST, &format!("/hooks/line/{inbox}"))
        .header("content-type", "application/json")
        .body(body.to_owned());
    if let Some(signature) = signature {
        request = request.header("x-line-signature", signature);
    }
    request
}

async fn with_inbox(env: &[(&str, &str)]) -> (Server, String) {
    let server = Server::start_with(env).await;
    let owner = server.log_in("owner").await;
    owner.add_window("sales").await;
    let inbox = owner.add_inbox("sales", SECRET).await;
    (server, inbox)
}

#[actix_web::test]
async fn only_the_accounts_own_signature_counts_and_an_unknown_account_looks_the_same() {
    let (server, inbox) = with_inbox(&[]).await;
    let right = signature::sign(SECRET, EMPTY.as_bytes());
    let wrong = signature::sign("another-secret", EMPTY.as_bytes());
    assert_eq!(answer(hook(&server, &inbox, EMPTY, Some(&right))).await.0, 200);
    let mut refusals = Vec::new();
    for (inbox, body, header) in [
        (inbox.as_str(), EMPTY, Some(wrong.as_str())),
        (inbox.as_str(), EMPTY, None),
        (inbox.as_str(), r#"{"destination":"U0","events":[] }"#, Some(right.as_str())),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", EMPTY, Some(right.as_str())),
        ("no-id", EMPTY, Some(right.as_str())),
    ] {
        let (status, problem) = answer(hook(&server, inbox, body, header)).await;
        assert_eq!(status, 401, "{inbox}: {problem}");
        refusals.push(problem);
    }
    refusals.dedup();
    assert_eq!(refusals.len(), 1);
}

#[actix_web::test]
async fn wrong_signatures_are_limited_and_right_ones_never() {
    let env = [("MADOGUCHI_LIMITS__WRONG_SIGNATURES_PER_MINUTE", "5")];
    let (server, inbox) = with_inbox(&env).await;
    for _ in 0..5 {
        assert_eq!(answer(hook(&server, &inbox, EMPTY, None)).await.0, 401);
    }
    let refused = hook(&server, &inbox, EMPTY, None).send().await.expect("an answer");
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    let right = signature::sign(SECRET, EMPTY.as_bytes());
    for _ in 0..50 {
        assert_eq!(answer(hook(&server, &inbox, EMPTY, Some(&right))).await.0, 200);
    }
}

#[actix_web::test]
async fn three_megabytes_are_refused_announced_or_not() {
    let (server, inbox) = with_inbox(&[]).await;
    let long = "x".repeat(3 << 20);
    let (status, problem) = answer(hook(&server, &inbox, &long, None)).await;
    assert_eq!((status.as_u16(), &problem["limit"]), (413, &json!(2_621_440)));
    let status = chunked(&server.address, &format!("/hooks/line/{inbox}"), &long);
    assert!(status.starts_with("HTTP/1.1 413"), "{status}");
    let right = signature::sign(SECRET, EMPTY.as_bytes());
    assert_eq!(answer(hook(&server, &inbox, EMPTY, Some(&right))).await.0, 200);
}

/// Sends a body in chunks, without its length, and answers with the status line.
fn chunked(address: &str, path: &str, body: &str) -> String {
    use std::io::{BufRead, BufReader, Write};
    let host = address.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(host).expect("it listens");
    write!(stream, "POST {path} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n").expect("a head");
    for chunk in body.as_bytes().chunks(64 * 1024) {
        let sent = write!(stream, "{:x}\r\n", chunk.len())
            .and_then(|()| stream.write_all(chunk))
            .and_then(|()| stream.write_all(b"\r\n"));
        if sent.is_err() {
            // It hung up on us, which is its right once the answer is written.
            break;
        }
    }
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).expect("a status line");
    line
}
