//! The writer: the one thread that appends. Group commit without a timer: it takes all that queued while the last sync
//! ran, writes once, syncs once, and hands the outcome to the feed in the order of the queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc;

use super::feed::Committed;
use super::{Append, Fault, Journal, Refused};
use crate::domain::conversation::Conversation;
use crate::domain::id::{Position, WindowId};
use crate::domain::record::Record;
use crate::faults::Faults;

/// Submissions that may wait for the writer. At the limit the submitter answers "overloaded".
pub const QUEUE: usize = 16_384;
/// Submissions taken into one batch.
const BATCH: usize = 4_096;
/// Batches that may wait for the feed; then the writer waits.
const BATCHES_AHEAD: usize = 8;

/// Called exactly once, by the feed, after everything before it was told. `Err` means that nothing was recorded.
pub type Answer = Box<dyn FnOnce(Result<Position, Refused>) + Send>;

/// A decision on its way to the disk.
pub struct Submission {
    /// What to append.
    pub append: Append,
    /// The window of the stream; `None` for the organisation's.
    pub window: Option<WindowId>,
    /// The decision itself, which `append` holds encoded.
    pub record: Arc<Record>,
    /// The state of each conversation it moves, after it.
    pub after: Vec<Arc<Conversation>>,
    /// Who waits.
    pub answer: Answer,
}

/// What stands in the writer's queue.
enum Entry {
    Append(Box<Submission>),
    /// Answered when everything before it is on disk and told.
    Barrier(Box<dyn FnOnce() + Send>),
}

/// What the feed gets, in order.
pub enum Told {
    /// A record is on disk.
    Committed(Committed, Answer),
    /// An append was refused.
    Refused(Refused, Answer),
    /// Everything before this was told.
    Barrier(Box<dyn FnOnce() + Send>),
}

/// The way to the writer. Cheap to clone; the thread ends when the last is dropped.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Entry>,
}

/// A place in the queue, taken before a decision is applied, so that what was decided can always be submitted.
pub struct Permit(mpsc::OwnedPermit<Entry>);

impl Permit {
    /// Submits a decision.
    pub fn submit(self, submission: Submission) {
        self.0.send(Entry::Append(Box::new(submission)));
    }

    /// Calls `then` after everything queued before it was committed and told.
    pub fn barrier(self, then: Box<dyn FnOnce() + Send>) {
        self.0.send(Entry::Barrier(then));
    }
}

/// Syncs and records so far, for the curve of group commit.
#[derive(Debug, Default)]
pub struct Counts {
    /// Batches synced.
    pub batches: AtomicU64,
    /// Records in them.
    pub records: AtomicU64,
}

impl Writer {
    /// A place in the queue, or `None` when it is full.
    #[must_use]
    pub fn reserve(&self) -> Option<Permit> {
        self.queue.clone().try_reserve_owned().ok().map(Permit)
    }

    /// Waits for a place in the queue.
    pub async fn reserved(&self) -> Option<Permit> {
        self.queue.clone().reserve_owned().await.ok().map(Permit)
    }

    /// Calls `then` after everything queued before it was committed and told. False when the queue is full.
    #[must_use]
    pub fn barrier(&self, then: Box<dyn FnOnce() + Send>) -> bool {
        self.queue.try_send(Entry::Barrier(then)).is_ok()
    }

    /// How many submissions wait.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }
}

/// Starts the writer's thread. `fatal` is called on a fault of the disk and must end the process.
///
/// # Panics
/// When the machine has no thread left at the start.
pub fn start(
    journal: Arc<dyn Journal>,
    faults: Arc<Faults>,
    fatal: impl Fn(Fault) + Send + 'static,
) -> (Writer, std::sync::mpsc::Receiver<Vec<Told>>, Arc<Counts>, JoinHandle<()>) {
    let (writer, mut line) = line(journal);
    let (feed, told) = std::sync::mpsc::sync_channel(BATCHES_AHEAD);
    let counts = line.counts.clone();
    let run = move || {
        while line.wait() {
            let slow_ms = faults.slow_sync_ms.load(Ordering::Relaxed);
            if slow_ms > 0 {
                std::thread::sleep(Duration::from_millis(slow_ms));
            }
            match line.commit(BATCH) {
                Ok(told) => {
                    if feed.send(told).is_err() {
                        return;
                    }
                }
                Err(fault) => return fatal(fault),
            }
        }
    };
    let thread = std::thread::Builder::new().name("journal-writer".to_owned());
    (writer, told, counts, thread.spawn(run).expect("a thread at the start"))
}

/// A writer, and the other end of its queue for whoever commits what stands in it.
pub(crate) fn line(journal: Arc<dyn Journal>) -> (Writer, Line) {
    let (queue, entries) = mpsc::channel(QUEUE);
    (Writer { queue }, Line { journal, entries, batch: Vec::with_capacity(BATCH), counts: Arc::default() })
}

/// What waits to be committed.
pub(crate) struct Line {
    journal: Arc<dyn Journal>,
    entries: mpsc::Receiver<Entry>,
    batch: Vec<Entry>,
    counts: Arc<Counts>,
}

impl Line {
    /// Waits for the first; false when nobody can submit any more.
    fn wait(&mut self) -> bool {
        let first = self.entries.blocking_recv();
        self.batch.extend(first);
        !self.batch.is_empty()
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.batch.len() + self.entries.len()
    }

    /// Writes and syncs up to `most` of those that wait, and returns what is to be told of them, in order.
    pub(crate) fn commit(&mut self, most: usize) -> Result<Vec<Told>, Fault> {
        while self.batch.len() < most {
            let Ok(next) = self.entries.try_recv() else { break };
            self.batch.push(next);
        }
        commit(&*self.journal, &mut self.batch, &self.counts)
    }
}

fn commit(journal: &dyn Journal, batch: &mut Vec<Entry>, counts: &Counts) -> Result<Vec<Told>, Fault> {
    let appends: Vec<Append> = batch
        .iter()
        .filter_map(|entry| match entry {
            Entry::Append(submission) => Some(submission.append.clone()),
            Entry::Barrier(_) => None,
        })
        .collect();
    let results = if appends.is_empty() { Vec::new() } else { journal.append(&appends)? };
    if !appends.is_empty() {
        counts.batches.fetch_add(1, Ordering::Relaxed);
        counts.records.fetch_add(appends.len() as u64, Ordering::Relaxed);
    }
    let mut results = results.into_iter();
    let told = batch.drain(..).map(|entry| match entry {
        Entry::Barrier(then) => Told::Barrier(then),
        Entry::Append(submission) => {
            let submission = *submission;
            match results.next().expect("one result an append") {
                Err(refused) => Told::Refused(refused, submission.answer),
                Ok(position) => {
                    let committed = Committed {
                        stream: submission.append.stream,
                        position,
                        window: submission.window,
                        record: submission.record,
                        dedupe: submission.append.dedupe,
                        after: submission.after,
                    };
                    Told::Committed(committed, submission.answer)
                }
            }
        }
    });
    Ok(told.collect())
}
