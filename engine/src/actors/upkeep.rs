//! What the engine does by the clock for itself: looks at the disk, gives memory of dedupe keys back, publishes depths.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::Core;
use crate::domain::id::{Position, StreamId};
use crate::readmodel::day_of;

/// How often the disk is asked for its free space.
const ROUND: Duration = Duration::from_secs(1);
/// Rounds between two looks at dedupe keys.
const KEYS_EVERY: u32 = 60;
/// Looks for which a dedupe key stays in memory after the read models have it: longer than any webhook is under way.
const KEPT_LOOKS: usize = 10;

/// How often redacted content is removed from the disk, in milliseconds; well within the day that is promised.
const COMPACT_EVERY_MS: i64 = 12 * 3_600_000;
/// When after a start it is done first, in milliseconds, so that a house that starts every day does it too.
const COMPACT_FIRST_MS: i64 = 3_600_000;

/// Runs until the engine stops.
pub(crate) async fn run(core: Arc<Core>) {
    let mut rounds = 0_u32;
    let mut compact_at = core.now().plus_ms(COMPACT_FIRST_MS);
    let mut looks: VecDeque<Vec<(StreamId, Position)>> = VecDeque::new();
    while !core.is_stopping() {
        let looking = core.clone();
        let _ = core.pool.run(move || looking.space.look()).await;
        publish(&core);
        rounds += 1;
        if rounds.is_multiple_of(KEYS_EVERY) {
            let reached = core.journal.streams().into_iter().map(|(stream, _)| (stream, core.store.reached(stream)));
            looks.push_back(reached.collect());
            if looks.len() > KEPT_LOOKS {
                give_back(&core, looks.pop_front().unwrap_or_default()).await;
            }
        }
        if core.now() >= compact_at {
            compact_at = core.now().plus_ms(COMPACT_EVERY_MS);
            compact(&core).await;
        }
        tokio::time::sleep(ROUND).await;
    }
}

/// Costs nothing where nothing was redacted.
async fn compact(core: &Arc<Core>) {
    let journal = core.journal.clone();
    match core.pool.run(move || journal.compact()).await {
        Ok(Ok(0)) | Err(_) => {}
        Ok(Ok(records)) => tracing::info!(records, "redacted content was removed from the disk"),
        Ok(Err(fault)) => {
            tracing::error!(error = &fault as &dyn std::error::Error, "redacted content is still on the disk");
        }
    }
}

async fn give_back(core: &Arc<Core>, reached: Vec<(StreamId, Position)>) {
    for (stream, upto) in reached {
        core.journal.release_dedupe(stream, upto);
    }
    let (store, today) = (core.store.clone(), day_of(core.now()));
    if let Ok(Err(error)) = core.pool.run(move || store.expire_dedupe(today)).await {
        tracing::error!(%error, "old dedupe keys could not be removed");
    }
}

#[expect(clippy::cast_precision_loss, reason = "gauges")]
fn publish(core: &Core) {
    if let Some(writer) = core.writer() {
        metrics::gauge!("madoguchi_journal_queue_depth").set(writer.depth() as f64);
    }
    metrics::gauge!("madoguchi_readmodel_lag_records").set(core.store_writer.lag() as f64);
    metrics::gauge!("madoguchi_conversations_awake").set(core.registry.len() as f64);
}
