//! What lists and timelines read, in sled, written behind the journal (DESIGN 4). Nothing here decides; everything can
//! be rebuilt. [`keys`] says where what lies, [`apply`] follows records, [`query`] answers, [`writer`] keeps pace.
//!
//! One tree, since a sled batch is atomic for one tree only: a batch of records and the positions they bring us to are
//! written together or not at all. No value is longer than 7 KiB, since sled keeps longer ones in files that it never syncs.

mod apply;
mod keys;
mod query;
#[cfg(test)]
mod tests;
mod value;
mod writer;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::domain::conversation::Conversation;
use crate::domain::id::{AgentId, Position, StreamId};
use crate::domain::message::{Author, Delivery, FailureReason};
use crate::domain::time::Timestamp;
use crate::journal::codec::CodecError;
use crate::journal::{Fault, Journal, codec};

pub use writer::ReadModelWriter;

/// Rows of another schema are thrown away and made anew from the journal.
const SCHEMA: u32 = 1;
/// Records taken at a time while catching up.
const CHUNK: usize = 2_048;
const CHUNK_BYTES: usize = 4 << 20;
/// The memory that sled may use for pages, in bytes.
const CACHE_BYTES: u64 = 64 << 20;

/// Why a read model could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store.
    #[error("the read models' store failed")]
    Sled(#[from] sled::Error),
    /// A row.
    #[error("a row cannot be read")]
    Row,
    /// The journal, while catching up.
    #[error("the journal failed while the read models caught up")]
    Journal(#[from] Fault),
    /// A record of it.
    #[error("a record cannot be read while the read models catch up")]
    Record(#[from] CodecError),
    /// The folder.
    #[error("the read models' folder cannot be made anew")]
    Folder(#[from] std::io::Error),
}

/// A conversation at its last record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredConversation {
    /// Its window's stream.
    pub stream: StreamId,
    /// The record that last moved it.
    pub position: Position,
    /// Its state after that record.
    pub state: Conversation,
}

/// A line of a timeline without its text, which stays in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineRow {
    /// The order in the conversation.
    pub number: u32,
    /// The stream it lies in.
    pub stream: StreamId,
    /// The record that holds its newest text.
    pub text: Position,
    /// When it was said.
    pub at: Timestamp,
    /// What kind of line it is.
    pub kind: LineKind,
}

/// The kinds of line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LineKind {
    /// From the customer.
    Inbound {
        /// Older than a line above it.
        late: bool,
        /// Taken back.
        unsent: bool,
    },
    /// To the customer.
    Outbound {
        /// Who wrote it.
        author: Author,
        /// The author's own id.
        client_id: String,
        /// What became of it.
        delivery: Delivery,
        /// Why it failed.
        failure: Option<FailureReason>,
        /// As a free answer.
        free: bool,
    },
    /// Between colleagues.
    Note {
        /// Who wrote it.
        author: AgentId,
        /// The author's own id.
        client_id: String,
        /// Rewritten since.
        edited: bool,
        /// Removed.
        deleted: bool,
    },
}

/// The read models.
pub struct ReadModels {
    db: sled::Db,
}

impl ReadModels {
    /// Opens the store in `dir/readmodel`. One that cannot be opened, or holds another schema, is made anew: empty,
    /// to be filled by [`ReadModels::catch_up`].
    ///
    /// # Errors
    /// Not even an empty one can be made.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join("readmodel");
        match Self::open_at(&path) {
            Ok(Some(store)) => return Ok(store),
            Ok(None) => tracing::info!("read models of another schema are made anew"),
            Err(error) => tracing::warn!(%error, "read models cannot be opened and are made anew"),
        }
        if path.exists() {
            std::fs::remove_dir_all(&path)?;
        }
        Self::open_at(&path)?.ok_or(StoreError::Row)
    }

    fn open_at(path: &Path) -> Result<Option<Self>, StoreError> {
        // 500 ms of rows may be lost by a power cut; the positions go with them, so the journal fills the gap.
        let db = sled::Config::new().path(path).cache_capacity(CACHE_BYTES).flush_every_ms(Some(500)).open()?;
        let schema = db.get(keys::SCHEMA)?;
        match schema {
            Some(found) if found.as_ref() == SCHEMA.to_be_bytes() => {}
            None if db.is_empty() => {
                db.insert(keys::SCHEMA, &SCHEMA.to_be_bytes())?;
            }
            _ => return Ok(None),
        }
        Ok(Some(Self { db }))
    }

    /// How far a stream was followed.
    #[must_use]
    pub fn reached(&self, stream: StreamId) -> Position {
        let found = self.db.get(keys::reached(stream)).ok().flatten();
        found.and_then(|bytes| value::number(&bytes)).map_or(Position(0), Position)
    }

    /// Follows every stream of the journal to its head. Returns how many records that took.
    ///
    /// # Errors
    /// The journal or the store failed.
    pub fn catch_up(&self, journal: &dyn Journal) -> Result<u64, StoreError> {
        let mut followed = 0;
        for (stream, head) in journal.streams() {
            loop {
                let from = self.reached(stream).next();
                if from > head {
                    break;
                }
                let chunk = journal.read(stream, from, CHUNK, CHUNK_BYTES)?;
                if chunk.is_empty() {
                    break;
                }
                let mut records = Vec::with_capacity(chunk.len());
                for stored in chunk {
                    records.push(crate::journal::feed::Committed {
                        stream,
                        position: stored.position,
                        window: None,
                        record: std::sync::Arc::new(codec::decode(&stored.payload)?),
                        dedupe: stored.dedupe,
                        payload_len: stored.payload.len(),
                        after: Vec::new(),
                    });
                }
                followed += records.len() as u64;
                self.apply(&records)?;
            }
        }
        Ok(followed)
    }

    /// Writes everything to the disk, as far as sled does.
    ///
    /// # Errors
    /// The store failed.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.db.flush()?;
        Ok(())
    }
}
