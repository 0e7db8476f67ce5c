//! Limits on guessing: wrong passwords for a login and from an address, links of invitations, API tokens, and webhooks
//! with a wrong signature.
//!
//! Only failures count. Who is over the limit is refused before any work is done, right or wrong, until the limiter has
//! room again; so guessing on is useless and cheap to refuse. Memory is bounded by [`MAX_KEYS`].

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use governor::clock::Clock;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use parking_lot::Mutex;

/// Over this time the allowed number of wrong passwords is spread.
const PASSWORD_PERIOD: Duration = Duration::from_secs(5 * 60);
/// Over this time the allowed number of wrong signatures is spread.
const SIGNATURE_PERIOD: Duration = Duration::from_secs(60);
/// Callers that are told apart. Further ones share one count until the next sweep.
const MAX_KEYS: usize = 50_000;

/// The limits on guessing.
pub struct Guessing {
    logins: Failures,
    addresses: Failures,
    signatures: Failures,
    invitations: Failures,
    tokens: Failures,
    hasher: RandomState,
}

impl Guessing {
    /// With the given numbers of failures.
    #[must_use]
    pub fn new(per_login: u32, per_address: u32, wrong_signatures: u32) -> Self {
        Self {
            logins: Failures::new(per_login, PASSWORD_PERIOD),
            addresses: Failures::new(per_address, PASSWORD_PERIOD),
            signatures: Failures::new(wrong_signatures, SIGNATURE_PERIOD),
            invitations: Failures::new(per_address, PASSWORD_PERIOD),
            tokens: Failures::new(per_address, PASSWORD_PERIOD),
            hasher: RandomState::new(),
        }
    }

    /// How long a login has to wait before its password is looked at; `None` for not at all.
    #[must_use]
    pub fn login_must_wait(&self, login: &str, from: IpAddr) -> Option<Duration> {
        let now = Instant::now();
        self.logins
            .must_wait(self.hasher.hash_one(login), now)
            .max(self.addresses.must_wait(self.hasher.hash_one(from), now))
    }

    /// A password was wrong, or there is no such login.
    pub fn login_failed(&self, login: &str, from: IpAddr) {
        let now = Instant::now();
        self.logins.failed(self.hasher.hash_one(login), now);
        self.addresses.failed(self.hasher.hash_one(from), now);
    }

    /// A webhook's signature was wrong. Returns how long to wait when these are too many.
    #[must_use]
    pub fn signature_failed(&self, from: IpAddr) -> Option<Duration> {
        let now = Instant::now();
        let key = self.hasher.hash_one(from);
        let waits = self.signatures.must_wait(key, now);
        if waits.is_none() {
            self.signatures.failed(key, now);
        }
        waits
    }

    /// How long an address has to wait before the link of an invitation is looked at; `None` for not at all.
    #[must_use]
    pub fn invitation_must_wait(&self, from: IpAddr) -> Option<Duration> {
        self.invitations.must_wait(self.hasher.hash_one(from), Instant::now())
    }

    /// The link of an invitation was not valid.
    pub fn invitation_failed(&self, from: IpAddr) {
        self.invitations.failed(self.hasher.hash_one(from), Instant::now());
    }

    /// An API token was wrong. Returns how long to wait when these are too many. Tokens that are right are never refused
    /// for it: 256 bits are not guessed, and one program with an old token must not lock out its neighbours.
    #[must_use]
    pub fn token_failed(&self, from: IpAddr) -> Option<Duration> {
        let now = Instant::now();
        let key = self.hasher.hash_one(from);
        let waits = self.tokens.must_wait(key, now);
        if waits.is_none() {
            self.tokens.failed(key, now);
        }
        waits
    }

    /// Forgets who has been quiet for long enough. To be called each minute.
    pub fn retain_recent(&self) {
        let now = Instant::now();
        for failures in [&self.logins, &self.addresses, &self.signatures, &self.invitations, &self.tokens] {
            failures.limiter.retain_recent();
            failures.limiter.shrink_to_fit();
            failures.shut.lock().retain(|_, until| *until > now);
        }
    }
}

/// Failures of many callers.
struct Failures {
    limiter: DefaultKeyedRateLimiter<u64>,
    shut: Mutex<HashMap<u64, Instant>>,
}

