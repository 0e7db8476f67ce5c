//! Erasing what customers wrote, after the last window was reset: files, stored bodies, the journal's streams, the rows of
//! the read models, in this order; then the bytes themselves leave the disk. Each step may be done again, so that a stop
//! at any of them is finished by the next start; a window counts as erased when all of them are done.
//!
//! What backups hold it cannot reach.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Core, raw};
use crate::content::Purpose;
use crate::domain::id::{Position, StreamId};
use crate::domain::org;
use crate::domain::org::reset::Content;
use crate::domain::record::{By, Fact};
use crate::domain::window::{Event, RawBody};
use crate::failure::Failure;
use crate::handle::{Handle, store_failed};
use crate::journal::codec;
use crate::journal::writer::Lane;

/// Records, and bytes of them, that are looked at together.
const CHUNK: usize = 1_024;
const CHUNK_BYTES: usize = 4 << 20;
/// What failed is tried again after this, in milliseconds.
const AGAIN_MS: i64 = 5_000;
/// How long the read models may take to know everything of a window, in milliseconds.
const CATCH_UP_MS: i64 = 60_000;

/// Runs until the engine stops.
pub(crate) async fn run(core: Arc<Core>) {
    while !core.is_stopping() {
        match erase_all(&core).await {
            Ok(0) => {}
            Ok(windows) => tracing::warn!(windows, "everything that was said in former windows was erased"),
            Err(failure) => tracing::warn!(%failure, "former windows are not erased yet"),
        }
        let _ = core.config.clock.within_ms(AGAIN_MS, core.erasing.notified()).await;
    }
}

/// Erases every window that waits for it; answers with how many.
async fn erase_all(core: &Arc<Core>) -> Result<usize, Failure> {
    let org = core.views.org();
    let waiting: Vec<_> = org.former.iter().filter(|former| former.content == Content::Erasing).collect();
    if waiting.is_empty() || core.config.faults.hold_removals.load(Ordering::Acquire) {
        return Ok(0);
    }
    let streams: HashSet<StreamId> = waiting.iter().map(|former| former.entry.stream).collect();
    // What removes single words needs the records that it removes them from.
    let _alone = core.removing.lock().await;
    for stream in &streams {
        core.caught_up_within(*stream, CATCH_UP_MS).await?;
    }
    let work = core.clone();
    let gone = streams.clone();
    core.pool.run(Lane::Ordinary, move || erase(&work, &gone)).await?.map_err(|error| {
        tracing::error!(%error, "former windows could not be erased");
        Failure::Interrupted
    })?;
    for former in &waiting {
        let stream = former.entry.stream;
        core.read(Lane::Ordinary, move |store| store.forget_stream(stream)).await?.map_err(|f| store_failed(&f))?;
    }
    let journal = core.journal.clone();
    core.pool.run(Lane::Ordinary, move || journal.compact()).await?.map_err(|_| Failure::Interrupted)?;
    for former in &waiting {
        if let Some(code) = former.entry.more.invite {
            let _turn = core.org_turn.lock().await;
            Handle::of(core.clone()).decide_org(By::Engine, org::Command::NoteErased { code }).await?;
        }
    }
    Ok(waiting.len())
}

/// Files first: afterwards nobody could say whose they were.
fn erase(core: &Core, streams: &HashSet<StreamId>) -> io::Result<()> {
    remove_files(core, streams)?;
    for stream in streams {
        remove_bodies(core, *stream)?;
    }
    for stream in streams {
        core.journal.erase(*stream).map_err(io::Error::other)?;
    }
    Ok(())
}

fn remove_files(core: &Core, streams: &HashSet<StreamId>) -> io::Result<()> {
    for id in core.content.ids()? {
        let Some(note) = core.content.note(id).ok().flatten() else { continue };
        let (Purpose::Message { conversation, .. } | Purpose::Picture { conversation }) = note.purpose else {
            continue;
        };
        let stream = core.store.reading(|store| store.stream_of(conversation)).map_err(io::Error::other)?;
        if stream.is_some_and(|stream| streams.contains(&stream)) {
            core.content.remove(id)?;
        }
    }
    Ok(())
}

/// Stored bodies that are files of their own.
fn remove_bodies(core: &Core, stream: StreamId) -> io::Result<()> {
    let mut next = Position(1);
    loop {
        let found = core.journal.read(stream, next, CHUNK, CHUNK_BYTES).map_err(io::Error::other)?;
        let Some(last) = found.last() else { return Ok(()) };
        next = last.position.next();
        for stored in &found {
            let Ok(record) = codec::decode(&stored.payload) else { continue };
            for fact in &record.events {
                if let Fact::Window(Event::RawAccepted(accepted)) = fact
                    && let RawBody::File { sha256, .. } = &accepted.body
                {
                    let path = raw::path_of(&core.config.data_dir, sha256);
                    super::removal::remove_file(&path).map_err(io::Error::other)?;
                }
            }
        }
    }
}
