//! The writer: the one thread that appends. Group commit without a timer: it takes all that queued while the last sync
//! ran, writes once, syncs once, and hands the outcome to the feed in the order of the queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::feed::Committed;
use super::{Append, Fault, Journal, Refused};
use crate::domain::conversation::Conversation;
use crate::domain::id::{Position, WindowId};
use crate::domain::record::Record;
use crate::fatal::vital_thread;
use crate::faults::Faults;

/// Submissions that may wait for the writer. At the limit the submitter answers "overloaded".
pub const QUEUE: usize = 16_384;
/// Places among these that only what customers wrote may take.
pub const RESERVE: usize = 4_096;
/// Submissions taken into one batch.
const BATCH: usize = 4_096;
/// Batches that may wait for the feed; then the writer waits.
const BATCHES_AHEAD: usize = 8;

/// Called exactly once, by the feed, after everything before it was told. `Err` means that nothing was recorded.
pub type Answer = Box<dyn FnOnce(Result<Position, Refused>) + Send>;

/// Who asks for room: what a customer wrote has places that nobody else can take, since a platform may not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Everybody else.
    Ordinary,
    /// What a customer wrote.
    Inbound,
}

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
struct Entry {
    what: What,
    /// Given back when the writer takes the entry.
    _place: Option<OwnedSemaphorePermit>,
}

enum What {
    Append(Box<Submission>),
    /// Answered when everything before it is on disk and told.
    Barrier(Then),
}

/// What is done once everything before it is on disk and told.
pub type Then = Box<dyn FnOnce() + Send>;

/// What the feed gets, in order.
pub enum Told {
    /// A record is on disk.
    Committed(Committed, Answer),
    /// An append was refused.
    Refused(Refused, Answer),
    /// Everything before this was told.
    Barrier(Then),
}

/// The way to the writer. Cheap to clone; the thread ends when the last is dropped.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Entry>,
    /// Places for everybody but customers.
    ordinary: Arc<Semaphore>,
}

/// A place in the queue, taken before a decision is applied, so that what was decided can always be submitted.
pub struct Permit {
    queue: mpsc::OwnedPermit<Entry>,
    place: Option<OwnedSemaphorePermit>,
}

impl Permit {
    /// Submits a decision.
    pub fn submit(self, submission: Submission) {
        self.queue.send(Entry { what: What::Append(Box::new(submission)), _place: self.place });
    }

    /// Calls `then` after everything queued before it was committed and told.
    pub fn barrier(self, then: Then) {
        self.queue.send(Entry { what: What::Barrier(then), _place: self.place });
    }
}

/// What the writer has handed to the feed and what the feed has told, in entries of the queue.
#[derive(Debug, Default)]
pub struct Counts {
    /// On disk, or refused.
    pub handed: AtomicU64,
    /// Told.
    pub told: AtomicU64,
}

impl Counts {
    /// Entries on disk that nobody has been told of.
    #[must_use]
    pub fn untold(&self) -> usize {
        let told = self.told.load(Ordering::Acquire);
        usize::try_from(self.handed.load(Ordering::Acquire).saturating_sub(told)).unwrap_or(usize::MAX)
    }
}

impl Writer {
    /// A place in the queue, or `None` when the lane is full.
    #[must_use]
    pub fn reserve(&self, lane: Lane) -> Option<Permit> {
        let place = match lane {
            Lane::Inbound => None,
            Lane::Ordinary => Some(self.ordinary.clone().try_acquire_owned().ok()?),
        };
        let queue = self.queue.clone().try_reserve_owned().ok()?;
        Some(Permit { queue, place })
    }

    /// Waits for a place in the queue. `None` when the writer has ended.
    pub async fn reserved(&self, lane: Lane) -> Option<Permit> {
        let place = match lane {
            Lane::Inbound => None,
            Lane::Ordinary => Some(self.ordinary.clone().acquire_owned().await.ok()?),
        };
        let queue = self.queue.clone().reserve_owned().await.ok()?;
        Some(Permit { queue, place })
    }

    /// How many submissions wait.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }
}

/// Starts the writer's thread. `fatal` is called on a fault of the disk and must end the process; a panic in the thread
/// ends it too.
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
            assert!(!Faults::take(&faults.panics_in_writer), "planned panic in the journal's writer");
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
    let thread = vital_thread("journal-writer", run).expect("a thread at the start");
    (writer, told, counts, thread)
}

