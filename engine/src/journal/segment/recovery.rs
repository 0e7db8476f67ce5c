//! Opening: from files to an index, a ledger and a place to write.
//!
//! Closed segments are taken from their sidecars; the last one is walked, its torn tail zeroed, its last batch written
//! and synced once more. It must never drop a frame that was synced, nor let the remains of a torn batch come back:
//! [`super::scan`] tells the two apart. Nothing is appended before all of this is durable.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::super::Fault;
use super::super::ledger::Ledger;
use super::disk::Disk;
use super::file::{HEADER_BYTES, SegmentFile, io_fault};
use super::frame::{Frame, HEAD, Kind};
use super::index::Index;
use super::scan::{self, Tail};
use super::summary::{Summary, bad_frame};

/// What an opening found.
pub(super) struct Recovered {
    pub(super) index: Index,
    pub(super) ledger: Ledger,
    pub(super) active: Arc<SegmentFile>,
    /// Where the next frame goes.
    pub(super) tail: u64,
    /// How many frames the active segment has, and the one before it.
    pub(super) frames: u64,
    pub(super) frames_before: u64,
    /// The segment prepared to follow the active one.
    pub(super) spare: Option<Arc<SegmentFile>>,
}

/// Opens the segments in `dir`, making the first where there is none.
pub(super) fn recover(disk: &dyn Disk, dir: &Path, segment_bytes: u64) -> Result<Recovered, Fault> {
    remove_half_made(disk, dir)?;
    let mut files = open_all(disk, dir)?;
    if files.is_empty() {
        files.push(Arc::new(first_segment(disk, dir, segment_bytes)?));
    }
    let (last, tail) = find_last(&files)?;
    for spare in &files[last + 1..] {
        clear_behind(spare, HEADER_BYTES)?;
        spare.sync()?;
    }
    mend(&files[last], &tail)?;
    // A process that was killed may have named a segment and not synced the name: what is appended there would go with it.
    disk.sync_dir(dir).map_err(io_fault("syncing", dir))?;

    let (closed, active) = (&files[..last], Arc::clone(&files[last]));
    let mut index = Index::default();
    let mut ledger = Ledger::default();
    for (file, next) in closed.iter().zip(&files[1..]) {
        let frames = if next.number == active.number { tail.summary.before } else { frames_before(next)? };
        let summary = summarise(disk, dir, file, frames)?;
        index.absorb(Arc::clone(file), summary, &mut ledger)?;
    }
    let summary = tail.summary;
    let (end, frames, before) = (summary.end, summary.frames, summary.before);
    index.absorb(Arc::clone(&active), summary, &mut ledger)?;
    index.settle();
    Ok(Recovered {
        index,
        ledger,
        active,
        tail: end,
        frames,
        frames_before: before,
        spare: files.get(last + 1).cloned(),
    })
}

/// Removes what a process left that ended before it could give its file a name.
fn remove_half_made(disk: &dyn Disk, dir: &Path) -> Result<(), Fault> {
    for name in disk.list(dir).map_err(io_fault("listing", dir))? {
        if name.ends_with(".tmp") {
            let path = dir.join(&name);
            disk.remove(&path).map_err(io_fault("removing", &path))?;
        }
    }
    Ok(())
}

/// All segments in order, without a gap.
pub(super) fn open_all(disk: &dyn Disk, dir: &Path) -> Result<Vec<Arc<SegmentFile>>, Fault> {
    let names = disk.list(dir).map_err(io_fault("listing", dir))?;
    let numbers: BTreeSet<_> = names.iter().filter_map(|n| SegmentFile::number_of(n)).collect();
    let missing = (1..).zip(&numbers).find(|(n, found)| n != *found);
    if let Some((number, _)) = missing {
        return Err(Fault::Damaged { file: SegmentFile::path(dir, number), offset: 0, why: "the segment is missing" });
    }
    let open = |number: &u64| SegmentFile::open(disk, dir, *number).map(Arc::new);
    numbers.iter().map(open).collect()
}

/// The first segment of a new journal; bare where the disk has no room for a whole one.
fn first_segment(disk: &dyn Disk, dir: &Path, bytes: u64) -> Result<SegmentFile, Fault> {
    let go_on = AtomicBool::new(false);
    SegmentFile::prepare(disk, dir, 1, bytes, &go_on).or_else(|_| SegmentFile::prepare(disk, dir, 1, 0, &go_on))
}

/// The last segment that holds a whole frame, else the first, and its place among `files`.
pub(super) fn find_last(files: &[Arc<SegmentFile>]) -> Result<(usize, Tail), Fault> {
    let mut n = files.len() - 1;
    loop {
        let tail = scan::last(&files[n])?;
        if n == 0 || tail.summary.frames > 0 {
            return Ok((n, tail));
        }
        n -= 1;
    }
}

/// Makes the tail as if the torn batch had never been. What is there is written again, frames and zeros alike: after a
/// sync that failed, in whichever life, the page cache may show what the disk does not have.
fn mend(file: &SegmentFile, tail: &Tail) -> Result<(), Fault> {
    let end = tail.summary.end;
    if tail.residue_end > end {
        tracing::warn!(
            segment = file.number,
            offset = end,
            bytes = tail.residue_end - end,
            "a torn batch at the end of the journal was cut; nobody had been told of it"
        );
    }
    let mut batch = vec![0; end.saturating_sub(tail.last_batch) as usize];
    file.read(&mut batch, tail.last_batch)?;
    if !batch.is_empty() {
        file.write(&batch, tail.last_batch)?;
    }
    clear_behind(file, end)?;
    file.sync()
}

/// Zeroes all that a torn batch can have reached behind `end`, as far as the file goes.
fn clear_behind(file: &SegmentFile, end: u64) -> Result<(), Fault> {
    let length = file.length()?.saturating_sub(end).min(scan::REACH);
    if length > 0 {
        file.write(&vec![0; length as usize], end)?;
    }
    Ok(())
}

/// How many frames the segment before `file` has, by the first frame of `file`.
pub(super) fn frames_before(file: &SegmentFile) -> Result<u64, Fault> {
    let mut bytes = [0; HEAD];
    let filled = file.read(&mut bytes, HEADER_BYTES)?;
    let frame = Frame::parse(&bytes[..filled], file.salt).map_err(|bad| bad_frame(file, HEADER_BYTES, bad))?;
    if frame.kind != Kind::Begin {
        return Err(file.damaged(HEADER_BYTES, "a segment begins with its one beginning"));
    }
    Ok(frame.position().0)
}

/// What a closed segment holds: by its sidecar, else by walking it and writing a new one.
fn summarise(disk: &dyn Disk, dir: &Path, file: &SegmentFile, frames: u64) -> Result<Summary, Fault> {
    if let Some(summary) = Summary::load(disk, dir, file).filter(|s| s.frames == frames) {
        let length = file.length()?;
        if length < summary.end {
            return Err(file.damaged(length, "the file is shorter than it was"));
        }
        return Ok(summary);
    }
    let summary = scan::closed(file, &file.read_whole()?, frames)?;
    if let Err(error) = summary.store(disk, dir) {
        tracing::warn!(segment = file.number, %error, "no sidecar for a journal segment");
    }
    Ok(summary)
}
