//! A million done conversations: what each keeps in the server's memory, and what waking one costs above a hot one.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Size;
use crate::Outcome;
use crate::figure::{Line, Report};
use crate::house::House;
use crate::machine::{Latencies, rss_bytes};
use crate::store::{Past, append};
use crate::wire::Wire;

const TEXT: &str = "前回の件で、もう一つ質問があります。";

/// A house with a past, its read models made and its server stopped in order.
pub(super) async fn with_past(data_dir: &Path, past: Past) -> Outcome<Duration> {
    let house = House::furnish(data_dir).await?;
    house.server.process.stop()?;
    append(data_dir, past)?;
    let begun = Instant::now();
    let house = House::reopen(data_dir).await?;
    let made = begun.elapsed();
    house.server.process.stop()?;
    Ok(made)
}

/// Resident bytes of a server that was just started on a folder.
async fn resident(data_dir: &Path) -> Outcome<u64> {
    let house = House::reopen(data_dir).await?;
    house.read_wait().await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    rss_bytes(house.server.process.pid())
}

/// Measures with `size.count` conversations; wakes `size.rounds` of them.
pub(super) async fn run(size: Size) -> Outcome<Report> {
    let (empty_dir, dir) = (tempfile::tempdir()?, tempfile::tempdir()?);
    House::furnish(empty_dir.path()).await?.server.process.stop()?;
    let made = with_past(dir.path(), Past { conversations: size.count, messages: 1, open: 0 }).await?;
    let empty = resident(empty_dir.path()).await?;
    let full = resident(dir.path()).await?;
    let bytes = full.saturating_sub(empty) as f64 / size.count as f64;

    let house = House::reopen(dir.path()).await?;
    let webhooks = house.webhooks.clone();
    let mut wire = Wire::connect(&house.server.address).await?;
    let (mut waking, mut hot) = (Latencies::default(), Latencies::default());
    // Far apart, so that no two of them lie on one page.
    let step = (size.count / (size.rounds + 1)).max(1);
    for round in 0..size.rounds {
        for latencies in [&mut waking, &mut hot] {
            let request = webhooks.message(round * step, TEXT);
            let begun = Instant::now();
            let status = wire.status(&request).await?;
            latencies.add(begun.elapsed());
            if status != 200 {
                return Err(format!("a webhook was answered {status}").into());
            }
        }
    }
    let more = |quantile| (waking.us(quantile) - hot.us(quantile)) / 1_000.0;
    Ok(Report {
        measure: "sleeping".to_owned(),
        method: format!(
            "{} done conversations, read models made in {:.0} s; RSS just after a start less that of an empty store; {} \
             sleepers written to, each again at once",
            size.count,
            made.as_secs_f64(),
            size.rounds
        ),
        lines: vec![
            Line::at_most(
                &format!("memory of a sleeping conversation at {}", size.count),
                "<= 200 bytes",
                Some(bytes),
                200.0,
                format!("{bytes:.0} bytes"),
                format!("{:.0} MB with them, {:.0} MB without", full as f64 / 1e6, empty as f64 / 1e6),
            ),
            Line::at_most(
                "waking one, p50",
                "<= 0.3 ms more than a hot one",
                Some(more(0.5)),
                0.3,
                format!("{:+.2} ms", more(0.5)),
                format!("hot {:.2} ms; p99 {:+.2} ms", hot.us(0.5) / 1_000.0, more(0.99)),
            ),
        ],
        raw: json!({
            "rss_bytes": full, "rss_empty_bytes": empty, "bytes_each": bytes, "made_anew_s": made.as_secs_f64(),
            "waking": waking.json(), "hot": hot.json(),
        }),
    })
}
