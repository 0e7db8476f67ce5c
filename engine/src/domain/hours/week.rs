//! The ranges of a day: open from one minute of the clock to just before another.

use serde::{Deserialize, Serialize};

use super::day::MIDNIGHT;
use crate::domain::rejected::Rejected;

/// Ranges that a day may have. One more is refused.
pub const RANGES_A_DAY: usize = 5;

/// Minutes of a day's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Range {
    /// The first minute, 0 to 1,439.
    pub from: u16,
    /// The minute after the last, up to 1,440 for midnight.
    pub to: u16,
}

impl Range {
    /// 00:00–24:00.
    pub const WHOLE_DAY: Self = Self { from: 0, to: MIDNIGHT };

    /// Whether the clock is within it, so many milliseconds after midnight.
    #[must_use]
    pub fn holds(&self, ms: i64) -> bool {
        (i64::from(self.from) * 60_000..i64::from(self.to) * 60_000).contains(&ms)
    }
}

/// Sorts a day's ranges, if they keep the rules. Ranges may touch.
pub(super) fn put_in_order(ranges: &mut [Range], field: &'static str) -> Result<(), Rejected> {
    if ranges.len() > RANGES_A_DAY {
        return Err(Rejected::invalid(field, "at most 5 ranges a day"));
    }
    if ranges.iter().any(|range| range.from >= range.to || range.to > MIDNIGHT) {
        return Err(Rejected::invalid(field, "from 00:00 to 24:00, each range with its beginning before its end"));
    }
    ranges.sort_unstable();
    if ranges.windows(2).any(|pair| pair[0].to > pair[1].from) {
        return Err(Rejected::invalid(field, "ranges that do not overlap"));
    }
    Ok(())
}

/// Whether no minute of the day is left out.
pub(super) fn covers_the_day(ranges: &[Range]) -> bool {
    let end = ranges.iter().try_fold(0, |reached, range| (range.from == reached).then_some(range.to));
    end == Some(MIDNIGHT)
}
