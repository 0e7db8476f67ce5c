//! The journal for tests: the same checks as on disk, nothing durable.
//!
//! It must refuse exactly what the log on disk refuses; `contract` runs both. Nothing is lost by dropping a redacted
//! payload at once, so [`MemoryJournal::compact`] only counts.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use parking_lot::RwLock;

use super::ledger::Ledger;
use super::{Append, DedupeKey, Fault, Journal, Redactor, Refused, Stored};
use crate::domain::id::{Position, StreamId};

/// Records in memory.
#[derive(Debug)]
pub struct MemoryJournal {
    redactor: Redactor,
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    ledger: Ledger,
    streams: HashMap<StreamId, Rows>,
    /// Streams of which nothing is shown.
    erased: HashSet<StreamId>,
    /// Records whose content went since the last compaction.
    emptied: u64,
}

#[derive(Clone, Debug, Default)]
struct Rows {
    epoch: u64,
    records: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    stored: Stored,
    redacted: bool,
}

impl MemoryJournal {
    /// An empty journal that empties payloads with `redactor`.
    #[must_use]
    pub fn new(redactor: Redactor) -> Self {
        Self { redactor, state: RwLock::default() }
    }

    /// The same journal after the process that held it ended: records, epochs and dedupe keys stay, versions are forgotten.
    #[must_use]
    pub fn reopened(&self) -> Self {
        let old = self.state.read();
        let mut ledger = Ledger::default();
        for (stream, rows) in &old.streams {
            ledger.restore(*stream, rows.epoch, Position(rows.records.len() as u64));
            let keys: Vec<_> = rows
                .records
                .iter()
                .flat_map(|row| row.stored.dedupe.iter().map(|k| (row.stored.position, *k)))
                .collect();
            ledger.remember(*stream, &keys);
        }
        let state = State { ledger, streams: old.streams.clone(), erased: old.erased.clone(), emptied: old.emptied };
        Self { redactor: self.redactor, state: RwLock::new(state) }
    }
}

impl Journal for MemoryJournal {
    fn append(&self, batch: &[Append]) -> Result<Vec<Result<Position, Refused>>, Fault> {
        let mut state = self.state.write();
        let staged = state.ledger.stage(batch);
        for (append, answer) in batch.iter().zip(&staged.answers) {
            let Ok(position) = *answer else { continue };
            let stored = Stored {
                stream: append.stream,
                position,
                owner_epoch: append.owner_epoch,
                dedupe: append.dedupe.clone(),
                payload: if state.erased.contains(&append.stream) { Bytes::new() } else { append.payload.clone() },
            };
            let rows = state.streams.entry(append.stream).or_default();
            rows.records.push(Row { stored, redacted: false });
        }
        Ok(state.ledger.commit(staged))
    }

    fn own(&self, stream: StreamId) -> Result<u64, Fault> {
        let mut state = self.state.write();
        let epoch = state.ledger.next_epoch(stream);
        state.ledger.owned(stream, epoch);
        state.streams.entry(stream).or_default().epoch = epoch;
        Ok(epoch)
    }

    fn head(&self, stream: StreamId) -> Position {
        self.state.read().ledger.head(stream)
    }

    fn streams(&self) -> Vec<(StreamId, Position)> {
        self.state.read().ledger.streams()
    }

    fn read(&self, stream: StreamId, from: Position, max: usize, max_bytes: usize) -> Result<Vec<Stored>, Fault> {
        let state = self.state.read();
        let Some(rows) = state.streams.get(&stream) else {
            return Ok(Vec::new());
        };
        let skip = usize::try_from(from.0.saturating_sub(1)).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        let mut bytes = 0;
        for row in rows.records.iter().skip(skip).take(max) {
            bytes += row.stored.payload.len();
            found.push(row.stored.clone());
            if bytes >= max_bytes {
                break;
            }
        }
        Ok(found)
    }

    fn known(&self, key: DedupeKey) -> Option<(StreamId, Position)> {
        self.state.read().ledger.known(key)
    }

    fn release_dedupe(&self, stream: StreamId, upto: Position) {
        self.state.write().ledger.release(stream, upto);
    }

    fn redact(&self, stream: StreamId, position: Position) -> Result<(), Fault> {
        let state = &mut *self.state.write();
        let row = state
            .streams
            .get_mut(&stream)
            .and_then(|rows| position.0.checked_sub(1).map(|n| (rows, n)))
            .and_then(|(rows, n)| rows.records.get_mut(usize::try_from(n).ok()?));
        if let Some(row) = row.filter(|row| !row.redacted) {
            row.stored.payload = (self.redactor)(&row.stored.payload).into();
            row.redacted = true;
            state.emptied += 1;
        }
        Ok(())
    }

    fn erase(&self, stream: StreamId) -> Result<(), Fault> {
        let state = &mut *self.state.write();
        for row in state.streams.get_mut(&stream).into_iter().flat_map(|rows| &mut rows.records) {
            if !row.stored.payload.is_empty() {
                row.stored.payload = Bytes::new();
                row.redacted = true;
                state.emptied += 1;
            }
        }
        state.erased.insert(stream);
        Ok(())
    }

    fn compact(&self) -> Result<u64, Fault> {
        Ok(std::mem::take(&mut self.state.write().emptied))
    }
}
