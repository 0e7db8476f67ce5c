use crate::domain::hours::{Day, YEARS, japanese_holiday};

/// A second opinion, kept as a file: see its head.
const KNOWN: &str = include_str!("japan_2020_2030.txt");

fn all(years: std::ops::RangeInclusive<i16>) -> Vec<(Day, &'static str)> {
    let first = Day::of(*years.start(), 1, 1).unwrap();
    let last = Day::of(*years.end(), 12, 31).unwrap();
    (first.0..=last.0).map(Day).filter_map(|day| japanese_holiday(day).map(|name| (day, name))).collect()
}

#[test]
fn every_day_from_2020_to_2030_is_a_holiday_for_us_exactly_when_it_is_for_others() {
    let known: Vec<(String, &str)> = KNOWN
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once(' ').unwrap())
        // They say of which day one is the substitute; we do not.
        .map(|(date, name)| (date.to_owned(), if name.ends_with("振替休日") { "振替休日" } else { name }))
        .collect();
    let ours: Vec<(String, &str)> = all(2020..=2030).into_iter().map(|(day, name)| (day.to_string(), name)).collect();
    assert_eq!(ours, known);
    assert_eq!(ours.len(), 197);
}

#[test]
fn substitute_and_sandwiched_days_are_found_and_their_neighbours_are_not() {
    for (date, name) in [
        ("2020-02-24", Some("振替休日")),
        ("2020-05-06", Some("振替休日")),
        ("2020-07-20", None),
        ("2020-07-23", Some("海の日")),
        ("2020-07-24", Some("スポーツの日")),
        ("2020-08-10", Some("山の日")),
        ("2020-08-11", None),
        ("2020-10-12", None),
        ("2021-07-19", None),
        ("2021-08-09", Some("振替休日")),
        ("2021-10-11", None),
        ("2026-09-21", Some("敬老の日")),
        ("2026-09-22", Some("国民の休日")),
        ("2026-09-23", Some("秋分の日")),
        ("2026-09-24", None),
        ("2026-12-31", None),
        ("2027-03-22", Some("振替休日")),
        ("2032-09-21", Some("国民の休日")),
        ("2019-05-01", None),
    ] {
        assert_eq!(japanese_holiday(Day::parse(date, "date").unwrap()), name, "{date}");
    }
}

#[test]
fn no_year_of_the_range_is_without_its_sixteen_holidays() {
    for year in YEARS {
        let named: std::collections::BTreeSet<_> = all(year..=year).into_iter().map(|(_, name)| name).collect();
        let real = named.iter().filter(|name| !matches!(**name, "振替休日" | "国民の休日")).count();
        assert_eq!(real, 16, "{year}: {named:?}");
    }
}
