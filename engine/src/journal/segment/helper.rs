//! The thread beside the log: it makes the next segment before it is needed, and writes sidecars.
//!
//! Nothing depends on its success. Without a prepared segment a commit makes a bare one itself; so a nearly full disk
//! ends nothing before it is really full. Its queue holds 16 tasks; a sidecar that finds no room is made at an opening.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};

use super::super::Fault;
use super::disk::Disk;
use super::file::SegmentFile;
use super::scan;

const QUEUE: usize = 16;

enum Task {
    Prepare(u64),
    Summarise(Arc<SegmentFile>, u64),
}

/// The next segment, as far as it is.
enum Spare {
    Working,
    Ready(Arc<SegmentFile>),
    /// Nobody is making one.
    None,
}

struct Shared {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    segment_bytes: u64,
    spare: Mutex<Spare>,
    settled: Condvar,
    stop: AtomicBool,
}

/// The thread and the way to it. Dropping it waits for its end.
pub(super) struct Helper {
    shared: Arc<Shared>,
    tasks: Option<SyncSender<Task>>,
    thread: Option<JoinHandle<()>>,
}

impl Helper {
    /// Starts the thread. `spare` is the next segment where it exists already.
    pub(super) fn start(
        disk: Arc<dyn Disk>,
        dir: PathBuf,
        segment_bytes: u64,
        spare: Option<Arc<SegmentFile>>,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            disk,
            dir,
            segment_bytes,
            spare: Mutex::new(spare.map_or(Spare::None, Spare::Ready)),
            settled: Condvar::new(),
            stop: AtomicBool::new(false),
        });
        let (tasks, queue) = sync_channel(QUEUE);
        let inner = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("journal-helper".to_owned()).spawn(move || inner.run(&queue))?;
        Ok(Self { shared, tasks: Some(tasks), thread: Some(thread) })
    }

    /// Begins to make segment `number`, unless one is ready.
    pub(super) fn prepare(&self, number: u64) {
        let mut spare = self.shared.spare.lock();
        if matches!(*spare, Spare::None) && self.offer(Task::Prepare(number)) {
            *spare = Spare::Working;
        }
    }

    /// Writes the sidecar of a closed segment some time.
    pub(super) fn summarise(&self, file: Arc<SegmentFile>, frames: u64) {
        self.offer(Task::Summarise(file, frames));
    }

    fn offer(&self, task: Task) -> bool {
        self.tasks.as_ref().is_some_and(|t| t.try_send(task).is_ok())
    }

    /// Segment `number`: the prepared one, else a bare one that grows as it is written.
    pub(super) fn take(&self, number: u64) -> Result<Arc<SegmentFile>, Fault> {
        let mut spare = self.shared.spare.lock();
        while matches!(*spare, Spare::Working) {
            self.shared.settled.wait(&mut spare);
        }
        let ready = std::mem::replace(&mut *spare, Spare::None);
        drop(spare);
        match ready {
            Spare::Ready(file) if file.number == number => Ok(file),
            _ => SegmentFile::prepare(&*self.shared.disk, &self.shared.dir, number, 0, &AtomicBool::new(false))
                .map(Arc::new),
        }
    }
}

impl Shared {
    fn run(&self, queue: &Receiver<Task>) {
        let _guard = NobodyWaits(self);
        while let Ok(task) = queue.recv() {
            match task {
                Task::Prepare(number) => {
                    let made = SegmentFile::prepare(&*self.disk, &self.dir, number, self.segment_bytes, &self.stop);
                    if let Err(error) = &made
                        && !self.stop.load(Ordering::Relaxed)
                    {
                        tracing::warn!(segment = number, %error, "the next journal segment cannot be prepared");
                    }
                    *self.spare.lock() = made.map_or(Spare::None, |file| Spare::Ready(Arc::new(file)));
                    self.settled.notify_all();
                }
                Task::Summarise(file, frames) => self.summarise(&file, frames),
            }
        }
    }

    fn summarise(&self, file: &SegmentFile, frames: u64) {
        let scanned = file.read_whole().and_then(|bytes| scan::closed(file, &bytes, frames));
        match scanned {
            Ok(summary) => {
                if let Err(error) = summary.store(&*self.disk, &self.dir) {
                    tracing::warn!(segment = file.number, %error, "no sidecar for a journal segment");
                }
            }
            Err(error) => {
                tracing::error!(segment = file.number, %error, "a closed journal segment does not read back");
            }
        }
    }
}

/// Wakes whoever waits for a segment when the thread ends, however it ends.
struct NobodyWaits<'a>(&'a Shared);

impl Drop for NobodyWaits<'_> {
    fn drop(&mut self) {
        let mut spare = self.0.spare.lock();
        if matches!(*spare, Spare::Working) {
            *spare = Spare::None;
        }
        self.0.settled.notify_all();
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.tasks = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was reported by the panic hook; nothing here rests on that thread.
            let _ = thread.join();
        }
    }
}
