//! Files: in from agents until a message names them, and out to readers. Who may read one follows from what it is kept
//! for; `web` asks before.

use std::fs::File;

use bytes::Bytes;

use super::Handle;
use crate::actors::stickers;
use crate::content::{NoPicture, Note, window_picture};
use crate::domain::content::StoredFile;
use crate::domain::id::{AgentId, ConversationId, FileId, WindowId};
use crate::failure::Failure;
use crate::journal::writer::Lane;
use crate::uploads::{Incoming, Sender, Upload};

/// When a caller who found no place may come again, in milliseconds.
const AGAIN_MS: u64 = 2_000;

impl Handle {
    /// Begins an upload.
    ///
    /// # Errors
    /// Too many come in, or not now.
    pub async fn begin_upload(&self) -> Result<Incoming, Failure> {
        self.core.work_allowed()?;
        let uploads = self.core.uploads.clone();
        let begun = self.core.pool.run(Lane::Ordinary, move || uploads.begin()).await?;
        let begun = begun.map_err(|error| disk(&error))?;
        begun.ok_or(Failure::Overloaded { what: "uploads", retry_after_ms: AGAIN_MS })
    }

    /// Whether an upload that is under way may go on.
    ///
    /// # Errors
    /// The disk is nearly full, or the engine stops.
    pub fn upload_may_go_on(&self) -> Result<(), Failure> {
        self.core.work_allowed()
    }

    /// Whose upload it is that ends now.
    #[must_use]
    pub fn sender(&self, agent: AgentId, name: Option<String>) -> Sender {
        Sender { agent, at: self.core.now(), name }
    }

    /// An upload that this agent is about to name in a message of this conversation, which is expected to get `number`.
    /// From now on it stays, if that message comes to be; see [`Handle::files_sent`].
    ///
    /// # Errors
    /// Not now.
    pub async fn upload_named(
        &self,
        id: FileId,
        agent: AgentId,
        conversation: ConversationId,
        number: u32,
    ) -> Result<Option<Upload>, Failure> {
        let uploads = self.core.uploads.clone();
        let now = self.core.now();
        let naming = move || uploads.name(id, agent, conversation, number, now);
        self.core.pool.run(Lane::Ordinary, naming).await?.map_err(|error| disk(&error))
    }

    /// The message that names these uploads was accepted under this number. What fails here is only told: the number that
    /// was expected is the right one but for two answers at once.
    pub async fn files_sent(&self, ids: Vec<FileId>, conversation: ConversationId, number: u32) {
        let uploads = self.core.uploads.clone();
        let now = self.core.now();
        let noting = move || ids.iter().try_for_each(|id| uploads.sent(*id, conversation, number, now));
        match self.core.pool.run(Lane::Ordinary, noting).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the message of a file could not be noted"),
            Err(failure) => tracing::warn!(%failure, "the message of a file could not be noted"),
        }
    }

    /// What a file is.
    ///
    /// # Errors
    /// Not found, or not now.
    pub async fn file_note(&self, id: FileId) -> Result<Note, Failure> {
        let content = self.core.content.clone();
        let note = self.core.pool.run(Lane::Ordinary, move || content.note(id)).await?;
        note.map_err(|error| disk(&error))?.ok_or(Failure::NotFound("file"))
    }

    /// What a file is, and its bytes.
    ///
    /// # Errors
    /// Not found, or not now.
    pub async fn file(&self, id: FileId) -> Result<(Note, File), Failure> {
        let content = self.core.content.clone();
        let file = self.core.pool.run(Lane::Ordinary, move || content.read(id)).await?;
        file.map_err(|error| disk(&error))?.ok_or(Failure::NotFound("file"))
    }

    /// Keeps a picture for a window, for a day; whoever sent it may then name it. `name` is the file's.
    ///
    /// # Errors
    /// Not now. The inner error says why it is no picture for a window.
    pub async fn store_picture(
        &self,
        agent: AgentId,
        name: String,
        bytes: Bytes,
    ) -> Result<Result<StoredFile, NoPicture>, Failure> {
        self.core.work_allowed()?;
        crate::domain::window::check_picture_name(&name)?;
        // Pictures take memory when they are unpacked.
        let _one = self.core.looking.lock().await;
        let (content, at) = (self.core.content.clone(), self.core.now());
        // Chance as a whole, as every name of a file.
        let id = FileId(self.core.config.chance.bits());
        let store = move || window_picture::store(&content, id, &bytes, (agent, at, name));
        self.core.pool.run(Lane::Ordinary, store).await
    }

    /// Where everybody who knows the address gets a window's picture, for platforms that show it.
    #[must_use]
    pub fn window_picture_url(&self, window: &WindowId) -> Option<String> {
        let picture = self.org().windows.get(window)?.more.picture.clone()?;
        Some(self.core.urls.url(picture.file, &picture.name))
    }

    /// The file that a public address's token opens, if there is one.
    #[must_use]
    pub fn public_file(&self, token: &str) -> Option<FileId> {
        self.core.urls.file(token)
    }

    /// The picture of one of LINE's stickers, and its media type.
    ///
    /// # Errors
    /// There is none, or it cannot be had now.
    pub async fn line_sticker(&self, sticker: &str) -> Result<(Bytes, &'static str), Failure> {
        stickers::picture(&self.core, sticker).await?.ok_or(Failure::NotFound("sticker"))
    }
}

pub(super) fn disk(error: &std::io::Error) -> Failure {
    tracing::error!(%error, "a file could not be stored or read");
    Failure::Interrupted
}
