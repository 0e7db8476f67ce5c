//! Texts of a window with placeholders in them: what they may hold, and what a customer reads.

use unicode_segmentation::UnicodeSegmentation;

use super::answers::limits;
use crate::domain::rejected::Rejected;

/// What stands for the customer's name. It is filled in last, so that it can be taken out of what was said.
const NAME: &str = "{name}";
/// What a customer is called whose name is not known.
const NOBODYS_NAME: &str = "お客様";
const TITLES: [&str; 3] = ["様", "さま", "さん"];
const KNOWN: [&str; 3] = ["name", "window", "hours"];

/// What placeholders stand for.
#[derive(Clone, Copy, Debug)]
pub struct Wording<'a> {
    /// The window's name.
    pub window: &'a str,
    /// The opening hours, a line each.
    pub hours: &'a [String],
}

impl Wording<'_> {
    /// The text with all filled in but the customer's name.
    #[must_use]
    pub fn fill(&self, text: &str) -> String {
        text.split_inclusive('}').map(|piece| self.fill_end(piece)).collect()
    }

    /// A piece of a text that may end with a placeholder.
    fn fill_end(&self, piece: &str) -> String {
        for (placeholder, stands_for) in [("{window}", self.window.to_owned()), ("{hours}", self.hours.join("\n"))] {
            if let Some(before) = piece.strip_suffix(placeholder) {
                return format!("{before}{stands_for}");
            }
        }
        piece.to_owned()
    }

    /// The text as a customer of this name reads it.
    #[must_use]
    pub fn address(text: &str, name: Option<&str>) -> String {
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            return text.replace(NAME, name);
        }
        // Whoever has no name is addressed with respect already.
        let titled =
            TITLES.iter().fold(text.to_owned(), |text, title| text.replace(&format!("{NAME}{title}"), NOBODYS_NAME));
        titled.replace(NAME, NOBODYS_NAME)
    }

    /// Whether the customer's name is wanted.
    #[must_use]
    pub fn names_the_customer(text: &str) -> bool {
        text.contains(NAME)
    }
}

/// Whether an administrator may set this text. Empty is fine.
pub(in crate::domain) fn check_text(field: &'static str, text: &str, most: usize) -> Result<(), Rejected> {
    if text.len() > limits::TEXT_BYTES || text.graphemes(true).count() > most {
        return Err(Rejected::invalid(field, format!("at most {most} characters and 4,096 bytes")));
    }
    if !text.is_empty() && text.trim().is_empty() {
        return Err(Rejected::invalid(field, "empty, or not only white space"));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Rejected::invalid(field, "no control characters but line breaks and tabs"));
    }
    let placeholders: Vec<&str> = placeholders(text).collect();
    if let Some(unknown) = placeholders.iter().find(|name| !KNOWN.contains(name)) {
        return Err(Rejected::invalid(
            field,
            format!("{{{unknown}}} is unknown; {{name}}, {{window}} and {{hours}} are known"),
        ));
    }
    if placeholders.len() > limits::PLACEHOLDERS {
        return Err(Rejected::invalid(field, "at most 5 placeholders"));
    }
    Ok(())
}

/// Everything in braces that looks like a name of ours: lower-case letters and underscores.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split('}').filter_map(|piece| {
        let name = piece.rsplit_once('{')?.1;
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        is_name.then_some(name)
    })
}
