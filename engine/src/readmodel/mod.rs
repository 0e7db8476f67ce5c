//! Read models: what lists, timelines and duplicates are read from, written behind the journal (DESIGN 4).
//!
//! They follow and never decide: every row is made of committed records, and all of it can be made again. One sled
//! tree holds every model under a prefix of its own ([`key`]), because a batch is atomic in one tree only, and the
//! rows of a record must appear together with the position that says it was applied. No value grows over
//! [`chunk::CHUNK`], because sled puts large ones into blob files that it never syncs.
//!
//! Read [`open`] for when a store is thrown away, [`apply`] for what a record does, [`writer`] for who calls it. The engine calls
//! [`ReadModels::start`], then gives what it returns to [`Writer::start`].

mod apply;
mod batch;
mod catch_up;
mod chunk;
mod dedupe;
mod due;
mod fault;
mod forget;
mod hydrate;
mod key;
mod list;
mod meter;
mod open;
mod queue;
mod row;
mod seen;
mod stamp;
#[cfg(test)]
mod tests;
mod timeline;
mod writer;

use std::collections::HashMap;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;

pub use catch_up::{CaughtUp, Started};
pub use dedupe::{KEPT_DAYS, day_of};
pub use due::{Due, DueRow};
pub use fault::{Blames, OpenFault, PageFault, ReadFault, ReplayFault, StartFault};
pub use hydrate::{hydrate, number_of};
pub use list::{Thread, matches};
pub use open::{MadeAnew, Opened};
pub use row::{Line, RawWaiting, TimelineRow};
pub use timeline::TimelinePage;
pub use writer::{OnFault, Writer};

use self::batch::Heads;
use self::seen::Seen;

use crate::domain::id::{Position, StreamId, WindowId};
use crate::failure::Failure;

/// The read models of one store. Methods that read or write block on the disk: never call them on an arbiter, except
/// [`ReadModels::reached`] and [`ReadModels::arrival`].
#[derive(Debug)]
pub struct ReadModels {
    db: sled::Db,
    dir: PathBuf,
    /// Where each stream stands, as on disk.
    streams: RwLock<HashMap<StreamId, Standing>>,
    /// The dedupe keys of the rows, in memory.
    seen: RwLock<Seen>,
    /// Held while rows are worked out and written: there is one writer at a time, and it remembers what it wrote.
    writing: Mutex<Heads>,
    /// Held for writing while a batch lands, for reading by whoever needs several rows that fit together.
    gate: RwLock<()>,
    /// Rung when a stream moved, or nothing will move any more.
    moved: Notify,
    /// Rung when content came to be due for removal.
    removal_due: Notify,
    /// Nothing is applied any more: closed, or the store cannot be trusted.
    ended: AtomicBool,
    /// The next start makes the store anew.
    distrusted: AtomicBool,
    /// Given back after the database is closed.
    _lock: File,
}

/// Where a stream stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Standing {
    reached: Position,
    window: Option<WindowId>,
}

impl ReadModels {
    /// The newest position of a stream whose effects are all here; 0 before the first.
    #[must_use]
    pub fn reached(&self, stream: StreamId) -> Position {
        self.streams.read().get(&stream).map_or(Position(0), |standing| standing.reached)
    }

    /// Returns once the effects of `position` are here. Readers ask for the stream's head as of their arrival, and bring
    /// the limit of their patience along.
    ///
    /// # Errors
    /// `CatchingUp` when nothing is applied any more.
    pub async fn arrival(&self, stream: StreamId, position: Position) -> Result<(), Failure> {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            // Registered before looking, so that a move in between is not missed.
            moved.as_mut().enable();
            if self.reached(stream) >= position {
                return Ok(());
            }
            if self.ended.load(Ordering::Acquire) {
                return Err(Failure::CatchingUp);
            }
            moved.await;
        }
    }

    /// Whether the next start makes the store anew.
    #[must_use]
    pub fn is_distrusted(&self) -> bool {
        self.distrusted.load(Ordering::Acquire)
    }

    /// Reads. Where the store is to blame for what went wrong, the next start makes it anew; see [`ReadModels::distrust`].
    ///
    /// # Errors
    /// What `read` gives, and a panic of sled, which asserts where other stores answer with an error.
    pub fn reading<T, E: Blames>(&self, read: impl FnOnce(&Self) -> Result<T, E>) -> Result<T, E> {
        let read = catch_unwind(AssertUnwindSafe(|| read(self))).unwrap_or_else(|_| Err(ReadFault::Panicked.into()));
        if read.as_ref().is_err_and(Blames::blames_the_store) {
            self.distrust();
        }
        read
    }

    /// Applies nothing more and wakes whoever waits.
    fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.moved.notify_waiters();
    }

    /// Every row, to compare stores with.
    #[cfg(test)]
    fn dump(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.db
            .iter()
            .map(|row| row.map(|(key, value)| (key.to_vec(), value.to_vec())).expect("a readable store"))
            .collect()
    }
}
