//! Removing content that was taken back: a customer's unsend, an author's deleted memo, a stored body that was
//! interpreted, the secrets of an account that were replaced. One mechanism, `Journal::redact`; what is due stands in the read models and follows from the journal,
//! so that a stop at any step is finished by the next start.
//!
//! Readers never wait for it: timelines, frames in memory and resumes leave the words out from the record on that takes
//! them back. The bytes leave the disk with the next compaction.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::{Core, raw};
use crate::channels;
use crate::domain::conversation::{Command, Event};
use crate::domain::id::{ConversationId, Position, StreamId};
use crate::domain::org::Event as Org;
use crate::domain::record::{By, Fact};
use crate::domain::window::{Event as Window, RawBody, RawEnd, RawReason};
use crate::failure::Failure;
use crate::handle;
use crate::journal::writer::Lane;
use crate::journal::{Fault, Journal, codec};
use crate::readmodel::{self, Due, DueRow};

/// Removals taken at a time.
const AT_ONCE: usize = 256;
/// A removal that failed is tried again after this, in milliseconds.
const AGAIN_MS: i64 = 5_000;
/// Records read at a time while the texts of a memo are looked for.
const CHUNK: usize = 1_024;
const CHUNK_BYTES: usize = 4 << 20;

/// Runs until the engine stops.
pub(crate) async fn run(core: Arc<Core>) {
    // What a kill left undone.
    if let Err(failure) = replaced_secrets(&core).await {
        tracing::warn!(%failure, "secrets that were replaced are not removed yet");
    }
    while !core.is_stopping() {
        if let Err(failure) = settle(&core).await {
            tracing::warn!(%failure, "content that was taken back is not removed yet");
        }
        // By the clock too: for what failed.
        let _ = core.config.clock.within_ms(AGAIN_MS, core.store.removal_due()).await;
    }
}

/// Does every removal that is due. Answers with how many; one that fails keeps none of the others back.
pub(crate) async fn settle(core: &Arc<Core>) -> Result<usize, Failure> {
    let _alone = core.removing.lock().await;
    let mut done = 0;
    let mut failure = None;
    while failure.is_none() && !core.config.faults.hold_removals.load(Ordering::Acquire) {
        let store = core.store.clone();
        let due = core.pool.run(Lane::Ordinary, move || store.due(AT_ONCE)).await?;
        let due = due.map_err(|error| handle::store_failed(&error))?;
        if due.is_empty() {
            break;
        }
        for row in due {
            match remove(core, &row).await {
                // What is not there any more has nothing to remove.
                Ok(()) | Err(Failure::NotFound(_) | Failure::Rejected(_)) => {}
                Err(temporary) => {
                    failure = Some(temporary);
                    continue;
                }
            }
            let store = core.store.clone();
            core.pool
                .run(Lane::Ordinary, move || store.removed(&row))
                .await?
                .map_err(|error| handle::store_failed(&error))?;
            done += 1;
        }
    }
    failure.map_or(Ok(done), Err)
}

async fn remove(core: &Arc<Core>, row: &DueRow) -> Result<(), Failure> {
    let (stream, position) = (row.stream, row.position);
    match &row.due {
        Due::Record => {
            let work = core.clone();
            let emptied = core.pool.run(Lane::Ordinary, move || empty(&work, stream, position)).await?;
            emptied.map_err(|fault| failed(&fault))
        }
        Due::Files => {
            let work = core.clone();
            let removed = core.pool.run(Lane::Ordinary, move || remove_files(&work, stream, position)).await?;
            removed.map_err(|fault| failed(&fault))
        }
        Due::Note { conversation, number, last } => {
            let (journal, line, last) = (core.journal.clone(), (*conversation, *number), *last);
            let emptied =
                core.pool.run(Lane::Ordinary, move || empty_note(&*journal, stream, (position, last), line)).await?;
            emptied.map_err(|fault| failed(&fault))
        }
        Due::Search { conversation, external_id } => search(core, stream, *conversation, external_id).await,
    }
}

fn failed(fault: &Fault) -> Failure {
    tracing::error!(error = fault as &dyn std::error::Error, "content could not be removed");
    Failure::Interrupted
}

/// Empties one record, and removes the file that it names first: afterwards nobody could find it.
fn empty(core: &Core, stream: StreamId, position: Position) -> Result<(), Fault> {
    for stored in core.journal.read(stream, position, 1, usize::MAX)? {
        // What does not decode names no file that anybody could have read.
        let Ok(record) = codec::decode(&stored.payload) else { continue };
        for fact in &record.events {
            if let Fact::Window(Window::RawAccepted(accepted)) = fact
                && let RawBody::File { sha256, .. } = &accepted.body
            {
                remove_file(&raw::path_of(&core.config.data_dir, sha256))?;
            }
        }
    }
    core.journal.redact(stream, position)
}

