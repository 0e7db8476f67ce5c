//! Removing content for good: a closed segment that holds redacted bytes is written anew without them.
//!
//! The new file is whole and synced before it takes the old one's name, so an end at any step leaves one or the other,
//! and both show readers the same. It carries a new salt, so that no sidecar of the old file fits it. An error here
//! hurts nobody: the redaction itself is a frame of the log and is tried again.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::super::{Fault, MAX_RECORD, Redactor};
use super::disk::Disk;
use super::file::{HEADER_BYTES, SegmentFile};
use super::frame::{Draft, Frame, Kind};
use super::index::{Index, Segment};
use super::scan;
use super::summary::Summary;
use crate::domain::id::{Position, StreamId};

/// What of one segment is to go.
#[derive(Default)]
pub(super) struct Targets {
    /// Records whose content goes.
    pub(super) records: HashSet<(StreamId, Position)>,
    /// Streams of which everything goes.
    pub(super) streams: HashSet<StreamId>,
}

/// What is to go, by segment.
pub(super) fn targets(index: &Index) -> BTreeMap<u64, Targets> {
    let mut found: BTreeMap<u64, Targets> = BTreeMap::new();
    for (stream, position) in &index.redacted {
        if let Some(place) = index.place(*stream, *position) {
            let targets = found.entry(place.file.number).or_default();
            targets.records.insert((*stream, *position));
        }
    }
    if !index.erased.is_empty() {
        for number in index.segments.keys() {
            let streams = index.erased_in(*number);
            if !streams.is_empty() {
                found.entry(*number).or_default().streams = streams;
            }
        }
    }
    found
}

/// Writes `old` anew without `targets`, durable on return, and says how many records lost something; `None` where there
/// was nothing left to lose. Position, epoch, touches and keys stay.
pub(super) fn rewrite(
    disk: &dyn Disk,
    dir: &Path,
    old: &Segment,
    targets: &Targets,
    redactor: Redactor,
) -> Result<Option<(SegmentFile, Summary, u64)>, Fault> {
    let bytes = old.file.read_whole()?;
    let before = scan::closed(&old.file, &bytes, old.frames)?;
    let salt = rand::random();
    let (fresh, count) = without(&old.file, &bytes[..before.end as usize], salt, targets, redactor);
    if count == 0 && targets.records.is_empty() {
        return Ok(None);
    }
    let file = SegmentFile::install(disk, dir, old.file.number, salt, |file| file.write_at(&fresh, HEADER_BYTES))?;
    let summary = scan::closed(&file, &file.read_whole()?, old.frames)?;
    Ok(Some((file, summary, count)))
}

/// The frames of a checked segment, encoded for another salt, without the content of `targets`; and of how many.
fn without(file: &SegmentFile, bytes: &[u8], salt: u64, targets: &Targets, redactor: Redactor) -> (Vec<u8>, u64) {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = HEADER_BYTES as usize;
    let mut count = 0;
    while at < bytes.len() {
        let frame = Frame::parse(&bytes[at..], file.salt).expect("the walk before checked it");
        let is_record = frame.kind == Kind::Record;
        let erased = is_record && targets.streams.contains(&frame.stream()) && !frame.payload().is_empty();
        let redacted = is_record && targets.records.contains(&(frame.stream(), frame.position()));
        let emptied = match (erased, redacted) {
            (true, _) => Some(Vec::new()),
            (false, true) => Some(redactor(frame.payload())),
            (false, false) => None,
        };
        count += u64::from(emptied.is_some());
        let payload = emptied.as_deref().unwrap_or(frame.payload());
        assert!(payload.len() <= MAX_RECORD, "a redactor makes no record longer");
        let draft = Draft {
            kind: frame.kind,
            emptied: emptied.is_some() || frame.emptied(),
            stream: frame.stream(),
            position: frame.position(),
            owner_epoch: frame.owner_epoch(),
            touches: &frame.touches(),
            dedupe: &frame.dedupe(),
            payload,
        };
        // Each a batch of its own: all of them are durable, so each proves the one before it.
        let start = HEADER_BYTES as u32 + out.len() as u32;
        draft.encode(salt, start, &mut out);
        at += frame.span();
    }
    (out, count)
}
