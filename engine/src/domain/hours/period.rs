//! Closed periods (休業日, PRODUCT H4): days on which a window is closed whatever its hours, with an answer of their own.

use serde::{Deserialize, Serialize};

use super::answers::limits;
use super::check_text;
use super::day::Day;
use crate::domain::rejected::Rejected;

/// The name of a closed period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PeriodId(pub u128);

/// Periods of a window that are not over. One more is refused.
pub const MAX_PERIODS: usize = 100;
/// Days of one period.
const MAX_DAYS: i32 = 366;
/// Days from today to the last day of a period.
const MAX_AHEAD: i32 = 5 * 366;

/// Days on which a window is closed, the last one too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedPeriod {
    /// Its name.
    pub id: PeriodId,
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
    /// What is answered instead of the absence message; that one where it is empty.
    pub text: String,
}

impl ClosedPeriod {
    /// Whether the window is closed on this day because of it.
    #[must_use]
    pub fn holds(&self, day: Day) -> bool {
        self.from <= day && day <= self.to
    }

    /// Whether it keeps the rules beside those that are there, on this day.
    pub(in crate::domain) fn check(&self, others: &[Self], today: Day) -> Result<(), Rejected> {
        if self.from < today {
            return Err(Rejected::invalid("from", "today or later"));
        }
        if self.to < self.from || self.to.0 - self.from.0 >= MAX_DAYS {
            return Err(Rejected::invalid("to", "not before the first day, and at most 366 days in all"));
        }
        if self.to.0 - today.0 > MAX_AHEAD {
            return Err(Rejected::invalid("to", "at most five years from today"));
        }
        check_text("text", &self.text, limits::TEXT_CHARS)?;
        let mut others = others.iter().filter(|other| other.to >= today);
        if others.clone().count() >= MAX_PERIODS {
            return Err(Rejected::LimitReached { what: "closed periods", limit: MAX_PERIODS as u64 });
        }
        if others.any(|other| other.from <= self.to && self.from <= other.to) {
            return Err(Rejected::invalid("from", "days that no other closed period has"));
        }
        Ok(())
    }
}
