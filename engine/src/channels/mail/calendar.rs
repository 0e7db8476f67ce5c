//! The card of an invitation. Looked at and never answered.

use super::charset;

/// What an invitation says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invitation {
    /// What it is about.
    pub title: String,
    /// When it begins, as written: `20261121T100000`, with `Z` at the end in UTC, a date alone for a whole day.
    pub starts: String,
    /// When it ends, the same way; empty where it does not say.
    pub ends: String,
    /// The time zone of both, by its name; empty for UTC and for none.
    pub zone: String,
    /// Where it is.
    pub place: String,
    /// The address of who invites.
    pub organiser: String,
    /// It is called off.
    pub is_cancelled: bool,
}

/// Longest field of a card, in characters.
const FIELD_CHARS: usize = 300;

/// The first event of a calendar (RFC 5545). `None` without one.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Invitation> {
    let text = charset::guess(&bytes[..bytes.len().min(256 * 1024)])
        .replace("\r\n", "\n")
        .replace("\n ", "")
        .replace("\n\t", "");
    let mut card = Invitation::default();
    // What stands in a part of the event, such as its alarm, is none of its own.
    let mut inside: Vec<&str> = Vec::new();
    for line in text.lines() {
        let Some((head, value)) = split(line) else { continue };
        let mut words = head.split(';');
        let name = words.next().unwrap_or_default().to_ascii_uppercase();
        match (name.as_str(), inside.last().copied()) {
            ("BEGIN", _) => inside.push(value),
            ("END", Some("VEVENT")) => return Some(card),
            ("END", _) => drop(inside.pop()),
            ("METHOD", _) => card.is_cancelled |= value.eq_ignore_ascii_case("CANCEL"),
            ("STATUS", Some("VEVENT")) => card.is_cancelled |= value.eq_ignore_ascii_case("CANCELLED"),
            ("SUMMARY", Some("VEVENT")) => card.title = plain(value),
            ("LOCATION", Some("VEVENT")) => card.place = plain(value),
            ("DTSTART", Some("VEVENT")) => {
                card.starts = plain(value);
                card.zone = words.find_map(|word| word.strip_prefix("TZID=")).map(plain).unwrap_or_default();
            }
            ("DTEND", Some("VEVENT")) => card.ends = plain(value),
            ("ORGANIZER", Some("VEVENT")) => {
                let address = value
                    .get(..7)
                    .filter(|scheme| scheme.eq_ignore_ascii_case("mailto:"))
                    .map_or(value, |_| &value[7..]);
                card.organiser = plain(address);
            }
            _ => {}
        }
    }
    None
}

/// A line's name with parameters, and its value; a colon in quotes belongs to a parameter.
fn split(line: &str) -> Option<(&str, &str)> {
    let mut in_quotes = false;
    let at = line.bytes().position(|byte| {
        in_quotes ^= byte == b'"';
        byte == b':' && !in_quotes
    })?;
    Some((&line[..at], line[at + 1..].trim_end()))
}

fn plain(value: &str) -> String {
    let mut text = String::new();
    let mut rest = value.trim_matches('"').chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next() {
                Some('n' | 'N') => text.push(' '),
                Some(other) => text.push(other),
                None => {}
            },
            c if c.is_control() => {}
            c => text.push(c),
        }
    }
    text.chars().take(FIELD_CHARS).collect()
}
