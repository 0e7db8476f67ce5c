//! Tokens against a server that gives them, with a clock that is moved by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use zeroize::Zeroizing;

use super::client::{Timeouts, http_client};
use super::credential::Credential;
use crate::channels::tokens::{NoToken, TokenSource};
use crate::clock::Clock;
use crate::domain::time::Timestamp;

/// A platform that answers with this status, and how often it was asked.
struct House {
    tokens: Arc<TokenSource>,
    clock: Clock,
    status: Arc<AtomicU16>,
    asked: Arc<AtomicUsize>,
}

async fn house() -> House {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (status, asked) = (Arc::new(AtomicU16::new(200)), Arc::new(AtomicUsize::new(0)));
    let (answers, heard) = (status.clone(), asked.clone());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut seen = Vec::new();
            while !seen.ends_with(b"client_id=1234&client_secret=canary") {
                seen.push(stream.read_u8().await.unwrap());
            }
            let serial = heard.fetch_add(1, Ordering::SeqCst);
            let body = format!(r#"{{"token_type":"Bearer","access_token":"t{serial}","expires_in":900}}"#);
            let (status, length) = (answers.load(Ordering::SeqCst), body.len());
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let clock = Clock::manual(Timestamp(0));
    let credential = Credential::Secret { channel_id: "1234".to_owned(), secret: Zeroizing::new("canary".to_owned()) };
    let http = http_client(Timeouts::default()).unwrap();
    let tokens = TokenSource::new(http, &base, Box::new(credential), clock.clone()).unwrap();
    House { tokens: Arc::new(tokens), clock, status, asked }
}

impl House {
    async fn token(&self) -> Result<String, NoToken> {
        self.tokens.token().await.map(|token| token.header.to_str().unwrap().to_owned())
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_hundred_sends_ask_once_and_a_renewal_comes_before_the_end_and_apart_from_them() {
    let house = house().await;
    let tokens = join_all((0..100).map(|_| house.token())).await;
    assert!(tokens.iter().all(|token| token.as_deref() == Ok("Bearer t0")), "{tokens:?}");
    assert_eq!(house.asked(), 1);
    house.clock.advance_ms(719_000);
    house.tokens.keep().await;
    assert_eq!(house.asked(), 1, "not due yet");
    house.clock.advance_ms(1_000);
    house.tokens.keep().await;
    assert_eq!((house.token().await, house.asked()), (Ok("Bearer t1".to_owned()), 2));
    assert_eq!(house.tokens.state().until, Some(Timestamp(720_000 + 900_000)));
}

#[tokio::test]
async fn a_renewal_that_fails_leaves_the_present_token_and_is_tried_again_not_too_often() {
    let house = house().await;
    house.token().await.unwrap();
    house.clock.advance_ms(800_000);
    for (status, why, wait_ms) in [(503, NoToken::Unreachable, 1_000), (400, NoToken::Refused { status: 400 }, 30_000)]
    {
        house.status.store(status, Ordering::SeqCst);
        let before = house.asked();
        house.tokens.keep().await;
        house.tokens.keep().await;
        assert_eq!(house.asked(), before + 1, "{status}");
        assert_eq!(house.tokens.state().failed, Some((why, house.clock.now())));
        assert_eq!(house.token().await.as_deref(), Ok("Bearer t0"), "sends go on");
        house.clock.advance_ms(wait_ms);
    }
    // Over, and LINE still says no: nothing can be sent, and nobody is asked for each of the sends.
    house.clock.advance_ms(100_000);
    let before = house.asked();
    for _ in 0..5 {
        assert_eq!(house.token().await, Err(NoToken::Refused { status: 400 }));
    }
    assert_eq!(house.asked(), before + 1);
    house.status.store(200, Ordering::SeqCst);
    house.clock.advance_ms(30_000);
    assert!(house.token().await.is_ok());
    assert_eq!(house.tokens.state().failed, None);
}

#[tokio::test]
async fn a_refused_token_is_changed_once_for_all_who_were_refused_with_it() {
    let house = house().await;
    let refused = house.tokens.token().await.unwrap().serial;
    let others = join_all((0..20).map(|_| house.tokens.instead_of(refused))).await;
    assert!(others.iter().all(|token| token.as_ref().is_ok_and(|token| token.header == "Bearer t1")));
    assert_eq!(house.asked(), 2);
    assert!(!format!("{:?}", house.tokens).contains("canary"));
}
