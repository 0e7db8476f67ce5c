//! One message object: its type, what that type requires, and the properties every type may have.

use serde_json::{Map, Value};

use super::check::{Check, join};
use super::{action, flex, template, text};

/// The types that can be sent. There is none for files.
const TYPES: [&str; 11] =
    ["text", "textV2", "sticker", "image", "video", "audio", "location", "imagemap", "template", "flex", "coupon"];
/// Most buttons under a message.
const MAX_QUICK_REPLIES: usize = 13;
/// Longest alternative text of templates, flex and imagemaps.
const MAX_ALT_TEXT: usize = 1_500;

pub(super) fn check(message: &Map<String, Value>, at: &str, check: &mut Check) {
    if let Some(kind) = check.required_text(message, at, "type") {
        by_type(&kind, message, at, check);
    }
    quick_reply(message, at, check);
    sender(message, at, check);
}

fn by_type(kind: &str, message: &Map<String, Value>, at: &str, check: &mut Check) {
    match kind {
        "text" => text::plain(message, at, check),
        "textV2" => text::with_substitution(message, at, check),
        "sticker" => {
            check.text(message, at, "packageId", 20);
            check.text(message, at, "stickerId", 20);
            check.optional_text(message, at, "quoteToken", usize::MAX);
        }
        "image" => {
            check.url(message, at, "originalContentUrl", true);
            check.url(message, at, "previewImageUrl", true);
        }
        "video" => {
            check.url(message, at, "originalContentUrl", true);
            check.url(message, at, "previewImageUrl", true);
            check.optional_text(message, at, "trackingId", 100);
        }
        "audio" => {
            check.url(message, at, "originalContentUrl", true);
            check.number(message, at, "duration");
        }
        "location" => {
            check.text(message, at, "title", 100);
            check.text(message, at, "address", 100);
            check.number(message, at, "latitude");
            check.number(message, at, "longitude");
        }
        "imagemap" => {
            check.url(message, at, "baseUrl", true);
            check.text(message, at, "altText", MAX_ALT_TEXT);
            if let Some((size, path)) = check.object(message, at, "baseSize") {
                check.number(size, &path, "width");
                check.number(size, &path, "height");
            }
            check.list(message, at, "actions", 1, 50);
        }
        "template" => {
            check.text(message, at, "altText", MAX_ALT_TEXT);
            if let Some((inner, path)) = check.object(message, at, "template") {
                template::check(inner, &path, check);
            }
        }
        "flex" => {
            check.text(message, at, "altText", MAX_ALT_TEXT);
            if let Some((inner, path)) = check.object(message, at, "contents") {
                flex::check(inner, &path, check);
            }
        }
        "coupon" => {
            check.required_text(message, at, "couponId");
            check.optional_text(message, at, "deliveryTag", 30);
        }
        _ => {
            let types = TYPES.join(", ");
            check.fault(&join(at, "type"), format!("Must be one of the following values: [{types}]"));
        }
    }
}

fn quick_reply(message: &Map<String, Value>, at: &str, check: &mut Check) {
    let path = join(at, "quickReply");
    let reply = match message.get("quickReply") {
        None => return,
        Some(Value::Object(reply)) => reply,
        Some(_) => return check.broken(&path),
    };
    let items = check.list(reply, &path, "items", 1, MAX_QUICK_REPLIES);
    for (number, item) in items.iter().enumerate() {
        let item_at = format!("{path}.items[{number}]");
        let Some(item) = item.as_object() else {
            check.broken(&item_at);
            continue;
        };
        check.url(item, &item_at, "imageUrl", false);
        check.one_of(item, &item_at, "type", &["action"]);
        if let Some((inner, path)) = check.object(item, &item_at, "action") {
            action::check(inner, &path, action::Place::QuickReply, check);
        }
    }
}

fn sender(message: &Map<String, Value>, at: &str, check: &mut Check) {
    let path = join(at, "sender");
    match message.get("sender") {
        None => {}
        Some(Value::Object(sender)) => {
            check.optional_text(sender, &path, "name", 20);
            // LINE refuses names that pass for its own.
            let name = sender.get("name").and_then(Value::as_str).unwrap_or_default();
            if name.split(|one: char| !one.is_ascii_alphanumeric()).any(|word| word.eq_ignore_ascii_case("line")) {
                check.fault(&join(&path, "name"), "Contains a word that is not allowed");
            }
            check.url(sender, &path, "iconUrl", false);
        }
        Some(_) => check.broken(&path),
    }
}
