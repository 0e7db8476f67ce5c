//! Keeping pace: one thread follows what the feed passes on. It may lag by so many records or bytes and no more; at the
//! limit whoever pushes waits, and with it the journal's writer.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::sync::watch;

use super::{ReadModels, StoreError};
use crate::domain::id::{Position, StreamId};
use crate::faults::Faults;
use crate::journal::feed::Committed;

/// How far the read models may lag.
pub(super) const MOST_RECORDS: usize = 20_000;
pub(super) const MOST_BYTES: usize = 32 << 20;
/// Records followed at a time.
const BATCH: usize = 512;

struct Queue {
    records: VecDeque<Committed>,
    bytes: usize,
    /// Taken out and not yet written.
    in_hand: usize,
    closed: bool,
}

struct Inner {
    queue: Mutex<Queue>,
    changed: Condvar,
    reached: Mutex<HashMap<StreamId, Position>>,
    turn: watch::Sender<u64>,
    store: Arc<ReadModels>,
}

/// The writer behind the read models.
pub struct ReadModelWriter {
    inner: Arc<Inner>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl ReadModelWriter {
    /// Starts the thread. `on_fault` is called when the store fails; the journal is whole then, and a start rebuilds.
    ///
    /// # Panics
    /// When the machine has no thread left at the start.
    pub fn start(store: Arc<ReadModels>, faults: Arc<Faults>, on_fault: Box<dyn Fn(StoreError) + Send>) -> Self {
        let inner = Arc::new(Inner {
            queue: Mutex::new(Queue { records: VecDeque::new(), bytes: 0, in_hand: 0, closed: false }),
            changed: Condvar::new(),
            reached: Mutex::default(),
            turn: watch::Sender::new(0),
            store,
        });
        let worker = inner.clone();
        let thread = std::thread::Builder::new()
            .name("read-models".to_owned())
            .spawn(move || worker.run(&faults, &*on_fault))
            .expect("a thread at the start");
        Self { inner, thread: Mutex::new(Some(thread)) }
    }

    /// Passes records on; waits while the read models lag too far.
    pub fn push(&self, records: Vec<Committed>) {
        if records.is_empty() {
            return;
        }
        let mut queue = self.inner.queue.lock();
        while !queue.closed && (queue.records.len() >= MOST_RECORDS || queue.bytes >= MOST_BYTES) {
            self.inner.changed.wait(&mut queue);
        }
        queue.bytes += records.iter().map(|record| record.payload_len).sum::<usize>();
        queue.records.extend(records);
        self.inner.changed.notify_all();
    }

    /// Records passed on and not yet written.
    #[must_use]
    pub fn lag(&self) -> usize {
        let queue = self.inner.queue.lock();
        queue.records.len() + queue.in_hand
    }

    /// Waits until a stream was followed to `position`; false when that took longer than `patience`.
    pub async fn wait_for(&self, stream: StreamId, position: Position, patience: Duration) -> bool {
        let mut turn = self.inner.turn.subscribe();
        let reached = async {
            while self.inner.reached(stream) < position {
                if turn.changed().await.is_err() {
                    return false;
                }
            }
            true
        };
        tokio::time::timeout(patience, reached).await.unwrap_or(false)
    }

    /// Writes what is left, and ends the thread.
    pub fn stop(&self) {
        self.inner.queue.lock().closed = true;
        self.inner.changed.notify_all();
        if let Some(thread) = self.thread.lock().take() {
            // A thread that panicked has ended too; the journal fills the gap.
            let _ = thread.join();
        }
    }
}

impl Inner {
    fn reached(&self, stream: StreamId) -> Position {
        *self.reached.lock().entry(stream).or_insert_with(|| self.store.reached(stream))
    }

    fn run(&self, faults: &Faults, on_fault: &dyn Fn(StoreError)) {
        while let Some(records) = self.take(faults) {
            if let Err(error) = self.store.apply(&records) {
                return on_fault(error);
            }
            {
                let mut reached = self.reached.lock();
                for record in &records {
                    reached.insert(record.stream, record.position);
                }
            }
            self.queue.lock().in_hand = 0;
            self.changed.notify_all();
            self.turn.send_modify(|turn| *turn += 1);
        }
        if let Err(error) = self.store.flush() {
            on_fault(error);
        }
    }

    fn take(&self, faults: &Faults) -> Option<Vec<Committed>> {
        let mut queue = self.queue.lock();
        loop {
            let held = faults.hold_read_models.load(Ordering::Acquire);
            if held && !queue.closed {
                self.changed.wait_for(&mut queue, Duration::from_millis(5));
                continue;
            }
            if !queue.records.is_empty() {
                break;
            }
            if queue.closed {
                return None;
            }
            self.changed.wait_for(&mut queue, Duration::from_millis(100));
        }
        let count = queue.records.len().min(BATCH);
        let records: Vec<Committed> = queue.records.drain(..count).collect();
        queue.bytes -= records.iter().map(|record| record.payload_len).sum::<usize>();
        queue.in_hand = records.len();
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        metrics::gauge!("madoguchi_readmodel_lag_records").set(queue.records.len() as f64);
        Some(records)
    }
}

impl Drop for ReadModelWriter {
    fn drop(&mut self) {
        self.stop();
    }
}
