//! One console that stops reading holds up the others, or fills the server's memory.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use madoguchi_tests::house::{House, WINDOW};
use madoguchi_tests::world::{Desk, PATIENCE, wait_until};

fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The peer completes the handshake, asks for the window and never reads a byte again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_never_reads_is_cut_and_disturbs_nobody() {
    let house = House::open(2, &[("MADOGUCHI_LIMITS__SOCKET_OUTBOX_BYTES", "262144")]).await;
    let mut desk = Desk::open(&house.agents[0].0).await;
    desk.watch(WINDOW).await;
    desk.wait_for("the window", |frame| frame["type"] == "snapshot").await;
    let address = house.server.url().trim_start_matches("http://").to_owned();
    let mut stuck = TcpStream::connect(&address).unwrap();
    let mut head = format!(
        "GET /api/v1/socket HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    );
    for (name, value) in &house.agents[1].0.identity_headers() {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    head.push_str("\r\n");
    stuck.write_all(head.as_bytes()).unwrap();
    let mut first = [0; 12];
    stuck.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 101");
    let watch = format!("{{\"type\":\"watch\",\"window\":\"{WINDOW}\"}}");
    let mask = [0_u8; 4];
    let mut frame = vec![0x81, 0x80 | u8::try_from(watch.len()).unwrap()];
    frame.extend(mask);
    frame.extend(watch.as_bytes());
    stuck.write_all(&frame).unwrap();
    let pid = house.server.pid().unwrap();
    let before = resident_kib(pid);
    let user = house.double.add_user(&house.channel, "客").unwrap();
    let long = "長".repeat(4_000);
    let mut slowest = Duration::ZERO;
    let cut = async || {
        let text = reqwest::get(format!("{}/metrics", house.server.url())).await.unwrap().text().await.unwrap();
        text.lines().any(|line| line.starts_with("madoguchi_sockets_closed_total") && line.contains("slow"))
    };
    let mut rounds = 0;
    while !cut().await {
        rounds += 1;
        assert!(rounds < 400, "it was never cut");
        let said = house.double.say(&user, &long).await.unwrap();
        assert!(said.acknowledged(), "{said:?}");
        slowest = slowest.max(said.took);
    }
    let grown = resident_kib(pid).saturating_sub(before);
    assert!(slowest < Duration::from_secs(2), "customers waited {slowest:?}");
    assert!(grown < 32 * 1024, "{grown} KiB more for one peer");
    let conversation = house.conversation_of(&user).await;
    let head = house.owner.conversation(&conversation).await.ok()["position"].as_u64().unwrap();
    wait_until("the other desk to have everything", PATIENCE, async || {
        desk.position(WINDOW).is_some_and(|(_, at)| at >= head).then_some(())
    })
    .await;
    desk.check();
    // The agent behind the stuck console comes back and misses nothing.
    let mut back = Desk::open(&house.agents[1].0).await;
    back.watch(WINDOW).await;
    back.wait_for("the window", |frame| frame["type"] == "snapshot" && frame["position"].as_u64() >= Some(head)).await;
}
