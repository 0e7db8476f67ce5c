//! Files as readers get them. Who may read one follows from what it is kept for; `web` asks before.

use std::fs::File;

use bytes::Bytes;

use super::Handle;
use crate::actors::stickers;
use crate::content::Note;
use crate::domain::id::FileId;
use crate::failure::Failure;
use crate::journal::writer::Lane;

impl Handle {
    /// What a file is.
    ///
    /// # Errors
    /// Not found, or not now.
    pub async fn file_note(&self, id: FileId) -> Result<Note, Failure> {
        let store = self.core.content.clone();
        let note = self.core.pool.run(Lane::Ordinary, move || store.note(id)).await?;
        note.map_err(|error| unread(&error))?.ok_or(Failure::NotFound("file"))
    }

    /// What a file is, and its bytes.
    ///
    /// # Errors
    /// Not found, or not now.
    pub async fn file(&self, id: FileId) -> Result<(Note, File), Failure> {
        let store = self.core.content.clone();
        let file = self.core.pool.run(Lane::Ordinary, move || store.read(id)).await?;
        file.map_err(|error| unread(&error))?.ok_or(Failure::NotFound("file"))
    }

    /// The picture of one of LINE's stickers, and its media type.
    ///
    /// # Errors
    /// There is none, or it cannot be had now.
    pub async fn line_sticker(&self, sticker: &str) -> Result<(Bytes, &'static str), Failure> {
        stickers::picture(&self.core, sticker).await?.ok_or(Failure::NotFound("sticker"))
    }
}

fn unread(error: &std::io::Error) -> Failure {
    tracing::error!(%error, "a file could not be read");
    Failure::Interrupted
}
