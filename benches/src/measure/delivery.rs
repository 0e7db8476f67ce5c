//! What one delivery costs the server with 1,000 sockets on one window, beside NATS over WebSocket, uWebSockets and a bare loop:
//! as many sockets, as long a message, at the same rate, each server alone on the servers' core.
//!
//! Ours carries the webhook and the journal with it; the peers keep nothing.

use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};

use super::Size;
use super::fanout::{frame_bytes, watching};
use crate::Outcome;
use crate::figure::{Line, Report, median};
use crate::house::House;
use crate::machine::{Latencies, cpu_time};
use crate::openloop::{Board, run as send};
use crate::peers::Publisher;
use crate::peers::bare::Bare;
use crate::peers::nats::Nats;
use crate::peers::uws::Uws;
use crate::sockets::{Greeting, Listeners};

/// What one kind of server gave over all rounds.
#[derive(Default)]
struct Cost {
    us_a_delivery: Vec<f64>,
    p99_us: Vec<f64>,
    all: Latencies,
}

/// Measures; `size.count` messages a second.
pub(super) async fn run(size: Size) -> Outcome<Report> {
    let dir = tempfile::tempdir()?;
    let house = House::furnish(dir.path()).await?;
    let bytes = frame_bytes(&house).await?;
    let nats = Nats::start(dir.path()).await?;
    let uws = Uws::start()?;
    let slice = Duration::from_secs_f64(size.seconds / size.rounds as f64);
    let round = Round { sockets: size.sockets, per_second: size.count as f64, slice };
    let mut costs: [Cost; 4] = Default::default();
    for _ in 0..size.rounds {
        let publisher = Publisher::webhooks(&house, 8).await?;
        round.run(&watching(&house), async || Ok(publisher), house.server.process.pid(), &mut costs[0]).await?;
        if let Some(nats) = &nats {
            round.run(&nats.greeting(), || nats.publisher(bytes), nats.process.pid(), &mut costs[1]).await?;
        }
        if let Some(uws) = &uws {
            round.run(&uws.greeting(), || uws.publisher(bytes), uws.process.pid(), &mut costs[2]).await?;
        }
        let bare = Bare::start(dir.path(), size.sockets, false)?;
        round.run(&bare.greeting(), || bare.publisher(bytes), bare.process.pid(), &mut costs[3]).await?;
    }
    Ok(report(size, bytes, slice, &costs))
}

struct Round {
    sockets: usize,
    per_second: f64,
    slice: Duration,
}

impl Round {
    async fn run(
        &self,
        greeting: &Greeting,
        publisher: impl AsyncFnOnce() -> Outcome<Publisher>,
        pid: u32,
        cost: &mut Cost,
    ) -> Outcome<()> {
        let board = Board::new(self.sockets);
        let _listeners = Listeners::open(greeting, self.sockets, &Board::eyes(&board)).await?;
        let publisher = Rc::new(publisher().await?);
        let before = cpu_time(pid)?;
        send(&board, &publisher, self.per_second, self.slice).await?;
        let used = cpu_time(pid)?.saturating_sub(before);
        let board = board.borrow();
        cost.us_a_delivery.push(used.as_secs_f64() * 1e6 / board.deliveries as f64);
        cost.p99_us.push(board.each.us(0.99));
        cost.all.merge(&board.each);
        Ok(())
    }
}

fn report(size: Size, bytes: usize, slice: Duration, costs: &[Cost; 4]) -> Report {
    let [ours, nats, uws, bare] = costs;
    let beside = |name: &str, peer: &Cost, limit: f64| {
        let ratios: Vec<f64> = ours.us_a_delivery.iter().zip(&peer.us_a_delivery).map(|(a, b)| a / b).collect();
        let ratio = (!ratios.is_empty()).then(|| median(&ratios));
        let cpu = Line::at_most(
            "server CPU a delivery",
            &format!("<= {limit} x {name}"),
            ratio,
            limit,
            ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2} ({:.2} us)", median(&ours.us_a_delivery))),
            if ratios.is_empty() {
                format!("{name} is missing")
            } else {
                format!("{:.2} us; a bare loop {:.2} us", median(&peer.us_a_delivery), median(&bare.us_a_delivery))
            },
        );
        let (own, other) = (median(&ours.p99_us), median(&peer.p99_us));
        let p99 = Line::at_most(
            "p99 of a delivery",
            &format!("<= {name}"),
            (!ratios.is_empty()).then_some(own),
            other,
            format!("{:.1} ms", own / 1_000.0),
            format!("{:.1} ms; a bare loop {:.1} ms", other / 1_000.0, median(&bare.p99_us) / 1_000.0),
        );
        [cpu, p99]
    };
    let mut lines = Vec::new();
    lines.extend(beside("NATS over WebSocket", nats, 0.5));
    lines.extend(beside("uWebSockets", uws, 1.25));
    let json = |cost: &Cost| -> Value {
        json!({ "us_a_delivery": cost.us_a_delivery, "p99_us": cost.p99_us, "latency": cost.all.json() })
    };
    Report {
        measure: "delivery".to_owned(),
        method: format!(
            "{} sockets, {bytes} bytes, {} messages/s, {} rounds of {:.0} s for each server in turn; medians of rounds",
            size.sockets,
            size.count,
            size.rounds,
            slice.as_secs_f64()
        ),
        lines,
        raw: json!({ "ours": json(ours), "nats": json(nats), "uws": json(uws), "bare": json(bare) }),
    }
}
