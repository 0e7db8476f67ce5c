//! A small disk of the machine's own (tmpfs), to be filled up and emptied. Mounting one needs the right to mount.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::statvfs::statvfs;

/// A mounted disk. Unmounted when dropped, which must come after the end of whoever works on it.
#[derive(Debug)]
pub struct SmallDisk {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl SmallDisk {
    /// Mounts an empty disk of so many bytes. `None`, with a line that says why, where this machine does not let us.
    ///
    /// # Panics
    /// There is no place for its folder.
    #[must_use]
    pub fn mount(bytes: u64) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("madoguchi-small-").tempdir().expect("a temporary folder");
        let path = folder.path().canonicalize().expect("it was made just now");
        let options = format!("size={bytes},mode=700");
        let flags = MsFlags::MS_NODEV | MsFlags::MS_NOSUID;
        match mount(Some("madoguchi-small"), &path, Some("tmpfs"), flags, Some(options.as_str())) {
            Ok(()) => Some(Self { path, _folder: folder }),
            Err(error) => {
                eprintln!("SKIPPED: no small disk on this machine (the right to mount is needed): {error}");
                None
            }
        }
    }

    /// Where it is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Free space in bytes.
    ///
    /// # Panics
    /// It does not answer.
    #[must_use]
    pub fn free(&self) -> u64 {
        let stat = statvfs(&self.path).expect("a mounted disk answers");
        stat.blocks_available() * stat.fragment_size()
    }

    /// Fills it up with something foreign until no more than so many bytes are free.
    ///
    /// # Panics
    /// It cannot be written to for another reason than that it is full.
    pub fn fill_to(&self, free: u64) {
        let mut file = File::options().create(true).append(true).open(self.foreign()).expect("a writable disk");
        let piece = [0; 4_096];
        while self.free() > free {
            match file.write_all(&piece) {
                Err(error) if error.kind() == std::io::ErrorKind::StorageFull => return,
                written => written.expect("only room may be missing"),
            }
        }
    }

    /// Takes the foreign file away.
    ///
    /// # Panics
    /// There is none.
    pub fn make_room(&self) {
        fs::remove_file(self.foreign()).expect("it was filled before");
    }

    fn foreign(&self) -> PathBuf {
        self.path.join("foreign")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A mount that somebody took away is no reason to abort a test that is already failing.
        let _ = umount2(&self.path, MntFlags::MNT_DETACH);
    }
}
