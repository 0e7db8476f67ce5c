//! The calendar of one window: how it stands at a moment, when that changes, and what its business days are.

use super::Hours;
use super::day::{Day, MIDNIGHT};
use super::holiday::japanese_holiday;
use super::period::{ClosedPeriod, PeriodId};
use super::week::Range;
use crate::domain::time::Timestamp;

/// How far ahead a change is looked for, in days. What is further away counts as never.
const HORIZON: i32 = 731;

/// How a window stands by its calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Within its hours.
    Open,
    /// Outside its hours.
    Closed,
    /// In a closed period.
    Period(PeriodId),
}

/// Hours and closed periods together.
#[derive(Clone, Copy, Debug)]
pub struct Calendar<'a> {
    /// The hours.
    pub hours: &'a Hours,
    /// The closed periods, none over another.
    pub periods: &'a [ClosedPeriod],
}

impl<'a> Calendar<'a> {
    /// How the window stands at this moment.
    #[must_use]
    pub fn standing(&self, at: Timestamp) -> Standing {
        let (day, ms) = self.hours.zone.local(at);
        if let Some(period) = self.period_on(day) {
            return Standing::Period(period.id);
        }
        if self.ranges_of(day).iter().any(|range| range.holds(ms)) { Standing::Open } else { Standing::Closed }
    }

    /// The closed period that this day is in.
    #[must_use]
    pub fn period_on(&self, day: Day) -> Option<&'a ClosedPeriod> {
        self.periods.iter().find(|period| period.holds(day))
    }

    /// The holiday that the window keeps on this day.
    #[must_use]
    pub fn holiday_on(&self, day: Day) -> Option<&'static str> {
        self.hours.holidays.as_ref().and_then(|_| japanese_holiday(day))
    }

    /// When the window next stands otherwise than at this moment; `None` where that is more than two years away.
    #[must_use]
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        let now = self.standing(at);
        let (today, _) = self.hours.zone.local(at);
        if self.hours.is_always_the_same() && self.periods.iter().all(|period| period.to < today) {
            return None;
        }
        let first = match now {
            Standing::Period(id) => self.periods.iter().find(|period| period.id == id).map_or(-1, |p| p.to.0 - today.0),
            Standing::Open | Standing::Closed => -1,
        };
        // The clocks may be put forward or back between a day's edges.
        let mut turn = self.hours.zone.next_turn(at);
        for ahead in first..first + HORIZON {
            let day = today.plus(ahead);
            let mut edges = self.edges(day);
            while let Some(when) = turn.filter(|when| self.hours.zone.local(*when).0 <= day) {
                edges.push(when);
                turn = self.hours.zone.next_turn(when);
            }
            edges.sort_unstable();
            if let Some(change) = edges.into_iter().find(|edge| *edge > at && self.standing(*edge) != now) {
                return Some(change);
            }
        }
        None
    }

    /// When the window is open next, this moment included; `None` where that is more than two years away.
    #[must_use]
    pub fn opens_at(&self, at: Timestamp) -> Option<Timestamp> {
        let mut when = at;
        // Closed periods and the hours between them: each change is one of them.
        for _ in 0..=2 * self.periods.len() + 2 {
            if self.standing(when) == Standing::Open {
                return Some(when);
            }
            when = self.next_change(when)?;
        }
        None
    }

    /// Whether the window opens at all on this day.
    #[must_use]
    pub fn is_business_day(&self, day: Day) -> bool {
        self.period_on(day).is_none() && !self.ranges_of(day).is_empty()
    }

    /// The same time of the clock so many business days later; `None` where there are not so many within two years.
    #[must_use]
    pub fn business_days_after(&self, at: Timestamp, days: i64) -> Option<Timestamp> {
        let (first, ms) = self.hours.zone.local(at);
        let mut left = days;
        if left <= 0 {
            return Some(at);
        }
        let span = HORIZON.saturating_add(i32::try_from(days).unwrap_or(HORIZON).min(2 * HORIZON));
        for ahead in 1..=span {
            let day = first.plus(ahead);
            left -= i64::from(self.is_business_day(day));
            if left == 0 {
                return Some(self.hours.zone.moments(day, ms)[0]);
            }
        }
        None
    }

    fn ranges_of(&self, day: Day) -> &'a [Range] {
        match (&self.hours.holidays, self.holiday_on(day)) {
            (Some(ranges), Some(_)) => ranges,
            _ => &self.hours.week[day.weekday()],
        }
    }

    /// Every moment at which this day's clock passes an edge of anything, twice where it passes twice.
    fn edges(&self, day: Day) -> Vec<Timestamp> {
        let minutes = self.ranges_of(day).iter().flat_map(|range| [range.from, range.to]);
        let minutes = std::iter::once(0).chain(minutes).chain(std::iter::once(MIDNIGHT));
        minutes.flat_map(|minute| self.hours.zone.moments(day, i64::from(minute) * 60_000)).collect()
    }
}