/// Removes the files that a record put beside its message.
fn remove_files(core: &Core, stream: StreamId, position: Position) -> Result<(), Fault> {
    for stored in core.journal.read(stream, position, 1, usize::MAX)? {
        let Ok(record) = codec::decode(&stored.payload) else { continue };
        for fact in &record.events {
            if let Fact::Conversation(_, Event::MediaStored { file, .. }) = fact {
                let what = "remove a file of";
                let failed = |source| Fault::Io { what, path: core.config.data_dir.join("content"), source };
                core.content.remove(file.id).map_err(failed)?;
            }
        }
    }
    Ok(())
}

pub(super) fn remove_file(path: &Path) -> Result<(), Fault> {
    let failed = |source| Fault::Io { what: "remove", path: path.to_owned(), source };
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        other => other.map_err(failed)?,
    }
    match path.parent() {
        Some(folder) => std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed),
        None => Ok(()),
    }
}

/// Empties every text that a memo ever had. Where it was rewritten, what lies between is read to find them.
fn empty_note(
    journal: &dyn Journal,
    stream: StreamId,
    (first, last): (Position, Position),
    line: (ConversationId, u32),
) -> Result<(), Fault> {
    let mut next = first;
    while next <= last {
        let found = journal.read(stream, next, CHUNK, CHUNK_BYTES)?;
        let Some(newest) = found.last().map(|stored| stored.position) else { return Ok(()) };
        for stored in found.iter().take_while(|stored| stored.position <= last) {
            let Ok(record) = codec::decode(&stored.payload) else { continue };
            if record.events.iter().any(|fact| fact.words_of() == Some(line)) {
                journal.redact(stream, stored.position)?;
            }
        }
        next = newest.next();
    }
    Ok(())
}

/// A message taken back that its conversation does not remember: it is older than that, or lies unreadable among the
/// stored bodies, or is still to come and finds its tombstone.
async fn search(
    core: &Arc<Core>,
    stream: StreamId,
    conversation: ConversationId,
    external_id: &str,
) -> Result<(), Failure> {
    let (store, journal, wanted) = (core.store.clone(), core.journal.clone(), external_id.to_owned());
    let look = move || readmodel::number_of(&store, &*journal, conversation, &wanted);
    let found = core.pool.run(Lane::Ordinary, look).await?.map_err(|error| handle::store_failed(&error))?;
    if let Some(number) = found {
        let command = Command::SettleUnsend { external_id: external_id.to_owned(), number };
        return handle::ask(core, By::Engine, conversation, command).await.map(drop);
    }
    let Some(view) = core.views.window_of_stream(stream) else { return Ok(()) };
    // As it stands in the event's JSON.
    let quoted = format!("\"{external_id}\"");
    let org = core.views.org();
    for (accepted, _) in raw::waiting(core, &view.id).await? {
        let RawBody::Inline(body) = &accepted.body else { continue };
        let Some(inbox) = org.inboxes.get(&accepted.inbox) else { continue };
        let channel = channels::of(inbox.settings.kind());
        let alone = accepted.why == RawReason::Unparsable && channel.around(&Bytes::from(body.clone())).is_some();
        if alone && body.windows(quoted.len()).any(|part| part == quoted.as_bytes()) {
            let dismissed = Fact::Window(Window::RawSettled { raw: accepted.raw, how: RawEnd::Dismissed });
            core.record(view.stream, Some(view.id.clone()), By::Customer, vec![dismissed], Vec::new()).await?;
        }
    }
    Ok(())
}

/// Empties the records of account settings that later ones replaced: what goes of them is the secrets. It follows from
/// the journal alone.
pub(crate) async fn replaced_secrets(core: &Arc<Core>) -> Result<(), Failure> {
    let work = core.clone();
    let emptied = core.pool.run(Lane::Ordinary, move || empty_replaced(&*work.journal, work.org_stream)).await?;
    emptied.map_err(|fault| failed(&fault))
}

fn empty_replaced(journal: &dyn Journal, stream: StreamId) -> Result<(), Fault> {
    let mut newest: HashMap<String, Position> = HashMap::new();
    let mut next = Position(1);
    loop {
        let found = journal.read(stream, next, CHUNK, CHUNK_BYTES)?;
        let Some(last) = found.last().map(|stored| stored.position) else { return Ok(()) };
        for stored in &found {
            let Ok(record) = codec::decode(&stored.payload) else { continue };
            for fact in &record.events {
                let of = match fact {
                    Fact::Org(Org::InboxCreated(inbox) | Org::InboxChanged(inbox)) => format!("inbox {}", inbox.id),
                    Fact::Org(Org::BotSet(bot)) => format!("bot of {}", bot.window),
                    Fact::Org(Org::BotRemoved { window }) => format!("bot of {window}"),
                    _ => continue,
                };
                let before = newest.insert(of, stored.position);
                if let Some(replaced) = before.filter(|before| *before != stored.position) {
                    journal.redact(stream, replaced)?;
                }
            }
        }
        next = last.next();
    }
}
