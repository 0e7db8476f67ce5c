use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpServer, web};
use futures_util::{SinkExt, StreamExt, stream};
use madoguchi_protocol::Close;
use serde_json::{Value, json};
use socket2::{Domain, SockRef, Socket, Type};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use super::*;
use crate::error::Refusal;
use crate::socket::house::Settings;
use crate::socket::sockets::Sockets;
use crate::socket::testing::{Fake, STREAM, said, who};

const PATIENCE: Duration = Duration::from_secs(20);

type Client = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn open(
    house: web::Data<Fake>,
    req: HttpRequest,
    payload: Payload,
    agent: web::Path<u64>,
) -> Result<HttpResponse, Refusal> {
    let worker = req.app_data::<Worker<Fake>>().expect("one for each worker");
    Ok(connect(house.get_ref(), worker, who(u128::from(*agent)), &req, payload)?)
}

/// A server with this edge and nothing else.
fn serve(house: &Fake) -> SocketAddr {
    let house = web::Data::new(house.clone());
    let server = HttpServer::new(move || {
        App::new().app_data(house.clone()).app_data(Worker::<Fake>::default()).route("/{agent}", web::get().to(open))
    })
    .workers(1)
    .tcp_nodelay(true)
    // Longer than any patience here: who waits for it waits in vain.
    .client_disconnect_timeout(3 * PATIENCE)
    .on_connect(|connection, about| {
        let stream = connection.downcast_ref::<TcpStream>().expect("a plain connection");
        SockRef::from(stream).set_send_buffer_size(64 * 1024).expect("an option");
        Wire::keep(stream, about);
    })
    .disable_signals()
    .bind("127.0.0.1:0")
    .expect("a free port");
    let address = server.addrs()[0];
    actix_web::rt::spawn(server.run());
    address
}

async fn client(address: SocketAddr, agent: u64) -> Client {
    connect_async(format!("ws://{address}/{agent}")).await.expect("it opens").0
}

async fn say(client: &mut Client, frame: Value) {
    client.send(Message::text(frame.to_string())).await.expect("taken");
}

async fn watch(client: &mut Client, position: u64) {
    say(client, json!({"type": "watch", "window": "w", "stream": STREAM.to_string(), "position": position})).await;
}

async fn next(client: &mut Client) -> Option<Message> {
    let next = tokio::time::timeout(PATIENCE, client.next()).await.expect("something in time");
    next.and_then(Result::ok)
}

/// The next frame of this kind; pings and other frames are passed over.
async fn next_of(client: &mut Client, kind: &str) -> Value {
    loop {
        if let Message::Text(text) = next(client).await.expect("an open socket") {
            let frame: Value = serde_json::from_str(&text).expect("JSON");
            if frame["type"] == kind {
                return frame;
            }
        }
    }
}

async fn close_code(client: &mut Client) -> u16 {
    loop {
        match next(client).await {
            Some(Message::Close(Some(frame))) => return frame.code.into(),
            Some(_) => {}
            None => return 0,
        }
    }
}

/// Waits for `count` open sockets.
async fn settle(sockets: &Sockets, count: usize) {
    let settled = async {
        while sockets.count() != count {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, settled).await.expect("sockets end in time");
}

/// A peer that shakes hands, watches, and never reads.
fn never_reads(address: SocketAddr) -> std::net::TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(16 * 1024).expect("an option");
    socket.connect(&address.into()).expect("it connects");
    let mut stream: std::net::TcpStream = socket.into();
    let request = "GET /2 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("taken");
    let watch = br#"{"type":"watch","window":"w"}"#;
    // Masked with zeros, which changes nothing.
    let mut frame = vec![0x81, 0x80 | u8::try_from(watch.len()).expect("short"), 0, 0, 0, 0];
    frame.extend_from_slice(watch);
    stream.write_all(&frame).expect("taken");
    stream
}

#[actix_web::test]
async fn a_peer_that_never_reads_disturbs_nobody_and_is_cut_off() {
    let house = Fake::new(Settings { outbox_bytes: 256 * 1024, closing_s: 1, ..Settings::default() });
    let address = serve(&house);
    let sockets = crate::socket::house::House::sockets(&house);
    let mut reading = client(address, 1).await;
    watch(&mut reading, 0).await;
    next_of(&mut reading, "presence").await;
    let mut stuck = never_reads(address);
    settle(&sockets, 2).await;
    let mut slowest = Duration::ZERO;
    for position in 1..=3_000_u64 {
        house.commit(said(1_000));
        let begun = std::time::Instant::now();
        assert_eq!(next_of(&mut reading, "update").await["position"], position);
        slowest = slowest.max(begun.elapsed());
    }
    assert!(slowest < Duration::from_secs(2), "somebody waited {slowest:?} for a peer that never reads");
    settle(&sockets, 1).await;

    let mut got = 0;
    let mut buffer = [0; 65_536];
    let end = loop {
        match stuck.read(&mut buffer) {
            Ok(0) => break ErrorKind::UnexpectedEof,
            Ok(count) => got += count,
            Err(error) => break error.kind(),
        }
    };
    assert_eq!(end, ErrorKind::ConnectionReset, "the kernel keeps nothing for it");
    assert!(got < 512 * 1024, "{got} of 3 MB");

    let mut back = client(address, 2).await;
    watch(&mut back, 0).await;
    for position in 1..=3_000_u64 {
        assert_eq!(next_of(&mut back, "update").await["position"], position, "back without loss");
    }
}

