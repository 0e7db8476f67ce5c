//! The journal on disk: one log for all streams, in preallocated segments, one sync a batch.
//!
//! From the bytes up: [`disk`] (the calls), [`frame`] (one entry), [`file`] (one segment), [`scan`] (what a bad frame
//! means), [`summary`] (what a segment holds, its sidecar), [`index`] (where records lie), [`read`], [`commit`] (who
//! writes), [`helper`] (what can wait), [`recovery`] (opening), [`redact`] (bytes that must go), [`verify`], [`copy`].
//! It knows nothing of events, and trusts sectors of 512 bytes to be written whole or not at all.

mod commit;
mod copy;
mod disk;
mod file;
mod frame;
mod helper;
mod index;
mod read;
mod recovery;
mod redact;
mod scan;
mod summary;
#[cfg(test)]
mod tests;
mod verify;

use std::any::Any;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use self::commit::Tip;
use self::disk::{Disk, OsDisk};
use self::file::SegmentFile;
use self::frame::{Draft, Frame, Kind};
use self::helper::Helper;
use self::index::Index;
use self::summary::{EMPTIED, bad_frame};
use super::ledger::Ledger;
use super::{Append, DedupeKey, Fault, Journal, Redactor, Refused, Stored};
use crate::domain::id::{Position, StreamId};

pub use self::copy::{rename_streams, walk};
pub use self::verify::{Report, verify};

/// The shortest segment; the tests' own.
const MIN_SEGMENT_BYTES: u64 = 8 << 10;
/// The longest segment: one is read whole at an opening.
const MAX_SEGMENT_BYTES: u64 = 1 << 30;
/// How many places a read looks up at a time.
const READ_AHEAD: usize = 512;

/// How a journal on disk is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The length at which the next segment is begun, in bytes; 8 KiB to 1 GiB. A batch of up to 4 MiB may make one longer.
    pub segment_bytes: u64,
    /// How redaction empties a payload.
    pub redactor: Redactor,
}

/// The journal in a folder. Holds the folder against every other process, and a file open for each segment.
pub struct SegmentJournal {
    dir: PathBuf,
    disk: Arc<dyn Disk>,
    redactor: Redactor,
    tip: Mutex<Tip>,
    shared: RwLock<Shared>,
    helper: Helper,
    /// One rewriting at a time.
    compaction: Mutex<()>,
    /// Given back last, after the helper's end.
    _lock: Box<dyn Any + Send + Sync>,
}

/// What is durable, as everybody sees it. Locked for moments only, never over a call to the disk.
#[derive(Default)]
struct Shared {
    ledger: Ledger,
    index: Index,
}

impl SegmentJournal {
    /// Opens the journal in `dir`, making it where there is none, and repairs what a crash left.
    ///
    /// No dedupe key from before the opening is known afterwards, until [`SegmentJournal::load_dedupe_after`].
    ///
    /// # Errors
    /// Another process has it (`WouldBlock`), the disk failed, a synced frame is damaged, or a newer release wrote here.
    pub fn open(dir: impl Into<PathBuf>, options: Options) -> Result<Self, Fault> {
        Self::open_on(Arc::new(OsDisk), dir.into(), options)
    }

    fn open_on(disk: Arc<dyn Disk>, dir: PathBuf, options: Options) -> Result<Self, Fault> {
        let segment_bytes = options.segment_bytes.clamp(MIN_SEGMENT_BYTES, MAX_SEGMENT_BYTES);
        let lock = lock(&*disk, &dir)?;
        let found = recovery::recover(&*disk, &dir, segment_bytes)?;
        let spare_number = found.active.number + 1;
        let helper = Helper::start(Arc::clone(&disk), dir.clone(), segment_bytes, found.spare)
            .map_err(file::io_fault("starting the helper thread for", &dir))?;
        helper.prepare(spare_number);
        Ok(Self {
            dir,
            disk,
            redactor: options.redactor,
            tip: Mutex::new(Tip {
                active: found.active,
                tail: found.tail,
                frames: found.frames,
                frames_before: found.frames_before,
                segment_bytes,
                buffer: Vec::new(),
                dead: None,
            }),
            shared: RwLock::new(Shared { ledger: found.ledger, index: found.index }),
            helper,
            compaction: Mutex::new(()),
            _lock: lock,
        })
    }

