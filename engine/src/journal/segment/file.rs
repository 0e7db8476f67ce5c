//! One segment as a file: its name, its header, and how a new one comes to be.
//!
//! The header has a block of its own, synced before the file gets its name, and is never written again. So a file with
//! a segment's name has a header, or it is damaged. Frames follow from [`HEADER_BYTES`] on; behind them lie zeros.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::Fault;
use super::disk::{Disk, DiskFile};
use super::frame::{FORMAT, u16_at, u32_at, u64_at};

/// Where frames begin.
pub(super) const HEADER_BYTES: u64 = 4096;

const MAGIC: &[u8; 8] = b"MADOJRNL";
const FILL_BYTES: usize = 1 << 20;

/// An open segment. Cheap to share; a reader keeps its file even when a rewritten one takes the name.
pub(super) struct SegmentFile {
    pub(super) number: u64,
    /// What every checksum of this file starts from; drawn when the file was made.
    pub(super) salt: u64,
    pub(super) path: PathBuf,
    file: Arc<dyn DiskFile>,
}

impl SegmentFile {
    /// The segment's name in `dir`.
    pub(super) fn path(dir: &Path, number: u64) -> PathBuf {
        dir.join(format!("{number:020}.log"))
    }

    /// The number of the segment that a name stands for.
    pub(super) fn number_of(name: &str) -> Option<u64> {
        let digits = name.strip_suffix(".log")?;
        (digits.len() == 20).then(|| digits.parse().ok())?
    }

    /// Opens a segment and checks its header.
    pub(super) fn open(disk: &dyn Disk, dir: &Path, number: u64) -> Result<Self, Fault> {
        let path = Self::path(dir, number);
        let file = disk.open(&path).map_err(io_fault("opening", &path))?;
        let mut header = vec![0; HEADER_BYTES as usize];
        let read = file.read_at(&mut header, 0);
        let filled = read.map_err(io_fault("reading", &path))?;
        let damaged = |why| Fault::Damaged { file: path.clone(), offset: 0, why };
        if filled < header.len() || sum(&header) != u32_at(&header, header.len() - 4) {
            return Err(damaged("the header does not match its checksum"));
        }
        if &header[..8] != MAGIC {
            return Err(damaged("this is no segment of a journal"));
        }
        let found = u16_at(&header, 8);
        if found > FORMAT {
            return Err(Fault::TooNew { file: path, found, known: FORMAT });
        }
        if u64_at(&header, 16) != number {
            return Err(damaged("the header carries another number"));
        }
        let salt = u64_at(&header, 24);
        Ok(Self { number, salt, path, file })
    }

    /// Makes an empty segment with room for `bytes`, written and synced. Blocks that are allocated and initialised
    /// cost a commit no metadata. `stop` ends the filling early, with `Interrupted`; nothing stays behind then.
    pub(super) fn prepare(
        disk: &dyn Disk,
        dir: &Path,
        number: u64,
        bytes: u64,
        stop: &AtomicBool,
    ) -> Result<Self, Fault> {
        Self::install(disk, dir, number, rand::random(), |file| {
            let zeros = vec![0; FILL_BYTES.min(bytes as usize)];
            let mut at = HEADER_BYTES;
            while at < bytes {
                if stop.load(Ordering::Relaxed) {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                let n = zeros.len().min((bytes - at) as usize);
                file.write_at(&zeros[..n], at)?;
                at += n as u64;
                // In pieces, so that a commit on the same disk never waits behind all of it.
                if at % (4 * FILL_BYTES as u64) < FILL_BYTES as u64 {
                    file.sync()?;
                }
            }
            Ok(())
        })
    }

    /// Makes a segment under its name, or puts it in the place of the one that has it: header and what `fill` writes
    /// are durable before the name is, and the name is durable on return.
    pub(super) fn install(
        disk: &dyn Disk,
        dir: &Path,
        number: u64,
        salt: u64,
        fill: impl FnOnce(&dyn DiskFile) -> io::Result<()>,
    ) -> Result<Self, Fault> {
        let path = Self::path(dir, number);
        let made = write_aside(disk, dir, &path, |file| {
            file.write_at(&header(number, salt), 0)?;
            fill(file)
        });
        made.map_err(io_fault("making", &path))?;
        Self::open(disk, dir, number)
    }

    /// All bytes of the file.
    pub(super) fn read_whole(&self) -> Result<Vec<u8>, Fault> {
        let mut bytes = vec![0; self.length()? as usize];
        let filled = self.read(&mut bytes, 0)?;
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// The length of the file, preallocated part included.
    pub(super) fn length(&self) -> Result<u64, Fault> {
        self.file.len().map_err(io_fault("measuring", &self.path))
    }

    /// Fills `buffer` from `offset`; fewer bytes only at the end of the file.
    pub(super) fn read(&self, buffer: &mut [u8], offset: u64) -> Result<usize, Fault> {
        let read = self.file.read_at(buffer, offset);
        read.map_err(io_fault("reading", &self.path))
    }

    pub(super) fn write(&self, bytes: &[u8], offset: u64) -> Result<(), Fault> {
        let written = self.file.write_at(bytes, offset);
        written.map_err(io_fault("writing", &self.path))
    }

    pub(super) fn sync(&self) -> Result<(), Fault> {
        self.file.sync().map_err(io_fault("syncing", &self.path))
    }

    pub(super) fn damaged(&self, offset: u64, why: &'static str) -> Fault {
        Fault::Damaged { file: self.path.clone(), offset, why }
    }
}

/// Writes a file beside its final name, syncs it, renames it, syncs the folder. On an error nothing stays behind.
pub(super) fn write_aside(
    disk: &dyn Disk,
    dir: &Path,
    path: &Path,
    fill: impl FnOnce(&dyn DiskFile) -> io::Result<()>,
) -> io::Result<()> {
    let aside = aside(path);
    let attempt = (|| {
        let file = disk.create(&aside)?;
        fill(&*file)?;
        file.sync()?;
        disk.rename(&aside, path)
    })();
    if attempt.is_err() {
        // The first error is the one worth telling; what stays is removed at the next opening.
        let _ = disk.remove(&aside);
    }
    attempt?;
    disk.sync_dir(dir)
}

fn aside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    name.into()
}

/// The fault for an error of `what` at `path`.
pub(super) fn io_fault(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Fault {
    move |source| Fault::Io { what, path: path.to_path_buf(), source }
}

fn header(number: u64, salt: u64) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_BYTES as usize];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..10].copy_from_slice(&FORMAT.to_le_bytes());
    bytes[16..24].copy_from_slice(&number.to_le_bytes());
    bytes[24..32].copy_from_slice(&salt.to_le_bytes());
    let check = sum(&bytes);
    let at = bytes.len() - 4;
    bytes[at..].copy_from_slice(&check.to_le_bytes());
    bytes
}

fn sum(header: &[u8]) -> u32 {
    crc32c::crc32c(&header[..header.len() - 4])
}
