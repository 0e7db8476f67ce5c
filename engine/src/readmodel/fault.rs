//! What can go wrong with read models. None of it touches the journal.

use std::io;
use std::path::PathBuf;

use crate::domain::id::{Position, StreamId};
use crate::journal;
use crate::journal::codec::CodecError;

/// The store cannot be read or written. Read models are made again at the next start.
#[derive(Debug, thiserror::Error)]
pub enum ReadFault {
    /// sled failed.
    #[error("the read models' store failed")]
    Store(#[from] sled::Error),
    /// sled panicked.
    #[error("the read models' store panicked")]
    Panicked,
    /// A row is not what this release writes.
    #[error("a row of {model} does not read back")]
    Row {
        /// Which model.
        model: &'static str,
    },
    /// Records were left out: the caller's bug, which no row may hide.
    #[error("stream {stream} goes on with {found} after {reached}")]
    Gap {
        /// The stream.
        stream: StreamId,
        /// The newest position that was applied.
        reached: Position,
        /// The position that was given.
        found: Position,
    },
    /// Conversations came before the window they are in.
    #[error("stream {stream} has conversations at {position} and no window")]
    NoWindow {
        /// The stream.
        stream: StreamId,
        /// The record.
        position: Position,
    },
    /// Nothing is applied any more.
    #[error("the read models are closed")]
    Closed,
}

/// Says whether an error is the fault of the store, so that it must be made anew.
pub trait Blames: From<ReadFault> {
    /// Whether it is.
    fn blames_the_store(&self) -> bool;
}

impl Blames for ReadFault {
    fn blames_the_store(&self) -> bool {
        // A store that is closed has done nothing wrong.
        !matches!(self, Self::Closed)
    }
}

impl Blames for PageFault {
    fn blames_the_store(&self) -> bool {
        matches!(self, Self::Read(fault) if fault.blames_the_store())
    }
}

impl Blames for ReplayFault {
    fn blames_the_store(&self) -> bool {
        match self {
            Self::Read(fault) => fault.blames_the_store(),
            // Rows that point to what the journal does not hold.
            Self::Missing { .. } => true,
            Self::Journal(_) | Self::Record { .. } => false,
        }
    }
}

/// A page cannot be given.
#[derive(Debug, thiserror::Error)]
pub enum PageFault {
    /// The cursor is none that a page ended with.
    #[error("not a cursor")]
    Cursor,
    /// The store failed.
    #[error(transparent)]
    Read(#[from] ReadFault),
}

impl From<sled::Error> for PageFault {
    fn from(source: sled::Error) -> Self {
        Self::Read(source.into())
    }
}

/// The store cannot be opened, and cannot be made anew either.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// Another process has it.
    #[error("{path} is in use by another process")]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// The file system failed.
    #[error("{what} failed at {path}")]
    Io {
        /// The operation.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// An empty store cannot be made.
    #[error("making the read models' store failed at {path}")]
    Store {
        /// The folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: ReadFault,
    },
}

/// Read models cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// The store cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenFault),
    /// The journal cannot be applied.
    #[error(transparent)]
    Replay(#[from] ReplayFault),
}

/// Reading the journal for read models failed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayFault {
    /// The journal cannot be read.
    #[error("the journal cannot be read")]
    Journal(#[from] journal::Fault),
    /// A record cannot be understood.
    #[error("the record at {position} of stream {stream} cannot be read")]
    Record {
        /// The stream.
        stream: StreamId,
        /// The record.
        position: Position,
        /// The cause, which names what is unknown.
        #[source]
        source: CodecError,
    },
    /// The journal does not hold what the read models point to.
    #[error("stream {stream} holds nothing fitting at {position}")]
    Missing {
        /// The stream.
        stream: StreamId,
        /// The record.
        position: Position,
    },
    /// The read models cannot take it.
    #[error(transparent)]
    Read(#[from] ReadFault),
}
