//! What customers and agents see of a window: its name, what it is for, its picture. The rules of PRODUCT W2.
//!
//! Characters are counted as a person counts them: an emoji of a family is one, whatever it is made of.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::id::FileId;
use crate::domain::rejected::Rejected;

/// The longest name of a window, in characters as a person counts them (PRODUCT W2).
pub const NAME_CHARS: usize = 20;
/// The longest description, counted in the same way.
pub const DESCRIPTION_CHARS: usize = 100;
/// The longest name of a picture's file, with its `.png`.
pub const PICTURE_NAME_CHARS: usize = 100;
/// What one character may be made of, in bytes: the longest emoji of Unicode has 35. Without a bound a single one could
/// be of any length.
const CHAR_BYTES: usize = 64;

/// The picture of a window: a PNG file of the content store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// The file.
    pub file: FileId,
    /// The name that it came with.
    pub name: String,
}

/// Everything of it together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// What customers see.
    pub name: String,
    /// What the window is for; empty for nothing said.
    pub description: String,
    /// Its picture.
    pub picture: Option<Picture>,
}

impl Profile {
    /// The profile as it is kept: composed characters, nothing around them.
    ///
    /// # Errors
    /// `Invalid` with the field that breaks its rule.
    pub fn checked(self) -> Result<Self, Rejected> {
        let name = tidied(&self.name);
        let description = tidied(&self.description);
        if !fits(&name, 1, NAME_CHARS) || name.chars().any(char::is_control) {
            return Err(Rejected::invalid("name", "1 to 20 characters"));
        }
        if !fits(&description, 0, DESCRIPTION_CHARS) || description.chars().any(|c| c.is_control() && c != '\n') {
            return Err(Rejected::invalid("description", "at most 100 characters"));
        }
        if let Some(picture) = &self.picture {
            check_picture_name(&picture.name)?;
        }
        Ok(Self { name, description, picture: self.picture })
    }
}

/// The rule for the name of a picture's file.
///
/// # Errors
/// `Invalid` with field `name`.
pub fn check_picture_name(name: &str) -> Result<(), Rejected> {
    let stem = name.strip_suffix(".png").unwrap_or_default();
    let is_plain = stem.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if !stem.is_empty() && is_plain && name.len() <= PICTURE_NAME_CHARS {
        return Ok(());
    }
    Err(Rejected::invalid("name", "lower-case letters and digits, then .png; at most 100 characters"))
}

/// Names that look the same are the same, however a keyboard wrote them.
fn tidied(text: &str) -> String {
    text.trim().nfc().collect()
}

fn fits(text: &str, least: usize, most: usize) -> bool {
    // Invisible characters alone are no name.
    let is_blank =
        text.chars().all(|c| c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'));
    if text.is_empty() || is_blank {
        return least == 0 && text.is_empty();
    }
    text.len() <= most * CHAR_BYTES && text.graphemes(true).count() <= most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Result<String, Rejected> {
        Profile { name: name.to_owned(), ..Profile::default() }.checked().map(|profile| profile.name)
    }

    fn described(description: &str) -> Result<String, Rejected> {
        let profile = Profile { name: "窓口".to_owned(), description: description.to_owned(), picture: None };
        profile.checked().map(|profile| profile.description)
    }

    /// One character for a person, several for a machine.
    const ONES: [&str; 7] = ["営", "が", "か\u{3099}", "👨‍👩‍👧‍👦", "🇯🇵", "👍🏽", "e\u{301}"];

    #[test]
    fn twenty_characters_are_twenty_whatever_they_are_made_of() {
        let rule = Rejected::invalid("name", "1 to 20 characters");
        for one in ONES {
            for (count, is_taken) in [(1, true), (19, true), (20, true), (21, false)] {
                assert_eq!(named(&one.repeat(count)).is_ok(), is_taken, "{one} × {count}");
            }
            assert_eq!(named(&one.repeat(21)), Err(rule.clone()));
        }
        for empty in ["", " ", "\u{3000}", "\u{200b}", "\t\n"] {
            assert_eq!(named(empty), Err(rule.clone()), "{empty:?}");
        }
        assert_eq!(named("a\u{7}b"), Err(rule.clone()), "a bell is nothing to read");
        assert_eq!(named(&format!("a{}", "\u{301}".repeat(2_000))), Err(rule), "one character without an end");
    }

    #[test]
    fn a_hundred_characters_describe_a_window_and_not_one_more() {
        let rule = Rejected::invalid("description", "at most 100 characters");
        for one in ONES {
            for (count, is_taken) in [(99, true), (100, true), (101, false)] {
                assert_eq!(described(&one.repeat(count)).is_ok(), is_taken, "{one} × {count}");
            }
        }
        assert_eq!(described("").as_deref(), Ok(""));
        assert_eq!(described(" 平日\n10時から ").as_deref(), Ok("平日\n10時から"));
        assert_eq!(described("a\u{0}"), Err(rule));
    }

    #[test]
    fn a_name_typed_elsewhere_is_the_same_name() {
        assert_eq!(named("か\u{3099}く"), named("がく"));
        assert_eq!(named(" 受付 "), Ok("受付".to_owned()));
    }

    #[test]
    fn a_picture_has_a_plain_name() {
        for good in ["a.png", "0.png", "logo01.png", &format!("{}.png", "x".repeat(96))] {
            assert_eq!(check_picture_name(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            ".png",
            "Logo.png",
            "logo.PNG",
            "lo go.png",
            "lo-go.png",
            "ロゴ.png",
            "logo.jpg",
            "logo",
            "a.b.png",
            "../a.png",
            "a/b.png",
            "a.png\n",
            &format!("{}.png", "x".repeat(97)),
        ] {
            let refused = check_picture_name(bad);
            assert!(matches!(refused, Err(Rejected::Invalid { ref field, .. }) if field == "name"), "{bad:?}");
        }
    }
}
