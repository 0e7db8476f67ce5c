//! The one who writes: frames into the active segment, one write and one sync a batch.
//!
//! After any error of a write or a sync it is dead and says so for ever: what the page cache holds then is nobody's
//! promise. Only one thread is here at a time; readers and `head` never wait for it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::RwLock;

use super::super::Fault;
use super::Shared;
use super::file::{HEADER_BYTES, SegmentFile};
use super::frame::{Draft, Kind};
use super::helper::Helper;
use crate::domain::id::{Position, StreamId};

/// No batch is longer, because offsets are 32 bits. Far above what any queue of ours holds.
const MAX_BATCH: u64 = 1 << 30;
/// A write buffer longer than this is given back after use.
const KEPT_BUFFER: usize = 4 << 20;

/// The end of the log.
pub(super) struct Tip {
    pub(super) active: Arc<SegmentFile>,
    pub(super) tail: u64,
    pub(super) frames: u64,
    pub(super) frames_before: u64,
    pub(super) segment_bytes: u64,
    pub(super) buffer: Vec<u8>,
    pub(super) dead: Option<Death>,
}

/// The error after which nothing is written any more.
pub(super) struct Death {
    what: &'static str,
    path: PathBuf,
    kind: io::ErrorKind,
}

impl Tip {
    /// Writes and syncs `drafts` as one batch. Answers with the segment and the offset of each.
    pub(super) fn commit(
        &mut self,
        drafts: &[Draft<'_>],
        shared: &RwLock<Shared>,
        helper: &Helper,
    ) -> Result<(u64, Vec<u32>), Fault> {
        if let Some(death) = &self.dead {
            return Err(death.fault());
        }
        let bytes = drafts.iter().map(|d| d.span() as u64).sum::<u64>();
        if bytes > MAX_BATCH {
            return Err(Fault::Io {
                what: "taking a batch of more than a GiB",
                path: self.active.path.clone(),
                source: io::ErrorKind::InvalidInput.into(),
            });
        }
        let written = self.write(drafts, bytes, shared, helper);
        if let Err(fault) = &written {
            self.dead = Some(Death::of(fault, &self.active));
        }
        written
    }

    fn write(
        &mut self,
        drafts: &[Draft<'_>],
        bytes: u64,
        shared: &RwLock<Shared>,
        helper: &Helper,
    ) -> Result<(u64, Vec<u32>), Fault> {
        if self.tail > HEADER_BYTES && self.tail + bytes > self.segment_bytes {
            self.roll(shared, helper)?;
        }
        let start = self.tail as u32;
        self.buffer.clear();
        if self.tail == HEADER_BYTES {
            Draft::control(Kind::Begin, StreamId(0), Position(self.frames_before), 0).encode(
                self.active.salt,
                start,
                &mut self.buffer,
            );
        }
        let begins = u64::from(!self.buffer.is_empty());
        let mut offsets = Vec::with_capacity(drafts.len());
        for draft in drafts {
            offsets.push(start + self.buffer.len() as u32);
            draft.encode(self.active.salt, start, &mut self.buffer);
        }
        self.active.write(&self.buffer, self.tail)?;
        self.active.sync()?;
        self.tail += self.buffer.len() as u64;
        self.frames += begins + drafts.len() as u64;
        if self.buffer.capacity() > KEPT_BUFFER {
            self.buffer = Vec::new();
        }
        Ok((self.active.number, offsets))
    }

    /// Closes the active segment at once. The next one's first frame is durable on return, so that no opening takes
    /// the closed one for the last again.
    pub(super) fn close(&mut self, shared: &RwLock<Shared>, helper: &Helper) -> Result<(), Fault> {
        if let Some(death) = &self.dead {
            return Err(death.fault());
        }
        let closed = (|| {
            self.roll(shared, helper)?;
            self.write(&[], 0, shared, helper)
        })();
        if let Err(fault) = &closed {
            self.dead = Some(Death::of(fault, &self.active));
        }
        closed.map(|_| ())
    }

    /// Goes on in the next segment. All frames of the old one are synced by now.
    fn roll(&mut self, shared: &RwLock<Shared>, helper: &Helper) -> Result<(), Fault> {
        let next = helper.take(self.active.number + 1)?;
        shared.write().index.begin(Arc::clone(&next), self.frames);
        helper.prepare(next.number + 1);
        helper.summarise(Arc::clone(&self.active), self.frames);
        self.active = next;
        self.tail = HEADER_BYTES;
        self.frames_before = self.frames;
        self.frames = 0;
        Ok(())
    }
}

impl Death {
    fn of(fault: &Fault, active: &SegmentFile) -> Self {
        match fault {
            Fault::Io { what, path, source } => Self {
                what,
                path: path.clone(),
                kind: source.kind(),
            },
            _ => Self {
                what: "writing",
                path: active.path.clone(),
                kind: io::ErrorKind::InvalidData,
            },
        }
    }

    fn fault(&self) -> Fault {
        Fault::Io {
            what: self.what,
            path: self.path.clone(),
            source: io::Error::new(self.kind, "an earlier error ended the journal"),
        }
    }
}
