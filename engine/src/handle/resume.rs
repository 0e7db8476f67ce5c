//! What a returning reader missed: from memory, else from the journal, else everything anew.

use std::collections::HashSet;
use std::sync::Arc;

use crate::actors::Core;
use crate::domain::id::{ConversationId, Position, StreamId, WindowId};
use crate::domain::record::{Fact, Record};
use crate::failure::Failure;
use crate::journal::codec;
use crate::journal::writer::Lane;
use crate::rows::CatchUp;

/// Records that a reader may be behind and still get exactly what was missed.
const MOST_MISSED: u64 = 10_000;
/// Frames given at a time, in bytes; a reader of long records comes for the rest when it has taken these.
const PART_BYTES: usize = 4 << 20;
/// Records and bytes read from the journal at a time.
const CHUNK: usize = 1_000;
const CHUNK_BYTES: usize = 4 << 20;

pub(super) async fn catch_up(
    core: &Arc<Core>,
    window: &WindowId,
    stream: StreamId,
    after: Position,
) -> Result<CatchUp, Failure> {
    let view = core.views.window(window).ok_or(Failure::NotFound("window"))?;
    let told = view.position();
    if stream != view.stream || after > told || told.0 - after.0 > MOST_MISSED {
        return Ok(CatchUp::Snapshot(Box::new(view.snapshot())));
    }
    if let Some(updates) = view.frames_after(after) {
        return Ok(CatchUp::Updates(updates));
    }
    let (journal, views) = (core.journal.clone(), core.views.clone());
    let read = move || {
        let mut records: Vec<(Position, Record)> = Vec::new();
        let mut gone = HashSet::new();
        let mut from = after.next();
        let mut kept = 0;
        // Only what the feed has told: what is on disk and not yet told comes live.
        while from <= told {
            let max = CHUNK.min(usize::try_from(told.0 - from.0 + 1).unwrap_or(CHUNK));
            let chunk = journal.read(stream, from, max, CHUNK_BYTES).map_err(|_| Failure::CatchingUp)?;
            let Some(last) = chunk.last() else { return Err(Failure::CatchingUp) };
            from = last.position.next();
            for stored in chunk {
                let record = codec::decode(&stored.payload).map_err(|_| Failure::CatchingUp)?;
                gone.extend(record.events.iter().filter_map(Fact::takes_back));
                // What is behind a part is only looked through for what it takes back.
                if kept < PART_BYTES {
                    kept += stored.payload.len();
                    records.push((stored.position, record));
                }
            }
        }
        let mut updates = Vec::with_capacity(records.len());
        let mut bytes = 0;
        for (position, record) in records {
            let update = views.encode(&view, position, Arc::new(without_words(record, &gone)));
            bytes += update.frame.len();
            updates.push(update);
            if bytes >= PART_BYTES {
                break;
            }
        }
        let last = updates.last().map_or(after, |update| update.position);
        Ok(if last < told { CatchUp::Part(updates) } else { CatchUp::Updates(updates) })
    };
    core.pool.run(Lane::Ordinary, read).await?
}

/// The journal loses words a moment after the record that takes them back. A reader who gets both gets them without
/// the words already.
fn without_words(record: Record, gone: &HashSet<(ConversationId, u32)>) -> Record {
    let holds = |fact: &Fact| fact.words_of().is_some_and(|line| gone.contains(&line));
    if record.events.iter().any(holds) { codec::emptied(record) } else { record }
}
