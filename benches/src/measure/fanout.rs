//! A customer's POST to the last of 100 watching sockets, at half of what the server takes with those sockets open, beside a
//! bare loop that syncs and writes as many frames of the same length at the same rate.

use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Size;
use crate::Outcome;
use crate::figure::{Line, Report, median};
use crate::house::{House, WINDOW};
use crate::machine::Latencies;
use crate::openloop::{Board, run as send};
use crate::peers::Publisher;
use crate::peers::bare::Bare;
use crate::sockets::{Greeting, Listeners, Opcode, open};

/// Connections that customers' webhooks come over.
const CONNECTIONS: usize = 64;

/// How a socket watches the house's window.
pub(super) fn watching(house: &House) -> Greeting {
    Greeting {
        address: house.server.address.clone(),
        path: "/api/v1/socket".to_owned(),
        headers: house.owner.clone(),
        first: Some((Opcode::Text, json!({"type": "watch", "window": WINDOW}).to_string().into_bytes())),
        ready: b"\"type\":\"snapshot\"",
    }
}

/// How long the frame of one message is, as a socket of the house gets it.
pub(super) async fn frame_bytes(house: &House) -> Outcome<usize> {
    use tokio::io::AsyncReadExt;
    let publisher = Publisher::webhooks(house, 1).await?;
    // The first message of a customer says more than the ones after it.
    for number in 0..32 {
        publisher.publish(number).await?;
    }
    let mut stream = open(&watching(house)).await?;
    publisher.publish(32).await?;
    let mut said = Vec::new();
    let needle = b"\"type\":\"update\"";
    loop {
        stream.read_buf(&mut said).await?;
        let Some(at) = said.windows(needle.len()).position(|window| window == needle) else { continue };
        // The header of a frame of 126 to 65,535 bytes is four bytes, the last two its length.
        let begin = said[..at].iter().rposition(|byte| *byte == 0x7e).ok_or("no header before an update")?;
        let length = said.get(begin + 1..begin + 3).ok_or("a short header")?;
        return Ok(usize::from(u16::from_be_bytes([length[0], length[1]])));
    }
}

/// Measures with `size.sockets` sockets.
pub(super) async fn run(size: Size) -> Outcome<Report> {
    let dir = tempfile::tempdir()?;
    let house = House::furnish(dir.path()).await?;
    let bytes = frame_bytes(&house).await?;
    let capacity = capacity(&house, size.sockets).await?;
    let rate = capacity / 2.0;
    let slice = Duration::from_secs_f64(size.seconds / size.rounds as f64);
    let (mut ours, mut bare) = (Latencies::default(), Latencies::default());
    let mut ratios = Vec::new();
    for _ in 0..size.rounds {
        let one = ours_at(&house, size.sockets, rate, slice).await?;
        let other = bare_at(bytes, size.sockets, rate, slice).await?;
        ratios.push(one.us(0.99) / other.us(0.99));
        ours.merge(&one);
        bare.merge(&other);
    }
    let ratio = median(&ratios);
    Ok(Report {
        measure: "fanout".to_owned(),
        method: format!(
            "{} sockets, {bytes} bytes a frame, {rate:.0} messages/s (half of {capacity:.0}), {} rounds of {:.0} s each, \
             taking turns; median of the rounds' ratios",
            size.sockets,
            size.rounds,
            slice.as_secs_f64()
        ),
        lines: vec![Line::at_most(
            "customer's POST to the last socket, p99 at half load",
            "<= 1.5 x (sync + raw writes)",
            Some(ratio),
            1.5,
            format!("{ratio:.2} ({:.2} ms)", ours.us(0.99) / 1_000.0),
            format!("bare loop {:.2} ms", bare.us(0.99) / 1_000.0),
        )],
        raw: json!({ "capacity_per_s": capacity, "ratios": ratios, "ours": ours.json(), "bare": bare.json() }),
    })
}

/// Messages a second with every socket open and as many webhooks at a time as there are connections.
async fn capacity(house: &House, sockets: usize) -> Outcome<f64> {
    let board = Board::new(sockets);
    let _listeners = Listeners::open(&watching(house), sockets, &Board::eyes(&board)).await?;
    let publisher = Rc::new(Publisher::webhooks(house, CONNECTIONS).await?);
    let begun = Instant::now();
    let work = (0..CONNECTIONS).map(|lane| {
        let publisher = Rc::clone(&publisher);
        async move {
            let mut sent = 0;
            while begun.elapsed() < Duration::from_secs(3) {
                publisher.publish(lane).await?;
                sent += 1;
            }
            Outcome::Ok(sent)
        }
    });
    let sent: usize = futures_util::future::try_join_all(work).await?.iter().sum();
    Ok(sent as f64 / begun.elapsed().as_secs_f64())
}

async fn ours_at(house: &House, sockets: usize, rate: f64, length: Duration) -> Outcome<Latencies> {
    let board = Board::new(sockets);
    let _listeners = Listeners::open(&watching(house), sockets, &Board::eyes(&board)).await?;
    let publisher = Rc::new(Publisher::webhooks(house, CONNECTIONS).await?);
    send(&board, &publisher, rate, length).await?;
    Ok(std::mem::take(&mut board.borrow_mut().last))
}

async fn bare_at(bytes: usize, sockets: usize, rate: f64, length: Duration) -> Outcome<Latencies> {
    let dir = tempfile::tempdir()?;
    let bare = Bare::start(dir.path(), sockets, true)?;
    let board = Board::new(sockets);
    let _listeners = Listeners::open(&bare.greeting(), sockets, &Board::eyes(&board)).await?;
    let publisher = Rc::new(bare.publisher(bytes).await?);
    send(&board, &publisher, rate, length).await?;
    Ok(std::mem::take(&mut board.borrow_mut().last))
}
