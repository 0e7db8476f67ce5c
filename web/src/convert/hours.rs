//! A window's hours and what it says by itself, on the wire and back.

use madoguchi_engine::domain::hours::{
    Answers as DomainAnswers, Automatic, ChatEnd as DomainEnd, ClosedPeriod as DomainPeriod, Day, Hours as DomainHours,
    MIDNIGHT, Maintenance as DomainMaintenance, Offline as DomainOffline, OfflineShown as DomainShown, PeriodId, Range,
    Standing, Zone,
};
use madoguchi_engine::domain::window::Opening as DomainOpening;
use madoguchi_protocol::Problem;
use madoguchi_protocol::api::{
    AnswerKind, Answers, ChatEnd, ClosedPeriod, HolidayCalendar, Holidays, Hours, Maintenance, NewClosedPeriod,
    Offline, OfflineShown, Opening, OpeningState, TimeRange, Week,
};

use super::time;
use crate::error::invalid;

/// The hours on the wire.
#[must_use]
pub fn hours(hours: &DomainHours) -> Hours {
    let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] = hours.week.each_ref().map(|day| ranges(day));
    Hours {
        time_zone: hours.zone.name().to_owned(),
        week: Week { monday, tuesday, wednesday, thursday, friday, saturday, sunday },
        holidays: hours.holidays.as_ref().map(|own| Holidays { calendar: HolidayCalendar::Japan, ranges: ranges(own) }),
        auto_close_in_business_days: hours.close_in_business_days,
    }
}

/// The hours in the domain, whose rules are not looked at here.
///
/// # Errors
/// A time that is none, with its field.
pub fn to_hours(hours: &Hours) -> Result<DomainHours, Problem> {
    let week = &hours.week;
    let days = [
        ("monday", &week.monday),
        ("tuesday", &week.tuesday),
        ("wednesday", &week.wednesday),
        ("thursday", &week.thursday),
        ("friday", &week.friday),
        ("saturday", &week.saturday),
        ("sunday", &week.sunday),
    ];
    let mut read: [Vec<Range>; 7] = Default::default();
    for (to, (name, from)) in read.iter_mut().zip(days) {
        *to = to_ranges(from, &format!("week.{name}"))?;
    }
    Ok(DomainHours {
        zone: Zone::named(&hours.time_zone),
        week: read,
        holidays: hours.holidays.as_ref().map(|own| to_ranges(&own.ranges, "holidays.ranges")).transpose()?,
        close_in_business_days: hours.auto_close_in_business_days,
    })
}

fn ranges(ranges: &[Range]) -> Vec<TimeRange> {
    ranges.iter().map(|range| TimeRange { from: clock(range.from), to: clock(range.to) }).collect()
}

fn to_ranges(ranges: &[TimeRange], field: &str) -> Result<Vec<Range>, Problem> {
    let minute = |text: &str, part: &str, at: usize| {
        to_minute(text).ok_or_else(|| invalid(&format!("{field}[{at}].{part}"), "a time as HH:MM, 00:00 to 24:00"))
    };
    let read = |(at, range): (usize, &TimeRange)| {
        Ok(Range { from: minute(&range.from, "from", at)?, to: minute(&range.to, "to", at)? })
    };
    ranges.iter().enumerate().map(read).collect()
}

/// `HH:MM`.
fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn to_minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let is_two = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let (hours, minutes): (u16, u16) = match is_two(hours) && is_two(minutes) {
        true => (hours.parse().ok()?, minutes.parse().ok()?),
        false => return None,
    };
    (minutes < 60 && hours * 60 + minutes <= MIDNIGHT).then_some(hours * 60 + minutes)
}

/// The automatic answers on the wire.
#[must_use]
pub fn answers(answers: &DomainAnswers) -> Answers {
    Answers {
        greeting: answers.greeting.clone(),
        absence: answers.absence.clone(),
        offline: Offline {
            text: answers.offline.text.clone(),
            shown: offline_shown(answers.offline.shown),
            when_nobody_is_here: answers.offline.when_nobody_is_here,
        },
        end: ChatEnd {
            notice: answers.end.notice.clone(),
            after_silence_ms: answers.end.after_silence_ms,
            words: answers.end.words.clone(),
        },
    }
}

/// The automatic answers in the domain, whose rules are not looked at here.
#[must_use]
pub fn to_answers(answers: &Answers) -> DomainAnswers {
    DomainAnswers {
        greeting: answers.greeting.clone(),
        absence: answers.absence.clone(),
        offline: DomainOffline {
            text: answers.offline.text.clone(),
            shown: match answers.offline.shown {
                OfflineShown::Message => DomainShown::Message,
                OfflineShown::Bar => DomainShown::Bar,
                OfflineShown::Card => DomainShown::Card,
                OfflineShown::Balloon => DomainShown::Balloon,
            },
            when_nobody_is_here: answers.offline.when_nobody_is_here,
        },
        end: DomainEnd {
            notice: answers.end.notice.clone(),
            after_silence_ms: answers.end.after_silence_ms,
            words: answers.end.words.clone(),
        },
    }
}

