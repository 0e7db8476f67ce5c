//! The double's clock: the machine's, shifted or standing, so that a test can let a day pass in no time.
//!
//! Only rules of the platform ask it (token and key ages, event times). How long the engine takes to answer is real
//! time and measured elsewhere.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

/// A clock in milliseconds since 1970. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Mutex<Mode>>);

#[derive(Clone, Copy, Debug)]
enum Mode {
    Running { ahead_ms: i64 },
    Standing { now_ms: i64 },
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(Mutex::new(Mode::Running { ahead_ms: 0 })))
    }

    /// A clock that stands at `now_ms` until it is moved.
    #[must_use]
    pub fn standing(now_ms: i64) -> Self {
        Self(Arc::new(Mutex::new(Mode::Standing { now_ms })))
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        match *self.0.lock() {
            Mode::Running { ahead_ms } => machine_ms() + ahead_ms,
            Mode::Standing { now_ms } => now_ms,
        }
    }

    /// Moves the clock ahead; it goes on running or standing as before.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        match &mut *self.0.lock() {
            Mode::Running { ahead_ms } => *ahead_ms = ahead_ms.saturating_add(by),
            Mode::Standing { now_ms } => *now_ms = now_ms.saturating_add(by),
        }
    }

    /// Stops the clock at `now_ms`.
    pub fn stand_at(&self, now_ms: i64) {
        *self.0.lock() = Mode::Standing { now_ms };
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the double reads the machine's clock")]
fn machine_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A moment as LINE writes it: `2026-11-21T00:00:00Z`.
pub(crate) fn rfc3339(at_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(at_ms).unwrap_or(jiff::Timestamp::MAX).to_string()
}

/// The month of Japan's calendar: the number of months since year 0.
pub(crate) fn japanese_month(at_ms: i64) -> i32 {
    let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or(jiff::Timestamp::MAX);
    let date = jiff::tz::Offset::constant(9).to_datetime(at).date();
    i32::from(date.year()) * 12 + i32::from(date.month())
}
