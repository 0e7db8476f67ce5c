//! What a returning reader missed: from memory, else from the journal, else everything anew.

use std::sync::Arc;

use crate::actors::Core;
use crate::domain::id::{Position, StreamId, WindowId};
use crate::failure::Failure;
use crate::journal::codec;
use crate::journal::writer::Lane;
use crate::rows::{CatchUp, Update};

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
        let mut updates: Vec<Arc<Update>> = Vec::new();
        let mut from = after.next();
        let mut bytes = 0;
        // Only what the feed has told: what is on disk and not yet told comes live.
        while from <= told {
            let max = CHUNK.min(usize::try_from(told.0 - from.0 + 1).unwrap_or(CHUNK));
            let chunk = journal.read(stream, from, max, CHUNK_BYTES).map_err(|_| Failure::CatchingUp)?;
            let Some(last) = chunk.last() else { return Err(Failure::CatchingUp) };
            from = last.position.next();
            for stored in chunk {
                let record = codec::decode(&stored.payload).map_err(|_| Failure::CatchingUp)?;
                let update = views.encode(&view, stored.position, Arc::new(record));
                bytes += update.frame.len();
                updates.push(update);
            }
            if bytes >= PART_BYTES && from <= told {
                return Ok(CatchUp::Part(updates));
            }
        }
        Ok(CatchUp::Updates(updates))
    };
    core.pool.run(Lane::Ordinary, read).await?
}
