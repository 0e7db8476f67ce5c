//! What an idle socket costs the server in memory: resident bytes with many sockets that watch a window, less those before.

use std::time::Duration;

use serde_json::json;

use super::Size;
use super::fanout::watching;
use crate::Outcome;
use crate::figure::{Line, Report, Verdict, median};
use crate::house::House;
use crate::machine::rss_bytes;
use crate::openloop::Board;
use crate::sockets::Listeners;

/// Opened and closed first, so that what a first socket makes is not counted.
const WARM_UP: usize = 64;
const GOAL_BYTES: f64 = 20_000.0;

/// Measures with `size.sockets` sockets on a fresh server each round.
pub(super) async fn run(size: Size) -> Outcome<Report> {
    let mut each = Vec::new();
    for _ in 0..size.rounds {
        let dir = tempfile::tempdir()?;
        let house = House::furnish(dir.path()).await?;
        let eyes = Board::eyes(&Board::new(size.sockets));
        drop(Listeners::open(&watching(&house), WARM_UP, &eyes).await?);
        tokio::time::sleep(Duration::from_millis(500)).await;
        let before = rss_bytes(house.server.process.pid())?;
        let _listeners = Listeners::open(&watching(&house), size.sockets, &eyes).await?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let after = rss_bytes(house.server.process.pid())?;
        each.push(after.saturating_sub(before) as f64 / size.sockets as f64);
    }
    let agents = median(&each);
    let visitors = Line {
        what: "memory of an idle socket, visitors".to_owned(),
        goal: "<= 2 KB".to_owned(),
        figure: "-".to_owned(),
        beside: "the product has no visitors' socket yet".to_owned(),
        verdict: Verdict::Open,
    };
    Ok(Report {
        measure: "sockets".to_owned(),
        method: format!(
            "RSS with {} sockets that watch a window less RSS before, {} rounds",
            size.sockets, size.rounds
        ),
        lines: vec![
            Line::at_most(
                "memory of an idle socket, agents",
                "<= 20 KB",
                Some(agents),
                GOAL_BYTES,
                format!("{:.1} KB", agents / 1_000.0),
                "-".to_owned(),
            ),
            visitors,
        ],
        raw: json!({ "bytes_a_socket": each }),
    })
}
