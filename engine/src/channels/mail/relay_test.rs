use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::*;

/// A relay that answers what the script says, in order of the commands; what the script does not name is `250 ok`.
/// `!` closes the connection instead, `~` says nothing any more.
struct Peer {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

async fn peer(script: &'static [(&'static str, &'static str)]) -> Peer {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let log = log.clone();
            tokio::spawn(async move {
                let (read, mut write) = stream.into_split();
                let mut lines = BufReader::new(read).lines();
                let said = |word: &str| script.iter().find(|(command, _)| *command == word).map(|(_, answer)| *answer);
                write.write_all(format!("{}\r\n", said("hi").unwrap_or("220 relay")).as_bytes()).await.unwrap();
                let mut inside = false;
                while let Ok(Some(line)) = lines.next_line().await {
                    let word =
                        if inside { if line == "." { "." } else { "body" } } else { line.split(' ').next().unwrap() };
                    log.lock().push(line.clone());
                    let usual = match word {
                        "EHLO" => "250-relay\r\n250 8BITMIME",
                        "DATA" => "354 go on",
                        "body" => "",
                        "QUIT" => "221 bye",
                        _ => "250 2.0.0 ok",
                    };
                    let answer = said(word).unwrap_or(usual);
                    inside = if word == "DATA" { answer.starts_with("354") } else { inside && word != "." };
                    match answer {
                        "" => {}
                        "!" => return,
                        "~" => {
                            let _ = lines.get_mut().read_to_end(&mut Vec::new()).await;
                            return;
                        }
                        answer => write.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap(),
                    }
                }
            });
        }
    });
    Peer { port, seen }
}

fn settings(port: u16) -> RelaySettings {
    let patience = Patience {
        connect: Duration::from_secs(2),
        command: Duration::from_millis(300),
        end: Duration::from_millis(300),
        retry: Duration::from_secs(60),
    };
    RelaySettings {
        host: "127.0.0.1".into(),
        port,
        protection: Protection::None,
        login: None,
        hello: "desk.example".into(),
        roots_pem: None,
        connections: 2,
        per_minute: 0,
        patience,
    }
}

const MAIL: &[u8] = b"Subject: x\r\n\r\n.dot\r\nend\r\n";

async fn send(relay: &Relay, lets: bool, begun: &AtomicBool) -> Told {
    let begin = Box::pin(async {
        begun.store(true, Ordering::SeqCst);
        lets
    });
    relay.send(Copy { sender: Some("b.x@bounce.example"), to: "a..b.@docomo.ne.jp", bytes: MAIL, begin }).await
}

async fn with(script: &'static [(&'static str, &'static str)]) -> (Told, bool, Vec<String>) {
    let peer = peer(script).await;
    let relay = Relay::new(settings(peer.port), Clock::System).unwrap();
    let begun = AtomicBool::new(false);
    let told = send(&relay, true, &begun).await;
    let seen = peer.seen.lock().clone();
    (told, begun.load(Ordering::SeqCst), seen)
}

#[tokio::test]
async fn a_mail_goes_whole_to_one_recipient() {
    let (told, begun, seen) = with(&[(".", "250 2.0.0 Ok: queued as 4F")]).await;
    assert_eq!(told, Told::Taken { reply: "2.0.0 Ok: queued as 4F".into() });
    assert!(begun);
    assert!(seen.contains(&"MAIL FROM:<b.x@bounce.example>".to_owned()), "{seen:?}");
    assert!(seen.contains(&"RCPT TO:<\"a..b.\"@docomo.ne.jp>".to_owned()), "{seen:?}");
    assert!(seen.contains(&"..dot".to_owned()), "dots are doubled: {seen:?}");
}

