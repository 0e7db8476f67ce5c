//! The disk's own limit: bytes written into a preallocated file and synced, one after the other, by nobody else.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

const FILE_BYTES: u64 = 64 << 20;

/// A preallocated file, begun anew when it is full, as no log may do.
pub struct Disk {
    file: File,
    at: u64,
}

impl Disk {
    /// Makes the file in `dir`, which must lie on the disk that is asked about.
    ///
    /// # Errors
    /// The disk has no room.
    pub fn new(dir: &Path) -> std::io::Result<Self> {
        let file = File::create(dir.join("bare"))?;
        file.write_all_at(&vec![0; FILE_BYTES as usize], 0)?;
        file.sync_all()?;
        Ok(Self { file, at: 0 })
    }

    /// One write and one `fdatasync`, and how long they took.
    ///
    /// # Errors
    /// The disk failed.
    pub fn append(&mut self, bytes: &[u8]) -> std::io::Result<Duration> {
        if self.at + bytes.len() as u64 > FILE_BYTES {
            self.at = 0;
        }
        let begun = Instant::now();
        self.file.write_all_at(bytes, self.at)?;
        self.file.sync_data()?;
        self.at += bytes.len() as u64;
        Ok(begun.elapsed())
    }
}
