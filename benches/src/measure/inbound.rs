//! Durable intake: 64 parallel webhooks with one message each, beside the same server's no-op POST and Redis.
//!
//! Three kinds of slices take turns on the servers' core; only one kind runs at a time. Closed loop: each of the 64
//! connections sends its next request when the last was answered.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Size;
use crate::Outcome;
use crate::figure::{Line, Report, median};
use crate::house::House;
use crate::machine::{Latencies, cpu_time};
use crate::peers::redis::{Client, Redis};
use crate::webhook::Webhooks;
use crate::wire::Wire;

/// Parallel connections.
const CONNECTIONS: usize = 64;
const TEXT: &str = "お世話になっております。注文番号 20394 の配送状況を教えてください。";

/// What one slice gave.
struct Slice {
    per_second: f64,
    busy: f64,
    latencies: Latencies,
}

/// Measures; `size.count` is the number of customers.
pub(super) async fn run(size: Size) -> Outcome<Report> {
    let dir = tempfile::tempdir()?;
    let house = House::furnish(dir.path()).await?;
    let redis_dir = tempfile::tempdir()?;
    let redis = Redis::start(redis_dir.path()).await?;
    let slice = Duration::from_secs_f64(size.seconds / size.rounds as f64);
    let mut wires = Vec::new();
    for _ in 0..CONNECTIONS {
        wires.push(Wire::connect(&house.server.address).await?);
    }
    let mut clients = Vec::new();
    if let Some(redis) = &redis {
        for _ in 0..CONNECTIONS {
            clients.push(Client::connect(&redis.address).await?);
        }
    }
    let webhooks = house.webhooks.clone();
    let pid = house.server.process.pid();
    // Every customer has written once, so that slices are alike from the first.
    let warm_up = Duration::from_secs_f64((size.count as f64 / 1_000.0).min(3.0));
    intake(&mut wires, &webhooks, size.count, warm_up, pid).await?;
    let (mut noop, mut durable, mut appends) = (Vec::new(), Vec::new(), Vec::new());
    let (mut lag, mut waits) = (Vec::new(), Vec::new());
    for _ in 0..size.rounds {
        noop.push(no_op(&mut wires, &webhooks, slice, pid).await?);
        durable.push(intake(&mut wires, &webhooks, size.count, slice, pid).await?);
        waits.push(house.read_wait().await?.as_secs_f64() * 1_000.0);
        lag.push(house.metric("madoguchi_readmodel_lag_records ").await.unwrap_or(0.0));
        if let Some(redis) = &redis {
            appends.push(xadd(&mut clients, &webhooks, size.count, slice, redis.process.pid()).await?);
        }
    }
    Ok(report(size, slice, &noop, &durable, &appends, &lag, &waits))
}

