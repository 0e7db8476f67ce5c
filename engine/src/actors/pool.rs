//! Where reads that may block are made: bounded in number and in waiting, never on an arbiter.
//!
//! What a customer wrote has threads of its own, which no list or search can take.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use tokio::sync::Semaphore;

use crate::failure::Failure;
use crate::journal::writer::Lane;

/// Reads at a time, for everybody.
const AT_ONCE: usize = 6;
/// Further ones at a time, for what customers wrote.
const RESERVE: usize = 2;
/// Reads that may wait in each lane; one more is answered "overloaded".
pub(crate) const WAITING: usize = 1_024;

/// A bounded pool. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pool {
    places: Arc<Semaphore>,
    reserve: Arc<Semaphore>,
    /// In the order of [`Lane`].
    waiting: Arc<[AtomicUsize; 2]>,
    /// Reads are made where they are asked for.
    in_place: bool,
}

impl Pool {
    pub(crate) fn new() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE)),
            reserve: Arc::new(Semaphore::new(RESERVE)),
            waiting: Arc::default(),
            in_place: false,
        }
    }

    /// A pool without threads, for an engine that is moved step by step.
    pub(crate) fn in_place() -> Self {
        Self { in_place: true, ..Self::new() }
    }

    /// Reads of everybody that wait for a thread.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting[Lane::Ordinary as usize].load(Ordering::Relaxed)
    }

    /// Runs `read` on a thread that may block.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        lane: Lane,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let waits = Waits::begin(&self.waiting, lane)?;
        let place = match lane {
            Lane::Ordinary => self.places.clone().acquire_owned().await,
            Lane::Inbound => tokio::select! {
                biased;
                place = self.places.clone().acquire_owned() => place,
                place = self.reserve.clone().acquire_owned() => place,
            },
        };
        drop(waits);
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

/// One who waits; gives the place in the line back when dropped, also by a caller who gave up.
struct Waits {
    waiting: Arc<[AtomicUsize; 2]>,
    lane: Lane,
}

impl Waits {
    fn begin(waiting: &Arc<[AtomicUsize; 2]>, lane: Lane) -> Result<Self, Failure> {
        let before = waiting[lane as usize].fetch_add(1, Ordering::AcqRel);
        let waits = Self { waiting: waiting.clone(), lane };
        if before >= WAITING {
            return Err(Failure::Overloaded { what: "store reads", retry_after_ms: 1_000 });
        }
        Ok(waits)
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.waiting[self.lane as usize].fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn reads_of_lists_cannot_keep_a_customers_message_from_a_thread() {
        let pool = Pool::new();
        let (go, held) = mpsc::channel::<()>();
        let held = Arc::new(parking_lot::Mutex::new(held));
        let readers: Vec<_> = (0..AT_ONCE + WAITING)
            .map(|_| {
                let (pool, held) = (pool.clone(), held.clone());
                tokio::spawn(async move { pool.run(Lane::Ordinary, move || held.lock().recv().is_err()).await })
            })
            .collect();
        while pool.waiting() < WAITING {
            tokio::task::yield_now().await;
        }
        let refused = pool.run(Lane::Ordinary, || ()).await;
        assert_eq!(refused, Err(Failure::Overloaded { what: "store reads", retry_after_ms: 1_000 }));
        assert_eq!(pool.run(Lane::Inbound, || 7).await, Ok(7), "it has threads of its own");
        drop(go);
        assert!(join_all(readers).await.iter().all(|read| matches!(read, Ok(Ok(true)))));
        assert_eq!(pool.run(Lane::Ordinary, || 8).await, Ok(8), "by itself, once there is room");
    }

    #[tokio::test]
    async fn who_gives_up_waiting_leaves_no_place_taken() {
        let pool = Pool::new();
        let all = pool.places.clone().acquire_many_owned(u32::try_from(AT_ONCE).unwrap()).await.unwrap();
        let waits = pool.run(Lane::Ordinary, || ());
        assert!(tokio::time::timeout(std::time::Duration::from_millis(1), waits).await.is_err());
        assert_eq!(pool.waiting(), 0);
        drop(all);
    }
}
