//! Days, and the zones whose clocks say which one it is.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Unit};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::rejected::Rejected;
use crate::domain::time::Timestamp;

/// A day of the calendar, by its distance from 1970-01-01. It is no moment: where it begins is a zone's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Day(pub i32);

/// Minutes from one midnight to the next on a clock.
pub const MIDNIGHT: u16 = 24 * 60;

const FIRST: Date = jiff::civil::date(1970, 1, 1);

impl Day {
    /// The day with this date; `None` where there is none.
    #[must_use]
    pub fn of(year: i16, month: i8, day: i8) -> Option<Self> {
        Date::new(year, month, day).ok().map(Self::from_date)
    }

    /// Reads `YYYY-MM-DD`, from 1970 to 9998.
    ///
    /// # Errors
    /// `Invalid` with this field.
    pub fn parse(text: &str, field: &'static str) -> Result<Self, Rejected> {
        let shape = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let date = if shape { text.parse::<Date>().ok() } else { None };
        date.filter(|date| (1970..=9998).contains(&date.year()))
            .map(Self::from_date)
            .ok_or_else(|| Rejected::invalid(field, "a date as YYYY-MM-DD"))
    }

    /// So many days later; earlier where negative. Stays within 1970 to 9998.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days).clamp(0, LAST))
    }

    /// 0 for Monday to 6 for Sunday.
    #[must_use]
    pub fn weekday(self) -> usize {
        // 1970-01-01 was a Thursday.
        usize::try_from((self.0 + 3).rem_euclid(7)).unwrap_or(0)
    }

    /// Year, month and day of the month.
    #[must_use]
    pub fn parts(self) -> (i16, i8, i8) {
        let date = self.date();
        (date.year(), date.month(), date.day())
    }

    fn from_date(date: Date) -> Self {
        let days = FIRST.until((Unit::Day, date)).map_or(0, |span| span.get_days());
        Self(days)
    }

    pub(super) fn date(self) -> Date {
        FIRST.saturating_add(Span::new().days(self.0.clamp(0, LAST)))
    }
}

/// 9998-12-31.
const LAST: i32 = 2_932_531;

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.date(), f)
    }
}

/// A time zone by its IANA name. Its rules are data of the program, the same on every machine.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    /// `None` where this release does not know the name; its clock is then UTC's.
    rules: Option<TimeZone>,
}

impl Zone {
    /// The zone with this name, known or not.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let is_sane = name.len() <= 64 && name.is_ascii();
        let rules = if is_sane { TimeZoneDatabase::bundled().get(name).ok() } else { None };
        let rules = rules.filter(|zone| !zone.is_unknown());
        // The name as the database writes it: it is looked up without regard to capitals.
        let name = rules.as_ref().and_then(TimeZone::iana_name).unwrap_or(name).to_owned();
        Self { name, rules }
    }

    /// Asia/Tokyo.
    #[must_use]
    pub fn tokyo() -> Self {
        Self::named("Asia/Tokyo")
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether this release knows its rules.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.rules.is_some()
    }

    /// The day on the zone's calendars, and the time on its clocks in milliseconds since midnight.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> (Day, i64) {
        let shown = self.rules().to_datetime(instant(at));
        let time = shown.time();
        let seconds = (i64::from(time.hour()) * 60 + i64::from(time.minute())) * 60 + i64::from(time.second());
        (Day::from_date(shown.date()), seconds * 1_000 + i64::from(time.millisecond()))
    }

    /// When the zone's clocks show this time of this day: twice the same moment; two where they are put back; or, where
    /// they are put forward over it, what it would have been by the clock of after and of before.
    #[must_use]
    pub fn moments(&self, day: Day, ms: i64) -> [Timestamp; 2] {
        let midnight = day.date().to_datetime(jiff::civil::Time::midnight());
        let shown = midnight.saturating_add(Span::new().milliseconds(ms.clamp(0, i64::from(MIDNIGHT) * 60_000)));
        let times = self.rules().to_ambiguous_timestamp(shown);
        let of =
            |moment: Result<jiff::Timestamp, jiff::Error>| Timestamp(moment.map_or(i64::MAX, |at| at.as_millisecond()));
        [of(times.earlier()), of(times.later())]
    }

    /// When the zone's clocks are next put forward or back, after `at`.
    #[must_use]
    pub fn next_turn(&self, at: Timestamp) -> Option<Timestamp> {
        self.rules().following(instant(at)).next().map(|turn| Timestamp(turn.timestamp().as_millisecond()))
    }

    fn rules(&self) -> &TimeZone {
        const UTC: &TimeZone = &TimeZone::UTC;
        self.rules.as_ref().unwrap_or(UTC)
    }
}

fn instant(at: Timestamp) -> jiff::Timestamp {
    // Far from either end, so that every zone can show it.
    jiff::Timestamp::from_millisecond(at.0.clamp(0, i64::from(LAST) * 86_400_000))
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|name| Self::named(&name))
    }
}
