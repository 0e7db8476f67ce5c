//! The thread that writes read models behind the journal. Its end loses nothing: the journal has everything, and the
//! next start catches up.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;

use super::queue::{BOUND, Bound, Queue};
use super::{ReadFault, ReadModels};
use crate::domain::id::{Position, StreamId};
use crate::failure::Failure;
use crate::fatal::vital_thread;
use crate::faults::Faults;
use crate::journal::feed::Committed;

/// Records taken at a time.
const AT_ONCE: usize = 2_048;
/// How often a test's hold is looked at again.
const HELD: Duration = Duration::from_millis(2);

/// The writer of one store's read models. Dropping it does what [`Writer::stop`] does.
#[derive(Debug)]
pub struct Writer {
    models: Arc<ReadModels>,
    queue: Arc<Queue>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Told once, when the store failed and nothing is applied any more. From then on reads answer `CatchingUp`.
pub type OnFault = Box<dyn Fn(ReadFault) + Send>;

impl Writer {
    /// Starts the thread. The models have caught up before.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn start(models: Arc<ReadModels>, faults: Arc<Faults>, on_fault: OnFault) -> io::Result<Self> {
        Self::start_with(models, faults, on_fault, BOUND)
    }

    pub(super) fn start_with(
        models: Arc<ReadModels>,
        faults: Arc<Faults>,
        on_fault: OnFault,
        bound: Bound,
    ) -> io::Result<Self> {
        let queue = Arc::new(Queue::new(bound));
        let thread = {
            let (models, queue) = (models.clone(), queue.clone());
            vital_thread("read-models", move || run(&models, &queue, &faults, &on_fault))?
        };
        Ok(Self { models, queue, thread: Mutex::new(Some(thread)) })
    }

    /// A writer without a thread: [`Writer::step`] applies what was pushed. For an engine that is moved step by step.
    #[must_use]
    pub fn stepped(models: Arc<ReadModels>) -> Self {
        Self { models, queue: Arc::new(Queue::new(BOUND)), thread: Mutex::new(None) }
    }

    /// Applies up to `most` records that were pushed; returns how many.
    ///
    /// # Errors
    /// The store failed.
    pub fn step(&self, most: usize) -> Result<usize, ReadFault> {
        if self.queue.is_empty() {
            return Ok(0);
        }
        let Some(taken) = self.queue.take(most) else { return Ok(0) };
        self.models.apply(&taken.records)?;
        self.queue.applied(taken.records.len(), taken.bytes);
        Ok(taken.records.len())
    }

    /// Hands committed records over, each stream's in the order of its positions. Blocks at 20,000 records or 32 MB that are not
    /// applied: the caller is the journal's writer, and it is meant to slow. After a fault it returns at once.
    pub fn push(&self, records: Vec<Committed>) {
        self.queue.push(records);
    }

    /// See [`ReadModels::arrival`]; records on their way are not gathered any longer meanwhile.
    ///
    /// # Errors
    /// As [`ReadModels::arrival`].
    pub async fn arrival(&self, stream: StreamId, position: Position) -> Result<(), Failure> {
        let _hurry = (self.models.reached(stream) < position).then(|| self.queue.hurry());
        self.models.arrival(stream, position).await
    }

    /// Records that were pushed and are not applied yet.
    #[must_use]
    pub fn lag(&self) -> usize {
        self.queue.lag().0
    }

    /// The same in records and in bytes, about.
    #[must_use]
    pub fn lag_and_weight(&self) -> (usize, usize) {
        self.queue.lag()
    }

    /// The lag and how far it may grow, in records and in bytes.
    #[must_use]
    pub fn lag_of_bound(&self) -> [(usize, usize); 2] {
        let ((records, bytes), bound) = (self.queue.lag(), self.queue.bound());
        [(records, bound.records), (bytes, bound.bytes)]
    }

    /// Applies what was pushed, closes the store and ends the thread; a hold is ignored. Blocks.
    pub fn stop(&self) {
        self.queue.end();
        let Some(thread) = self.thread.lock().take() else {
            return;
        };
        if thread.join().is_err() {
            self.models.distrust();
        }
        if let Err(error) = self.models.close() {
            tracing::warn!(%error, "the read models could not be closed and may be made anew");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(models: &ReadModels, queue: &Queue, faults: &Faults, on_fault: &OnFault) {
    loop {
        queue.gather();
        let Some(taken) = queue.take(AT_ONCE) else { return };
        while faults.hold_read_models.load(Ordering::Relaxed) && !queue.has_ended() {
            std::thread::sleep(HELD);
        }
        if let Err(fault) = models.apply(&taken.records) {
            tracing::error!(error = %fault, "the read models failed and are made anew at the next start");
            queue.end();
            on_fault(fault);
            return;
        }
        queue.applied(taken.records.len(), taken.bytes);
    }
}
