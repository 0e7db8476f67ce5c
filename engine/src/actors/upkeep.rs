//! What the engine does by the clock for itself: looks at the disk, gives memory of dedupe keys back, publishes depths.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Core;
use crate::accounts::Trouble;
use crate::domain::id::{Position, StreamId};
use crate::domain::org::ChannelKind;
use crate::journal::writer::Lane;
use crate::readmodel::{ReadModels, day_of};

/// How often the disk is asked for its free space, in milliseconds.
const ROUND_MS: i64 = 1_000;
/// Rounds between two counts of conversations.
const COUNT_EVERY: u32 = 5;
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
        let _ = core.pool.run(Lane::Ordinary, move || looking.space.look()).await;
        publish(&core);
        if rounds.is_multiple_of(COUNT_EVERY) {
            count_conversations(&core);
        }
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
        core.config.clock.sleep_ms(ROUND_MS).await;
    }
}

/// Looks through the dedupe keys of the days before this start; until then the disk is asked about each event.
pub(crate) async fn recollect(core: Arc<Core>) {
    if let Ok(Err(error)) = core.read(Lane::Ordinary, ReadModels::recollect).await {
        tracing::error!(%error, "old dedupe keys cannot be looked through");
    }
}

/// Costs nothing where nothing was redacted.
async fn compact(core: &Arc<Core>) {
    let journal = core.journal.clone();
    match core.pool.run(Lane::Ordinary, move || journal.compact()).await {
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
    let today = day_of(core.now());
    if let Ok(Err(error)) = core.read(Lane::Ordinary, move |store| store.expire_dedupe(today)).await {
        tracing::error!(%error, "old dedupe keys could not be removed");
    }
}

#[expect(clippy::cast_precision_loss, reason = "gauges")]
fn publish(core: &Core) {
    let set = |name: &'static str, value: usize| metrics::gauge!(name).set(value as f64);
    set("madoguchi_journal_queue_depth", core.writer().map_or(0, |writer| writer.depth()));
    set("madoguchi_feed_lag_records", core.counts.untold());
    let (records, bytes) = core.store_writer.lag_and_weight();
    set("madoguchi_readmodel_lag_records", records);
    set("madoguchi_readmodel_lag_bytes", bytes);
    set("madoguchi_readmodel_distrusted", usize::from(core.store.is_distrusted()));
    set("madoguchi_sending_held", usize::from(core.sending.is_held()));
    set("madoguchi_store_reads_waiting", core.pool.waiting());
    set("madoguchi_conversations_awake", core.registry.len());
    let views = core.views.windows();
    set("madoguchi_windows", views.len());
    set("madoguchi_raw_bodies_waiting", views.iter().map(|view| view.window().raw.len()).sum());
    for (actor, depth) in core.depths.each() {
        metrics::gauge!("madoguchi_mailbox_depth", "actor" => actor).set(depth as f64);
    }
    metrics::gauge!("madoguchi_pressure_percent").set(f64::from(core.pressure().percent()));
    core.pulses.publish();
}

/// What takes a look at every live conversation.
#[expect(clippy::cast_precision_loss, reason = "gauges")]
fn count_conversations(core: &Core) {
    let counts = core.views.windows().into_iter().map(|view| view.open_and_set_aside());
    let (open, set_aside) = counts.fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    metrics::gauge!("madoguchi_conversations_open").set(open as f64);
    metrics::gauge!("madoguchi_conversations_set_aside").set(set_aside as f64);
    let waiting: Vec<_> = core.views.windows().into_iter().flat_map(|view| view.outgoing()).collect();
    for kind in ChannelKind::ALL {
        let mine = || waiting.iter().filter(|(channel, _, _)| *channel == kind);
        let count: usize = mine().map(|(_, count, _)| count).sum();
        let oldest = mine().map(|(_, _, queued_at)| *queued_at).min();
        let age_ms = oldest.map_or(0, |queued_at| core.now().since_ms(queued_at).max(0));
        metrics::gauge!("madoguchi_answers_waiting", "channel" => kind.word()).set(count as f64);
        metrics::gauge!("madoguchi_answers_oldest_seconds", "channel" => kind.word()).set(age_ms as f64 / 1_000.0);
    }
    let troubles = core.accounts.troubles();
    for trouble in Trouble::ALL {
        let accounts = troubles.iter().filter(|found| **found == trouble).count();
        metrics::gauge!("madoguchi_accounts_in_trouble", "trouble" => trouble.code()).set(accounts as f64);
    }
}
