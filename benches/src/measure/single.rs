//! One webhook alone beside one sync of as many bytes, taking turns on the same disk.

use std::time::Instant;

use serde_json::json;

use super::Size;
use crate::Outcome;
use crate::disk::Disk;
use crate::figure::{Line, Report};
use crate::house::House;
use crate::machine::Latencies;
use crate::wire::Wire;

const TEXT: &str = "営業時間を教えてください。";
/// Customers who take turns; each has written before.
const CUSTOMERS: usize = 16;

/// Measures; `size.count` is the number of turns.
pub(super) async fn run(size: Size) -> Outcome<Report> {
    let dir = tempfile::tempdir()?;
    let house = House::furnish(dir.path()).await?;
    let mut disk = Disk::new(dir.path())?;
    let mut wire = Wire::connect(&house.server.address).await?;
    let webhooks = house.webhooks.clone();
    let (mut ours, mut syncs, mut noops) = (Latencies::default(), Latencies::default(), Latencies::default());
    let warm_up = CUSTOMERS + size.count / 20;
    for turn in 0..size.count + warm_up {
        let request = webhooks.message(turn % CUSTOMERS, TEXT);
        let begun = Instant::now();
        let status = wire.status(&request).await?;
        let took = begun.elapsed();
        if status != 200 {
            return Err(format!("a webhook was answered {status}").into());
        }
        let sync = disk.append(&request)?;
        let request = webhooks.empty();
        let begun = Instant::now();
        wire.status(&request).await?;
        let noop = begun.elapsed();
        if turn >= warm_up {
            ours.add(took);
            syncs.add(sync);
            noops.add(noop);
        }
    }
    let line = |name: &str, quantile: f64| {
        let (ours, sync) = (ours.us(quantile), syncs.us(quantile));
        Line::at_most(
            &format!("one webhook alone, {name}"),
            "<= 1.3 x one fdatasync + 1 ms",
            Some(ours),
            1.3 * sync + 1_000.0,
            format!("{ours:.0} us"),
            format!("sync {sync:.0} us; no-op POST {:.0} us", noops.us(quantile)),
        )
    };
    Ok(Report {
        measure: "single".to_owned(),
        method: format!("{} turns of webhook, bare write + fdatasync, no-op POST", size.count),
        lines: vec![line("p50", 0.5), line("p99", 0.99)],
        raw: json!({ "webhook": ours.json(), "sync": syncs.json(), "noop": noops.json() }),
    })
}
