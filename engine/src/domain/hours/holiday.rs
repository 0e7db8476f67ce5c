//! Japanese public holidays by the law in force (国民の祝日に関する法律), with what special laws moved in 2020 and 2021.

use std::ops::RangeInclusive;

use super::day::Day;

/// The years that the rules are right for, as long as the law stays: the equinoxes are computed ones, which are fixed by
/// the government a year before.
pub const YEARS: RangeInclusive<i16> = 2020..=2099;

/// What a public holiday is called; `None` for every other day.
#[must_use]
pub fn japanese_holiday(day: Day) -> Option<&'static str> {
    if !YEARS.contains(&day.parts().0) {
        return None;
    }
    named(day).or_else(|| is_substitute(day).then_some("振替休日")).or_else(|| is_between(day).then_some("国民の休日"))
}

/// Article 3, 2: a holiday on a Sunday makes the next day that is none a day off.
fn is_substitute(day: Day) -> bool {
    const SUNDAY: usize = 6;
    let run = (1..=7).map(|back| day.plus(-back)).take_while(|before| named(*before).is_some());
    run.into_iter().any(|before| before.weekday() == SUNDAY)
}

/// Article 3, 3: a day between two holidays is a day off.
fn is_between(day: Day) -> bool {
    named(day.plus(-1)).is_some() && named(day.plus(1)).is_some()
}

/// Article 2, and the laws for the years of the Games.
fn named(day: Day) -> Option<&'static str> {
    let (year, month, date) = day.parts();
    let monday = |nth: i8| day.weekday() == 0 && (nth - 1) * 7 < date && date <= nth * 7;
    match (year, month, date) {
        (2020, 7, 23) | (2021, 7, 22) => return Some("海の日"),
        (2020, 7, 24) | (2021, 7, 23) => return Some("スポーツの日"),
        (2020, 8, 10) | (2021, 8, 8) => return Some("山の日"),
        (2020 | 2021, 7 | 10, _) | (2020 | 2021, 8, _) => return None,
        _ => {}
    }
    match (month, date) {
        (1, 1) => Some("元日"),
        (1, _) if monday(2) => Some("成人の日"),
        (2, 11) => Some("建国記念の日"),
        (2, 23) => Some("天皇誕生日"),
        (3, _) if date == equinox(year, 20_843_100) => Some("春分の日"),
        (4, 29) => Some("昭和の日"),
        (5, 3) => Some("憲法記念日"),
        (5, 4) => Some("みどりの日"),
        (5, 5) => Some("こどもの日"),
        (7, _) if monday(3) => Some("海の日"),
        (8, 11) => Some("山の日"),
        (9, _) if monday(3) => Some("敬老の日"),
        (9, _) if date == equinox(year, 23_248_800) => Some("秋分の日"),
        (10, _) if monday(2) => Some("スポーツの日"),
        (11, 3) => Some("文化の日"),
        (11, 23) => Some("勤労感謝の日"),
        _ => None,
    }
}

/// The day of an equinox in its month, from where it stood in 1980 in millionths of a day; right from 1980 to 2099.
fn equinox(year: i16, in_1980: i32) -> i8 {
    let years = i32::from(year) - 1980;
    let day = (in_1980 + 242_194 * years) / 1_000_000 - years / 4;
    i8::try_from(day).unwrap_or(0)
}
