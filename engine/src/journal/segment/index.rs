//! Where each record lies, in memory: four bytes a record and one row for each stream in each segment.
//!
//! It also knows which records are to be emptied, because both change together when a segment was rewritten. Holds open
//! files but reads none; [`super::read`] does.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::super::Fault;
use super::super::ledger::Ledger;
use super::file::SegmentFile;
use super::summary::{EMPTIED, Summary};
use crate::domain::id::{Position, StreamId};

/// In the place of a position: every record of the stream.
pub(super) const WHOLE: Position = Position(0);

/// All segments and the way to every record.
#[derive(Default)]
pub(super) struct Index {
    pub(super) segments: BTreeMap<u64, Segment>,
    streams: HashMap<StreamId, Vec<Chunk>>,
    /// Records whose content is still on the disk and shown to nobody.
    pub(super) redacted: HashSet<(StreamId, Position)>,
    /// Streams of which nothing is shown.
    pub(super) erased: HashSet<StreamId>,
    /// Segments in which nothing is left of an erased stream, as far as was looked.
    pub(super) clean: HashSet<(StreamId, u64)>,
}

/// A segment in use.
#[derive(Clone)]
pub(super) struct Segment {
    pub(super) file: Arc<SegmentFile>,
    /// How many frames it has, once it is closed.
    pub(super) frames: u64,
}

/// What one segment holds of one stream.
pub(super) struct Chunk {
    pub(super) segment: u64,
    pub(super) first: u64,
    pub(super) offsets: Vec<u32>,
}

/// The place of a record.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) file: Arc<SegmentFile>,
    pub(super) offset: u64,
    /// Its content is to be hidden from readers.
    pub(super) redacted: bool,
    /// Its content is gone from the disk.
    pub(super) emptied: bool,
    /// Its stream was erased.
    pub(super) erased: bool,
}

impl Index {
    /// Takes in the next segment of an opening, in order, and tells the ledger heads and epochs.
    pub(super) fn absorb(
        &mut self,
        file: Arc<SegmentFile>,
        summary: Summary,
        ledger: &mut Ledger,
    ) -> Result<(), Fault> {
        for (stream, part) in summary.parts {
            let head = ledger.head(stream);
            let mut epoch = ledger.next_epoch(stream) - 1;
            if part.epoch != 0 {
                if part.epoch <= epoch {
                    return Err(file.damaged(0, "an epoch does not follow the segment before"));
                }
                epoch = part.epoch;
            }
            ledger.restore(stream, epoch, Position(head.0 + part.offsets.len() as u64));
            if part.offsets.is_empty() {
                continue;
            }
            if part.first != head.0 + 1 {
                let at = u64::from(part.offsets[0] & !EMPTIED);
                return Err(file.damaged(at, "a position does not follow the segment before"));
            }
            self.streams.entry(stream).or_default().push(Chunk {
                segment: file.number,
                first: part.first,
                offsets: part.offsets,
            });
        }
        let (whole, single): (Vec<_>, Vec<_>) = summary.redactions.into_iter().partition(|(_, at)| *at == WHOLE);
        self.erased.extend(whole.into_iter().map(|(stream, _)| stream));
        self.redacted.extend(single);
        let frames = summary.frames;
        self.segments.insert(file.number, Segment { file, frames });
        Ok(())
    }

    /// Forgets redactions that were carried out long ago, after the last [`Index::absorb`].
    pub(super) fn settle(&mut self) {
        let mut open = std::mem::take(&mut self.redacted);
        open.retain(|(stream, at)| self.place(*stream, *at).is_some_and(|p| !p.emptied));
        open.shrink_to_fit();
        self.redacted = open;
    }

    /// The erased streams of which a segment may still hold something.
    pub(super) fn erased_in(&self, segment: u64) -> HashSet<StreamId> {
        let holds = |stream: &&StreamId| {
            let chunks = self.streams.get(stream).map_or(&[][..], Vec::as_slice);
            chunks.iter().any(|chunk| chunk.segment == segment) && !self.clean.contains(&(**stream, segment))
        };
        self.erased.iter().filter(holds).copied().collect()
    }

    /// Begins a segment; the one before it, if any, is closed with `frames` frames.
    pub(super) fn begin(&mut self, file: Arc<SegmentFile>, frames: u64) {
        if let Some((_, before)) = self.segments.iter_mut().next_back() {
            before.frames = frames;
            let closed = before.file.number;
            for chunks in self.streams.values_mut() {
                if let Some(chunk) = chunks.last_mut().filter(|c| c.segment == closed) {
                    chunk.offsets.shrink_to_fit();
                }
            }
        }
        let segment = Segment { file, frames: 0 };
        self.segments.insert(segment.file.number, segment);
    }

    /// Adds a record that was just made durable.
    pub(super) fn push(&mut self, segment: u64, stream: StreamId, position: Position, offset: u32) {
        let chunks = self.streams.entry(stream).or_default();
        match chunks.last_mut().filter(|chunk| chunk.segment == segment) {
            Some(chunk) => chunk.offsets.push(offset),
            None => chunks.push(Chunk { segment, first: position.0, offsets: vec![offset] }),
        }
    }

    /// The chunks of a stream that hold anything from `from` on.
    pub(super) fn chunks(&self, stream: StreamId, from: Position) -> &[Chunk] {
        let chunks = self.streams.get(&stream).map_or(&[][..], Vec::as_slice);
        let skip = chunks.partition_point(|c| c.first + c.offsets.len() as u64 <= from.0);
        &chunks[skip..]
    }

    /// The places of up to `max` records from `from` on.
    pub(super) fn places(&self, stream: StreamId, from: Position, max: usize) -> Vec<Place> {
        let from = Position(from.0.max(1));
        let mut found = Vec::new();
        for chunk in self.chunks(stream, from) {
            let Some(segment) = self.segments.get(&chunk.segment) else {
                break;
            };
            let skip = from.0.saturating_sub(chunk.first);
            let first = chunk.first + skip;
            let rest = chunk.offsets.get(skip as usize..).unwrap_or_default();
            for (position, offset) in (first..).zip(rest) {
                if found.len() == max {
                    return found;
                }
                let emptied = offset & EMPTIED != 0;
                found.push(Place {
                    file: Arc::clone(&segment.file),
                    offset: u64::from(offset & !EMPTIED),
                    redacted: !self.redacted.is_empty() && self.redacted.contains(&(stream, Position(position))),
                    emptied,
                    erased: self.erased.contains(&stream),
                });
            }
        }
        found
    }

    /// The place of one record.
    pub(super) fn place(&self, stream: StreamId, position: Position) -> Option<Place> {
        if position.0 == 0 {
            return None;
        }
        self.places(stream, position, 1).pop()
    }

    /// Puts a rewritten segment in the place of the old one.
    pub(super) fn replace(&mut self, file: Arc<SegmentFile>, summary: Summary) {
        for (stream, part) in summary.parts {
            let chunks = self.streams.entry(stream).or_default();
            if let Some(chunk) = chunks.iter_mut().find(|c| c.segment == file.number) {
                chunk.offsets = part.offsets;
            }
        }
        if let Some(segment) = self.segments.get_mut(&file.number) {
            segment.file = file;
        }
    }
}
