//! Short lines about what was said, for readers: one line, of bounded length, that turns nothing around it.

use crate::domain::message::Content;

/// Longest line about a message, in characters; the rest is cut off with `…`.
const SUMMARY_CHARS: usize = 200;
/// Longest word for a kind, in characters.
const KIND_CHARS: usize = 50;

/// Content that this release cannot show, in one line.
pub(crate) fn other(kind: &str, summary: &str) -> Content {
    let kind = one_line(kind, KIND_CHARS);
    Content::Other {
        kind: if kind.is_empty() { "unknown".to_owned() } else { kind },
        summary: one_line(summary, SUMMARY_CHARS),
    }
}

/// A line about something of a kind that this release does not know.
pub(crate) fn unknown(kind: &str) -> String {
    let kind = one_line(kind, KIND_CHARS);
    let what = "まだ表示できない種類の内容";
    if kind.trim().is_empty() { what.to_owned() } else { format!("{what}（{kind}）") }
}

/// The text on one line: without control characters and without those that turn the reading direction of what follows,
/// at most `chars` characters.
pub(crate) fn one_line(text: &str, chars: usize) -> String {
    let turns = |c: char| matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let mut shown = text.chars().filter(|c| !turns(*c)).map(|c| {
        let breaks = c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        if breaks { ' ' } else { c }
    });
    let mut line: String = shown.by_ref().take(chars).collect();
    if shown.next().is_some() {
        line.pop();
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line_of_bounded_length() {
        let Content::Other { summary, .. } = other("x", &format!("a\nb\u{7}\u{2028}{}", "長".repeat(5_000))) else {
            panic!("a line");
        };
        assert_eq!(summary.chars().count(), SUMMARY_CHARS);
        assert!(summary.starts_with("a b  長") && summary.ends_with('…'), "{summary}");
    }
}
