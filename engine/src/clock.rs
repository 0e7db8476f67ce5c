//! The clock as an argument: the system's, or one that a test moves by hand.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

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
pub struct ManualClock {
    now: watch::Sender<i64>,
}

impl Clock {
    /// A clock that stands at `start` until [`Clock::advance_ms`] moves it.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(Arc::new(ManualClock { now: watch::Sender::new(start.0) }))
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
            Self::Manual(clock) => Timestamp(*clock.now.borrow()),
        }
    }

    /// Moves a manual clock and wakes everybody who waits; a system clock is left alone.
    pub fn advance_ms(&self, ms: i64) {
        if let Self::Manual(clock) = self {
            clock.now.send_modify(|now| *now += ms);
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
            Self::Manual(clock) => {
                let mut now = clock.now.subscribe();
                // The sender lives in `clock`, which is borrowed here: the wait cannot end by its drop.
                let _ = now.wait_for(|now| *now >= at.0).await;
            }
        }
    }
}
