//! The clock as an argument: the system's, or one that a test moves by hand. Every wait of the engine is one of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

use crate::domain::time::Timestamp;

/// Where the time comes from. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands until it is moved.
    Manual(Arc<ManualClock>),
}

/// A clock that a test moves.
#[derive(Debug)]
pub struct ManualClock(Mutex<Standing>);

#[derive(Debug)]
struct Standing {
    now: Timestamp,
    /// Who waits, in the order in which they are woken: by time, then by arrival.
    waiting: BTreeMap<(Timestamp, u64), Waker>,
    arrivals: u64,
}

impl Clock {
    /// A clock that stands at `start` until [`Clock::advance_ms`] moves it.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(Arc::new(ManualClock(Mutex::new(Standing { now: start, waiting: BTreeMap::new(), arrivals: 0 }))))
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
                Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Self::Manual(clock) => clock.0.lock().now,
        }
    }

    /// Moves a manual clock and wakes those whose time has come, in its order; a system clock is left alone.
    pub fn advance_ms(&self, ms: i64) {
        let Self::Manual(clock) = self else { return };
        let due = {
            let mut standing = clock.0.lock();
            standing.now = standing.now.plus_ms(ms);
            let later = (standing.now.plus_ms(1), 0);
            let rest = standing.waiting.split_off(&later);
            std::mem::replace(&mut standing.waiting, rest)
        };
        due.into_values().for_each(Waker::wake);
    }

    /// Returns after so many milliseconds.
    pub async fn sleep_ms(&self, ms: i64) {
        match self {
            Self::System => tokio::time::sleep(Duration::from_millis(ms.max(0).unsigned_abs())).await,
            Self::Manual(_) => self.sleep_until(self.now().plus_ms(ms)).await,
        }
    }

    /// What `work` came to, or `None` when it takes longer than so many milliseconds.
    pub async fn within_ms<T>(&self, ms: i64, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.sleep_ms(ms) => None,
        }
    }

    /// Returns once `at` has come. A jump of the system's clock is noticed within a minute.
    pub async fn sleep_until(&self, at: Timestamp) {
        match self {
            Self::System => loop {
                let left = at.since_ms(self.now());
                if left <= 0 {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(left.min(60_000).unsigned_abs())).await;
            },
            Self::Manual(clock) => clock.sleep_until(at).await,
        }
    }
}

impl ManualClock {
    async fn sleep_until(&self, at: Timestamp) {
        let mut place = Place { clock: self, key: None };
        std::future::poll_fn(|task| {
            let mut standing = self.0.lock();
            if standing.now >= at {
                return Poll::Ready(());
            }
            let key = *place.key.get_or_insert_with(|| {
                standing.arrivals += 1;
                (at, standing.arrivals)
            });
            standing.waiting.insert(key, task.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// A place among those who wait; given up by its drop.
struct Place<'a> {
    clock: &'a ManualClock,
    key: Option<(Timestamp, u64)>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.clock.0.lock().waiting.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_clock_wakes_in_the_order_of_time_and_forgets_who_went() {
        let clock = Clock::manual(Timestamp(0));
        let order = Mutex::new(Vec::new());
        let wait = async |ms: i64, name: &'static str| {
            clock.sleep_ms(ms).await;
            order.lock().push(name);
        };
        let late = clock.within_ms(5, clock.sleep_ms(50));
        let move_it = async {
            for _ in 0..3 {
                clock.advance_ms(10);
                tokio::task::yield_now().await;
            }
        };
        let (_, _, _, late, ()) = tokio::join!(wait(30, "last"), wait(10, "first"), wait(20, "second"), late, move_it);
        assert_eq!(*order.lock(), ["first", "second", "last"]);
        assert_eq!(late, None);
        let Clock::Manual(manual) = &clock else { unreachable!("it was made by hand") };
        assert!(manual.0.lock().waiting.is_empty());
    }
}
