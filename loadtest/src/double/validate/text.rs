//! Texts: their length in UTF-16 units, LINE emojis on `$`, and the placeholders of `textV2`.

use serde_json::{Map, Value};

use super::check::{Check, join};

/// Longest text, in UTF-16 units.
const MAX_TEXT: usize = 5_000;
/// Most LINE emojis in one text.
const MAX_EMOJIS: usize = 20;
/// Most people mentioned in one text.
const MAX_MENTIONS: usize = 20;
/// Most placeholders of one text.
const MAX_SUBSTITUTIONS: usize = 100;

/// `type: text`.
pub(super) fn plain(message: &Map<String, Value>, at: &str, check: &mut Check) {
    check.text(message, at, "text", MAX_TEXT);
    check.optional_text(message, at, "quoteToken", usize::MAX);
    let text: Vec<u16> = message.get("text").and_then(Value::as_str).unwrap_or_default().encode_utf16().collect();
    for (number, emoji) in check.list(message, at, "emojis", 0, MAX_EMOJIS).iter().enumerate() {
        let path = format!("{at}.emojis[{number}]");
        let Some(emoji) = emoji.as_object() else {
            check.broken(&path);
            continue;
        };
        check.required_text(emoji, &path, "productId");
        check.required_text(emoji, &path, "emojiId");
        let unit = emoji.get("index").and_then(Value::as_u64).and_then(|index| text.get(usize::try_from(index).ok()?));
        if unit != Some(&u16::from(b'$')) {
            check.fault(&join(&path, "index"), "The specified index is invalid");
        }
    }
}

/// `type: textV2`.
pub(super) fn with_substitution(message: &Map<String, Value>, at: &str, check: &mut Check) {
    check.text(message, at, "text", MAX_TEXT);
    check.optional_text(message, at, "quoteToken", usize::MAX);
    let empty = Map::new();
    let known = match message.get("substitution") {
        None => &empty,
        Some(Value::Object(known)) => known,
        Some(_) => return check.broken(&join(at, "substitution")),
    };
    if known.len() > MAX_SUBSTITUTIONS {
        check.fault(&join(at, "substitution"), format!("Size must be between 0 and {MAX_SUBSTITUTIONS}"));
    }
    let (mut mentions, mut emojis) = (0, 0);
    for (key, value) in known {
        let path = format!("{at}.substitution.{key}");
        if !(1..=20).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            check.fault(&path, "Invalid substitution key");
        }
        let Some(object) = value.as_object() else {
            check.broken(&path);
            continue;
        };
        match check.required_text(object, &path, "type").as_deref() {
            Some("mention") => {
                mentions += 1;
                check.object(object, &path, "mentionee");
            }
            Some("emoji") => {
                emojis += 1;
                check.required_text(object, &path, "productId");
                check.required_text(object, &path, "emojiId");
            }
            Some(_) => check.fault(&join(&path, "type"), "Must be one of the following values: [mention, emoji]"),
            None => {}
        }
    }
    if mentions > MAX_MENTIONS || emojis > MAX_EMOJIS {
        check.fault(&join(at, "substitution"), "Too many mentions or emojis");
    }
    let text = message.get("text").and_then(Value::as_str).unwrap_or_default();
    let placeholders = placeholders(text);
    if placeholders.is_none_or(|keys| keys.iter().any(|key| !known.contains_key(*key))) {
        check.fault(&join(at, "text"), "Invalid placeholder");
    }
}

/// The keys between braces; none when the braces do not match. `{{` and `}}` stand for single ones.
fn placeholders(text: &str) -> Option<Vec<&str>> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let from = &rest[at..];
        rest = if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
            after
        } else {
            let (key, after) = from.strip_prefix('{')?.split_once('}')?;
            keys.push(key);
            after
        };
    }
    Some(keys)
}
