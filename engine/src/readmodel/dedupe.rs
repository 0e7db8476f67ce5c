//! Outside events that were taken, kept by day for longer than any platform repeats them.
//!
//! A row a key, under the day of its record: a day goes as one range. Under which days a key may stand is known in
//! memory ([`super::seen`]), so that a look costs a row or none.

use std::sync::atomic::Ordering;

use super::key::{self, Key};
use super::{ReadFault, ReadModels, row};
use crate::domain::id::{Position, StreamId};
use crate::domain::time::Timestamp;
use crate::journal::DedupeKey;

/// Days for which a key is kept after the day it came.
pub const KEPT_DAYS: u32 = 9;
/// Keys that are dropped or looked through at once; more would keep the writer waiting.
const AT_ONCE: usize = 2_000;
const DAY_MS: i64 = 24 * 3_600_000;
const DAMAGED: ReadFault = ReadFault::Row { model: "dedupe" };

/// The day of a moment, counted from 1970-01-01 in UTC.
#[must_use]
pub fn day_of(at: Timestamp) -> u32 {
    u32::try_from(at.0.div_euclid(DAY_MS).max(0)).unwrap_or(u32::MAX)
}

impl ReadModels {
    /// Whether a key may be known here. `false` is certain, and needs no look at the disk.
    #[must_use]
    pub fn may_know(&self, key: DedupeKey) -> bool {
        self.seen.read().days_of(key).is_none_or(|days| !days.is_empty())
    }

    /// Where an outside event was recorded, if it is known here; the newest record of one that was taken again later.
    ///
    /// # Errors
    /// The store failed.
    pub fn dedupe(&self, key: DedupeKey) -> Result<Option<(StreamId, Position)>, ReadFault> {
        let days = self.seen.read().days_of(key);
        let days = days.map_or_else(|| self.days(), Ok)?;
        for day in days.into_iter().rev() {
            if let Some(value) = self.db.get(key::dedupe(day, key))? {
                return row::read(&value, "dedupe").map(Some);
            }
        }
        Ok(None)
    }

    /// The days that have keys, in order.
    fn days(&self) -> Result<Vec<u32>, ReadFault> {
        let mut days = Vec::new();
        let mut next = Key::day(0);
        while let Some(row) = self.db.range(next..Key::after_days()).next() {
            let (day, _) = key::dedupe_parts(&row?.0).ok_or(DAMAGED)?;
            days.push(day);
            next = Key::day(day.saturating_add(1));
        }
        Ok(days)
    }

    /// Looks through the keys that were here when the store was opened. Until then [`ReadModels::may_know`] denies none.
    ///
    /// # Errors
    /// The store failed.
    pub fn recollect(&self) -> Result<(), ReadFault> {
        let mut rows = self.db.range(Key::day(0)..Key::after_days()).keys();
        loop {
            let entries: Vec<_> = rows.by_ref().take(AT_ONCE).collect::<Result<_, _>>()?;
            let mut seen = self.seen.write();
            if entries.is_empty() {
                seen.complete();
                return Ok(());
            }
            for entry in entries {
                let (day, key) = key::dedupe_parts(&entry).ok_or(DAMAGED)?;
                seen.note(day, key);
            }
        }
    }

    /// Drops keys of days more than [`KEPT_DAYS`] before `today` (see [`day_of`]). Answers with how many.
    ///
    /// # Errors
    /// The store failed.
    pub fn expire_dedupe(&self, today: u32) -> Result<usize, ReadFault> {
        let first_kept = today.saturating_sub(KEPT_DAYS);
        let mut dropped = 0;
        loop {
            let _one = self.writing.lock();
            if self.ended.load(Ordering::Acquire) {
                return Err(ReadFault::Closed);
            }
            let mut batch = sled::Batch::default();
            let mut found = 0;
            for entry in self.db.range(Key::day(0)..Key::day(first_kept)).keys().take(AT_ONCE) {
                batch.remove(entry?);
                found += 1;
            }
            if found == 0 {
                self.seen.write().forget_before(first_kept);
                return Ok(dropped);
            }
            self.db.apply_batch(batch)?;
            dropped += found;
        }
    }
}
