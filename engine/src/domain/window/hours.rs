//! The window's hours and what it says by itself: how they are changed, and what they mean at a moment.

use super::{Event, Window};
use crate::domain::hours::{
    Answers, Automatic, Calendar, ClosedPeriod, Hours, Maintenance, OfflineShown, PeriodId, Standing, answer_limits,
    check_text,
};
use crate::domain::rejected::Rejected;
use crate::domain::time::Timestamp;

const DAY_MS: i64 = 24 * 3_600_000;

/// How a window stands at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// By its calendar.
    pub standing: Standing,
    /// The switch of maintenance is on, whatever the calendar says.
    pub maintenance: bool,
    /// When that changes by itself.
    pub next_change: Option<Timestamp>,
    /// When it opens next; `None` while it is open.
    pub opens_at: Option<Timestamp>,
    /// The holiday that it keeps on this day.
    pub holiday: Option<&'static str>,
}

impl Window {
    /// Its hours and closed periods.
    #[must_use]
    pub fn calendar(&self) -> Calendar<'_> {
        Calendar { hours: &self.hours, periods: &self.closed_periods }
    }

    /// How it stands at this moment.
    #[must_use]
    pub fn opening(&self, now: Timestamp) -> Opening {
        let calendar = self.calendar();
        let standing = calendar.standing(now);
        let maintenance = self.maintenance.is_on();
        let is_open = standing == Standing::Open && !maintenance;
        Opening {
            standing,
            maintenance,
            next_change: if maintenance { None } else { calendar.next_change(now) },
            opens_at: if is_open || maintenance { None } else { calendar.opens_at(now) },
            holiday: calendar.holiday_on(self.hours.zone.local(now).0),
        }
    }

    /// What is answered to a message at this moment, and which of the answers that is. Whether it was said already is the
    /// conversation's to know.
    #[must_use]
    pub fn answer_to_message(&self, now: Timestamp, anybody_here: bool) -> Option<(Automatic, &str)> {
        if self.maintenance.is_on() && !self.maintenance.text.is_empty() {
            return Some((Automatic::Maintenance, &self.maintenance.text));
        }
        let answers = &self.answers;
        let offline = Some((Automatic::Offline, answers.offline.text.as_str()))
            .filter(|(_, text)| answers.offline.shown == OfflineShown::Message && !text.is_empty());
        match self.calendar().standing(now) {
            Standing::Open => offline.filter(|_| answers.offline.when_nobody_is_here && !anybody_here),
            Standing::Period(id) if !self.period_text(id).is_empty() => {
                Some((Automatic::ClosedPeriod(id), self.period_text(id)))
            }
            Standing::Closed | Standing::Period(_) if answers.absence.is_empty() => offline,
            Standing::Closed | Standing::Period(_) => Some((Automatic::Absence, &answers.absence)),
        }
    }

    /// What stands on a page at this moment, on channels that have one; `None` for nothing.
    #[must_use]
    pub fn banner(&self, now: Timestamp, anybody_here: bool) -> Option<(OfflineShown, &str)> {
        let offline = &self.answers.offline;
        if offline.shown == OfflineShown::Message {
            return None;
        }
        let maintenance = &self.maintenance;
        if maintenance.is_on() && !maintenance.text.is_empty() {
            return Some((offline.shown, &maintenance.text));
        }
        let closed = match self.calendar().standing(now) {
            Standing::Open => maintenance.is_on() || (offline.when_nobody_is_here && !anybody_here),
            Standing::Period(id) if !self.period_text(id).is_empty() => {
                return Some((offline.shown, self.period_text(id)));
            }
            Standing::Closed | Standing::Period(_) => true,
        };
        (closed && !offline.text.is_empty()).then_some((offline.shown, &offline.text))
    }

    /// When a conversation that became new then and that nobody starts closes by itself.
    #[must_use]
    pub fn closes_at(&self, since: Timestamp) -> Option<Timestamp> {
        let ms = self.settings.auto_close_ms;
        if ms <= 0 {
            return None;
        }
        let every_day = self.closed_periods.is_empty() && self.hours.is_always_open();
        if every_day || !self.hours.close_in_business_days {
            return Some(since.plus_ms(ms));
        }
        self.calendar().business_days_after(since, ms / DAY_MS).map(|at| at.plus_ms(ms % DAY_MS))
    }

    /// When a chat ends whose customer was silent since then, from `now` on: never while the window is not open.
    #[must_use]
    pub fn silence_ends_at(&self, since: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let ms = self.answers.end.after_silence_ms;
        if ms <= 0 || self.maintenance.is_on() {
            return None;
        }
        let due = since.plus_ms(ms);
        // Passed while nobody could serve: it waits for the window to be open again.
        let opens = self.calendar().opens_at(due.max(now))?;
        Some(if opens <= now { due } else { opens })
    }

    fn period_text(&self, id: PeriodId) -> &str {
        self.closed_periods.iter().find(|period| period.id == id).map_or("", |period| &period.text)
    }
}

pub(super) fn change_hours(window: &Window, hours: Hours) -> Result<Vec<Event>, Rejected> {
    let hours = hours.checked()?;
    Ok(if hours == window.hours { Vec::new() } else { vec![Event::HoursChanged(hours)] })
}

pub(super) fn change_answers(window: &Window, answers: Answers) -> Result<Vec<Event>, Rejected> {
    let answers = answers.checked()?;
    Ok(if answers == window.answers { Vec::new() } else { vec![Event::AnswersChanged(answers)] })
}

/// Periods that are over make room for the new one.
pub(super) fn add_period(window: &Window, period: ClosedPeriod, now: Timestamp) -> Result<Vec<Event>, Rejected> {
    let (today, _) = window.hours.zone.local(now);
    period.check(&window.closed_periods, today)?;
    if window.closed_periods.iter().any(|other| other.id == period.id) {
        return Err(Rejected::Exists { what: "closed period" });
    }
    let over = window.closed_periods.iter().filter(|other| other.to < today);
    let mut events: Vec<_> = over.map(|other| Event::ClosedPeriodRemoved { id: other.id }).collect();
    events.push(Event::ClosedPeriodAdded(period));
    Ok(events)
}

pub(super) fn remove_period(window: &Window, id: PeriodId) -> Result<Vec<Event>, Rejected> {
    if window.closed_periods.iter().all(|period| period.id != id) {
        return Err(Rejected::not_found("closed period"));
    }
    Ok(vec![Event::ClosedPeriodRemoved { id }])
}

pub(super) fn switch(window: &Window, on: bool, text: Option<String>, now: Timestamp) -> Result<Vec<Event>, Rejected> {
    let before = &window.maintenance;
    let text = text.unwrap_or_else(|| before.text.clone());
    check_text("text", &text, answer_limits::TEXT_CHARS)?;
    let after = Maintenance { since: on.then(|| before.since.unwrap_or(now)), text };
    Ok(if after == *before { Vec::new() } else { vec![Event::MaintenanceChanged(after)] })
}
