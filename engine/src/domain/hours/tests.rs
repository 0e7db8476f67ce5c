//! The calendar says open when it is closed, misses a holiday, or falls over a turned clock.

mod calendar;
mod holidays;
mod settings;

use super::{ClosedPeriod, Day, Hours, PeriodId, Range, Zone};
use crate::domain::time::Timestamp;

/// A moment by its RFC 3339 form.
pub(super) fn at(text: &str) -> Timestamp {
    Timestamp(text.parse::<jiff::Timestamp>().expect("a moment").as_millisecond())
}

/// How a moment reads.
pub(super) fn shown(at: Option<Timestamp>) -> String {
    at.map_or("never".to_owned(), |at| jiff::Timestamp::from_millisecond(at.0).expect("in time").to_string())
}

/// A range by its form, such as `09:00-12:00`.
pub(super) fn range(text: &str) -> Range {
    let minute = |clock: &str| {
        let (hours, minutes) = clock.split_once(':').expect("a clock");
        hours.parse::<u16>().expect("hours") * 60 + minutes.parse::<u16>().expect("minutes")
    };
    let (from, to) = text.split_once('-').expect("two clocks");
    Range { from: minute(from), to: minute(to) }
}

/// Hours from Monday to Friday with a lunch break.
pub(super) fn office(zone: &str) -> Hours {
    let day = vec![range("09:00-12:00"), range("13:00-18:00")];
    let week = std::array::from_fn(|weekday| if weekday < 5 { day.clone() } else { Vec::new() });
    Hours { zone: Zone::named(zone), week, holidays: Some(Vec::new()), close_in_business_days: true }
}

/// Closed from the one date to the other.
pub(super) fn closed(id: u128, from: &str, to: &str) -> ClosedPeriod {
    let day = |text| Day::parse(text, "day").expect("a date");
    ClosedPeriod { id: PeriodId(id), from: day(from), to: day(to), text: String::new() }
}