/// How the offline notice is shown, on the wire.
#[must_use]
pub fn offline_shown(shown: DomainShown) -> OfflineShown {
    match shown {
        DomainShown::Message => OfflineShown::Message,
        DomainShown::Bar => OfflineShown::Bar,
        DomainShown::Card => OfflineShown::Card,
        DomainShown::Balloon => OfflineShown::Balloon,
    }
}

/// A closed period on the wire.
#[must_use]
pub fn closed_period(period: &DomainPeriod) -> ClosedPeriod {
    ClosedPeriod {
        id: period_id(period.id),
        from: period.from.to_string(),
        to: period.to.to_string(),
        text: period.text.clone(),
    }
}

/// The name of a closed period on the wire.
#[must_use]
pub fn period_id(id: PeriodId) -> String {
    ulid::Ulid(id.0).to_string()
}

/// A new closed period in the domain.
///
/// # Errors
/// A date that is none, with its field.
pub fn to_closed_period(id: PeriodId, new: &NewClosedPeriod) -> Result<DomainPeriod, Problem> {
    let day = |text: &str, field| Day::parse(text, field).map_err(|_| invalid(field, "a date as YYYY-MM-DD"));
    Ok(DomainPeriod { id, from: day(&new.from, "from")?, to: day(&new.to, "to")?, text: new.text.clone() })
}

/// The switch of maintenance on the wire.
#[must_use]
pub fn maintenance(maintenance: &DomainMaintenance) -> Maintenance {
    Maintenance { on: maintenance.is_on(), text: maintenance.text.clone(), since: maintenance.since.map(time) }
}

/// How a window stands, on the wire.
#[must_use]
pub fn opening(opening: &DomainOpening) -> Opening {
    let (state, closed_period) = match opening.standing {
        Standing::Period(id) => (OpeningState::ClosedPeriod, Some(period_id(id))),
        Standing::Closed => (OpeningState::Closed, None),
        Standing::Open => (OpeningState::Open, None),
    };
    Opening {
        state: if opening.maintenance { OpeningState::Maintenance } else { state },
        next_change_at: opening.next_change.map(time),
        opens_at: opening.opens_at.map(time),
        closed_period,
        holiday: opening.holiday.map(str::to_owned),
    }
}

/// Which automatic answer, on the wire.
#[must_use]
pub fn answer_kind(what: Automatic) -> AnswerKind {
    match what {
        Automatic::Greeting => AnswerKind::Greeting,
        Automatic::Absence => AnswerKind::Absence,
        Automatic::ClosedPeriod(_) => AnswerKind::ClosedPeriod,
        Automatic::Maintenance => AnswerKind::Maintenance,
        Automatic::Offline => AnswerKind::Offline,
        Automatic::End => AnswerKind::End,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_and_answers_survive_the_wire() {
        let mut plain =
            DomainHours { holidays: Some(vec![Range { from: 600, to: MIDNIGHT }]), ..DomainHours::default() };
        plain.week[6] = Vec::new();
        plain.week[2] = vec![Range { from: 0, to: 61 }, Range { from: 719, to: 1_080 }];
        assert_eq!(to_hours(&hours(&plain)), Ok(plain));
        let said = DomainAnswers {
            greeting: "g".to_owned(),
            absence: "a".to_owned(),
            offline: DomainOffline { text: "o".to_owned(), shown: DomainShown::Balloon, when_nobody_is_here: true },
            end: DomainEnd { notice: "n".to_owned(), after_silence_ms: 60_000, words: vec!["終了".to_owned()] },
        };
        assert_eq!(to_answers(&answers(&said)), said);
    }

    #[test]
    fn a_time_is_two_digits_a_colon_and_two_digits_up_to_midnight() {
        for (text, minute) in [("00:00", Some(0)), ("09:05", Some(545)), ("23:59", Some(1_439)), ("24:00", Some(1_440))]
        {
            assert_eq!(to_minute(text), minute, "{text}");
        }
        for text in ["24:01", "25:00", "9:00", "09:60", "0900", "09:00:00", "-1:00", "+9:00", "", "０９:００"] {
            assert_eq!(to_minute(text), None, "{text}");
        }
        let mut bad = hours(&DomainHours::default());
        bad.week.friday[0].to = "24:60".to_owned();
        assert_eq!(to_hours(&bad).unwrap_err().extra.field.as_deref(), Some("week.friday[0].to"));
    }
}
