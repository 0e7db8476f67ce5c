//! What is known of an account's messages that cost. Once the platform has said that none is left, it is asked again
//! ever more rarely, by one recipient at a time: what is held back must neither fill the journal nor annoy the platform.

use std::cell::Cell;

use crate::domain::time::Timestamp;

/// The wait after the first "none left", in milliseconds; each further one is twice as long.
const FIRST_MS: i64 = 2_000;
/// The longest wait, in milliseconds: so long may answers wait after the quota was filled up.
const LONGEST_MS: i64 = 15 * 60_000;

/// One account's. Forgotten with the process, so that a start asks at once.
#[derive(Default)]
pub(super) struct Allowance {
    empty: Cell<Option<Empty>>,
}

#[derive(Clone, Copy)]
struct Empty {
    wait_ms: i64,
    ask_at: Timestamp,
}

impl Allowance {
    /// Whether some are left, as far as is known.
    pub(super) fn is_left(&self) -> bool {
        self.empty.get().is_none()
    }

    /// Whether one may be tried now.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.empty.get().is_none_or(|empty| now >= empty.ask_at)
    }

    /// The same, and takes the try: until the platform says yes, the next is due after twice the wait.
    pub(super) fn ask(&self, now: Timestamp) -> bool {
        let is_due = self.is_due(now);
        if let Some(empty) = self.empty.get().filter(|_| is_due) {
            let wait_ms = (2 * empty.wait_ms).min(LONGEST_MS);
            self.empty.set(Some(Empty { wait_ms, ask_at: now.plus_ms(wait_ms) }));
        }
        is_due
    }

    /// The platform said that none is left.
    pub(super) fn found_empty(&self, now: Timestamp) {
        // Who asked has set the next wait already, and several may have been on their way.
        if self.is_left() {
            self.empty.set(Some(Empty { wait_ms: FIRST_MS, ask_at: now.plus_ms(FIRST_MS) }));
        }
    }

    /// The platform took one.
    pub(super) fn found_left(&self) {
        self.empty.set(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_quota_is_asked_about_ever_more_rarely_and_never_more_than_15_minutes_apart() {
        let allowance = Allowance::default();
        let mut now = Timestamp(0);
        assert!(allowance.ask(now) && allowance.ask(now), "nobody has to wait while there is some");
        // Those who were on their way together.
        allowance.found_empty(now);
        allowance.found_empty(now);
        let mut waits = Vec::new();
        let mut asked = now;
        while waits.len() < 12 {
            now = now.plus_ms(1_000);
            if allowance.ask(now) {
                assert!(!allowance.ask(now), "one at a time");
                allowance.found_empty(now);
                waits.push(now.since_ms(asked) / 1_000);
                asked = now;
            }
        }
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        allowance.found_left();
        assert!(allowance.is_left() && allowance.ask(now));
    }
}
