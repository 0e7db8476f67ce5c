//! Between the domain and the wire, by hand: the only place where the two meet.
//!
//! Pure functions; whatever they need of the organisation comes as an argument.

pub mod account;
pub mod answer;
pub mod audit;
pub mod bot;
pub mod capabilities;
pub mod command;
pub mod conversation;
pub mod counters;
pub mod event;
pub mod hours;
pub mod inbox;
pub mod media;
pub mod message;
pub mod org;
pub mod people;
pub mod window;

use madoguchi_engine::domain::time::Timestamp;

/// The moment as RFC 3339 in UTC with milliseconds.
#[must_use]
pub fn time(at: Timestamp) -> String {
    // Beyond the year 9999 in either direction: the nearest moment that can be written.
    let nearest = if at.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    let moment = jiff::Timestamp::from_millisecond(at.0).unwrap_or(nearest);
    format!("{moment:.3}")
}

/// A moment as RFC 3339 with any offset.
#[must_use]
pub fn parse_time(text: &str) -> Option<Timestamp> {
    let moment: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp(moment.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_survives_the_wire() {
        let at = Timestamp(1_795_237_245_120);
        assert_eq!(time(at), "2026-11-21T05:00:45.120Z");
        assert_eq!(parse_time(&time(at)), Some(at));
        assert_eq!(parse_time("2026-11-21T14:00:45.12+09:00"), Some(at));
        assert_eq!(parse_time("yesterday"), None);
        assert_eq!(time(Timestamp(i64::MAX)).len(), 24);
    }
}
