//! Reads records by their places. Takes no lock while it waits for the disk, so that a reader never holds up a commit.
//!
//! Every frame is checked again as it is read; a damaged one is a fault, never a wrong answer.

use super::super::{Fault, Redactor, Stored};
use super::file::SegmentFile;
use super::frame::{Bad, Frame, Kind};
use super::index::Place;
use super::summary::bad_frame;

const FIRST_BLOCK: usize = 4 << 10;
const NEXT_BLOCK: usize = 64 << 10;

/// Reads frames that mostly lie one behind the other, a block at a time.
#[derive(Default)]
pub(super) struct Reader {
    block: Vec<u8>,
    start: u64,
    number: u64,
    salt: u64,
    reads: usize,
}

impl Reader {
    /// The record at `place`, its content already gone where it was redacted.
    pub(super) fn record(&mut self, place: &Place, redactor: Redactor) -> Result<Stored, Fault> {
        let file = &*place.file;
        let mut wanted = if self.reads == 0 { FIRST_BLOCK } else { NEXT_BLOCK };
        if !self.holds(file, place.offset) {
            self.load(file, place.offset, wanted)?;
        }
        loop {
            let bytes = &self.block[(place.offset - self.start) as usize..];
            match Frame::parse(bytes, file.salt) {
                Ok(frame) if frame.kind == Kind::Record => {
                    let emptied = match place {
                        Place { erased: true, .. } => Some(Vec::new()),
                        Place { redacted: true, .. } => Some(redactor(frame.payload())),
                        _ => None,
                    };
                    return Ok(frame.stored(emptied));
                }
                Ok(_) => return Err(file.damaged(place.offset, "no record lies here")),
                Err(Bad::Short(needed)) if needed > wanted => {
                    wanted = needed;
                    self.load(file, place.offset, wanted)?;
                }
                // The block may be older than the record.
                Err(_) if self.start != place.offset => {
                    self.load(file, place.offset, wanted)?;
                }
                Err(bad) => return Err(bad_frame(file, place.offset, bad)),
            }
        }
    }

    fn holds(&self, file: &SegmentFile, offset: u64) -> bool {
        (self.number, self.salt) == (file.number, file.salt)
            && (self.start..self.start + self.block.len() as u64).contains(&offset)
    }

    fn load(&mut self, file: &SegmentFile, offset: u64, wanted: usize) -> Result<(), Fault> {
        self.block.resize(wanted, 0);
        let filled = file.read(&mut self.block, offset)?;
        self.block.truncate(filled);
        self.start = offset;
        (self.number, self.salt) = (file.number, file.salt);
        self.reads += 1;
        Ok(())
    }
}
