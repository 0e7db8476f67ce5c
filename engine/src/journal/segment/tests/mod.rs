//! What only the log on disk can get wrong: torn tails, damage, dying disks, power cuts, bytes that must be gone.
//!
//! Most run on [`sim`], a disk in memory that forgets what was not synced.

mod copies;
mod damage;
mod faults;
mod files;
mod sim;
mod torn;
mod transfer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::sim::SimDisk;
use super::file::SegmentFile;
use super::frame::Frame;
use super::*;

const DIR: &str = "/journal";
const A: StreamId = StreamId(1);
const B: StreamId = StreamId(2);

fn gone(_: &[u8]) -> Vec<u8> {
    b"gone".to_vec()
}

const TINY: Options = Options { segment_bytes: 8 << 10, redactor: gone };

fn open(disk: &SimDisk) -> Result<SegmentJournal, Fault> {
    SegmentJournal::open_on(Arc::new(disk.clone()), DIR.into(), TINY)
}

fn log(number: u64) -> PathBuf {
    SegmentFile::path(Path::new(DIR), number)
}

fn append(stream: StreamId, epoch: u64, payload: &[u8]) -> Append {
    Append {
        stream,
        owner_epoch: epoch,
        touches: Vec::new(),
        dedupe: Vec::new(),
        payload: bytes::Bytes::copy_from_slice(payload),
    }
}

fn all(journal: &dyn Journal, stream: StreamId) -> Vec<Vec<u8>> {
    let records = journal.read(stream, Position(1), usize::MAX, usize::MAX);
    records.unwrap().iter().map(|r| r.payload.to_vec()).collect()
}

/// A journal with stream A owned and `n` records of 100 bytes, each a batch.
fn filled(disk: &SimDisk, n: usize) -> SegmentJournal {
    let journal = open(disk).unwrap();
    journal.own(A).unwrap();
    for i in 0..n {
        let answers = journal.append(&[append(A, 1, &payload(i))]).unwrap();
        assert_eq!(answers, [Ok(Position(i as u64 + 1))]);
    }
    journal
}

fn payload(i: usize) -> Vec<u8> {
    format!("{i:0>100}").into_bytes()
}

fn payloads(n: usize) -> Vec<Vec<u8>> {
    (0..n).map(payload).collect()
}

/// Where the frames of a segment begin, and where the last one ends.
fn frames(disk: &SimDisk, number: u64) -> (Vec<usize>, usize) {
    let file = SegmentFile::open(disk, Path::new(DIR), number).unwrap();
    let bytes = disk.bytes(&file.path);
    let mut at = file::HEADER_BYTES as usize;
    let mut starts = Vec::new();
    while let Ok(frame) = Frame::parse(&bytes[at..], file.salt) {
        starts.push(at);
        at += frame.span();
    }
    (starts, at)
}
