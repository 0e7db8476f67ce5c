//! Where reads that may block are made: bounded in number and in waiting, never on an arbiter.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use tokio::sync::Semaphore;

use crate::failure::Failure;

/// Reads at a time.
const AT_ONCE: usize = 8;
/// Reads that may wait; one more is answered "overloaded".
const WAITING: usize = 4_096;

/// A bounded pool. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pool {
    places: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    /// Reads are made where they are asked for.
    in_place: bool,
}

impl Pool {
    pub(crate) fn new() -> Self {
        Self { places: Arc::new(Semaphore::new(AT_ONCE)), waiting: Arc::default(), in_place: false }
    }

    /// A pool without threads, for an engine that is moved step by step.
    pub(crate) fn in_place() -> Self {
        Self { in_place: true, ..Self::new() }
    }

    /// Runs `read` on a thread that may block.
    pub(crate) async fn run<T: Send + 'static>(&self, read: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        if self.waiting.fetch_add(1, Ordering::AcqRel) >= WAITING {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            return Err(Failure::Overloaded { what: "store reads", retry_after_ms: 1_000 });
        }
        let place = self.places.clone().acquire_owned().await;
        self.waiting.fetch_sub(1, Ordering::AcqRel);
        let Ok(_place) = place else { return Err(Failure::Stopping) };
        if self.in_place {
            let_others_go_first().await;
            return Ok(read());
        }
        tokio::task::spawn_blocking(read).await.map_err(|_| Failure::Interrupted)
    }
}

/// One round of the other tasks on this thread.
async fn let_others_go_first() {
    let mut waited = false;
    std::future::poll_fn(|task| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
