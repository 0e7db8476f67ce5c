//! Files that agents send: in, until a message names them, and out to whoever may read them.

use std::fs::File;

use super::Handle;
use crate::content::Note;
use crate::domain::id::{AgentId, ConversationId, FileId};
use crate::domain::rejected::Rejected;
use crate::failure::Failure;
use crate::journal::writer::Lane;
use crate::uploads::{Incoming, KEPT_MS, Sender, Upload, WAITING};

/// When a caller who found no place may come again, in milliseconds.
const AGAIN_MS: u64 = 2_000;

impl Handle {
    /// Begins an upload.
    ///
    /// # Errors
    /// Too many come in or wait for a message, or not now.
    pub async fn begin_upload(&self) -> Result<Incoming, Failure> {
        self.core.work_allowed()?;
        if self.core.uploads.is_full() {
            let what = "uploads that no message names";
            return Err(Rejected::LimitReached { what, limit: WAITING as u64 }.into());
        }
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

    /// An upload that this agent is about to name in a message of this conversation; from now on it stays.
    ///
    /// # Errors
    /// Not now.
    pub async fn upload_named(
        &self,
        id: FileId,
        agent: AgentId,
        conversation: ConversationId,
    ) -> Result<Option<Upload>, Failure> {
        let uploads = self.core.uploads.clone();
        let naming = move || uploads.name(id, agent, conversation);
        self.core.pool.run(Lane::Ordinary, naming).await?.map_err(|error| disk(&error))
    }

    /// What a file is, and its bytes, whoever may read it; `None` where there is none.
    ///
    /// # Errors
    /// Not now.
    pub async fn file(&self, id: FileId) -> Result<Option<(Note, File)>, Failure> {
        let content = self.core.content.clone();
        let reading = move || content.read(id);
        self.core.pool.run(Lane::Ordinary, reading).await?.map_err(|error| disk(&error))
    }

    /// The file that a public address's token opens, if there is one.
    #[must_use]
    pub fn public_file(&self, token: &str) -> Option<FileId> {
        self.core.urls.file(token)
    }

    /// Removes uploads that no message named within a day. Returns how many.
    ///
    /// # Errors
    /// Not now.
    pub async fn sweep_uploads(&self) -> Result<usize, Failure> {
        let (uploads, before) = (self.core.uploads.clone(), self.core.now().plus_ms(-KEPT_MS));
        let sweeping = move || uploads.sweep(before);
        self.core.pool.run(Lane::Ordinary, sweeping).await?.map_err(|error| disk(&error))
    }
}

fn disk(error: &std::io::Error) -> Failure {
    tracing::error!(%error, "a file could not be stored or read");
    Failure::Interrupted
}
