//! The records of one window as they are told, each kept until every socket was told it: the first telling is read, the
//! others must be the same bytes. So a socket costs a comparison for each frame, and nothing that one of them is told
//! alone can hide.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hasher};

use super::Act;
use crate::run::words::Word;

/// Records that may wait for the slowest socket.
pub(super) const MOST: usize = 1_000_000;

/// A customer's message in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) word: Word,
    /// When it was due to be written.
    pub(crate) due_us: u64,
}

/// One record.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// Of its bytes; none while nobody was told it.
    digest: Option<u64>,
    told: usize,
    /// Some socket was told it only after having been away.
    pub(crate) late: bool,
    pub(crate) heard: Box<[Heard]>,
    pub(crate) acts: Box<[Act]>,
}

/// How a telling compares with what was told before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Telling {
    /// Nobody was told it before: read it and [`Log::fill`] it.
    First,
    /// Others were told the same.
    Same,
    /// Others were told something else.
    Other,
    /// Everybody was told it before.
    Over,
}

/// The records that some socket has still to be told.
#[derive(Debug)]
pub(crate) struct Log {
    records: VecDeque<Record>,
    /// Position of the first of them.
    first: u64,
    readers: usize,
    most: usize,
    /// Records that were dropped before every socket was told them.
    pub(crate) dropped: u64,
}

impl Log {
    /// For so many sockets; at most `most` records wait for the slowest of them.
    pub(crate) fn new(readers: usize, most: usize) -> Self {
        Self { records: VecDeque::new(), first: 1, readers, most, dropped: 0 }
    }

    /// The newest position that any socket was told.
    pub(crate) fn head(&self) -> u64 {
        self.first + self.records.len() as u64 - 1
    }

    /// Whether every socket was told everything up to `head`.
    pub(crate) fn told_all(&self, head: u64) -> bool {
        let waiting = (self.first..=head).zip(&self.records);
        self.head() >= head && waiting.into_iter().all(|(_, record)| record.told >= self.readers)
    }

    /// Nobody was told anything yet, and everybody begins after `position`.
    pub(crate) fn begin(&mut self, position: u64) {
        if self.records.is_empty() && position >= self.first {
            self.first = position + 1;
        }
    }

    /// One socket was told `bytes` at `position`.
    pub(crate) fn tell(&mut self, position: u64, bytes: &[u8], missed: bool) -> Telling {
        while self.records.front().is_some_and(|record| record.told >= self.readers) || self.records.len() > self.most {
            let gone = self.records.pop_front().expect("there is one");
            self.dropped += u64::from(gone.told < self.readers);
            self.first += 1;
        }
        let Some(at) = position.checked_sub(self.first) else { return Telling::Over };
        let at = at as usize;
        if at > self.records.len() + self.most {
            self.dropped += 1;
            return Telling::Over;
        }
        while self.records.len() <= at {
            self.records.push_back(Record::default());
        }
        let record = &mut self.records[at];
        record.told += 1;
        record.late |= missed;
        let digest = digest(bytes);
        match record.digest.replace(digest) {
            None => Telling::First,
            Some(known) if known == digest => Telling::Same,
            Some(_) => Telling::Other,
        }
    }

    /// What the record at `position` says.
    pub(crate) fn fill(&mut self, position: u64, heard: Vec<Heard>, acts: Vec<Act>) {
        if let Some(record) = self.get_mut(position) {
            record.heard = heard.into_boxed_slice();
            record.acts = acts.into_boxed_slice();
        }
    }

    /// The record, and whether every socket has been told it by now.
    pub(crate) fn get(&self, position: u64) -> Option<(&Record, bool)> {
        let record = self.records.get(position.checked_sub(self.first)? as usize)?;
        Some((record, record.told == self.readers))
    }

    fn get_mut(&mut self, position: u64) -> Option<&mut Record> {
        self.records.get_mut(position.checked_sub(self.first)? as usize)
    }
}

fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::{Log, Telling};

    #[test]
    fn a_record_is_kept_until_every_socket_was_told_it() {
        let mut log = Log::new(2, 100);
        log.begin(7);
        assert_eq!(log.tell(8, b"a", false), Telling::First);
        assert_eq!(log.tell(9, b"b", false), Telling::First);
        assert!(!log.told_all(9));
        assert_eq!(log.tell(8, b"a", true), Telling::Same);
        assert!(log.get(8).is_some_and(|(record, by_all)| by_all && record.late));
        assert_eq!(log.tell(9, b"c", false), Telling::Other);
        assert!(log.told_all(9) && !log.told_all(10));
        assert_eq!((log.head(), log.tell(8, b"a", false)), (9, Telling::Over));
        assert_eq!(log.dropped, 0);
    }

    #[test]
    fn a_socket_that_never_comes_back_does_not_grow_the_log_without_a_word() {
        let mut log = Log::new(2, 100);
        for position in 1..=1_000 {
            log.tell(position, b"x", false);
        }
        assert!(log.records.len() <= 101, "{} records", log.records.len());
        assert!(log.dropped >= 899, "{} dropped", log.dropped);
        assert_eq!(log.tell(1_000_000, b"x", false), Telling::Over);
        assert!(log.records.len() <= 101);
    }
}
