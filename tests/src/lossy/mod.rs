//! A disk that forgets: a FUSE file system in memory that keeps, at a power cut, only what was synced.
//!
//! **Files.** Bytes and length become durable by `fsync` or `fdatasync` of the file (or by writing through `O_DSYNC`),
//! and by nothing else: `sync_file_range` answers and makes nothing durable, and so does closing.
//! **Names.** A create, unlink or rename becomes durable by `fsync` of its directory; a file's own sync does not save its
//! name (ext4 does more than it promises; [`Options::names_follow_files`] does as ext4 does). A rename is atomic.
//! **A cut** ([`PowerCut`]) kills every handle with `EIO` and shows the survivors under the same path.
//! It needs `/dev/fuse` and the right to mount; no library and no helper program. Next: `file.rs`, `names.rs`.

mod disk;
mod file;
mod front;
mod names;
#[cfg(test)]
mod tests;

use std::fs::OpenOptions;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fuser::{Errno, Session, SessionACL};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use parking_lot::{Condvar, Mutex};

use disk::Disk;
pub use file::SECTOR;
use front::Front;

/// How the disk behaves for its whole life.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Bytes after which the disk is full (`ENOSPC`, short writes before it); none for no limit. Holes count as full.
    pub size_limit: Option<u64>,
    /// Every sync of a file makes all names durable, as the one journal of ext4 does. Off: the strict model.
    pub names_follow_files: bool,
}

/// What a power cut leaves of the unsynced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerCut {
    /// Nothing.
    Clean,
    /// A random part: of each file any sectors in any order, of the names the oldest few.
    Torn {
        /// The same seed on the same history leaves the same bytes.
        seed: u64,
    },
}

struct Shared {
    disk: Mutex<Disk>,
    died: Condvar,
}

/// A mounted lossy disk. Unmounted when dropped.
pub struct Lossy {
    shared: Arc<Shared>,
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Lossy {
    /// Mounts an empty disk without a size limit. `None`, with a line that says why, where this machine cannot mount one.
    #[must_use]
    pub fn mount() -> Option<Self> {
        Self::mount_with(Options::default())
    }

    /// As [`Lossy::mount`], with options.
    #[must_use]
    pub fn mount_with(options: Options) -> Option<Self> {
        match Self::try_mount(options) {
            Ok(lossy) => Some(lossy),
            Err(error) => {
                eprintln!(
                    "SKIPPED: no lossy disk on this machine (/dev/fuse and the right to mount are needed): {error}"
                );
                None
            }
        }
    }

    fn try_mount(options: Options) -> std::io::Result<Self> {
        sweep();
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir()?;
        let lossy = Self {
            shared: Arc::new(Shared { disk: Mutex::new(Disk::new(options)), died: Condvar::new() }),
            path: folder.path().canonicalize()?,
            _folder: folder,
        };
        lossy.attach()?;
        Ok(lossy)
    }

    /// Puts the disk, in its present life, under the path.
    fn attach(&self) -> std::io::Result<()> {
        let device = OpenOptions::new().read(true).write(true).open("/dev/fuse")?;
        let (user, group) = (nix::unistd::getuid(), nix::unistd::getgid());
        let options = format!(
            "fd={},rootmode=40000,user_id={user},group_id={group},allow_other,default_permissions",
            device.as_raw_fd()
        );
        let flags = MsFlags::MS_NODEV | MsFlags::MS_NOSUID | MsFlags::MS_NOATIME;
        mount(Some(SOURCE), &self.path, Some("fuse"), flags, Some(options.as_str()))?;
        let front = Front::new(Arc::clone(&self.shared));
        let fd = OwnedFd::from(device);
        Session::from_fd(front, fd, SessionACL::All, fuser::Config::default())?.spawn()?;
        Ok(())
    }

    /// Where it is mounted; the same after every cut.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Cuts the power and switches it on again. Programs that still have files open see `EIO` from here on; kill them
    /// first. Planned faults are over; [`Lossy::ignore_syncs`] stays.
    pub fn power_cut(&self, how: PowerCut) {
        self.shared.disk.lock().cut(how);
        self.shared.died.notify_all();
        self.detach();
        self.attach().expect("what could be mounted once can be mounted again");
    }

    /// Takes the mount away, also where files are still open; their session ends with the last of them.
    fn detach(&self) {
        umount2(&self.path, MntFlags::MNT_DETACH).expect("nobody else unmounts it");
    }

    /// How many syncs were answered, of files and of directories.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.shared.disk.lock().syncs
    }

    /// How many calls changed or synced something so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.shared.disk.lock().calls
    }

    /// While set, a sync is counted and answered and makes nothing durable: a test that survives this tests nothing.
    pub fn ignore_syncs(&self, ignore: bool) {
        self.shared.disk.lock().ignore_syncs = ignore;
    }

    /// Plans a power cut: after `calls` more calls that change or sync something, nothing is done any more and every
    /// call fails, until [`Lossy::power_cut`] decides what is left.
    pub fn die_after(&self, calls: u64) {
        let mut disk = self.shared.disk.lock();
        disk.dies_at = Some(disk.calls + calls);
    }

    /// Waits for the planned cut to strike; false when it did not within `patience`.
    #[must_use]
    pub fn wait_dead(&self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        let mut disk = self.shared.disk.lock();
        while !disk.dead {
            if self.shared.died.wait_until(&mut disk, end).timed_out() {
                return disk.dead;
            }
        }
        true
    }

    /// Plans one failure: the call after `calls` more that change or sync something fails with `error` and does nothing.
    /// A sync that fails loses for good what it should have written, as it does on Linux.
    pub fn fail_after(&self, calls: u64, error: nix::errno::Errno) {
        let mut disk = self.shared.disk.lock();
        disk.fails_at = Some((disk.calls + calls + 1, Errno::from_i32(error as i32)));
    }
}

impl Drop for Lossy {
    fn drop(&mut self) {
        // A mount that somebody took away is no reason to abort a test that is already failing.
        let _ = umount2(&self.path, MntFlags::MNT_DETACH);
    }
}

impl std::fmt::Debug for Lossy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lossy").field("path", &self.path).finish_non_exhaustive()
    }
}

const SOURCE: &str = "madoguchi-lossy";
const PREFIX: &str = "madoguchi-lossy-";

/// Takes away mounts whose test was killed: they answer nothing but `ENOTCONN`.
fn sweep() {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    for line in mounts.lines() {
        let mut fields = line.split(' ');
        let (Some(SOURCE), Some(path)) = (fields.next(), fields.next()) else {
            continue;
        };
        let dead = std::fs::metadata(path).is_err_and(|error| error.raw_os_error() == Some(nix::libc::ENOTCONN));
        if dead && umount2(path, MntFlags::MNT_DETACH).is_ok() {
            // Only an empty folder goes; anything else is not ours to remove.
            let _ = std::fs::remove_dir(path);
        }
    }
}