/// Before the end is said nothing was sent; after it nobody knows. Only the relay's word makes a third.
#[tokio::test]
async fn how_far_it_came_decides_what_it_means() {
    let refused = |code| Told::Refused { code, detail: "5.1.1 nobody".into() };
    let later = |code| Told::NotNow { code, detail: "4.7.1 greylisted".into() };
    for (script, wanted, begun) in [
        (&[("MAIL", "550 5.1.1 nobody")] as &'static [_], refused(550), false),
        (&[("RCPT", "550 5.1.1 nobody")], refused(550), false),
        (&[("RCPT", "450 4.7.1 greylisted")], later(450), false),
        (&[("DATA", "451 4.7.1 greylisted")], later(451), false),
        (&[(".", "554 5.1.1 nobody")], refused(554), true),
        (&[(".", "451 4.7.1 greylisted")], later(451), true),
        (&[(".", "!")], Told::Unknown, true),
        (&[(".", "~")], Told::Unknown, true),
        (&[("RCPT", "~")], Told::NotNow { code: 0, detail: "no answer in time".into() }, false),
        (&[("MAIL", "530 5.1.1 nobody")], Told::Shut { detail: "5.1.1 nobody".into() }, false),
        (&[("hi", "421 4.7.1 greylisted")], later(421), false),
    ] {
        let (told, has_begun, _) = with(script).await;
        assert_eq!((told, has_begun), (wanted, begun), "{script:?}");
    }
    assert!(matches!(with(&[("RCPT", "!")]).await.0, Told::NotNow { .. }));
    assert!(matches!(with(&[("hi", "!")]).await.0, Told::NotNow { .. }));
}

#[tokio::test]
async fn a_relay_that_is_not_there_was_told_nothing() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let relay = Relay::new(settings(port), Clock::System).unwrap();
    let begun = AtomicBool::new(false);
    assert!(matches!(send(&relay, true, &begun).await, Told::NotNow { code: 0, .. }));
    assert!(!begun.load(Ordering::SeqCst));
    assert!(relay.knock().await.is_err());
}

#[tokio::test]
async fn what_the_caller_does_not_let_go_never_has_an_end() {
    let peer = peer(&[]).await;
    let relay = Relay::new(settings(peer.port), Clock::System).unwrap();
    let begun = AtomicBool::new(false);
    assert_eq!(send(&relay, false, &begun).await, Told::Withdrawn);
    assert_eq!(send(&relay, true, &begun).await, Told::Taken { reply: "2.0.0 ok".into() });
    let seen = peer.seen.lock().clone();
    let ends = seen.iter().filter(|line| *line == ".").count();
    let greetings = seen.iter().filter(|line| line.starts_with("EHLO")).count();
    assert_eq!((ends, greetings), (1, 2), "the transaction left open is not finished by the next mail: {seen:?}");
}

#[tokio::test]
async fn connections_are_kept_and_a_dead_one_costs_no_mail() {
    let peer = peer(&[]).await;
    let relay = Relay::new(settings(peer.port), Clock::System).unwrap();
    let begun = AtomicBool::new(false);
    for _ in 0..5 {
        assert!(matches!(send(&relay, true, &begun).await, Told::Taken { .. }));
    }
    assert_eq!(peer.seen.lock().iter().filter(|line| line.starts_with("EHLO")).count(), 1);
    let dying = self::peer(&[("NOOP", "!")]).await;
    let relay = Relay::new(settings(dying.port), Clock::System).unwrap();
    for _ in 0..3 {
        assert!(matches!(send(&relay, true, &begun).await, Told::Taken { .. }));
    }
}

#[tokio::test]
async fn no_tls_no_mail_where_tls_is_required_and_no_password_in_the_clear() {
    let peer = peer(&[]).await;
    let required = RelaySettings { protection: Protection::Required, ..settings(peer.port) };
    let relay = Relay::new(required, Clock::System).unwrap();
    let begun = AtomicBool::new(false);
    assert_eq!(send(&relay, true, &begun).await, Told::Shut { detail: "the relay offers no STARTTLS".into() });
    assert!(!peer.seen.lock().iter().any(|line| line.starts_with("MAIL")));
    assert!(
        is_here("127.0.0.1")
            && is_here("::1")
            && is_here("localhost")
            && !is_here("192.0.2.1")
            && !is_here("relay.example")
    );
}

#[tokio::test]
async fn the_pace_is_kept() {
    let peer = peer(&[]).await;
    let clock = Clock::System;
    let relay = Relay::new(RelaySettings { per_minute: 600, ..settings(peer.port) }, clock).unwrap();
    let begun = AtomicBool::new(false);
    let start = Instant::now();
    for _ in 0..4 {
        assert!(matches!(send(&relay, true, &begun).await, Told::Taken { .. }));
    }
    assert!(start.elapsed() >= Duration::from_millis(290), "{:?}", start.elapsed());
}
