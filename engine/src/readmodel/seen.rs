//! Which dedupe keys may stand in the rows, from memory: nearly every event is new, and asking the disk about each of
//! them would cost more than the rest of its way.
//!
//! It errs on one side only: a key that stands in the rows is never denied. Until the rows of an opened store have been
//! looked through, every key may be there.
//!
//! A Bloom filter for each day, in layers that double: 2 to 4 bytes a key, and about one new key in a thousand is asked
//! for in vain. At [`MOST_BYTES`] the newest layer takes whatever comes, so that more and more are: slower, never wrong.

use std::collections::BTreeMap;

use crate::journal::DedupeKey;

/// Memory for all days together, in bytes: some 20 million keys before they are told apart less well.
const MOST_BYTES: usize = 64 << 20;
/// Lines of a day's first layer; a power of two, as in every layer.
const FIRST_LINES: usize = 128;
/// Keys for which a layer has room, a line of 512 bits.
const KEYS_A_LINE: usize = 32;
/// Marks of a key in its line, of nine bits of the key each.
const MARKS: u32 = 6;

/// One line of the processor's cache, so that a look touches one.
type Line = [u64; 8];

/// The keys of every day that is kept.
#[derive(Debug, Default)]
pub(super) struct Seen {
    days: BTreeMap<u32, Vec<Layer>>,
    bytes: usize,
    /// Every key of the rows was noted.
    is_whole: bool,
}

#[derive(Debug)]
struct Layer {
    lines: Vec<Line>,
    keys: usize,
}

impl Seen {
    /// For a store without rows.
    pub(super) fn whole() -> Self {
        Self { is_whole: true, ..Self::default() }
    }

    /// Every key of the rows was noted: from now on a key can be denied.
    pub(super) fn complete(&mut self) {
        self.is_whole = true;
    }

    /// Notes a key that is to stand in the rows of a day.
    pub(super) fn note(&mut self, day: u32, key: DedupeKey) {
        let layers = self.days.entry(day).or_default();
        if layers.last().is_none_or(Layer::is_full) {
            let lines = layers.last().map_or(FIRST_LINES, |last| last.lines.len() * 2);
            let bytes = lines * size_of::<Line>();
            if layers.is_empty() || self.bytes + bytes <= MOST_BYTES {
                layers.push(Layer { lines: vec![Line::default(); lines], keys: 0 });
                self.bytes += bytes;
            }
        }
        if let Some(last) = layers.last_mut() {
            last.note(key);
        }
    }

    /// The days under which a key may stand, in order; `None` as long as that can be any.
    pub(super) fn days_of(&self, key: DedupeKey) -> Option<Vec<u32>> {
        let may_have = |layers: &[Layer]| layers.iter().any(|layer| layer.may_have(key));
        let days = self.days.iter().filter(|(_, layers)| may_have(layers)).map(|(day, _)| *day);
        self.is_whole.then(|| days.collect())
    }

    /// The rows of all days before `day` are gone.
    pub(super) fn forget_before(&mut self, day: u32) {
        self.days = self.days.split_off(&day);
        let lines: usize = self.days.values().flatten().map(|layer| layer.lines.len()).sum();
        self.bytes = lines * size_of::<Line>();
    }
}

impl Layer {
    fn is_full(&self) -> bool {
        self.keys >= self.lines.len() * KEYS_A_LINE
    }

    fn note(&mut self, key: DedupeKey) {
        let at = self.line_of(key);
        for (word, bit) in marks(key) {
            self.lines[at][word] |= bit;
        }
        self.keys += 1;
    }

    fn may_have(&self, key: DedupeKey) -> bool {
        let line = &self.lines[self.line_of(key)];
        marks(key).all(|(word, bit)| line[word] & bit != 0)
    }

    /// Keys are hashes, so their bits serve as they are.
    fn line_of(&self, key: DedupeKey) -> usize {
        key.0 as usize & (self.lines.len() - 1)
    }
}

fn marks(key: DedupeKey) -> impl Iterator<Item = (usize, u64)> {
    let bits = (key.0 >> 64) as u64;
    (0..MARKS).map(move |mark| {
        let bit = bits >> (9 * mark);
        ((bit >> 6) as usize & 7, 1 << (bit & 63))
    })
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn key(number: usize) -> DedupeKey {
        let hash = Sha256::digest(number.to_be_bytes());
        DedupeKey(hash.iter().take(16).fold(0, |sum, byte| sum << 8 | u128::from(*byte)))
    }

    fn may_have(seen: &Seen, number: usize) -> bool {
        seen.days_of(key(number)).is_none_or(|days| !days.is_empty())
    }

    #[test]
    fn no_key_is_denied_before_all_are_noted_and_none_that_was_noted_ever() {
        let mut seen = Seen::default();
        assert!(may_have(&seen, 0));
        seen.complete();
        assert!(!may_have(&seen, 0));
        let day = |number| number as u32 % 3;
        for number in 0..50_000 {
            seen.note(day(number), key(number));
        }
        assert!((0..50_000).all(|number| seen.days_of(key(number)).unwrap().contains(&day(number))));
    }

    #[test]
    fn few_new_keys_are_asked_for_in_vain_and_few_bytes_are_kept() {
        let mut seen = Seen::whole();
        (0..100_000).for_each(|number| seen.note(1, key(number)));
        let in_vain = (100_000..200_000).filter(|number| may_have(&seen, *number)).count();
        assert!(in_vain < 1_000, "{in_vain} of 100,000");
        assert!(seen.bytes <= 4 * 100_000, "{} bytes", seen.bytes);
    }

    #[test]
    fn at_the_limit_keys_are_still_known_and_a_day_that_ends_gives_room_back() {
        let mut seen = Seen::whole();
        seen.note(1, key(0));
        seen.bytes = MOST_BYTES;
        (1..20_000).for_each(|number| seen.note(1, key(number)));
        seen.note(2, key(20_000));
        assert_eq!(seen.days[&1].len(), 1);
        assert!((0..=20_000).all(|number| may_have(&seen, number)));
        seen.forget_before(2);
        assert_eq!(seen.bytes, FIRST_LINES * size_of::<Line>());
        assert!(may_have(&seen, 20_000));
        assert!(!may_have(&seen, 3));
    }
}