/// A writer, and the other end of its queue for whoever commits what stands in it.
pub(crate) fn line(journal: Arc<dyn Journal>) -> (Writer, Line) {
    let (queue, entries) = mpsc::channel(QUEUE);
    let writer = Writer { queue, ordinary: Arc::new(Semaphore::new(QUEUE - RESERVE)) };
    (writer, Line { journal, entries, batch: Vec::with_capacity(BATCH), counts: Arc::default() })
}

/// What waits to be committed.
pub(crate) struct Line {
    journal: Arc<dyn Journal>,
    entries: mpsc::Receiver<Entry>,
    batch: Vec<Entry>,
    /// What was handed over, and what the feed has told of it.
    pub(crate) counts: Arc<Counts>,
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
        let told = commit(&*self.journal, &mut self.batch)?;
        self.counts.handed.fetch_add(told.len() as u64, Ordering::AcqRel);
        Ok(told)
    }
}

fn commit(journal: &dyn Journal, batch: &mut Vec<Entry>) -> Result<Vec<Told>, Fault> {
    let mut appends = Vec::with_capacity(batch.len());
    let take_apart = |entry: Entry| match entry.what {
        What::Barrier(then) => Waits::ForAll(then),
        What::Append(submission) => {
            let Submission { append, window, record, after, answer } = *submission;
            appends.push(append);
            Waits::ForOne { window, record, after, answer }
        }
    };
    let waits: Vec<_> = batch.drain(..).map(take_apart).collect();
    let results = if appends.is_empty() { Vec::new() } else { append(journal, &appends)? };
    let mut results = appends.into_iter().zip(results);
    let told = waits.into_iter().map(|waits| match waits {
        Waits::ForAll(then) => Told::Barrier(then),
        Waits::ForOne { window, record, after, answer } => {
            let (Append { stream, dedupe, .. }, result) = results.next().expect("one result an append");
            match result {
                Err(refused) => Told::Refused(refused, answer),
                Ok(position) => Told::Committed(Committed { stream, position, window, record, dedupe, after }, answer),
            }
        }
    });
    Ok(told.collect())
}

/// What is kept of an entry while its append is written.
enum Waits {
    ForAll(Then),
    ForOne { window: Option<WindowId>, record: Arc<Record>, after: Vec<Arc<Conversation>>, answer: Answer },
}

#[expect(clippy::cast_precision_loss, reason = "a batch is small")]
fn append(journal: &dyn Journal, appends: &[Append]) -> Result<Vec<Result<Position, Refused>>, Fault> {
    let begun = Instant::now();
    let results = journal.append(appends)?;
    metrics::histogram!("madoguchi_journal_commit_seconds").record(begun.elapsed());
    metrics::histogram!("madoguchi_journal_batch_records").record(appends.len() as f64);
    Ok(results)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A writer that nobody empties.
    fn stalled() -> (Writer, mpsc::Receiver<Entry>) {
        let (queue, entries) = mpsc::channel(QUEUE);
        (Writer { queue, ordinary: Arc::new(Semaphore::new(QUEUE - RESERVE)) }, entries)
    }

    #[test]
    fn commands_stop_where_the_reserve_begins_and_customers_do_not() {
        let (writer, mut entries) = stalled();
        let take = |lane| writer.reserve(lane).map(|permit| permit.barrier(Box::new(|| ()))).is_some();
        assert!((0..QUEUE - RESERVE).all(|_| take(Lane::Ordinary)));
        assert!(!take(Lane::Ordinary), "at the mark");
        assert!((0..RESERVE).all(|_| take(Lane::Inbound)));
        assert!(!take(Lane::Inbound), "the queue is full");
        assert_eq!(writer.depth(), QUEUE);
        drop(entries.try_recv().unwrap());
        assert!(take(Lane::Ordinary), "by itself, as soon as the writer takes one");
    }

    #[test]
    fn a_flood_of_customers_leaves_commands_nothing_but_their_turn() {
        let (writer, mut entries) = stalled();
        let take = |lane| writer.reserve(lane).map(|permit| permit.barrier(Box::new(|| ()))).is_some();
        assert!((0..QUEUE).all(|_| take(Lane::Inbound)));
        assert!(!take(Lane::Ordinary));
        drop(entries.try_recv().unwrap());
        assert!(take(Lane::Ordinary), "a place that was not there was not lost either");
    }
}