#[actix_web::test]
async fn a_slow_peer_is_told_why_and_comes_back_without_loss() {
    let house = Fake::new(Settings { outbox_bytes: 128 * 1024, closing_s: 5, ..Settings::default() });
    let address = serve(&house);
    let mut slow = client(address, 1).await;
    watch(&mut slow, 0).await;
    next_of(&mut slow, "presence").await;
    // More than every buffer on the way holds, while nobody reads.
    for _ in 0..8_000 {
        house.commit(said(1_000));
        tokio::task::yield_now().await;
    }
    let mut last = 0;
    let code = loop {
        match next(&mut slow).await {
            Some(Message::Text(text)) => {
                let frame: Value = serde_json::from_str(&text).expect("JSON");
                if frame["type"] == "update" {
                    last += 1;
                    assert_eq!(frame["position"], last);
                }
            }
            Some(Message::Close(Some(frame))) => break u16::from(frame.code),
            Some(_) => {}
            None => panic!("cut without a word after {last}"),
        }
    };
    assert_eq!(code, Close::Slow.code());
    let mut back = client(address, 1).await;
    watch(&mut back, last).await;
    for position in last + 1..=8_000 {
        assert_eq!(next_of(&mut back, "update").await["position"], position);
    }
}

#[actix_web::test]
async fn a_busy_outbox_does_not_keep_a_peer_from_being_heard() {
    let house = Fake::new(Settings::default());
    let address = serve(&house);
    let mut client = client(address, 1).await;
    watch(&mut client, 0).await;
    next_of(&mut client, "presence").await;
    let busy = house.clone();
    let stream = actix_web::rt::spawn(async move {
        loop {
            for _ in 0..20 {
                busy.commit(said(500));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    let (mut say, mut hear) = client.split();
    let mut position = 0;
    for turn in 0..100_u32 {
        let command = json!({"type": "command", "ref": turn.to_string(),
            "conversation": "01KAH3QZ6M2F8V7X1S4J0B9TNC", "command": {"type": "add_note", "client_id": "a", "text": "b"}});
        say.send(Message::text(command.to_string())).await.expect("taken");
        say.send(Message::Ping(turn.to_string().into())).await.expect("taken");
        let (mut replied, mut ponged) = (false, false);
        // Each turn sees the stream go on.
        while !(replied && ponged && position >= u64::from(turn) * 10) {
            let message = tokio::time::timeout(PATIENCE, hear.next()).await.expect("heard in time");
            match message.expect("open").expect("a message") {
                Message::Pong(bytes) => ponged = bytes == turn.to_string().as_bytes(),
                Message::Text(text) => {
                    let frame: Value = serde_json::from_str(&text).expect("JSON");
                    replied |= frame["ref"] == turn.to_string().as_str();
                    if frame["type"] == "update" {
                        position += 1;
                        assert_eq!(frame["position"], position);
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }
    stream.abort();
}

#[actix_web::test]
async fn neither_the_outbox_nor_the_actor_starves_the_other() {
    let house = Fake::new(Settings::default());
    let permit = crate::socket::house::House::sockets(&house).admit(who(1).agent).expect("room");
    let outbox: Shared = Rc::new(RefCell::new(Outbox::new(64 << 20, None)));
    let polls = Rc::new(std::cell::Cell::new(0_u32));
    let counted = Rc::clone(&polls);
    // A peer that pings without an end.
    let actor = stream::repeat_with(move || {
        counted.set(counted.get() + 1);
        Ok::<_, Error>(Bytes::from_static(b"pong"))
    });
    for _ in 0..20 {
        outbox.borrow_mut().push(Bytes::from(vec![b'u'; 60_000]));
    }
    let mut wrapped = Wrapped {
        actor: Box::pin(actor),
        actor_ended: false,
        is_written: false,
        outbox: Rc::clone(&outbox),
        fanout: Weak::<RefCell<Fanout<Fake>>>::new(),
        permit,
    };
    let (mut pongs, mut updates) = (0, 0);
    for _ in 0..25 {
        let piece = wrapped.next().await.expect("open").expect("bytes");
        pongs += piece.windows(4).filter(|bytes| bytes == b"pong").count();
        updates += piece.iter().filter(|byte| **byte == b'u').count() / 60_000;
    }
    assert_eq!((polls.get(), pongs), (25, 25));
    assert_eq!(updates, 20);
    drop(wrapped);
    assert_eq!(crate::socket::house::House::sockets(&house).count(), 0);
}

#[actix_web::test]
async fn commands_of_one_conversation_are_answered_in_their_order_and_others_overtake() {
    let house = Fake::new(Settings::default());
    let mut client = client(serve(&house), 1).await;
    let (one, other) = ("01KAH3QZ6M2F8V7X1S4J0B9TNC", "01KAH3QZ5P4R6T8V0W2X4Y6Z8A");
    let claim = json!({"type": "claim"});
    let note = json!({"type": "delete_note", "number": 1});
    for (reference, conversation, command) in [("a", one, &claim), ("b", one, &note), ("c", other, &note)] {
        say(
            &mut client,
            json!({"type": "command", "ref": reference, "conversation": conversation, "command": command}),
        )
        .await;
    }
    assert_eq!(next_of(&mut client, "reply").await["ref"], "c", "it waits for nobody");
    house.let_pass(1);
    for reference in ["a", "b"] {
        assert_eq!(next_of(&mut client, "reply").await["ref"], reference);
    }
}

#[actix_web::test]
async fn a_socket_has_so_many_commands_in_hand_and_no_more() {
    let house = Fake::new(Settings::default());
    let mut client = client(serve(&house), 1).await;
    for turn in 0..60 {
        let claim = json!({"type": "command", "ref": turn.to_string(), "conversation": "01KAH3QZ6M2F8V7X1S4J0B9TNC",
            "command": {"type": "claim"}});
        client.feed(Message::text(claim.to_string())).await.expect("taken");
    }
    client.flush().await.expect("taken");
    for turn in 32..60 {
        let reply = next_of(&mut client, "reply").await;
        assert_eq!((&reply["ref"], &reply["problem"]["code"]), (&json!(turn.to_string()), &json!("overloaded")));
    }
    house.let_pass(60);
    for turn in 0..32 {
        let reply = next_of(&mut client, "reply").await;
        assert_eq!((&reply["ref"], &reply["problem"]["code"]), (&json!(turn.to_string()), &json!("set_aside")));
    }
}

#[actix_web::test]
async fn a_panic_in_the_hub_costs_nobody_a_position() {
    let house = Fake::new(Settings::default());
    let address = serve(&house);
    let mut before = client(address, 1).await;
    watch(&mut before, 0).await;
    next_of(&mut before, "presence").await;
    house.commit(said(1));
    assert_eq!(next_of(&mut before, "update").await["position"], 1);
    house.state().panics = true;
    assert_eq!(close_code(&mut before).await, Close::Interrupted.code());
    house.commit(said(1));
    let mut after = client(address, 1).await;
    watch(&mut after, 1).await;
    assert_eq!(next_of(&mut after, "update").await["position"], 2);
    house.commit(said(1));
    assert_eq!(next_of(&mut after, "update").await["position"], 3);
}

#[actix_web::test]
async fn a_stopping_server_is_left_by_everybody_with_a_delay_of_their_own() {
    let house = Fake::new(Settings::default());
    let address = serve(&house);
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(client(address, 1).await);
    }
    house.stop();
    let mut delays = std::collections::BTreeSet::new();
    for client in &mut clients {
        delays.insert(next_of(client, "going").await["retry_after_ms"].as_u64().expect("a number"));
        assert_eq!(close_code(client).await, Close::Going.code());
        // Answers the close frame.
        assert!(next(client).await.is_none());
    }
    assert!(delays.len() > 5, "{delays:?}");
    let sockets = crate::socket::house::House::sockets(&house);
    assert_eq!(sockets.drained(PATIENCE).await, 0);
    assert!(connect_async(format!("ws://{address}/1")).await.is_err(), "no new ones");
}

#[actix_web::test]
async fn a_client_that_says_goodbye_is_answered_and_gone() {
    let house = Fake::new(Settings::default());
    let mut client = client(serve(&house), 1).await;
    next_of(&mut client, "me").await;
    client.close(None).await.expect("taken");
    assert_eq!(close_code(&mut client).await, 1000);
    assert!(next(&mut client).await.is_none());
    settle(&crate::socket::house::House::sockets(&house), 0).await;
}
