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

/// No more bytes than this are on their way to the disk at a time; a longer batch takes several writes and syncs. So an
/// opening knows how far a torn one can reach.
pub(super) const MAX_BATCH: u64 = 4 << 20;
/// A write buffer longer than this is given back after use.
const KEPT_BUFFER: usize = 1 << 20;

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
    /// The error that ended the journal, if one did. To be asked before anything else, refusals included.
    pub(super) fn alive(&self) -> Result<(), Fault> {
        self.dead.as_ref().map_or(Ok(()), |death| Err(death.fault()))
    }

    /// Writes and syncs `drafts`, as one batch up to [`MAX_BATCH`]. Answers with the segment and the offset of each.
    pub(super) fn commit(
        &mut self,
        drafts: &[Draft<'_>],
        shared: &RwLock<Shared>,
        helper: &Helper,
    ) -> Result<Vec<(u64, u32)>, Fault> {
        self.alive()?;
        let mut places = Vec::with_capacity(drafts.len());
        let mut rest = drafts;
        while !rest.is_empty() {
            let (count, bytes) = fitting(rest);
            let (now, later) = rest.split_at(count);
            self.or_dead(|tip| tip.write(now, bytes, shared, helper, &mut places))?;
            rest = later;
        }
        Ok(places)
    }

    /// Closes the active segment at once.
    pub(super) fn close(&mut self, shared: &RwLock<Shared>, helper: &Helper) -> Result<(), Fault> {
        self.alive()?;
        self.or_dead(|tip| tip.roll(shared, helper))
    }

    fn or_dead(&mut self, step: impl FnOnce(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        let done = step(self);
        if let Err(fault) = &done {
            self.dead = Some(Death::of(fault, &self.active));
        }
        done
    }

    fn write(
        &mut self,
        drafts: &[Draft<'_>],
        bytes: u64,
        shared: &RwLock<Shared>,
        helper: &Helper,
        places: &mut Vec<(u64, u32)>,
    ) -> Result<(), Fault> {
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
        for draft in drafts {
            places.push((self.active.number, start + self.buffer.len() as u32));
            draft.encode(self.active.salt, start, &mut self.buffer);
        }
        self.active.write(&self.buffer, self.tail)?;
        self.active.sync()?;
        self.tail += self.buffer.len() as u64;
        self.frames += begins + drafts.len() as u64;
        if self.buffer.capacity() > KEPT_BUFFER {
            self.buffer = Vec::new();
        }
        Ok(())
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

/// How many of `drafts` go to the disk together, and their bytes; one at least.
fn fitting(drafts: &[Draft<'_>]) -> (usize, u64) {
    let mut bytes = 0;
    for (count, draft) in drafts.iter().enumerate() {
        let with = bytes + draft.span() as u64;
        if count > 0 && with > MAX_BATCH {
            return (count, bytes);
        }
        bytes = with;
    }
    (drafts.len(), bytes)
}

impl Death {
    fn of(fault: &Fault, active: &SegmentFile) -> Self {
        match fault {
            Fault::Io { what, path, source } => Self { what, path: path.clone(), kind: source.kind() },
            _ => Self { what: "writing", path: active.path.clone(), kind: io::ErrorKind::InvalidData },
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
