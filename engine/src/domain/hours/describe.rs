//! The opening hours in words, as customers read them.

use super::Hours;
use super::day::MIDNIGHT;
use super::week::Range;

const NAMES: [&str; 7] = ["月", "火", "水", "木", "金", "土", "日"];

/// A line for each run of weekdays with the same hours, from Monday on, and one for holidays.
#[must_use]
pub fn describe(hours: &Hours) -> Vec<String> {
    let mut lines = Vec::new();
    let mut first = 0;
    for day in 1..=NAMES.len() {
        if day == NAMES.len() || hours.week[day] != hours.week[first] {
            let names = match day - first {
                7 => "毎日".to_owned(),
                1 => NAMES[first].to_owned(),
                _ => format!("{}〜{}", NAMES[first], NAMES[day - 1]),
            };
            lines.push(format!("{names} {}", of(&hours.week[first])));
            first = day;
        }
    }
    if let Some(ranges) = &hours.holidays {
        lines.push(format!("祝日 {}", of(ranges)));
    }
    lines
}

fn of(ranges: &[Range]) -> String {
    match ranges {
        [] => "休み".to_owned(),
        [Range { from: 0, to: MIDNIGHT }] => "24時間".to_owned(),
        _ => ranges
            .iter()
            .map(|range| format!("{}〜{}", clock(range.from), clock(range.to)))
            .collect::<Vec<_>>()
            .join("、"),
    }
}

/// `HH:MM`.
fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}
