//! For how long one medium was tried, and when it is given up.

use super::backoff;
use crate::config::MediaLimits;
use crate::domain::time::Timestamp;

/// What happened to a medium so far in this process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tried {
    /// When the platform first said that it prepares it.
    preparing_since: Option<Timestamp>,
    /// Since when it cannot be had, for another reason than that.
    failing_since: Option<Timestamp>,
    /// How often in a row it could not be had.
    failures: u32,
    /// Not before this.
    pub(super) next: Timestamp,
}

impl Tried {
    /// Before the first try.
    pub(super) fn not_yet(now: Timestamp) -> Self {
        Self { preparing_since: None, failing_since: None, failures: 0, next: now }
    }

    /// Notes how a try ended. What the platform takes to prepare it counts from when it first said so, not from an outage
    /// before that; what is nobody's fault but ours is not counted against it.
    pub(super) fn count(&mut self, again: Again, now: Timestamp, share: f64) {
        match again {
            Again::NotReady => {
                self.preparing_since.get_or_insert(now);
                self.failing_since = None;
            }
            Again::Failed => {
                self.failing_since.get_or_insert(now);
            }
            Again::NoRoom => self.failing_since = None,
        }
        if again != Again::NoRoom {
            self.failures += 1;
        }
        self.next = now.plus_ms(backoff::delay_ms(self.failures.max(1), share));
    }

    /// Whether it was tried for long enough, after a try that ended so.
    pub(super) fn is_over(&self, again: Again, limits: &MediaLimits, now: Timestamp) -> bool {
        let (since, most_ms) = match again {
            Again::NotReady => (self.preparing_since, limits.ready_within_ms),
            Again::Failed => (self.failing_since, limits.retry_for_ms),
            Again::NoRoom => return false,
        };
        since.is_some_and(|since| now.since_ms(since) >= most_ms)
    }
}

/// How a try ended that did not settle the matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// It could not be had now.
    Failed,
    /// The platform is still preparing it.
    NotReady,
    /// There is no room for it here.
    NoRoom,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_and_a_full_disk_do_not_count_as_preparing() {
        let limits = MediaLimits { ready_within_ms: 100, retry_for_ms: 1_000, ..MediaLimits::default() };
        let mut tried = Tried::not_yet(Timestamp(0));
        let mut at = |ms: i64, again: Again| {
            let over = tried.is_over(again, &limits, Timestamp(ms));
            tried.count(again, Timestamp(ms), 0.5);
            over
        };
        assert!(!at(0, Again::Failed) && !at(999, Again::Failed), "an outage");
        assert!(!at(1_000, Again::NotReady), "the first that is heard of it");
        assert!(!at(1_050, Again::Failed), "the outage before is over");
        assert!(!at(5_000, Again::NoRoom) && !at(9_000, Again::Failed), "nor does our disk count");
        assert!(at(9_001, Again::NotReady), "since the first that was heard of it");
        assert!(!at(9_002, Again::Failed) && at(10_002, Again::Failed));
    }
}
