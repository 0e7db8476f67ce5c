//! Reads a whole journal and says whether every frame is what was written. Changes nothing.
//!
//! Unlike an opening it walks every segment, and reports a torn tail instead of cutting it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::Fault;
use super::super::ledger::Ledger;
use super::disk::{Disk, OsDisk};
use super::file::{HEADER_BYTES, io_fault};
use super::index::Index;
use super::{recovery, scan};

/// A journal in which every synced frame reads back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Segments with frames in them.
    pub segments: u64,
    /// Frames, control entries included.
    pub frames: u64,
    /// Records.
    pub records: u64,
    /// Streams.
    pub streams: u64,
    /// Bytes from first to last frame of every segment.
    pub bytes: u64,
    /// Records that readers see without content and whose bytes a compaction would remove.
    pub redacted: u64,
    /// The remains of a batch that was never acknowledged: file and offset. The next opening cuts it.
    pub torn: Option<(PathBuf, u64)>,
}

/// Checks the journal in `dir`, which no process may have open.
///
/// # Errors
/// The first damaged frame, a failing disk, a newer release's format, or another process that has it open.
pub fn verify(dir: &Path) -> Result<Report, Fault> {
    verify_on(&OsDisk, dir)
}

pub(super) fn verify_on(disk: &dyn Disk, dir: &Path) -> Result<Report, Fault> {
    let path = dir.join("lock");
    let _lock = disk.lock(&path).map_err(io_fault("locking", &path))?;
    let files = recovery::open_all(disk, dir)?;
    let mut report = Report::default();
    if files.is_empty() {
        return Ok(report);
    }
    let (last, tail) = recovery::find_last(&files)?;
    let mut torn = Vec::new();
    if tail.residue_end > tail.summary.end {
        torn.push((files[last].path.clone(), tail.summary.end));
    }
    for spare in &files[last + 1..] {
        let found = scan::last(spare)?;
        if found.residue_end > found.summary.end {
            torn.push((spare.path.clone(), found.summary.end));
        }
    }
    report.torn = torn.into_iter().next();

    let mut index = Index::default();
    let mut ledger = Ledger::default();
    let mut tail = Some(tail.summary);
    for (n, file) in files.iter().take(last + 1).enumerate() {
        let summary = match tail.take_if(|_| n == last) {
            Some(summary) => summary,
            None => {
                let frames = recovery::frames_before(&files[n + 1])?;
                scan::closed(file, &file.read_whole()?, frames)?
            }
        };
        report.segments += 1;
        report.frames += summary.frames;
        report.bytes += summary.end - HEADER_BYTES;
        let offsets = summary.parts.values().map(|p| p.offsets.len() as u64);
        report.records += offsets.sum::<u64>();
        index.absorb(Arc::clone(file), summary, &mut ledger)?;
    }
    index.settle();
    report.redacted = index.redacted.len() as u64;
    report.streams = ledger.streams().len() as u64;
    Ok(report)
}