    /// Makes the dedupe keys known of all records behind the given positions; of a stream that is not named, of all its
    /// records. To be called once, before the first append: the read models answer for the keys up to those positions.
    /// Reads only the segments concerned. Answers with the number of records looked at.
    ///
    /// # Errors
    /// The disk failed or holds a damaged frame.
    pub fn load_dedupe_after(&self, marks: &[(StreamId, Position)]) -> Result<u64, Fault> {
        let marks: BTreeMap<_, _> = marks.iter().copied().collect();
        // By segment, so that each is read once for all streams.
        let mut wanted: BTreeMap<u64, (Arc<SegmentFile>, Vec<u32>)> = BTreeMap::new();
        {
            let shared = self.shared.read();
            for (stream, _) in shared.ledger.streams() {
                let after = marks.get(&stream).copied().unwrap_or_default().next();
                for chunk in shared.index.chunks(stream, after) {
                    let file = &shared.index.segments[&chunk.segment].file;
                    let (_, offsets) = wanted.entry(chunk.segment).or_insert_with(|| (Arc::clone(file), Vec::new()));
                    let skip = after.0.saturating_sub(chunk.first) as usize;
                    offsets.extend(chunk.offsets[skip..].iter().map(|o| o & !EMPTIED));
                }
            }
        }
        let mut looked_at = 0;
        for (file, offsets) in wanted.into_values() {
            let bytes = file.read_whole()?;
            let mut keys: BTreeMap<StreamId, Vec<_>> = BTreeMap::new();
            for offset in offsets {
                let rest = bytes.get(offset as usize..).unwrap_or_default();
                let frame = Frame::parse(rest, file.salt).map_err(|bad| bad_frame(&file, u64::from(offset), bad))?;
                let found = frame.dedupe().into_iter().map(|k| (frame.position(), k));
                keys.entry(frame.stream()).or_default().extend(found);
                looked_at += 1;
            }
            let ledger = &mut self.shared.write().ledger;
            for (stream, keys) in keys {
                ledger.remember(stream, &keys);
            }
        }
        Ok(looked_at)
    }

    /// Takes a stream into ownership under an epoch of at least `least`; for what comes from another journal.
    pub(super) fn own_from(&self, stream: StreamId, least: u64) -> Result<u64, Fault> {
        let mut tip = self.tip.lock();
        let epoch = self.shared.read().ledger.next_epoch(stream).max(least);
        let draft = Draft::control(Kind::Own, stream, Position(0), epoch);
        tip.commit(&[draft], &self.shared, &self.helper)?;
        self.shared.write().ledger.owned(stream, epoch);
        Ok(epoch)
    }
}

/// Makes the folder and holds it.
fn lock(disk: &dyn Disk, dir: &Path) -> Result<Box<dyn Any + Send + Sync>, Fault> {
    disk.create_dir(dir).map_err(file::io_fault("making the folder", dir))?;
    let path = dir.join("lock");
    disk.lock(&path).map_err(file::io_fault("locking", &path))
}

impl Journal for SegmentJournal {
    fn append(&self, batch: &[Append]) -> Result<Vec<Result<Position, Refused>>, Fault> {
        let mut tip = self.tip.lock();
        tip.alive()?;
        let staged = self.shared.read().ledger.stage(batch);
        let drafts: Vec<_> = batch
            .iter()
            .zip(&staged.answers)
            .filter_map(|(append, answer)| Some(Draft::record(append, answer.ok()?)))
            .collect();
        if drafts.is_empty() {
            return Ok(self.shared.write().ledger.commit(staged));
        }
        let places = tip.commit(&drafts, &self.shared, &self.helper)?;
        let shared = &mut *self.shared.write();
        for (draft, (segment, offset)) in drafts.iter().zip(places) {
            let (stream, position) = (draft.stream, draft.position);
            shared.index.push(segment, stream, position, offset);
        }
        Ok(shared.ledger.commit(staged))
    }

    fn own(&self, stream: StreamId) -> Result<u64, Fault> {
        self.own_from(stream, 0)
    }

