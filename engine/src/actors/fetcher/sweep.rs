//! Files that no record names: left by a stop between file and record, by an unsend during the fetch, by an upload that
//! was never used. Looked for after every start and once a day.

use std::sync::Arc;

use crate::actors::Core;
use crate::content::{Note, Purpose};
use crate::domain::content::StoredFile;
use crate::domain::id::{FileId, InboxId};
use crate::domain::message::Content;
use crate::domain::time::Timestamp;
use crate::domain::window::RawBody;
use crate::failure::Failure;
use crate::journal::writer::Lane;

/// How often everything is looked at, in milliseconds.
const EVERY_MS: i64 = 24 * 3_600_000;
/// A file of this process stays this long without a record that names it, in milliseconds: it may be on its way.
const GRACE_MS: i64 = 3_600_000;
/// An upload stays this long without a message, in milliseconds.
const UPLOAD_MS: i64 = 24 * 3_600_000;
/// What could not be settled is tried again after this, in milliseconds.
const AGAIN_MS: i64 = 1_000;
/// Messages that are looked at, from the one that a file is kept for: an upload is kept for the number that its message
/// was expected to get, and after a stop nobody can say whether others came first.
const NEAR: u32 = 16;
/// Tries to settle one file before it is left to the next sweep.
const TRIES: u32 = 60;

/// Runs until the engine stops.
pub(crate) async fn run(core: Arc<Core>) {
    let started = core.now();
    while !core.is_stopping() {
        match sweep(&core, started).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(gone, "files that no record names were removed"),
            Err(failure) => tracing::warn!(%failure, "files could not be looked through"),
        }
        core.config.clock.sleep_ms(EVERY_MS).await;
    }
}

/// Removes what no record names. What came before `started` is on nobody's way any more.
pub(crate) async fn sweep(core: &Arc<Core>, started: Timestamp) -> Result<usize, Failure> {
    let store = core.content.clone();
    let ids = core.pool.run(Lane::Ordinary, move || store.ids()).await?;
    let mut gone = 0;
    for id in ids.map_err(|_| Failure::Interrupted)? {
        if core.is_stopping() {
            break;
        }
        let note = match note_of(core, id).await {
            Ok(Some(note)) => note,
            Ok(None) => continue,
            // One file that cannot be looked at keeps none of the others.
            Err(failure) => {
                tracing::warn!(file.id = %id, %failure, "a file's note could not be read");
                continue;
            }
        };
        let age_ms = core.now().since_ms(note.at);
        let kept = match note.purpose {
            Purpose::Upload { .. } => age_ms < UPLOAD_MS,
            Purpose::Message { .. } | Purpose::Picture { .. } | Purpose::WindowPicture | Purpose::Body { .. } => {
                (note.at >= started && age_ms < GRACE_MS) || !matches!(is_named(core, &note).await, Ok(false))
            }
        };
        if !kept {
            remove(core, id).await;
            gone += 1;
        }
    }
    Ok(gone)
}

/// Removes a file if its record does not name it by now. What cannot be told is left to the sweep.
pub(super) async fn settle(core: &Arc<Core>, id: FileId) {
    for _ in 0..TRIES {
        if core.is_stopping() {
            return;
        }
        let named = match note_of(core, id).await {
            Ok(Some(note)) => is_named(core, &note).await,
            Ok(None) => return,
            Err(failure) => Err(failure),
        };
        match named {
            Ok(true) => return,
            Ok(false) => return remove(core, id).await,
            Err(_) => core.config.clock.sleep_ms(AGAIN_MS).await,
        }
    }
}

/// Removes a file and its preview. What fails is left to the sweep.
pub(super) async fn remove(core: &Arc<Core>, id: FileId) {
    let store = core.content.clone();
    if let Ok(Err(error)) = core.pool.run(Lane::Ordinary, move || store.remove(id)).await {
        tracing::warn!(%error, "a file could not be removed");
    }
}

async fn note_of(core: &Arc<Core>, id: FileId) -> Result<Option<Note>, Failure> {
    let store = core.content.clone();
    core.pool.run(Lane::Ordinary, move || store.note(id)).await?.map_err(|_| Failure::Interrupted)
}

/// Whether a record names the file.
async fn is_named(core: &Arc<Core>, note: &Note) -> Result<bool, Failure> {
    let id = note.file.id;
    match note.purpose {
        Purpose::Upload { .. } => Ok(false),
        Purpose::WindowPicture => {
            let org = core.views.org();
            Ok(org.windows.values().any(|window| window.more.picture.as_ref().is_some_and(|one| one.file == id)))
        }
        // What a window that was reset leaves is kept with its conversations.
        Purpose::Picture { conversation } | Purpose::Message { conversation, .. }
            if core.former_of(conversation).await?.is_some() =>
        {
            Ok(true)
        }
        Purpose::Body { inbox } => waits(core, inbox, id).await,
        Purpose::Picture { conversation } => {
            let row = core.row(conversation).await?;
            let Some(picture) = row.and_then(|row| row.state.picture) else { return Ok(false) };
            Ok(picture == id || note_of(core, picture).await?.is_some_and(|note| note.file.preview == Some(id)))
        }
        Purpose::Message { conversation, number } => {
            let engine = crate::handle::Handle::of(core.clone());
            for number in number..number.saturating_add(NEAR) {
                match engine.message(conversation, number).await {
                    Ok(row) if names(&row.content, id) => return Ok(true),
                    Ok(_) => {}
                    Err(Failure::NotFound(_)) => return Ok(false),
                    Err(failure) => return Err(failure),
                }
            }
            Ok(false)
        }
    }
}

/// Whether a stored body of this account names the file.
async fn waits(core: &Arc<Core>, inbox: InboxId, id: FileId) -> Result<bool, Failure> {
    let window = core.views.org().inboxes.get(&inbox).map(|inbox| inbox.window.clone());
    let Some(window) = window else { return Ok(false) };
    let name = id.to_string();
    let waiting = crate::actors::raw::waiting(core, &window).await?;
    Ok(waiting.iter().any(|(accepted, _)| match &accepted.body {
        RawBody::Inline(bytes) => bytes.windows(name.len()).any(|part| part == name.as_bytes()),
        RawBody::File { .. } | RawBody::Redacted => false,
    }))
}

fn names(content: &Content, id: FileId) -> bool {
    let is_it = |file: &StoredFile| file.id == id || file.preview == Some(id);
    match content {
        Content::Media(media) => media.file().is_some_and(is_it),
        Content::Mail(mail) => mail.files().any(is_it),
        Content::Cards(cards) => cards.iter().filter_map(|card| card.image.as_ref()).any(is_it),
        Content::Text(_)
        | Content::Other { .. }
        | Content::Redacted
        | Content::Sticker(_)
        | Content::Location(_)
        | Content::Native(_) => false,
    }
}
