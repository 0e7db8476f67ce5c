//! The journal: the only place where an accepted fact lives (DESIGN 4).
//!
//! One stream per window and one for the organisation; gap-free positions 1, 2, 3…; a record is one decision.
//! [`Journal`] is the contract, [`segment`] the log on disk, [`memory`] the one for tests; `contract` tests both.
//! [`ledger`] makes the checks that both share; [`transfer`] writes a journal as text and reads it back.
//! [`codec`] turns records into bytes and back. [`writer`] groups commits; [`feed`] tells what was committed.

pub mod codec;
pub mod feed;
pub mod ledger;
pub mod memory;
pub mod segment;
pub mod transfer;
pub mod writer;

#[cfg(test)]
mod contract;

use bytes::Bytes;

use crate::domain::id::{Position, StreamId};
use crate::domain::record::Entity;

/// The longest record, in bytes after encoding. A longer one is refused; larger bodies are files of their own.
pub const MAX_RECORD: usize = 64 * 1024;

/// One decision on its way to the disk: one record, the unit of atomicity.
#[derive(Clone, Debug)]
pub struct Append {
    /// Where it goes.
    pub stream: StreamId,
    /// The ownership under which it was decided.
    pub owner_epoch: u64,
    /// What it moves, with the version that each had when it was decided.
    pub touches: Vec<Touch>,
    /// Keys of outside events that must not be taken twice.
    pub dedupe: Vec<DedupeKey>,
    /// The encoded record.
    pub payload: Bytes,
}

/// One thing that a record moves. The version after it is `version + 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The thing.
    pub entity: Entity,
    /// The version it was decided on.
    pub version: u64,
    /// Who decided, where later decisions rest on earlier ones that are still under way: once an append of a chain was
    /// refused, every later one of it is, even where its version happens to fit. 0 for a decision that stands alone.
    /// Not stored.
    pub chain: u64,
}

/// A hash of what an outside event is known by; 128 bits, so that a collision needs no thought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DedupeKey(pub u128);

/// Why an append changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Another owner has the stream.
    #[error("another owner has the stream (epoch {current})")]
    Fenced {
        /// The epoch in force.
        current: u64,
    },
    /// Somebody else decided on the same thing meanwhile: a second incarnation.
    #[error("the version moved on to {current}")]
    Conflict {
        /// The version in force.
        current: u64,
    },
    /// It rests on an append that was refused.
    #[error("it rests on a decision that was refused")]
    Broken,
    /// One of the dedupe keys is recorded already.
    #[error("recorded already at {0}")]
    Duplicate(Position),
    /// The payload is longer than [`MAX_RECORD`].
    #[error("the record is longer than {MAX_RECORD} bytes")]
    TooLong,
}

/// The outside failed: the disk, the file system. The process must end; nothing after it can be promised.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// An input or output error. After a failed sync the page cache can no longer be trusted.
    #[error("{what} failed at {path}")]
    Io {
        /// The operation.
        what: &'static str,
        /// The file.
        path: std::path::PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A frame that was synced does not read back.
    #[error("{file} is damaged at offset {offset}: {why}")]
    Damaged {
        /// The file.
        file: std::path::PathBuf,
        /// Where the bad frame begins.
        offset: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A newer release wrote this; this one must not touch it.
    #[error("{file} was written by a newer release (format {found}, this one knows {known})")]
    TooNew {
        /// The file.
        file: std::path::PathBuf,
        /// Its format.
        found: u16,
        /// The newest that is known here.
        known: u16,
    },
}

/// A record as it is read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its stream.
    pub stream: StreamId,
    /// Its place.
    pub position: Position,
    /// The ownership under which it was written.
    pub owner_epoch: u64,
    /// Its dedupe keys.
    pub dedupe: Vec<DedupeKey>,
    /// The encoded record; content already gone where it was redacted.
    pub payload: Bytes,
}

/// How redaction empties a payload. Given at opening, so that the log itself knows no events.
pub type Redactor = fn(&[u8]) -> Vec<u8>;

/// A journal. Every method may block; none is called on an arbiter, except `head` and `known`.
pub trait Journal: Send + Sync + 'static {
    /// Checks, numbers, writes and syncs. On return every accepted append of the batch is durable; the answers are in
    /// the order of the batch. A refusal concerns one append and nothing else; later appends of the same batch see
    /// the versions, positions and dedupe keys of earlier ones.
    ///
    /// # Errors
    /// A fault means that nothing of the batch may be believed, and that the process must end.
    fn append(&self, batch: &[Append]) -> Result<Vec<Result<Position, Refused>>, Fault>;

    /// Takes a stream into ownership (creating it when it is new) and returns the new epoch, durable. Every epoch before it is fenced.
    ///
    /// # Errors
    /// The disk failed.
    fn own(&self, stream: StreamId) -> Result<u64, Fault>;

    /// The newest position of a stream; 0 when it is empty or unknown.
    fn head(&self, stream: StreamId) -> Position;

    /// Every stream with its newest position.
    fn streams(&self) -> Vec<(StreamId, Position)>;

    /// Records from `from` on, in order: at most `max` records, and no more after `max_bytes` of payload were gathered
    /// (at least one record where there is one).
    ///
    /// # Errors
    /// The disk failed or holds a damaged frame.
    fn read(&self, stream: StreamId, from: Position, max: usize, max_bytes: usize) -> Result<Vec<Stored>, Fault>;

    /// Where a dedupe key was recorded, if it is among those kept in memory: everything not yet given up by [`Journal::release_dedupe`].
    fn known(&self, key: DedupeKey) -> Option<(StreamId, Position)>;

    /// Says that another store now answers for the dedupe keys of `stream` up to `upto`; memory may be given back.
    fn release_dedupe(&self, stream: StreamId, upto: Position);

    /// Removes the content of a record, at once for readers, durable on return. The bytes leave the disk with [`Journal::compact`].
    ///
    /// # Errors
    /// The disk failed.
    fn redact(&self, stream: StreamId, position: Position) -> Result<(), Fault>;

    /// Removes everything of a stream but positions, epochs and dedupe keys: from now on every record of it reads as empty
    /// bytes. At once for readers, durable on return. The bytes leave the disk with [`Journal::compact`]. What is appended
    /// afterwards is erased with it.
    ///
    /// # Errors
    /// The disk failed.
    fn erase(&self, stream: StreamId) -> Result<(), Fault>;

    /// Rewrites closed segments that still hold redacted or erased bytes. Returns how many records it emptied for good.
    ///
    /// # Errors
    /// The disk failed.
    fn compact(&self) -> Result<u64, Fault>;

    /// Writes a copy as of one moment of the call into `dir`, which is empty, durable on return. Appends go on meanwhile.
    /// A journal that is not made of files has no copy of this kind.
    ///
    /// # Errors
    /// The disk failed, or `Unsupported`.
    fn copy_to(&self, dir: &std::path::Path) -> Result<(), Fault> {
        let source = std::io::ErrorKind::Unsupported.into();
        Err(Fault::Io { what: "copying a journal without files to", path: dir.to_path_buf(), source })
    }
}
