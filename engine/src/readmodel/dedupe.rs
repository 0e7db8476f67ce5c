//! Outside events that were taken, kept by day for longer than any platform repeats them.

use std::sync::atomic::Ordering;

use super::key::{self, Fields, Key};
use super::{ReadFault, ReadModels, row};
use crate::domain::id::{Position, StreamId};
use crate::domain::time::Timestamp;
use crate::journal::DedupeKey;

/// Days for which a key is kept after the day it came.
pub const KEPT_DAYS: u32 = 9;
/// Keys that are dropped at once; more would keep the writer waiting.
const AT_ONCE: usize = 1_000;
const DAY_MS: i64 = 24 * 3_600_000;

/// The day of a moment, counted from 1970-01-01 in UTC.
#[must_use]
pub fn day_of(at: Timestamp) -> u32 {
    u32::try_from(at.0.div_euclid(DAY_MS).max(0)).unwrap_or(u32::MAX)
}

impl ReadModels {
    /// Where an outside event was recorded, if it is known here.
    ///
    /// # Errors
    /// The store failed.
    pub fn dedupe(&self, key: DedupeKey) -> Result<Option<(StreamId, Position)>, ReadFault> {
        let Some(value) = self.db.get(key::dedupe(key))? else {
            return Ok(None);
        };
        let (stream, position, _): (StreamId, Position, u32) = row::read(&value, "dedupe")?;
        Ok(Some((stream, position)))
    }

    /// Drops keys of days more than [`KEPT_DAYS`] before `today` (see [`day_of`]). Answers with how many.
    ///
    /// # Errors
    /// The store failed.
    pub fn expire_dedupe(&self, today: u32) -> Result<usize, ReadFault> {
        let until = Key::day(today.saturating_sub(KEPT_DAYS));
        let mut dropped = 0;
        loop {
            let _one = self.writing.lock();
            if self.ended.load(Ordering::Acquire) {
                return Err(ReadFault::Closed);
            }
            let mut batch = sled::Batch::default();
            let mut found = 0;
            for row in self.db.range(Key::day(0)..until.clone()).take(AT_ONCE) {
                let (day_key, _) = row?;
                found += 1;
                let mut fields = Fields(&day_key[1..]);
                let (Some(day), Some(key)) = (fields.u32(), fields.u128().map(DedupeKey)) else {
                    return Err(ReadFault::Row { model: "dedupe days" });
                };
                if self.recorded_on(key)? == Some(day) {
                    batch.remove(key::dedupe(key));
                    dropped += 1;
                }
                batch.remove(day_key);
            }
            if found == 0 {
                return Ok(dropped);
            }
            self.db.apply_batch(batch)?;
        }
    }

    /// The day under which a key stands; a later one than an old day's row says, when it came again.
    fn recorded_on(&self, key: DedupeKey) -> Result<Option<u32>, ReadFault> {
        let Some(value) = self.db.get(key::dedupe(key))? else {
            return Ok(None);
        };
        let (_, _, day): (StreamId, Position, u32) = row::read(&value, "dedupe")?;
        Ok(Some(day))
    }
}
