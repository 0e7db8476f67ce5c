//! Reading single values leniently. LINE leaves out what has no value, adds what it likes and promises few types, so a
//! value that is not what was hoped for counts as absent and never spoils what stands beside it.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer as _, Visitor};
use serde_json::value::RawValue;

/// Ids and tokens longer than this, in bytes, are none of LINE's; they count as absent.
const MAX_ID: usize = 1_024;

/// A value not yet looked at; absent and `null` are the same.
pub(crate) type Lazy<'a> = Option<&'a RawValue>;

/// The object of type `T`, if it is one. Arrays are refused, though serde would take their items in order.
pub(crate) fn object<'a, T: Deserialize<'a>>(raw: Lazy<'a>) -> Option<T> {
    let json = raw?.get();
    if !json.starts_with('{') {
        return None;
    }
    serde_json::from_str(json).ok()
}

/// A string. A surrogate without its other half, which no Rust string can hold, becomes U+FFFD.
pub(crate) fn text(raw: Lazy<'_>) -> Option<String> {
    let json = raw?.get();
    if !json.starts_with('"') {
        return None;
    }
    serde_json::Deserializer::from_str(json).deserialize_bytes(AnyString).ok()
}

/// An id or token: a non-empty string, or a whole number as it is written (message ids pass 2^53).
pub(crate) fn id(raw: Lazy<'_>) -> Option<String> {
    let json = raw?.get();
    let id = if !json.is_empty() && json.bytes().all(|b| b.is_ascii_digit()) { json.to_owned() } else { text(raw)? };
    (1..=MAX_ID).contains(&id.len()).then_some(id)
}

/// A plain value, such as a number or a truth.
pub(crate) fn plain<'a, T: Deserialize<'a>>(raw: Lazy<'a>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}

/// Degrees in millionths, where they are at most `most` to either side.
pub(crate) fn degrees_e6(raw: Lazy<'_>, most: u8) -> Option<i32> {
    let degrees: f64 = plain(raw)?;
    #[expect(clippy::cast_possible_truncation, reason = "at most 255 million")]
    (degrees.abs() <= f64::from(most)).then(|| (degrees * 1_000_000.0).round() as i32)
}

/// How deep the objects and arrays of a valid JSON text are nested.
pub(crate) fn depth(json: &str) -> usize {
    let (mut deepest, mut now) = (0_usize, 0_usize);
    let (mut in_string, mut escaped) = (false, false);
    for byte in json.bytes() {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                now += 1;
                deepest = deepest.max(now);
            }
            b'}' | b']' => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Takes a JSON string as bytes: the one way in which `serde_json` hands out lone surrogates (in three bytes each, as
/// if they were characters) and does not refuse the string.
struct AnyString;

impl Visitor<'_> for AnyString {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<String, E> {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Ok(text.to_owned());
        }
        let mut text = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            // The three bytes of a surrogate are reported as three bad chunks of one byte each; the first, 0xED,
            // stands for all of them.
            if chunk.invalid().first() == Some(&0xED) {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    fn text_of(json: &str) -> Option<String> {
        text(Some(&raw(json)))
    }

    fn id_of(json: &str) -> Option<String> {
        id(Some(&raw(json)))
    }

    #[test]
    fn half_a_surrogate_pair_does_not_cost_the_sentence() {
        assert_eq!(text_of(r#""a\ud83db""#).unwrap(), "a\u{FFFD}b");
        assert_eq!(text_of(r#""\udc00\ud800""#).unwrap(), "\u{FFFD}\u{FFFD}");
        assert_eq!(text_of(r#""\ud83c\udf4e|\ud83c""#).unwrap(), "🍎|\u{FFFD}");
        assert_eq!(text_of(r#""\ud83c🍎""#).unwrap(), "\u{FFFD}🍎");
        assert_eq!(text_of(r#""\u3042\n\"\\\/\t\u0000""#).unwrap(), "あ\n\"\\/\t\0");
    }

    #[test]
    fn an_id_beyond_the_exact_doubles_keeps_every_digit() {
        assert_eq!(id_of("590000000000000001").as_deref(), Some("590000000000000001"));
        assert_eq!(id_of(r#""590000000000000001""#).as_deref(), Some("590000000000000001"));
        for none in ["1.5", "-1", "1e3", "true", "[]", "{}", r#""""#, r#"["a"]"#, "null"] {
            assert_eq!(id_of(none), None, "{none}");
        }
        assert_eq!(id_of(&format!("\"{}\"", "x".repeat(MAX_ID + 1))), None);
    }

    #[test]
    fn depth_counts_nesting_and_not_brackets_in_strings() {
        assert_eq!(depth("1"), 0);
        assert_eq!(depth(r#"{"a":[{"b":"]}[[[\"[["}],"c":{}}"#), 3);
        assert_eq!(depth(r#"{"a":"\\","b":[[]]}"#), 3);
    }
}
