//! The limits of a tenant: so many calls of each kind in a minute, and none after a refusal until the platform says
//! (other-channels.md 1.6). Shared by every bot of one app. Who is refused here has sent nothing.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use reqwest::header::HeaderMap;

use crate::clock::Clock;
use crate::domain::time::Timestamp;

/// The length of the platform's window, in milliseconds.
const MINUTE_MS: i64 = 60_000;
/// The longest time that a refusal keeps calls back, in milliseconds.
const LONGEST_MS: i64 = 60_000;

/// A kind of call, as the platform counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Api {
    /// Messages to members.
    Send,
    /// Addresses for files to go up to.
    Upload,
    /// Files that come down.
    Download,
    /// Who members are.
    Profile,
}

/// Calls of one kind must wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooFast;

/// One tenant's calls.
pub(super) struct Pace {
    clock: Clock,
    calls: Mutex<HashMap<Api, Calls>>,
}

#[derive(Default)]
struct Calls {
    made: VecDeque<Timestamp>,
    not_before: Option<Timestamp>,
}

impl Pace {
    pub(super) fn new(clock: Clock) -> Arc<Self> {
        Arc::new(Self { clock, calls: Mutex::default() })
    }

    /// Takes a call's place, if one is free in this minute.
    pub(super) fn take(&self, api: Api, a_minute: u32) -> Result<(), TooFast> {
        let now = self.clock.now();
        let mut all = self.calls.lock();
        let calls = all.entry(api).or_default();
        if calls.not_before.is_some_and(|at| now < at) {
            return Err(TooFast);
        }
        while calls.made.front().is_some_and(|at| now.since_ms(*at) >= MINUTE_MS) {
            calls.made.pop_front();
        }
        if calls.made.len() >= usize::try_from(a_minute).unwrap_or(usize::MAX) {
            return Err(TooFast);
        }
        calls.made.push_back(now);
        Ok(())
    }

    /// The platform said how it stands.
    pub(super) fn heard(&self, api: Api, status: u16, headers: &HeaderMap) {
        let number = |wanted: &str| {
            // Its spelling differs from answer to answer.
            let found = headers.iter().find(|(name, _)| name.as_str().replace(['-', '_'], "").contains(wanted));
            found.and_then(|(_, value)| value.to_str().ok()?.trim().parse::<i64>().ok())
        };
        let is_out = status == 429 || number("ratelimitremaining") == Some(0);
        if !is_out {
            return;
        }
        let told = number("retryafter").or_else(|| number("ratelimitreset"));
        let wait_ms =
            told.filter(|seconds| (0..=60).contains(seconds)).map_or(LONGEST_MS / 4, |seconds| seconds * 1_000);
        let until = self.clock.now().plus_ms(wait_ms.min(LONGEST_MS));
        self.calls.lock().entry(api).or_default().not_before = Some(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_holds_so_many_calls_of_each_kind_and_the_next_one_again() {
        let clock = Clock::manual(Timestamp(1_000));
        let pace = Pace::new(clock.clone());
        for _ in 0..3 {
            assert_eq!(pace.take(Api::Send, 3), Ok(()));
        }
        assert_eq!(pace.take(Api::Send, 3), Err(TooFast));
        assert_eq!(pace.take(Api::Profile, 3), Ok(()), "another kind has its own count");
        clock.advance_ms(59_999);
        assert_eq!(pace.take(Api::Send, 3), Err(TooFast));
        clock.advance_ms(1);
        assert_eq!(pace.take(Api::Send, 3), Ok(()));
    }

    #[test]
    fn after_a_refusal_nobody_calls_before_the_platform_allows_it() {
        let clock = Clock::manual(Timestamp(1_000));
        for (status, header, value, waits_ms) in [
            (429, "retry-after", "7", 7_000),
            (429, "x-ratelimit-reset", "3", 3_000),
            (200, "RateLimit-Remaining", "0", 15_000),
            (429, "x", "y", 15_000),
            (429, "retry-after", "99999", 15_000),
            (200, "ratelimit-remaining", "5", 0),
        ] {
            let pace = Pace::new(clock.clone());
            let mut headers = HeaderMap::new();
            let name = reqwest::header::HeaderName::from_bytes(header.as_bytes()).unwrap();
            headers.insert(name, value.parse().unwrap());
            pace.heard(Api::Send, status, &headers);
            if waits_ms > 0 {
                assert_eq!(pace.take(Api::Send, 9), Err(TooFast), "{header} {value}");
                clock.advance_ms(waits_ms - 1);
                assert_eq!(pace.take(Api::Send, 9), Err(TooFast), "{header} {value}");
                clock.advance_ms(1);
            }
            assert_eq!(pace.take(Api::Send, 9), Ok(()), "{header} {value}");
        }
    }
}