fn report(
    size: Size,
    slice: Duration,
    noop: &[Slice],
    durable: &[Slice],
    redis: &[Slice],
    lag: &[f64],
    waits: &[f64],
) -> Report {
    let rates = |slices: &[Slice]| slices.iter().map(|slice| slice.per_second).collect::<Vec<_>>();
    let busy = |slices: &[Slice]| median(&slices.iter().map(|slice| slice.busy).collect::<Vec<_>>());
    let cost_us =
        |slices: &[Slice]| median(&slices.iter().map(|slice| slice.busy / slice.per_second * 1e6).collect::<Vec<_>>());
    // A ratio a round, since neighbours in time had the same machine.
    let ratios = |to: &[Slice]| durable.iter().zip(to).map(|(a, b)| a.per_second / b.per_second).collect::<Vec<_>>();
    let (to_noop, to_redis) = (ratios(noop), ratios(redis));
    let redis_ratio = (!redis.is_empty()).then(|| median(&to_redis));
    let half = waits.len() / 2;
    let largest = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    let (early, late) = (median(&waits[..half]), median(&waits[half..]));
    let all = |slices: &[Slice]| {
        let mut all = Latencies::default();
        slices.iter().for_each(|slice| all.merge(&slice.latencies));
        all.json()
    };
    let lines = vec![
        Line::at_least(
            "durable inbound, 64 parallel webhooks",
            ">= 0.7 x the same server's no-op POST",
            Some(median(&to_noop)),
            0.7,
            format!("{:.2} ({:.0}/s)", median(&to_noop), median(&rates(durable))),
            format!("no-op {:.0}/s", median(&rates(noop))),
        ),
        Line::at_least(
            "durable inbound, 64 parallel webhooks",
            ">= 1.0 x Redis XADD, appendfsync always",
            redis_ratio,
            1.0,
            redis_ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}")),
            if redis.is_empty() {
                "redis-server is missing".to_owned()
            } else {
                format!("{:.0}/s", median(&rates(redis)))
            },
        ),
        Line::at_most(
            "read-model lag at the end of each slice",
            "not growing",
            Some(late),
            early * 1.5 + 5.0,
            format!("a reader waits {late:.1} ms (second half)"),
            format!("{early:.1} ms (first half); largest {:.1} ms, {:.0} records", largest(waits), largest(lag)),
        ),
    ];
    Report {
        measure: "inbound".to_owned(),
        method: format!(
            "{} rounds of {:.1} s each for no-op, webhooks and XADD of the same bytes; server on one core, generator on \
             the other; busy {:.0} %, {:.0} %, {:.0} %, or {:.0} and {:.0} µs of CPU a no-op and a webhook; medians of \
             ratios within a round",
            size.rounds,
            slice.as_secs_f64(),
            busy(noop) * 100.0,
            busy(durable) * 100.0,
            busy(redis) * 100.0,
            cost_us(noop),
            cost_us(durable),
        ),
        lines,
        raw: json!({
            "noop_per_s": rates(noop), "durable_per_s": rates(durable), "redis_per_s": rates(redis),
            "to_noop": to_noop, "to_redis": to_redis, "lag_records": lag, "read_wait_ms": waits,
            "noop_latency": all(noop), "durable_latency": all(durable), "redis_latency": all(redis),
        }),
    }
}

async fn no_op(wires: &mut [Wire], webhooks: &Webhooks, length: Duration, pid: u32) -> Outcome<Slice> {
    let request = Rc::new(webhooks.empty());
    closed_loop(wires, length, pid, async |wire, _| {
        let status = wire.status(&request).await?;
        if status == 200 { Ok(()) } else { Err(format!("a no-op was answered {status}").into()) }
    })
    .await
}

async fn intake(
    wires: &mut [Wire],
    webhooks: &Webhooks,
    customers: usize,
    length: Duration,
    pid: u32,
) -> Outcome<Slice> {
    closed_loop(wires, length, pid, async |wire, turn| {
        let request = webhooks.message(turn % customers, TEXT);
        let status = wire.status(&request).await?;
        if status == 200 { Ok(()) } else { Err(format!("a webhook was answered {status}").into()) }
    })
    .await
}

async fn xadd(
    clients: &mut [Client],
    webhooks: &Webhooks,
    customers: usize,
    length: Duration,
    pid: u32,
) -> Outcome<Slice> {
    closed_loop(clients, length, pid, async |client, turn| {
        let body = webhooks.body(turn % customers, TEXT);
        client.append(&body).await
    })
    .await
}

/// Every connection asks again when it was answered, until the time is over.
async fn closed_loop<C>(
    connections: &mut [C],
    length: Duration,
    pid: u32,
    ask: impl AsyncFn(&mut C, usize) -> Outcome<()>,
) -> Outcome<Slice> {
    let latencies = RefCell::new(Latencies::default());
    let turn = std::cell::Cell::new(0);
    let cpu = cpu_time(pid)?;
    let begun = Instant::now();
    let end = begun + length;
    let work = connections.iter_mut().map(|connection| async {
        while Instant::now() < end {
            turn.set(turn.get() + 1);
            let asked = Instant::now();
            ask(connection, turn.get()).await?;
            latencies.borrow_mut().add(asked.elapsed());
        }
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    });
    futures_util::future::try_join_all(work).await?;
    let took = begun.elapsed();
    let busy = cpu_time(pid)?.saturating_sub(cpu).as_secs_f64() / took.as_secs_f64();
    let latencies = latencies.into_inner();
    Ok(Slice { per_second: latencies.count() as f64 / took.as_secs_f64(), busy, latencies })
}
