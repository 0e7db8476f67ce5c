//! Flex messages as somebody else made them: looked at before they are accepted, so that what LINE would refuse for its
//! shape is refused where its author still sees it. What stands in the boxes LINE judges itself.

use serde_json::{Map, Value};

use crate::channels::capabilities::NativeRule;
use crate::domain::content::Native;
use crate::domain::rejected::Rejected;

/// The parts of a bubble.
const PARTS: [&str; 4] = ["header", "hero", "body", "footer"];

/// Whether it has the shape and the size of a flex message.
///
/// # Errors
/// What is wrong, with the limit.
pub(crate) fn check(native: &Native, rule: &NativeRule) -> Result<(), Rejected> {
    let parsed: Value = serde_json::from_str(&native.json).map_err(|_| wrong("JSON of type flex"))?;
    let Some(message) = parsed.as_object() else { return Err(wrong("JSON of type flex")) };
    if !is(message, "flex") {
        return Err(wrong("JSON of type flex"));
    }
    if message.keys().any(|key| !matches!(key.as_str(), "type" | "contents" | "altText")) {
        return Err(wrong("type, contents and nothing else"));
    }
    let shape = || wrong("contents of type bubble or carousel");
    let contents = message.get("contents").and_then(Value::as_object).ok_or_else(shape)?;
    let most_bytes = if is(contents, "bubble") {
        check_bubble(contents)?;
        rule.most_bytes_one
    } else if is(contents, "carousel") {
        check_carousel(contents, rule)?;
        rule.most_bytes_several
    } else {
        return Err(shape());
    };
    if Value::Object(contents.clone()).to_string().len() > most_bytes {
        return Err(wrong(format!("contents of at most {most_bytes} bytes")));
    }
    Ok(())
}

fn check_carousel(carousel: &Map<String, Value>, rule: &NativeRule) -> Result<(), Rejected> {
    let count = || wrong(format!("a carousel of 1 to {} bubbles", rule.most_parts));
    let bubbles = carousel.get("contents").and_then(Value::as_array).ok_or_else(count)?;
    if !(1..=rule.most_parts).contains(&bubbles.len()) {
        return Err(count());
    }
    let mut size = None;
    for bubble in bubbles {
        let bubble = bubble.as_object().filter(|bubble| is(bubble, "bubble")).ok_or_else(count)?;
        check_bubble(bubble)?;
        if Value::Object(bubble.clone()).to_string().len() > rule.most_bytes_one {
            return Err(wrong(format!("bubbles of at most {} bytes", rule.most_bytes_one)));
        }
        let own = bubble.get("size").and_then(Value::as_str).unwrap_or("mega");
        if *size.get_or_insert(own) != own {
            return Err(wrong("bubbles of one size in a carousel"));
        }
    }
    Ok(())
}

fn check_bubble(bubble: &Map<String, Value>) -> Result<(), Rejected> {
    let mut parts = PARTS.iter().filter_map(|part| bubble.get(*part)).peekable();
    let has_some = parts.peek().is_some();
    let all_typed = parts.all(|part| part.get("type").is_some_and(Value::is_string));
    if has_some && all_typed { Ok(()) } else { Err(wrong("a bubble with header, hero, body or footer")) }
}

fn is(object: &Map<String, Value>, kind: &str) -> bool {
    object.get("type").and_then(Value::as_str) == Some(kind)
}

fn wrong(rule: impl Into<std::borrow::Cow<'static, str>>) -> Rejected {
    Rejected::invalid("content.message", rule)
}

/// The message as LINE takes it; `None` of what was never checked.
pub(super) fn render(native: &Native) -> Option<Value> {
    let mut message: Value = serde_json::from_str(&native.json).ok()?;
    message.as_object_mut()?.insert("altText".to_owned(), Value::from(native.alt_text.clone()));
    Some(message)
}
