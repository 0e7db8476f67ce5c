//! When a copy that a relay would not take is tried again (mail.md 7.4): after 1, 5, 15 and 60 minutes, or as many times
//! what the operator sets for the first, then hourly, for two days.

use crate::domain::time::Timestamp;

/// After each of the first tries, as many times what is waited after the first.
const FIRST: [i64; 4] = [1, 5, 15, 60];
/// After each later one, and longest of all, in milliseconds.
const LATER_MS: i64 = 3_600_000;
/// How long it is tried, in milliseconds.
pub const GIVE_UP_MS: i64 = 48 * 3_600_000;
/// From when on people are told that it is late (遅延), in milliseconds.
pub const LATE_MS: i64 = 4 * 3_600_000;

/// When the next try is due; `None` when it is given up. `first_ms`: from the first try to the second. `share` is chance
/// from 0 to 1: tries that failed together do not come back together.
#[must_use]
pub fn next(queued_at: Timestamp, now: Timestamp, failed: u16, first_ms: i64, share: f64) -> Option<Timestamp> {
    let times = FIRST.get(usize::from(failed).saturating_sub(1)).copied();
    let wait_ms = times.map_or(LATER_MS, |times| (times * first_ms).min(LATER_MS));
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "an hour at most, and a fifth of it"
    )]
    let jitter_ms = (wait_ms as f64 * 0.2 * share.clamp(0.0, 1.0)) as i64;
    if now.since_ms(queued_at) >= GIVE_UP_MS {
        return None;
    }
    // The last try is at the end, not an hour before it.
    Some(now.plus_ms(wait_ms + jitter_ms).min(queued_at.plus_ms(GIVE_UP_MS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_that_is_away_for_a_day_loses_nothing_and_one_that_is_gone_is_given_up_after_two() {
        let queued = Timestamp(1_000);
        let (mut now, mut failed, mut times) = (queued, 0, Vec::new());
        while let Some(at) = next(queued, now, failed + 1, 60_000, 0.0) {
            assert!(at > now || at == queued.plus_ms(GIVE_UP_MS));
            (now, failed) = (at, failed + 1);
            times.push(now.since_ms(queued) / 60_000);
            assert!(failed < 100, "it ends");
        }
        assert_eq!(&times[..5], [1, 6, 21, 81, 141]);
        assert_eq!(times.last(), Some(&(48 * 60)));
    }

    #[test]
    fn what_failed_together_does_not_come_back_together() {
        let at = |share| next(Timestamp(0), Timestamp(0), 2, 60_000, share).unwrap().0;
        assert_eq!((at(0.0), at(1.0)), (300_000, 360_000));
        assert!(at(0.5) > at(0.1));
    }

    #[test]
    fn a_shorter_first_wait_shortens_those_after_it_and_never_beyond_an_hour() {
        let wait = |failed, first_ms| next(Timestamp(0), Timestamp(0), failed, first_ms, 0.0).unwrap().0;
        assert_eq!([1, 2, 3, 4, 5].map(|failed| wait(failed, 1_000)), [1_000, 5_000, 15_000, 60_000, LATER_MS]);
        assert_eq!([1, 2, 4].map(|failed| wait(failed, 600_000)), [600_000, 3_000_000, LATER_MS]);
    }
}
