//! How much one API token may ask. A program that runs wild must not take the desks' share.
//!
//! Only tokens that are alive are counted, so memory is bounded by how many there may be.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::Clock;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::Fingerprint;

/// So many seconds' worth may come at once.
const BURST_SECONDS: u32 = 10;

/// The requests of every token.
pub struct Pace(DefaultKeyedRateLimiter<Fingerprint>);

impl Pace {
    /// With so many requests a second for each.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        let per_second = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
        let burst = per_second.saturating_mul(NonZeroU32::new(BURST_SECONDS).expect("not zero"));
        Self(RateLimiter::keyed(Quota::per_second(per_second).allow_burst(burst)))
    }

    /// Counts one request.
    ///
    /// # Errors
    /// Too many; how long to wait.
    pub fn allow(&self, token: Fingerprint) -> Result<(), Duration> {
        self.0.check_key(&token).map_err(|full| full.wait_time_from(self.0.clock().now()))
    }

    /// Forgets who has been quiet for long enough. To be called each minute.
    pub fn retain_recent(&self) {
        self.0.retain_recent();
        self.0.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wild_program_slows_no_other_and_is_told_when_to_come_back() {
        let pace = Pace::new(2);
        assert!((0..20).all(|_| pace.allow([1; 32]).is_ok()), "below and at the limit");
        let wait = pace.allow([1; 32]).expect_err("above it");
        assert!(wait > Duration::ZERO && wait <= Duration::from_millis(500), "{wait:?}");
        assert_eq!(pace.allow([2; 32]), Ok(()));
    }

    #[test]
    fn a_token_that_is_quiet_is_forgotten() {
        let pace = Pace::new(100_000);
        for token in 0..100_u8 {
            assert_eq!(pace.allow([token; 32]), Ok(()));
        }
        while !pace.0.is_empty() {
            // One request of a hundred thousand a second is forgotten after ten microseconds.
            pace.retain_recent();
            std::thread::yield_now();
        }
    }
}
