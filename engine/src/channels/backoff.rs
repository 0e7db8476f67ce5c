//! When to try a send again. Pure: time and chance are arguments, and which outcomes deserve another try is not said here.

use crate::domain::conversation::limits;
use crate::domain::time::Timestamp;

/// The delay after the first failed try, before jitter.
pub const FIRST_MS: i64 = 1_000;
/// The longest delay, before jitter.
pub const LONGEST_MS: i64 = 300_000;
/// No push is tried later than this after its message was accepted by us: LINE may have forgotten its key.
pub const GIVE_UP_AFTER_MS: i64 = limits::REPEATABLE_MS;

/// What to do after a try that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again then.
    At(Timestamp),
    /// Another try could be a second message.
    GiveUp,
}

/// Milliseconds to wait after the `failed`th failed try (1 is the first). `jitter` in 0.0..=1.0 spreads the wait over
/// the upper half of its step, so that what failed together does not come back together. Values outside are clipped.
#[must_use]
pub fn delay_ms(failed: u32, jitter: f64) -> i64 {
    let doublings = failed.saturating_sub(1).min(16);
    let step = (FIRST_MS << doublings).min(LONGEST_MS);
    let half = step / 2;
    let share = if jitter.is_finite() { jitter.clamp(0.0, 1.0) } else { 1.0 };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "at most 150,000, and chance needs no last digit"
    )]
    let spread = (half as f64 * share) as i64;
    half + spread
}

/// When to try a push again whose message was accepted at `accepted_at` and which failed for the `failed`th time `now`.
#[must_use]
pub fn next_push(accepted_at: Timestamp, now: Timestamp, failed: u32, jitter: f64) -> Next {
    let at = now.plus_ms(delay_ms(failed, jitter));
    if is_too_late(accepted_at, at) { Next::GiveUp } else { Next::At(at) }
}

/// Whether LINE may have forgotten the key of a push that was tried before, so that another try could be a second message.
#[must_use]
pub fn is_too_late(accepted_at: Timestamp, now: Timestamp) -> bool {
    now.since_ms(accepted_at) >= GIVE_UP_AFTER_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_from_a_second_to_five_minutes_and_stay_there() {
        let whole: Vec<i64> = (1..=11).map(|failed| delay_ms(failed, 1.0)).collect();
        let expected = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000];
        assert_eq!(whole, expected);
        assert_eq!(delay_ms(u32::MAX, 1.0), LONGEST_MS);
        assert_eq!(delay_ms(0, 1.0), FIRST_MS);
    }

    #[test]
    fn jitter_never_leaves_the_upper_half_of_the_step() {
        for failed in 1..=20 {
            let whole = delay_ms(failed, 1.0);
            assert_eq!(delay_ms(failed, 0.0), whole / 2);
            assert_eq!(delay_ms(failed, -3.0), whole / 2);
            assert_eq!(delay_ms(failed, f64::NAN), whole);
            assert_eq!(delay_ms(failed, 9.0), whole);
            assert!((whole / 2..whole).contains(&delay_ms(failed, 0.5)));
        }
    }

    #[test]
    fn no_push_is_tried_when_line_may_have_forgotten_its_key() {
        let accepted = Timestamp(1_000_000);
        let mut now = accepted;
        let mut tries = 0;
        while let Next::At(at) = next_push(accepted, now, tries + 1, 1.0) {
            assert!(at > now);
            assert!(at.since_ms(accepted) < GIVE_UP_AFTER_MS);
            now = at;
            tries += 1;
        }
        assert!((270..300).contains(&tries), "{tries}");
        assert!(now.since_ms(accepted) >= GIVE_UP_AFTER_MS - LONGEST_MS);
        let late = accepted.plus_ms(GIVE_UP_AFTER_MS);
        assert_eq!(next_push(accepted, late, 1, 0.0), Next::GiveUp);
        assert!(is_too_late(accepted, late) && !is_too_late(accepted, late.plus_ms(-1)));
    }
}
