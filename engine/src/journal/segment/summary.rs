//! What one segment holds, frame by frame: where each record lies, who owns what, what is to be emptied.
//!
//! Made by walking a segment, or read from the sidecar of a closed one. The sidecar is a convenience: it carries the
//! salt of its segment and a checksum, and one that is missing, damaged or of another file is made again. It must
//! never be believed over the segment. Four bytes a record.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::super::Fault;
use super::disk::Disk;
use super::file::{SegmentFile, write_aside};
use super::frame::{Bad, FORMAT, Frame, Kind, u16_at, u32_at, u64_at, u128_at};
use crate::domain::id::{Position, StreamId};

const MAGIC: &[u8; 8] = b"MADOINDX";
const HEAD: usize = 64;
const ROW: usize = 40;

/// Set in an offset whose record was emptied for good. Frames are eight bytes aligned, so the bit is free.
pub(super) const EMPTIED: u32 = 1;

/// The contents of one segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) number: u64,
    pub(super) salt: u64,
    /// Where the last frame ends.
    pub(super) end: u64,
    pub(super) frames: u64,
    /// How many frames the segment before has, as this one's first frame says.
    pub(super) before: u64,
    pub(super) parts: BTreeMap<StreamId, Part>,
    pub(super) redactions: Vec<(StreamId, Position)>,
}

/// What one segment holds of one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// The newest epoch given here; 0 for none.
    pub(super) epoch: u64,
    /// The position of the first record here; 0 where there is none.
    pub(super) first: u64,
    /// Where each record lies, from `first` on, with [`EMPTIED`].
    pub(super) offsets: Vec<u32>,
}

impl Summary {
    pub(super) fn new(file: &SegmentFile) -> Self {
        Self { number: file.number, salt: file.salt, end: super::file::HEADER_BYTES, ..Self::default() }
    }

    /// Takes the next frame in. The error says why it cannot follow the ones before it.
    pub(super) fn add(&mut self, frame: &Frame<'_>) -> Result<(), &'static str> {
        let first = self.frames == 0;
        if first != (frame.kind == Kind::Begin) {
            return Err("a segment begins with its one beginning");
        }
        let offset = self.end as u32;
        match frame.kind {
            Kind::Begin => self.before = frame.position().0,
            Kind::Redact => self.redactions.push((frame.stream(), frame.position())),
            Kind::Own => {
                let part = self.parts.entry(frame.stream()).or_default();
                if frame.owner_epoch() <= part.epoch {
                    return Err("an epoch does not follow the one before");
                }
                part.epoch = frame.owner_epoch();
            }
            Kind::Record => {
                let part = self.parts.entry(frame.stream()).or_default();
                let position = frame.position().0;
                if part.first == 0 {
                    part.first = position;
                }
                if position == 0 || position != part.first + part.offsets.len() as u64 {
                    return Err("a position does not follow the one before");
                }
                let flag = if frame.emptied() { EMPTIED } else { 0 };
                part.offsets.push(offset | flag);
            }
        }
        self.end += frame.span() as u64;
        self.frames += 1;
        Ok(())
    }

    /// The sidecar's name.
    pub(super) fn path(dir: &Path, number: u64) -> PathBuf {
        dir.join(format!("{number:020}.idx"))
    }

    /// Writes the sidecar. Nobody depends on it, so it may fail.
    pub(super) fn store(&self, disk: &dyn Disk, dir: &Path) -> io::Result<()> {
        let path = Self::path(dir, self.number);
        write_aside(disk, dir, &path, |file| file.write_at(&self.encode(), 0))
    }

    /// The sidecar of `file`, or `None` when it is missing, damaged, of another format or of another file.
    pub(super) fn load(disk: &dyn Disk, dir: &Path, file: &SegmentFile) -> Option<Self> {
        let side = disk.open(&Self::path(dir, file.number)).ok()?;
        let mut bytes = vec![0; usize::try_from(side.len().ok()?).ok()?];
        let filled = side.read_at(&mut bytes, 0).ok()?;
        let summary = Self::decode(bytes.get(..filled)?)?;
        (summary.number == file.number && summary.salt == file.salt).then_some(summary)
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEAD + self.parts.len() * ROW);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&FORMAT.to_le_bytes());
        out.extend_from_slice(&[0; 6]);
        for number in [self.number, self.salt, self.end, self.frames] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&(self.parts.len() as u32).to_le_bytes());
        out.extend_from_slice(&(self.redactions.len() as u32).to_le_bytes());
        out.extend_from_slice(&self.before.to_le_bytes());
        for (stream, part) in &self.parts {
            out.extend_from_slice(&stream.0.to_le_bytes());
            out.extend_from_slice(&part.epoch.to_le_bytes());
            out.extend_from_slice(&part.first.to_le_bytes());
            out.extend_from_slice(&(part.offsets.len() as u64).to_le_bytes());
            for offset in &part.offsets {
                out.extend_from_slice(&offset.to_le_bytes());
            }
        }
        for (stream, position) in &self.redactions {
            out.extend_from_slice(&stream.0.to_le_bytes());
            out.extend_from_slice(&position.0.to_le_bytes());
        }
        out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
        out
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (body, check) = bytes.split_last_chunk::<4>()?;
        let fits = body.len() >= HEAD && crc32c::crc32c(body) == u32::from_le_bytes(*check);
        if !fits || &body[..8] != MAGIC || u16_at(body, 8) != FORMAT {
            return None;
        }
        let mut summary = Self {
            number: u64_at(body, 16),
            salt: u64_at(body, 24),
            end: u64_at(body, 32),
            frames: u64_at(body, 40),
            before: u64_at(body, 56),
            ..Self::default()
        };
        let mut rest = &body[HEAD..];
        for _ in 0..u32_at(body, 48) {
            let (row, tail) = rest.split_at_checked(ROW)?;
            let count = usize::try_from(u64_at(row, 32)).ok()?;
            let (offsets, tail) = tail.split_at_checked(count.checked_mul(4)?)?;
            let part = Part {
                epoch: u64_at(row, 16),
                first: u64_at(row, 24),
                offsets: offsets.chunks_exact(4).map(|o| u32_at(o, 0)).collect(),
            };
            summary.parts.insert(StreamId(u128_at(row, 0)), part);
            rest = tail;
        }
        for _ in 0..u32_at(body, 52) {
            let (row, tail) = rest.split_at_checked(24)?;
            let target = (StreamId(u128_at(row, 0)), Position(u64_at(row, 16)));
            summary.redactions.push(target);
            rest = tail;
        }
        rest.is_empty().then_some(summary)
    }
}

/// The fault for a frame that should be there and is not.
pub(super) fn bad_frame(file: &SegmentFile, offset: u64, bad: Bad) -> Fault {
    match bad {
        Bad::TooNew(found) => Fault::TooNew { file: file.path.clone(), found, known: FORMAT },
        Bad::Short(_) => file.damaged(offset, "the file ends inside a frame"),
        Bad::Broken(why) => file.damaged(offset, why),
    }
}
