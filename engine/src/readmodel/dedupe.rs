//! Outside events that were taken, kept by day for longer than any platform repeats them.

use std::sync::atomic::Ordering;

use super::key::{self, Key};
use super::{ReadFault, ReadModels, row};
use crate::domain::id::{Position, StreamId};
use crate::domain::time::Timestamp;
use crate::journal::DedupeKey;

/// Days for which a key is kept after the day it came.
pub const KEPT_DAYS: u32 = 9;
/// Records whose keys are dropped at once; more would keep the writer waiting.
const AT_ONCE: usize = 500;
/// Keys of one record that stand in one row.
pub(super) const KEYS_A_ROW: usize = 64;
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
        row::read(&value, "dedupe").map(Some)
    }

    /// Whether a key may be known here. `false` is certain, and needs no look at the disk.
    #[must_use]
    pub fn may_know(&self, key: DedupeKey) -> bool {
        self.seen.read().may_have(key)
    }

    /// Looks through the keys that were here when the store was opened. Until then [`ReadModels::may_know`] denies none.
    ///
    /// # Errors
    /// The store failed.
    pub fn recollect(&self) -> Result<(), ReadFault> {
        let mut next = Key::day(0);
        loop {
            let rows: Vec<_> = self.db.range(next..Key::day(u32::MAX)).take(AT_ONCE).collect::<Result<_, _>>()?;
            let Some((last, _)) = rows.last() else {
                self.seen.write().complete();
                return Ok(());
            };
            next = Key::from(last.as_ref()).successor();
            for (entry, keys) in rows {
                let day = key::dedupe_day_of(&entry).ok_or(ReadFault::Row { model: "dedupe days" })?;
                let keys: Vec<u128> = row::read(&keys, "dedupe days")?;
                self.seen.write().note(day, keys.into_iter().map(DedupeKey));
            }
        }
    }

    /// Drops keys of days more than [`KEPT_DAYS`] before `today` (see [`day_of`]). Answers with how many.
    ///
    /// # Errors
    /// The store failed.
    pub fn expire_dedupe(&self, today: u32) -> Result<usize, ReadFault> {
        let first_kept = today.saturating_sub(KEPT_DAYS);
        let until = Key::day(first_kept);
        let mut dropped = 0;
        loop {
            let _one = self.writing.lock();
            if self.ended.load(Ordering::Acquire) {
                return Err(ReadFault::Closed);
            }
            let mut batch = sled::Batch::default();
            let mut found = 0;
            for row in self.db.range(Key::day(0)..until.clone()).take(AT_ONCE) {
                let (entry, keys) = row?;
                found += 1;
                let origin = key::dedupe_origin(&entry).ok_or(ReadFault::Row { model: "dedupe days" })?;
                let keys: Vec<u128> = row::read(&keys, "dedupe days")?;
                for key in keys.into_iter().map(DedupeKey) {
                    // One that came again stands under a later day now.
                    if self.dedupe(key)? == Some(origin) {
                        batch.remove(key::dedupe(key));
                        dropped += 1;
                    }
                }
                batch.remove(entry);
            }
            if found == 0 {
                self.seen.write().forget_before(first_kept);
                return Ok(dropped);
            }
            self.db.apply_batch(batch)?;
        }
    }
}
