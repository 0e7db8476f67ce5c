//! Free space: under a mark the engine takes no new work and says why; it recovers by itself.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::statvfs::statvfs;

use crate::faults::Faults;

/// How much room the disk has.
pub(crate) struct Space {
    dir: PathBuf,
    mark: u64,
    free: AtomicU64,
    faults: Arc<Faults>,
}

impl Space {
    pub(crate) fn new(dir: PathBuf, mark: u64, faults: Arc<Faults>) -> Self {
        let space = Self { dir, mark, free: AtomicU64::new(u64::MAX), faults };
        space.look();
        space
    }

    /// Asks the disk. A disk that does not answer counts as it was.
    pub(crate) fn look(&self) {
        if let Ok(stat) = statvfs(&self.dir) {
            self.free.store(stat.blocks_available() * stat.fragment_size(), Ordering::Relaxed);
        }
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        metrics::gauge!("madoguchi_free_bytes").set(self.free.load(Ordering::Relaxed) as f64);
    }

    /// Whether new work has room.
    pub(crate) fn has_room(&self) -> bool {
        let planned = self.faults.free_space.load(Ordering::Relaxed);
        let free = if planned > 0 { planned } else { self.free.load(Ordering::Relaxed) };
        free >= self.mark
    }
}
