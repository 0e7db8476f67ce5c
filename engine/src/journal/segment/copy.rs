//! Copies of a journal: taken while it is written, given another life, and read without being opened.
//!
//! A copy holds every segment as it was at one moment: closed ones whole, the active one up to the last frame that was
//! synced. Segments that a compaction replaces meanwhile are read from the files that were open before.

use std::path::Path;
use std::sync::Arc;

use super::super::{Fault, MAX_RECORD};
use super::disk::{Disk, OsDisk};
use super::file::{HEADER_BYTES, SegmentFile, io_fault, write_aside};
use super::frame::{Draft, Frame, Kind};
use super::{recovery, scan};
use crate::domain::id::{Position, StreamId};

/// Bytes that are read and written at a time, so that a commit on the same disk never waits behind all of it.
const PIECE: usize = 1 << 20;

/// Writes `segments` into `dir`; of the one with the number `tail.0` only what lies before the offset `tail.1`.
pub(super) fn copy(disk: &dyn Disk, segments: &[Arc<SegmentFile>], tail: (u64, u64), dir: &Path) -> Result<(), Fault> {
    disk.create_dir(dir).map_err(io_fault("making the folder", dir))?;
    let mut piece = vec![0; PIECE];
    for segment in segments {
        let end = if segment.number == tail.0 { tail.1 } else { segment.length()? };
        let path = SegmentFile::path(dir, segment.number);
        let mut broken = None;
        let made = write_aside(disk, dir, &path, |file| {
            let mut at = 0;
            while at < end {
                let most = usize::try_from(end - at).map_or(PIECE, |left| left.min(PIECE));
                let read = match segment.read(&mut piece[..most], at) {
                    Ok(0) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                    Ok(read) => read,
                    Err(fault) => {
                        broken = Some(fault);
                        return Err(std::io::ErrorKind::Other.into());
                    }
                };
                file.write_at(&piece[..read], at)?;
                at += read as u64;
                file.sync()?;
            }
            Ok(())
        });
        made.map_err(|error| broken.take().unwrap_or_else(|| io_fault("copying", &path)(error)))?;
    }
    Ok(())
}

/// Gives every stream of the journal in `dir` another id: the same facts in another life. No process may have it open.
/// An end in the middle leaves old and new ids side by side: throw the folder away then.
///
/// # Errors
/// The disk failed, or the journal is damaged.
pub fn rename_streams(dir: &Path, new: &mut dyn FnMut(StreamId) -> StreamId) -> Result<(), Fault> {
    let disk = OsDisk;
    let mut names = std::collections::BTreeMap::new();
    each_segment(&disk, dir, &mut |file, bytes| {
        let salt = rand::random();
        let mut out = Vec::with_capacity(bytes.len());
        for frame in frames(file, bytes) {
            let stream = match frame.kind {
                Kind::Begin => frame.stream(),
                _ => *names.entry(frame.stream()).or_insert_with(|| new(frame.stream())),
            };
            let draft = Draft {
                kind: frame.kind,
                emptied: frame.emptied(),
                stream,
                position: frame.position(),
                owner_epoch: frame.owner_epoch(),
                touches: &frame.touches(),
                dedupe: &frame.dedupe(),
                payload: frame.payload(),
            };
            debug_assert!(draft.payload.len() <= MAX_RECORD, "it was written within the limit");
            // Each a batch of its own, as in a compaction: all of them are durable.
            let start = HEADER_BYTES as u32 + out.len() as u32;
            draft.encode(salt, start, &mut out);
        }
        SegmentFile::install(&disk, dir, file.number, salt, |file| file.write_at(&out, HEADER_BYTES)).map(drop)
    })
}

/// Shows every record of the journal in `dir`, in the order in which they were written, and changes nothing. No process
/// may have it open. The payload of a record that is to be emptied is shown as it lies there.
///
/// # Errors
/// The disk failed, or the journal is damaged; or what `show` answers.
pub fn walk<E: From<Fault>>(
    dir: &Path,
    show: &mut impl FnMut(StreamId, Position, &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    each_segment(&OsDisk, dir, &mut |file, bytes| {
        frames(file, bytes)
            .filter(|frame| frame.kind == Kind::Record)
            .try_for_each(|frame| show(frame.stream(), frame.position(), frame.payload()))
    })
}

/// Every segment with frames in it, checked, with its bytes up to the last frame.
fn each_segment<E: From<Fault>>(
    disk: &dyn Disk,
    dir: &Path,
    show: &mut impl FnMut(&SegmentFile, &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let path = dir.join("lock");
    let _lock = disk.lock(&path).map_err(io_fault("locking", &path))?;
    let files = recovery::open_all(disk, dir)?;
    if files.is_empty() {
        return Ok(());
    }
    let (last, tail) = recovery::find_last(&files)?;
    for (n, file) in files.iter().take(last + 1).enumerate() {
        let bytes = file.read_whole()?;
        let end = if n == last {
            tail.summary.end
        } else {
            scan::closed(file, &bytes, recovery::frames_before(&files[n + 1])?)?.end
        };
        show(file, &bytes[..end as usize])?;
    }
    Ok(())
}

/// The frames of a checked segment.
fn frames<'a>(file: &SegmentFile, bytes: &'a [u8]) -> impl Iterator<Item = Frame<'a>> {
    let salt = file.salt;
    let mut at = HEADER_BYTES as usize;
    std::iter::from_fn(move || {
        let frame =
            (at < bytes.len()).then(|| Frame::parse(&bytes[at..], salt).expect("the walk before checked it"))?;
        at += frame.span();
        Some(frame)
    })
}
