//! From where the rows stand to the journal's head: what every start does before the engine is ready.

use std::path::Path;

use super::fault::{ReplayFault, StartFault};
use super::open::{MadeAnew, Opened, boot};
use super::{ReadFault, ReadModels};
use crate::domain::id::{Position, StreamId};
use crate::journal::Journal;
use crate::journal::feed::Committed;

/// Records that are read from the journal at a time.
const RECORDS: usize = 2_048;
/// Payload that is read at a time, in bytes.
const BYTES: usize = 8 << 20;

/// What catching up came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaughtUp {
    /// Records applied.
    pub records: u64,
    /// Streams that the journal does not know, or knows shorter; they were removed, the latter then applied from the beginning.
    pub forgotten: usize,
}

/// Read models that stand where the journal stands.
#[derive(Debug)]
pub struct Started {
    /// The read models.
    pub models: ReadModels,
    /// Why they were made anew, if they were.
    pub made_anew: Option<MadeAnew>,
    /// What had to be applied.
    pub caught_up: CaughtUp,
}

impl ReadModels {
    /// Opens the store in `dir` and catches up. A store that fails on the way is made anew, once.
    ///
    /// # Errors
    /// The folder is in use or cannot be written, the journal cannot be read, or a record of it is of a newer release.
    pub fn start(dir: &Path, journal: &dyn Journal) -> Result<Started, StartFault> {
        Self::start_since(dir, &boot(), journal)
    }

    /// As [`ReadModels::start`], with the name of the machine's present start.
    ///
    /// # Errors
    /// As [`ReadModels::start`].
    pub fn start_since(dir: &Path, boot: &str, journal: &dyn Journal) -> Result<Started, StartFault> {
        let Opened { models, made_anew } = Self::open_since(dir, boot)?;
        match models.catch_up(journal) {
            Ok(caught_up) => Ok(Started { models, made_anew, caught_up }),
            Err(ReplayFault::Read(fault)) if made_anew.is_none() => {
                tracing::warn!(error = %fault, "the read models do not fit the journal and are made anew");
                models.distrust();
                drop(models);
                let Opened { models, made_anew } = Self::open_since(dir, boot)?;
                let caught_up = models.catch_up(journal)?;
                Ok(Started { models, made_anew, caught_up })
            }
            Err(fault) => Err(fault.into()),
        }
    }

    /// Applies everything that the journal holds and the rows do not. Nothing may be pushed meanwhile.
    ///
    /// # Errors
    /// The journal or the store cannot be read, or a record is of a newer release; the error's source says which.
    pub fn catch_up(&self, journal: &dyn Journal) -> Result<CaughtUp, ReplayFault> {
        let mut done = CaughtUp::default();
        let heads = journal.streams();
        let mut here: Vec<_> = self.streams.read().iter().map(|(stream, s)| (*stream, s.reached)).collect();
        here.sort_unstable();
        for (stream, reached) in here {
            let head = heads.iter().find(|(of, _)| *of == stream).map_or(Position(0), |(_, head)| *head);
            if reached > head {
                tracing::warn!(%stream, %reached, %head, "the read models know more than the journal and begin anew");
                self.forget_stream(stream)?;
                done.forgotten += 1;
            }
        }
        for (stream, head) in heads {
            done.records += self.catch_up_stream(journal, stream, head)?;
        }
        Ok(done)
    }

    /// Applies records in the order of the journal, which give no states along; the rows come out as with
    /// [`ReadModels::apply`] in the running engine.
    ///
    /// # Errors
    /// As with [`ReadModels::apply`].
    pub fn apply_from_journal(&self, records: &[Committed]) -> Result<(), ReadFault> {
        debug_assert!(records.iter().all(|record| record.after.is_empty()), "states are worked out here");
        self.apply(records)
    }

    fn catch_up_stream(&self, journal: &dyn Journal, stream: StreamId, head: Position) -> Result<u64, ReplayFault> {
        let begun_at = self.reached(stream);
        let mut next = begun_at.next();
        while next <= head {
            let stored = journal.read(stream, next, RECORDS, BYTES)?;
            let Some(newest) = stored.last().map(|stored| stored.position) else {
                return Err(ReplayFault::Missing { stream, position: next });
            };
            let records: Vec<_> = stored
                .iter()
                .map(|stored| {
                    Committed::from_stored(stored).map_err(|source| ReplayFault::Record {
                        stream,
                        position: stored.position,
                        source,
                    })
                })
                .collect::<Result<_, _>>()?;
            self.apply_from_journal(&records)?;
            next = newest.next();
        }
        Ok(next.0 - begun_at.next().0)
    }
}
