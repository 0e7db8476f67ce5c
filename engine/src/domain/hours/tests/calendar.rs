use proptest::prelude::*;

use super::{at, closed, office, range, shown};
use crate::domain::hours::{Calendar, ClosedPeriod, Day, Hours, PeriodId, Range, Standing, Zone};
use crate::domain::time::Timestamp;

use Standing::{Closed, Open, Period};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// A moment, how the window stands, when that changes, and when it opens next.
type Row = (&'static str, Standing, &'static str, &'static str);

fn check(hours: &Hours, periods: &[ClosedPeriod], rows: &[Row]) {
    let calendar = Calendar { hours, periods };
    for (moment, standing, change, opens) in rows {
        let now = at(moment);
        assert_eq!(calendar.standing(now), *standing, "{moment}");
        assert_eq!(shown(calendar.next_change(now)), *change, "the change after {moment}");
        assert_eq!(shown(calendar.opens_at(now)), *opens, "the opening after {moment}");
    }
}

#[test]
fn an_office_in_tokyo_breaks_for_lunch_and_rests_at_the_weekend_and_on_holidays() {
    check(
        &office("Asia/Tokyo"),
        &[],
        &[
            // A Friday: 08:59:59.999, 09:00, noon, 13:00, 18:00 in Tokyo.
            ("2026-11-19T23:59:59.999Z", Closed, "2026-11-20T00:00:00Z", "2026-11-20T00:00:00Z"),
            ("2026-11-20T00:00:00Z", Open, "2026-11-20T03:00:00Z", "2026-11-20T00:00:00Z"),
            ("2026-11-20T03:00:00Z", Closed, "2026-11-20T04:00:00Z", "2026-11-20T04:00:00Z"),
            ("2026-11-20T04:00:00Z", Open, "2026-11-20T09:00:00Z", "2026-11-20T04:00:00Z"),
            // The weekend, and Monday 勤労感謝の日.
            ("2026-11-20T09:00:00Z", Closed, "2026-11-24T00:00:00Z", "2026-11-24T00:00:00Z"),
            ("2026-11-23T02:00:00Z", Closed, "2026-11-24T00:00:00Z", "2026-11-24T00:00:00Z"),
        ],
    );
}

#[test]
fn a_holiday_may_have_hours_of_its_own_and_falls_on_a_sunday_too() {
    let hours = Hours { holidays: Some(vec![range("10:00-15:00")]), ..office("Asia/Tokyo") };
    check(
        &hours,
        &[],
        &[
            // Sunday 2026-05-03 憲法記念日, otherwise closed, and its substitute on Wednesday the 6th.
            ("2026-05-03T00:59:00Z", Closed, "2026-05-03T01:00:00Z", "2026-05-03T01:00:00Z"),
            ("2026-05-03T02:00:00Z", Open, "2026-05-03T06:00:00Z", "2026-05-03T02:00:00Z"),
            ("2026-05-06T00:30:00Z", Closed, "2026-05-06T01:00:00Z", "2026-05-06T01:00:00Z"),
        ],
    );
    let plain = Hours { holidays: None, ..office("Asia/Tokyo") };
    assert_eq!(Calendar { hours: &plain, periods: &[] }.standing(at("2026-05-06T00:30:00Z")), Open);
}

#[test]
fn closed_periods_begin_and_end_at_midnight_of_the_window_and_not_of_the_world() {
    let periods = [closed(1, "2026-12-28", "2027-01-03"), closed(2, "2027-01-04", "2027-01-04")];
    check(
        &office("Asia/Tokyo"),
        &periods,
        &[
            ("2026-12-27T14:59:59Z", Closed, "2026-12-27T15:00:00Z", "2027-01-05T00:00:00Z"),
            ("2026-12-27T15:00:00Z", Period(PeriodId(1)), "2027-01-03T15:00:00Z", "2027-01-05T00:00:00Z"),
            ("2027-01-03T15:00:00Z", Period(PeriodId(2)), "2027-01-04T15:00:00Z", "2027-01-05T00:00:00Z"),
            ("2027-01-04T15:00:00Z", Closed, "2027-01-05T00:00:00Z", "2027-01-05T00:00:00Z"),
        ],
    );
    let always = Hours::default();
    check(
        &always,
        &periods[..1],
        &[
            ("2026-12-01T00:00:00Z", Open, "2026-12-27T15:00:00Z", "2026-12-01T00:00:00Z"),
            ("2027-01-03T15:00:00Z", Open, "never", "2027-01-03T15:00:00Z"),
        ],
    );
}

#[test]
fn midnight_between_two_open_days_is_no_change() {
    let mut hours = office("Asia/Tokyo");
    hours.week[0] = vec![range("22:00-24:00")];
    hours.week[1] = vec![range("00:00-02:00")];
    check(
        &hours,
        &[],
        &[
            ("2026-11-16T13:30:00Z", Open, "2026-11-16T17:00:00Z", "2026-11-16T13:30:00Z"),
            ("2026-11-16T15:00:00Z", Open, "2026-11-16T17:00:00Z", "2026-11-16T15:00:00Z"),
        ],
    );
    check(&Hours::default(), &[], &[("2026-11-16T15:00:00Z", Open, "never", "2026-11-16T15:00:00Z")]);
    let shut = Hours { week: Default::default(), ..Hours::default() };
    check(&shut, &[], &[("2026-11-16T15:00:00Z", Closed, "never", "never")]);
}

#[test]
fn in_berlin_the_shop_opens_by_the_clock_on_the_wall_when_clocks_are_turned() {
    let mut hours = office("Europe/Berlin");
    hours.week[6] = vec![range("02:30-04:00")];
    check(
        &hours,
        &[],
        &[
            // 2026-03-29: at 02:00 it is 03:00. The half hour before three never was; the shop opens with the turn.
            ("2026-03-29T00:59:59Z", Closed, "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"),
            ("2026-03-29T01:00:00Z", Open, "2026-03-29T02:00:00Z", "2026-03-29T01:00:00Z"),
            // The Monday after, at nine by summer time.
            ("2026-03-29T02:00:00Z", Closed, "2026-03-30T07:00:00Z", "2026-03-30T07:00:00Z"),
            // 2026-10-25: at 03:00 it is 02:00 again, and the shop closes for the half hour that comes twice.
            ("2026-10-25T00:30:00Z", Open, "2026-10-25T01:00:00Z", "2026-10-25T00:30:00Z"),
            ("2026-10-25T01:00:00Z", Closed, "2026-10-25T01:30:00Z", "2026-10-25T01:30:00Z"),
            ("2026-10-25T01:30:00Z", Open, "2026-10-25T03:00:00Z", "2026-10-25T01:30:00Z"),
            ("2026-10-25T03:00:00Z", Closed, "2026-10-26T08:00:00Z", "2026-10-26T08:00:00Z"),
        ],
    );
}

#[test]
fn days_that_a_zone_never_had_or_begins_late_are_no_stumbling_block() {
    // Samoa had no 2011-12-30; Beirut's days of spring begin at one.
    let always = |zone| Hours { zone: Zone::named(zone), ..Hours::default() };
    let apia = always("Pacific/Apia");
    let gone = [ClosedPeriod {
        id: PeriodId(1),
        from: Day::of(2011, 12, 30).unwrap(),
        to: Day::of(2011, 12, 30).unwrap(),
        text: String::new(),
    }];
    let calendar = Calendar { hours: &apia, periods: &gone };
    assert_eq!(calendar.next_change(at("2011-12-29T00:00:00Z")), None);
    let beirut = Hours { week: std::array::from_fn(|_| vec![range("00:00-09:00")]), ..always("Asia/Beirut") };
    check(
        &beirut,
        &[],
        &[
            ("2025-03-29T08:00:00Z", Closed, "2025-03-29T22:00:00Z", "2025-03-29T22:00:00Z"),
            ("2025-03-29T22:00:00Z", Open, "2025-03-30T06:00:00Z", "2025-03-29T22:00:00Z"),
        ],
    );
}

#[test]
fn business_days_keep_the_time_of_the_clock_and_pass_over_what_is_closed() {
    let hours = office("Asia/Tokyo");
    let periods = [closed(1, "2026-12-28", "2027-01-03")];
    let calendar = Calendar { hours: &hours, periods: &periods };
    for (from, days, due) in [
        // Friday 15:00 in Tokyo: Monday is a holiday.
        ("2026-11-20T06:00:00Z", 1, "2026-11-24T06:00:00Z"),
        ("2026-11-20T06:00:00Z", 2, "2026-11-25T06:00:00Z"),
        // Out of a Saturday.
        ("2026-11-21T06:00:00Z", 1, "2026-11-24T06:00:00Z"),
        // Over the turn of the year.
        ("2026-12-25T01:00:00Z", 1, "2027-01-04T01:00:00Z"),
        ("2026-12-14T01:00:00Z", 14, "2027-01-08T01:00:00Z"),
        ("2026-11-20T06:00:00Z", 0, "2026-11-20T06:00:00Z"),
    ] {
        assert_eq!(shown(calendar.business_days_after(at(from), days)), due, "{days} after {from}");
    }
    let shut = Hours { week: Default::default(), ..office("Asia/Tokyo") };
    let never = Calendar { hours: &shut, periods: &[] };
    assert_eq!(never.business_days_after(at("2026-11-20T06:00:00Z"), 1), None);
}

/// Hours of any kind in a zone whose clocks are turned.
fn any_hours() -> impl Strategy<Value = Hours> {
    let ranges = proptest::collection::vec((0_u16..1_440, 1_u16..=1_440), 0..4).prop_map(|all| {
        let mut kept: Vec<Range> = Vec::new();
        for (from, to) in all {
            let fresh = Range { from: from.min(to), to: from.max(to) };
            if fresh.from < fresh.to && kept.iter().all(|old| fresh.to <= old.from || old.to <= fresh.from) {
                kept.push(fresh);
            }
        }
        kept.sort_unstable();
        kept
    });
    let zones = [
        "Asia/Tokyo",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "America/Santiago",
        "Africa/Casablanca",
    ];
    let zone = proptest::sample::select(zones.to_vec()).prop_map(Zone::named);
    let week = proptest::collection::vec(ranges.clone(), 7);
    (zone, week, proptest::option::of(ranges)).prop_map(|(zone, week, holidays)| Hours {
        zone,
        week: week.try_into().expect("seven"),
        holidays,
        close_in_business_days: true,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Against looking at every minute: between now and the next change nothing changes, and then it does.
    #[test]
    fn the_next_change_is_the_first_minute_that_differs(
        hours in any_hours(),
        start in 1_767_225_600_000_i64..1_830_297_600_000,
        period in proptest::option::of((0_i32..12, 0_i32..4)),
    ) {
        let now = Timestamp(start - start % MINUTE_MS);
        let (today, _) = hours.zone.local(now);
        let period = period.map(|(ahead, days)| ClosedPeriod {
            id: PeriodId(9),
            from: today.plus(ahead),
            to: today.plus(ahead + days),
            text: String::new(),
        });
        let periods: Vec<_> = period.into_iter().collect();
        let calendar = Calendar { hours: &hours, periods: &periods };
        let standing = calendar.standing(now);
        let minutes = (1..9 * 24 * 60).map(|minute| now.plus_ms(minute * MINUTE_MS));
        let slow = minutes.clone().find(|when| calendar.standing(*when) != standing);
        let quick = calendar.next_change(now).filter(|when| when.since_ms(now) < 9 * DAY_MS);
        prop_assert_eq!(shown(quick), shown(slow));
        let opens = std::iter::once(now).chain(minutes).find(|when| calendar.standing(*when) == Open);
        if opens.is_some() {
            prop_assert_eq!(shown(calendar.opens_at(now)), shown(opens));
        }
    }
}

#[test]
fn weekdays_and_dates_follow_each_other_without_a_slip() {
    let first = Day::of(2024, 2, 26).unwrap();
    assert_eq!((first.weekday(), first.to_string()), (0, "2024-02-26".to_owned()), "a Monday before a leap day");
    let dates: Vec<String> = (3..6).map(|ahead| first.plus(ahead).to_string()).collect();
    assert_eq!(dates, ["2024-02-29", "2024-03-01", "2024-03-02"]);
    assert!((0..40_000).all(|day| Day(day + 1).weekday() == (Day(day).weekday() + 1) % 7));
    assert_eq!(Day::of(1970, 1, 1).unwrap(), Day(0));
    assert_eq!(Day::of(9998, 12, 31).unwrap().plus(1_000).to_string(), "9998-12-31");
    for bad in ["2026-02-30", "2026-2-03", "1969-12-31", "9999-01-01", "20260203", "２０２６-01-01", ""] {
        assert!(Day::parse(bad, "day").is_err(), "{bad}");
    }
}
