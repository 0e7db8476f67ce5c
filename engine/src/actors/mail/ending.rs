//! What becomes of a stored mail that was read: its file belongs to a message, it is settled, or it waits for a person.

use std::sync::Arc;

use super::interpret::CATCH_UP_MS;
use crate::actors::{Core, Recorded, inbox, raw};
use crate::content::Purpose;
use crate::domain::id::{FileId, WindowId};
use crate::domain::message::Content;
use crate::domain::record::{By, Fact};
use crate::domain::window::{Event, RawAccepted, RawEnd, RawReason};
use crate::failure::Failure;
use crate::handle::{Taken, store_failed};
use crate::journal::writer::Lane;
use crate::rows::{MessageRow, MessagesQuery, Place};

/// Among so many of the newest messages one is looked for that was delivered a moment ago.
const LATELY: usize = 200;

/// The file stays for the message that names it; one that none names goes when the body is settled.
pub(super) async fn keep(core: &Arc<Core>, window: &WindowId, file: FileId, message_id: &str) -> Result<(), Failure> {
    let view = core.views.window(window).ok_or(Failure::NotFound("window"))?;
    let stream = view.stream;
    core.caught_up_within(stream, CATCH_UP_MS).await?;
    let id = message_id.to_owned();
    let found = core.read(Lane::Ordinary, move |store| store.letter(stream, &id)).await?;
    let Some((conversation, number)) = found.map_err(|fault| store_failed(&fault))? else { return Ok(()) };
    let engine = crate::handle::Handle::of(core.clone());
    let names =
        |row: &MessageRow| matches!(&row.content, Content::Mail(mail) if mail.files().any(|one| one.id == file));
    let named = match engine.message(conversation, number).await {
        Ok(row) if names(&row) => Some(row.number),
        Ok(_) | Err(Failure::NotFound(_)) => {
            // Another mail may have the same id, and more may have come since this one was delivered.
            let query = MessagesQuery { place: Place::Newest, limit: LATELY };
            let page = engine.messages(conversation, query).await?;
            page.items.iter().rev().find(|row| names(row)).map(|row| row.number)
        }
        Err(failure) => return Err(failure),
    };
    let Some(number) = named else { return Ok(()) };
    let (store, at) = (core.content.clone(), core.now());
    let purpose = Purpose::Message { conversation, number };
    let kept = core.pool.run(Lane::Ordinary, move || store.keep_for(file, purpose, at)).await?;
    kept.map_err(|error| {
        tracing::error!(%error, "a mail's file could not be kept");
        Failure::Interrupted
    })
}

/// Says in the journal that the body is interpreted, and removes its file where no message names it.
pub(super) async fn settle(
    core: &Arc<Core>,
    window: &WindowId,
    by: By,
    accepted: &RawAccepted,
    file: FileId,
) -> Result<(), Failure> {
    raw::end(core, window, by, accepted, RawEnd::Interpreted).await?;
    let store = core.content.clone();
    let removed = core.pool.run(Lane::Ordinary, move || match store.note(file)? {
        Some(note) if matches!(note.purpose, Purpose::Body { .. }) => store.remove(file),
        _ => Ok(()),
    });
    if let Ok(Err(error)) = removed.await {
        tracing::warn!(%error, "a mail's file is left to the next sweep");
    }
    Ok(())
}

/// From now on it waits for a person, with why.
pub(super) async fn park(
    core: &Arc<Core>,
    window: &WindowId,
    by: By,
    accepted: &RawAccepted,
    why: RawReason,
) -> Result<Taken, Failure> {
    let parked = Taken { recorded: 0, duplicates: 0, parked: 1, stored_whole: true };
    if accepted.why == why {
        return Ok(parked);
    }
    let view = core.views.window(window).ok_or(Failure::NotFound("window"))?;
    let again = RawAccepted { raw: core.new_id(), why, ..accepted.clone() };
    let key = inbox::event_key(accepted.inbox, &format!("parked {:032x} {why:?}", accepted.raw));
    let facts = vec![
        Fact::Window(Event::RawAccepted(again)),
        Fact::Window(Event::RawSettled { raw: accepted.raw, how: RawEnd::Interpreted }),
    ];
    match core.record(view.stream, Some(view.id.clone()), by, facts, vec![key]).await? {
        Recorded::Now(_) | Recorded::Before(_) => Ok(parked),
    }
}