impl Failures {
    fn new(allowed: u32, over: Duration) -> Self {
        let allowed = NonZeroU32::new(allowed).unwrap_or(NonZeroU32::MIN);
        // The failure that empties the bucket is the one that shuts the door, hence one less.
        let burst = NonZeroU32::new(allowed.get() - 1).unwrap_or(NonZeroU32::MIN);
        let quota =
            Quota::with_period(over / allowed.get()).expect("the period is longer than nothing").allow_burst(burst);
        Self { limiter: RateLimiter::keyed(quota), shut: Mutex::default() }
    }

    fn must_wait(&self, key: u64, now: Instant) -> Option<Duration> {
        let until = *self.shut.lock().get(&self.counted_as(key))?;
        (until > now).then(|| until - now)
    }

    fn failed(&self, key: u64, now: Instant) {
        let key = self.counted_as(key);
        if let Err(full) = self.limiter.check_key(&key) {
            let wait = full.wait_time_from(self.limiter.clock().now());
            self.shut.lock().insert(key, now + wait);
        }
    }

    fn counted_as(&self, key: u64) -> u64 {
        if self.limiter.len() >= MAX_KEYS && !self.shut.lock().contains_key(&key) {
            return 0;
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([203, 0, 113, last])
    }

    #[test]
    fn the_tenth_wrong_password_closes_the_login_whoever_sends_the_next() {
        let guessing = Guessing::new(10, 1_000, 30);
        for attempt in 0..10 {
            assert_eq!(guessing.login_must_wait("hanako", ip(attempt)), None);
            guessing.login_failed("hanako", ip(attempt));
        }
        let wait = guessing.login_must_wait("hanako", ip(99)).expect("closed");
        assert!(wait <= PASSWORD_PERIOD / 10, "{wait:?}");
        assert_eq!(guessing.login_must_wait("taro", ip(99)), None);
    }

    #[test]
    fn one_address_cannot_try_one_password_on_everybody() {
        let guessing = Guessing::new(10, 50, 30);
        for attempt in 0..50 {
            let login = format!("agent-{attempt}");
            assert_eq!(guessing.login_must_wait(&login, ip(1)), None, "{attempt}");
            guessing.login_failed(&login, ip(1));
        }
        assert!(guessing.login_must_wait("somebody", ip(1)).is_some());
        assert_eq!(guessing.login_must_wait("somebody", ip(2)), None);
    }

    #[test]
    fn the_door_opens_again_by_itself() {
        let failures = Failures::new(3, Duration::from_secs(300));
        let now = Instant::now();
        for _ in 0..3 {
            failures.failed(1, now);
        }
        assert!(failures.must_wait(1, now).is_some());
        assert_eq!(failures.must_wait(1, now + Duration::from_secs(100)), None);
    }

    #[test]
    fn wrong_signatures_are_counted_by_address() {
        let guessing = Guessing::new(10, 50, 30);
        for attempt in 0..30 {
            assert_eq!(guessing.signature_failed(ip(1)), None, "{attempt}");
        }
        assert!(guessing.signature_failed(ip(1)).is_some());
        assert_eq!(guessing.signature_failed(ip(2)), None);
    }

    #[test]
    fn links_and_tokens_are_guessed_at_by_address_and_apart_from_each_other() {
        let guessing = Guessing::new(10, 3, 30);
        for _ in 0..3 {
            assert_eq!(guessing.invitation_must_wait(ip(1)), None);
            guessing.invitation_failed(ip(1));
            assert_eq!(guessing.token_failed(ip(2)), None);
        }
        assert!(guessing.invitation_must_wait(ip(1)).is_some());
        assert!(guessing.token_failed(ip(2)).is_some());
        assert_eq!(guessing.invitation_must_wait(ip(2)), None);
        assert_eq!(guessing.token_failed(ip(1)), None);
        assert_eq!(guessing.login_must_wait("hanako", ip(1)), None);
    }

    #[test]
    fn a_million_addresses_do_not_fill_memory() {
        let failures = Failures::new(3, Duration::from_secs(300));
        let now = Instant::now();
        for key in 0..1_000_000 {
            failures.failed(key, now);
        }
        assert!(failures.limiter.len() <= MAX_KEYS + 1);
        assert!(failures.shut.lock().len() <= MAX_KEYS + 1);
    }
}
