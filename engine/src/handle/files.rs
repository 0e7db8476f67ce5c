//! Files that agents send: in, until a message names them, and out to whoever has their address.

use std::path::PathBuf;

use super::Handle;
use crate::domain::id::FileId;
use crate::failure::Failure;
use crate::journal::writer::Lane;
use crate::uploads::{Incoming, KEPT_MS, Upload, WAITING};

/// When a caller who found no place may come again, in milliseconds.
const AGAIN_MS: u64 = 2_000;

impl Handle {
    /// Begins an upload. What nobody named in time goes first.
    ///
    /// # Errors
    /// Too many come in or wait for a message, or not now.
    pub async fn begin_upload(&self) -> Result<Incoming, Failure> {
        self.core.work_allowed()?;
        if self.core.uploads.is_full() {
            let what = "uploads that no message names";
            return Err(crate::domain::rejected::Rejected::LimitReached { what, limit: WAITING as u64 }.into());
        }
        let uploads = self.core.uploads.clone();
        let begun = self.core.pool.run(Lane::Ordinary, move || uploads.begin()).await?.map_err(|error| disk(&error))?;
        begun.ok_or(Failure::Overloaded { what: "uploads", retry_after_ms: AGAIN_MS })
    }

    /// Whether an upload that is under way may go on.
    ///
    /// # Errors
    /// The disk is nearly full, or the engine stops.
    pub fn upload_may_go_on(&self) -> Result<(), Failure> {
        self.core.work_allowed()
    }

    /// An upload that a message is about to name; from now on it stays.
    ///
    /// # Errors
    /// Not now.
    pub async fn upload_named(&self, id: FileId) -> Result<Option<Upload>, Failure> {
        let uploads = self.core.uploads.clone();
        self.core.pool.run(Lane::Ordinary, move || uploads.name(id)).await?.map_err(|error| disk(&error))
    }

    /// Where the bytes of an uploaded file, or of its small picture, are.
    #[must_use]
    pub fn uploaded(&self, id: FileId) -> Option<PathBuf> {
        self.core.uploads.path(id)
    }

    /// The file that a public address's token opens, if it is still there.
    #[must_use]
    pub fn public_file(&self, token: &str) -> Option<PathBuf> {
        self.uploaded(self.core.urls.file(token)?)
    }

    /// Removes uploads that no message named within a day. Returns how many.
    ///
    /// # Errors
    /// Not now.
    pub async fn sweep_uploads(&self) -> Result<usize, Failure> {
        let (uploads, before) = (self.core.uploads.clone(), self.core.now().plus_ms(-KEPT_MS));
        self.core.pool.run(Lane::Ordinary, move || uploads.sweep(before)).await?.map_err(|error| disk(&error))
    }
}

fn disk(error: &std::io::Error) -> Failure {
    tracing::error!(%error, "an upload could not be stored or read");
    Failure::Interrupted
}
