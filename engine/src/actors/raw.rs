//! Bodies stored whole: what came while its window was busy, and what nobody could read (要確認).

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{Core, Recorded, inbox};
use crate::channels::{self, Adapter, Parsed};
use crate::domain::id::{Position, WindowId};
use crate::domain::org::{ChannelKind, Inbox};
use crate::domain::record::{By, Fact};
use crate::domain::time::Timestamp;
use crate::domain::window::{Event, MAX_RAW, RawAccepted, RawBody, RawEnd, RawReason};
use crate::failure::Failure;
use crate::handle::{Taken, store_failed};
use crate::journal::writer::Lane;
use crate::journal::{DedupeKey, codec};
use crate::readmodel::{ReadModels, ReplayFault};

/// Longer bodies are files of their own, written and synced before the record that names them.
const INLINE_BYTES: usize = 48 * 1024;
/// How long reading waits for the read models, in milliseconds.
const CATCH_UP_MS: i64 = 2_000;

/// Records a body. The same bytes on the same inbox are recorded once.
pub(crate) async fn store(
    core: &Arc<Core>,
    inbox: &Inbox,
    body: Bytes,
    why: RawReason,
    key: Option<DedupeKey>,
) -> Result<Recorded, Failure> {
    let view = core.views.window(&inbox.window).ok_or(Failure::NotFound("window"))?;
    // Asked after the window was found: one that was reset, or another one of its address, takes nothing of this account.
    if view.window().reset.is_some() || !core.views.org().inboxes.contains_key(&inbox.id) {
        return Err(Failure::NotFound("window"));
    }
    if view.window().raw.len() >= MAX_RAW {
        return Err(Failure::Overloaded { what: "stored bodies", retry_after_ms: 5_000 });
    }
    let sha256: [u8; 32] = Sha256::digest(&body).into();
    let key = key.unwrap_or_else(|| body_key(inbox, &sha256));
    let at = core.now();
    let kept = if body.len() <= INLINE_BYTES {
        RawBody::Inline(body.to_vec())
    } else {
        let len = body.len() as u64;
        let path = path_of(&core.config.data_dir, &sha256);
        core.pool.run(Lane::Inbound, move || write_durably(&path, &body)).await?.map_err(|error| {
            tracing::error!(%error, "a body could not be stored");
            Failure::DiskFull
        })?;
        RawBody::File { sha256, len }
    };
    let accepted = RawAccepted { raw: core.new_id(), inbox: inbox.id, received_at: at, why, body: kept };
    let fact = Fact::Window(Event::RawAccepted(accepted));
    let recorded = core.record(view.stream, Some(view.id.clone()), By::Customer, vec![fact], vec![key]).await?;
    if let Some(window) = core.windows.get(&inbox.window).map(|addr| addr.clone()) {
        // Full: the window looks by itself when it has room.
        let _ = window.try_send(super::window::RawWaits);
    }
    Ok(recorded)
}

fn body_key(inbox: &Inbox, sha256: &[u8; 32]) -> DedupeKey {
    let hex: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    inbox::event_key(inbox.id, &format!("body {hex}"))
}

pub(crate) fn path_of(data_dir: &Path, sha256: &[u8; 32]) -> PathBuf {
    let hex: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    data_dir.join("content").join(hex)
}

/// Writes a file whose name is its content, and makes both durable. One that is there already may have been written by a
/// process that was stopped before it synced the names, so that they are synced in any case.
fn write_durably(path: &Path, body: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().ok_or_else(|| std::io::Error::other("a content file has a folder"))?;
    let above = folder.parent().ok_or_else(|| std::io::Error::other("the content is in the data folder"))?;
    if !path.exists() {
        std::fs::create_dir_all(folder)?;
        let part = path.with_extension("part");
        let mut file = std::fs::File::create(&part)?;
        file.write_all(body)?;
        file.sync_all()?;
        std::fs::rename(&part, path)?;
    }
    std::fs::File::open(folder)?.sync_all()?;
    std::fs::File::open(above)?.sync_all()
}

/// Every stored body of a window that waits, with its place.
pub(crate) async fn waiting(core: &Arc<Core>, window: &WindowId) -> Result<Vec<(RawAccepted, Position)>, Failure> {
    waiting_where(core, window, |_| true).await
}