    fn head(&self, stream: StreamId) -> Position {
        self.shared.read().ledger.head(stream)
    }

    fn streams(&self) -> Vec<(StreamId, Position)> {
        self.shared.read().ledger.streams()
    }

    fn read(&self, stream: StreamId, from: Position, max: usize, max_bytes: usize) -> Result<Vec<Stored>, Fault> {
        let mut reader = read::Reader::default();
        let mut found: Vec<Stored> = Vec::new();
        let mut bytes = 0;
        let mut next = Position(from.0.max(1));
        while found.len() < max {
            let ahead = READ_AHEAD.min(max - found.len());
            let places = self.shared.read().index.places(stream, next, ahead);
            if places.is_empty() {
                break;
            }
            for place in &places {
                let stored = reader.record(place, self.redactor)?;
                if (stored.stream, stored.position) != (stream, next) {
                    return Err(place.file.damaged(place.offset, "another record lies here"));
                }
                next = next.next();
                bytes += stored.payload.len();
                found.push(stored);
                if bytes >= max_bytes {
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }

    fn known(&self, key: DedupeKey) -> Option<(StreamId, Position)> {
        self.shared.read().ledger.known(key)
    }

    fn release_dedupe(&self, stream: StreamId, upto: Position) {
        self.shared.write().ledger.release(stream, upto);
    }

    /// A record that does not exist, or lost its content already, is left alone.
    fn redact(&self, stream: StreamId, position: Position) -> Result<(), Fault> {
        let mut tip = self.tip.lock();
        tip.alive()?;
        let place = self.shared.read().index.place(stream, position);
        if place.is_none_or(|place| place.redacted || place.emptied || place.erased) {
            return Ok(());
        }
        let draft = Draft::control(Kind::Redact, stream, position, 0);
        tip.commit(&[draft], &self.shared, &self.helper)?;
        self.shared.write().index.redacted.insert((stream, position));
        Ok(())
    }

    fn erase(&self, stream: StreamId) -> Result<(), Fault> {
        let mut tip = self.tip.lock();
        tip.alive()?;
        if self.shared.read().index.erased.contains(&stream) {
            return Ok(());
        }
        let draft = Draft::control(Kind::Redact, stream, index::WHOLE, 0);
        tip.commit(&[draft], &self.shared, &self.helper)?;
        self.shared.write().index.erased.insert(stream);
        Ok(())
    }

    /// Closes the active segment first where it holds redacted bytes. Needs free space for one segment; appends and
    /// reads go on meanwhile. An error leaves the journal as it was.
    fn compact(&self) -> Result<u64, Fault> {
        let _alone = self.compaction.lock();
        {
            let mut tip = self.tip.lock();
            let goes = redact::targets(&self.shared.read().index);
            if goes.contains_key(&tip.active.number) {
                tip.close(&self.shared, &self.helper)?;
            }
        }
        let active = self.tip.lock().active.number;
        let mut emptied = 0;
        let goes = redact::targets(&self.shared.read().index);
        for (number, goes) in goes.range(..active) {
            let old = self.shared.read().index.segments[number].clone();
            let rewritten = redact::rewrite(&*self.disk, &self.dir, &old, goes, self.redactor)?;
            let index = &mut self.shared.write().index;
            index.clean.extend(goes.streams.iter().map(|stream| (*stream, *number)));
            let Some((file, summary, count)) = rewritten else { continue };
            let file = Arc::new(file);
            self.helper.summarise(Arc::clone(&file), old.frames);
            index.replace(file, summary);
            for target in &goes.records {
                index.redacted.remove(target);
            }
            emptied += count;
        }
        Ok(emptied)
    }

    /// Needs free space for all segments, on the disk of `dir`. Appends wait only while the list of segments is taken.
    fn copy_to(&self, dir: &Path) -> Result<(), Fault> {
        let (segments, tail) = {
            let tip = self.tip.lock();
            tip.alive()?;
            let segments: Vec<_> =
                self.shared.read().index.segments.values().map(|segment| Arc::clone(&segment.file)).collect();
            (segments, (tip.active.number, tip.tail))
        };
        copy::copy(&*self.disk, &segments, tail, dir)
    }
}
