//! The contents of one file, twice: what programs read back, and what would survive a power cut.
//!
//! Every change goes into `current` and into a log. A sync replays the log into `durable`. A cut makes `current` what
//! survived: nothing of the log, or a random part of it. Must never know names, handles or the kernel.
//! Next: `names.rs` does the same for directories.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

/// What a disk writes as one piece, in bytes. A cut tears writes here and never inside.
pub const SECTOR: usize = 512;

/// One change that no sync has covered yet.
#[derive(Clone, Debug)]
enum Change {
    /// Bytes at an offset; they lengthen the file where they reach past its end.
    Write { offset: usize, bytes: Vec<u8> },
    /// A new length; what is new reads as zeros.
    Size(usize),
    /// Zeros over a range, within the length.
    Zero { offset: usize, len: usize },
}

/// One file's bytes.
#[derive(Debug, Default)]
pub(super) struct Contents {
    current: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
}

impl Contents {
    /// The length that programs see.
    pub(super) fn len(&self) -> usize {
        self.current.len()
    }

    /// Up to `len` bytes from `offset` on; fewer, or none, at the end.
    pub(super) fn read(&self, offset: usize, len: usize) -> &[u8] {
        let from = offset.min(self.current.len());
        let to = offset.saturating_add(len).min(self.current.len());
        &self.current[from..to]
    }

    /// Writes, lengthening the file as needed.
    pub(super) fn write(&mut self, offset: usize, bytes: &[u8]) {
        self.change(Change::Write { offset, bytes: bytes.to_vec() });
    }

    /// Cuts or lengthens.
    pub(super) fn set_len(&mut self, len: usize) {
        if len != self.current.len() {
            self.change(Change::Size(len));
        }
    }

    /// Makes a range read as zeros.
    pub(super) fn zero(&mut self, offset: usize, len: usize) {
        self.change(Change::Zero { offset, len });
    }

    fn change(&mut self, change: Change) {
        apply(&mut self.current, &change);
        self.unsynced.push(change);
    }

    /// Makes everything durable.
    pub(super) fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            apply(&mut self.durable, &change);
        }
    }

    /// A sync that failed: programs still read the bytes, and no later sync writes them. So does Linux, which marks the
    /// pages clean; whoever tries the sync again is told that all is well.
    pub(super) fn lose_unsynced(&mut self) {
        self.unsynced.clear();
    }

    /// Power cut: what was not synced never was.
    pub(super) fn cut_clean(&mut self) {
        self.unsynced.clear();
        self.current.clone_from(&self.durable);
    }

    /// Power cut in the middle of writing back. Between two changes of length, sectors of unsynced writes survive by the
    /// toss of a coin and in any order. Lengths come from the file system's own journal and keep their order: a change
    /// of length survives only when the earlier ones did, and what followed a shortening that did not survive is lost.
    pub(super) fn cut_torn(&mut self, rng: &mut StdRng) {
        let mut lengths_survive = true;
        let mut pieces = Vec::new();
        for change in std::mem::take(&mut self.unsynced) {
            let Change::Size(len) = change else {
                split(&change, &mut pieces);
                continue;
            };
            write_back(&mut self.durable, &mut pieces, rng);
            lengths_survive = lengths_survive && rng.random_bool(0.5);
            if lengths_survive {
                self.durable.resize(len, 0);
            } else if len < self.durable.len() {
                pieces.clear();
                break;
            }
        }
        write_back(&mut self.durable, &mut pieces, rng);
        self.cut_clean();
    }
}

/// Lets half of the pieces reach the disk, in any order.
fn write_back(durable: &mut Vec<u8>, pieces: &mut Vec<Change>, rng: &mut StdRng) {
    pieces.shuffle(rng);
    for piece in pieces.drain(..) {
        if rng.random_bool(0.5) {
            apply(durable, &piece);
        }
    }
}

/// Takes a write apart at the disk's sectors.
fn split(change: &Change, pieces: &mut Vec<Change>) {
    let (Change::Write { offset, .. } | Change::Zero { offset, .. }) = change else {
        return;
    };
    let len = match change {
        Change::Write { bytes, .. } => bytes.len(),
        Change::Zero { len, .. } => *len,
        Change::Size(_) => 0,
    };
    let mut at = *offset;
    let end = offset + len;
    while at < end {
        let stop = ((at / SECTOR + 1) * SECTOR).min(end);
        pieces.push(match change {
            Change::Write { bytes, .. } => {
                Change::Write { offset: at, bytes: bytes[at - offset..stop - offset].to_vec() }
            }
            _ => Change::Zero { offset: at, len: stop - at },
        });
        at = stop;
    }
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { offset, bytes: new } => {
            let end = offset + new.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[*offset..end].copy_from_slice(new);
        }
        Change::Size(len) => bytes.resize(*len, 0),
        Change::Zero { offset, len } => {
            let end = offset.saturating_add(*len).min(bytes.len());
            if *offset < end {
                bytes[*offset..end].fill(0);
            }
        }
    }
}