/// Those of them that wait for this; the others are not read.
async fn waiting_where(
    core: &Arc<Core>,
    window: &WindowId,
    is_wanted: fn(RawReason) -> bool,
) -> Result<Vec<(RawAccepted, Position)>, Failure> {
    let view = core.views.window(window).ok_or(Failure::NotFound("window"))?;
    let stream = view.stream;
    core.caught_up_within(stream, CATCH_UP_MS).await?;
    let journal = core.journal.clone();
    let read = move |store: &ReadModels| {
        let mut found = Vec::new();
        for waiting in store.raw_waiting(stream)?.into_iter().filter(|waiting| is_wanted(waiting.row.why)) {
            let (raw, position) = (waiting.row.raw, waiting.position);
            let stored = journal.read(stream, position, 1, usize::MAX)?;
            let Some(record) = stored.first().and_then(|stored| codec::decode(&stored.payload).ok()) else { continue };
            found.extend(record.events.into_iter().find_map(|fact| match fact {
                Fact::Window(Event::RawAccepted(accepted)) if accepted.raw == raw => Some((accepted, position)),
                _ => None,
            }));
        }
        Ok::<_, ReplayFault>(found)
    };
    core.read(Lane::Ordinary, read).await?.map_err(|fault| store_failed(&fault))
}

/// The bytes of a stored body.
pub(crate) async fn bytes_of(core: &Arc<Core>, accepted: &RawAccepted) -> Result<Bytes, Failure> {
    match &accepted.body {
        RawBody::Inline(bytes) => Ok(Bytes::from(bytes.clone())),
        RawBody::Redacted => Err(Failure::NotFound("stored body")),
        RawBody::File { sha256, .. } => {
            let path = path_of(&core.config.data_dir, sha256);
            let read = core.pool.run(Lane::Ordinary, move || std::fs::read(path)).await?;
            read.map(Bytes::from).map_err(|_| Failure::NotFound("stored body"))
        }
    }
}

/// Interprets the bodies that came while the window was busy or a conversation of theirs set aside. Returns whether some
/// are left for another try. What still meets a conversation set aside waits for the next call.
pub(crate) async fn settle(core: &Arc<Core>, window: &WindowId) -> bool {
    // Every mail comes by here: what waits for people must not be read again for each.
    let Ok(bodies) = waiting_where(core, window, |why| !why.waits_for_a_person()).await else { return true };
    let org = core.views.org();
    let is_mail = |accepted: &RawAccepted| {
        org.inboxes.get(&accepted.inbox).is_some_and(|inbox| inbox.settings.kind() == ChannelKind::Mail)
    };
    let bodies = bodies.into_iter().map(|(accepted, _)| accepted);
    let (mails, others): (Vec<_>, Vec<_>) = bodies.partition(is_mail);
    let mut left = super::mail::reading::read(core, window, mails).await;
    for accepted in others {
        if core.is_stopping() {
            continue;
        }
        left |= interpret(core, window, By::Engine, &accepted).await.is_err();
    }
    left
}

/// Whether taking a body would only store it once more. An event of several that nobody can read is stored by itself.
fn is_unreadable(channel: &dyn Adapter, body: &Bytes, is_event: bool, now: Timestamp) -> bool {
    let Ok(delivered) = channel.parse(body, now) else { return true };
    is_event && delivered.events.iter().any(|event| matches!(event, Parsed::Broken { .. }))
}

/// Interprets one stored body and says so in the journal. What is still unreadable stays.
pub(crate) async fn interpret(
    core: &Arc<Core>,
    window: &WindowId,
    by: By,
    accepted: &RawAccepted,
) -> Result<Taken, Failure> {
    let kind = core.views.org().inboxes.get(&accepted.inbox).map(|inbox| inbox.settings.kind());
    let kind = kind.ok_or(Failure::NotFound("inbox"))?;
    if kind == ChannelKind::Mail {
        return super::mail::interpret::interpret(core, window, by, accepted).await;
    }
    let body = bytes_of(core, accepted).await?;
    let channel = channels::of(kind);
    let around = if accepted.why == RawReason::Unparsable { channel.around(&body) } else { None };
    let is_event = around.is_some();
    let body = around.unwrap_or(body);
    if is_unreadable(channel, &body, is_event, core.now()) {
        return Ok(Taken::WHOLE);
    }
    let taken = inbox::take_body(core, accepted.inbox, body).await?;
    if taken.stored_whole {
        return Ok(taken);
    }
    end(core, window, by, accepted, RawEnd::Interpreted).await?;
    Ok(taken)
}

/// Says in the journal how a stored body ended. Its bytes go by themselves.
pub(crate) async fn end(
    core: &Arc<Core>,
    window: &WindowId,
    by: By,
    accepted: &RawAccepted,
    how: RawEnd,
) -> Result<(), Failure> {
    let view = core.views.window(window).ok_or(Failure::NotFound("window"))?;
    let settled = Fact::Window(Event::RawSettled { raw: accepted.raw, how });
    core.record(view.stream, Some(view.id.clone()), by, vec![settled], Vec::new()).await.map(drop)
}
