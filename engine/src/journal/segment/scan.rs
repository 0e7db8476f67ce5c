//! Walks the frames of a segment and decides what a bad one means.
//!
//! A batch is begun only after the one before it was synced, and every frame names the offset at which its batch began.
//! So a whole frame whose batch began *behind* a bad frame proves that the bad one had been durable: damage, which
//! stops the opening. Without such a proof the bad frame belongs to the last batch, which nobody was told of: a torn
//! tail. A power cut may have kept later sectors of that batch and lost earlier ones; they are cut with it.

use super::super::Fault;
use super::commit::MAX_BATCH;
use super::file::{HEADER_BYTES, SegmentFile};
use super::frame::{Bad, Frame, MAX_FRAME};
use super::summary::{Summary, bad_frame};

/// How far behind the last whole frame anything of a torn batch can lie.
pub(super) const REACH: u64 = MAX_BATCH + MAX_FRAME as u64;

/// The last segment as it was found.
#[derive(Debug)]
pub(super) struct Tail {
    /// All whole frames before the first bad one.
    pub(super) summary: Summary,
    /// Where the last batch of whole frames begins; it is the only one whose sync may have failed.
    pub(super) last_batch: u64,
    /// Where the remains of a torn batch end; `summary.end` where there are none.
    pub(super) residue_end: u64,
}

/// Walks a closed segment, which holds exactly `frames` frames and zeros behind them.
pub(super) fn closed(file: &SegmentFile, bytes: &[u8], frames: u64) -> Result<Summary, Fault> {
    let mut summary = Summary::new(file);
    while summary.frames < frames {
        let at = summary.end;
        let rest = bytes.get(at as usize..).unwrap_or_default();
        let frame = Frame::parse(rest, file.salt).map_err(|bad| bad_frame(file, at, bad))?;
        summary.add(&frame).map_err(|why| file.damaged(at, why))?;
    }
    if end_of_content(bytes) as u64 > summary.end {
        return Err(file.damaged(summary.end, "more follows behind the last frame"));
    }
    Ok(summary)
}

/// Walks the last segment, or the one prepared to follow it. Reads no further than a torn batch can reach.
pub(super) fn last(file: &SegmentFile) -> Result<Tail, Fault> {
    let mut summary = Summary::new(file);
    let mut last_batch = HEADER_BYTES;
    let mut bytes = Vec::new();
    let mut whole = false;
    let bad = loop {
        let at = summary.end;
        let rest = bytes.get(at as usize..).unwrap_or_default();
        match Frame::parse(rest, file.salt) {
            Ok(frame) => {
                summary.add(&frame).map_err(|why| file.damaged(at, why))?;
                last_batch = u64::from(frame.batch_start());
            }
            Err(_) if !whole && (bytes.len() as u64) < at + REACH => {
                whole = read_on(file, &mut bytes)?;
            }
            Err(bad) => break bad,
        }
    };
    let end = summary.end as usize;
    let residue_end = end_of_content(&bytes).max(end);
    if residue_end > end && (matches!(bad, Bad::TooNew(_)) || later_batch(file, &bytes, end)) {
        return Err(bad_frame(file, summary.end, bad));
    }
    Ok(Tail { summary, last_batch, residue_end: residue_end as u64 })
}

/// Reads the next part of the file; true at its end.
fn read_on(file: &SegmentFile, bytes: &mut Vec<u8>) -> Result<bool, Fault> {
    let known = bytes.len();
    bytes.resize(known + REACH as usize, 0);
    let filled = file.read(&mut bytes[known..], known as u64)?;
    bytes.truncate(known + filled);
    Ok(filled < REACH as usize)
}

/// Whether a whole frame behind `bad` belongs to a batch that was begun behind it.
fn later_batch(file: &SegmentFile, bytes: &[u8], bad: usize) -> bool {
    (bad + 8..bytes.len()).step_by(8).any(|at| match Frame::parse(&bytes[at..], file.salt) {
        Ok(frame) => frame.batch_start() as usize > bad,
        Err(Bad::TooNew(_)) => true,
        Err(_) => false,
    })
}

/// One behind the last byte that is not zero.
fn end_of_content(bytes: &[u8]) -> usize {
    let zeros = [0u8; 4096];
    let mut end = bytes.len();
    while end >= zeros.len() && bytes[end - zeros.len()..end] == zeros {
        end -= zeros.len();
    }
    bytes[..end].iter().rposition(|b| *b != 0).map_or(0, |at| at + 1)
}
