//! When a window is open (PRODUCT H1, H4), as a calendar that is asked about moments; and what it says by itself (H2, H3, H5).
//!
//! Nothing here reads a clock or a file: time zones are data of the program, holidays are rules. What a conversation
//! makes of it stands in `conversation::automatic`.

mod answers;
mod calendar;
mod day;
mod describe;
mod holiday;
mod period;
#[cfg(test)]
mod tests;
mod week;
mod words;

use serde::{Deserialize, Serialize};

pub use answers::{Answers, Automatic, ChatEnd, Maintenance, Offline, OfflineShown, limits as answer_limits};
pub use calendar::{Calendar, Standing};
pub use day::{Day, MIDNIGHT, Zone};
pub use describe::describe;
pub use holiday::{YEARS, japanese_holiday};
pub use period::{ClosedPeriod, MAX_PERIODS, PeriodId};
pub use week::{RANGES_A_DAY, Range};
pub use words::Wording;
pub(super) use words::check_text;

use super::rejected::Rejected;

/// When a window is open in an ordinary week, and what becomes of holidays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// Where its clock hangs.
    pub zone: Zone,
    /// The ranges of each weekday from Monday on, in order and apart.
    pub week: [Vec<Range>; 7],
    /// The ranges of a Japanese public holiday; `None` where holidays are days like any other.
    pub holidays: Option<Vec<Range>>,
    /// Days until a conversation closes by itself are business days.
    pub close_in_business_days: bool,
}

impl Default for Hours {
    /// Open all the time, by Japanese clocks.
    fn default() -> Self {
        Self {
            zone: Zone::tokyo(),
            week: std::array::from_fn(|_| vec![Range::WHOLE_DAY]),
            holidays: None,
            close_in_business_days: true,
        }
    }
}

/// The fields of the weekdays in the wire's words.
const WEEK_FIELDS: [&str; 7] =
    ["week.monday", "week.tuesday", "week.wednesday", "week.thursday", "week.friday", "week.saturday", "week.sunday"];

impl Hours {
    /// The same hours with each day's ranges in order, if they keep the rules.
    ///
    /// # Errors
    /// The field with its rule: a zone that is none, a range that is none, too many ranges or some over each other.
    pub fn checked(mut self) -> Result<Self, Rejected> {
        if !self.zone.is_known() {
            return Err(Rejected::invalid("time_zone", "an IANA time zone, such as Asia/Tokyo"));
        }
        for (ranges, field) in self.week.iter_mut().zip(WEEK_FIELDS) {
            week::put_in_order(ranges, field)?;
        }
        if let Some(ranges) = &mut self.holidays {
            week::put_in_order(ranges, "holidays.ranges")?;
        }
        Ok(self)
    }

    /// Whether it never closes, or never opens, but for closed periods.
    #[must_use]
    pub fn is_always_the_same(&self) -> bool {
        let is_shut = |ranges: &Vec<Range>| ranges.is_empty();
        let never = self.week.iter().all(is_shut) && self.holidays.as_ref().is_none_or(is_shut);
        never || self.is_always_open()
    }

    /// Whether it never closes, but for closed periods.
    #[must_use]
    pub fn is_always_open(&self) -> bool {
        let is_whole = |ranges: &Vec<Range>| week::covers_the_day(ranges);
        self.week.iter().all(is_whole) && self.holidays.as_ref().is_none_or(is_whole)
    }
}
