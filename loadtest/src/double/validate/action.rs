//! What a button does: its label and the properties of its type, which depend on where the button is.

use serde_json::{Map, Value};

use super::check::{Check, join};

/// Longest data of a postback, and longest text that a button writes.
const MAX_DATA: usize = 300;
/// Longest address since the end of October 2026; it was 1,000 before.
const MAX_URI: usize = 10_000;

/// Where the button is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    QuickReply,
    Template,
    ImageCarousel,
    Flex,
    /// An area that can be tapped; it needs no label.
    Area,
}

pub(super) fn check(action: &Map<String, Value>, at: &str, place: Place, check: &mut Check) {
    let Some(kind) = check.required_text(action, at, "type") else { return };
    label(action, at, place, check);
    match kind.as_str() {
        "message" => check.clusters(action, at, "text", MAX_DATA),
        "postback" => {
            check.text(action, at, "data", MAX_DATA);
            check.optional_clusters(action, at, "displayText", MAX_DATA);
            check.optional_clusters(action, at, "fillInText", MAX_DATA);
            let options = ["closeRichMenu", "openRichMenu", "openKeyboard", "openVoice"];
            check.one_of(action, at, "inputOption", &options);
        }
        "uri" => {
            check.text(action, at, "uri", MAX_URI);
            let uri = action.get("uri").and_then(Value::as_str).unwrap_or_default();
            let known = ["http:", "https:", "line:", "tel:"];
            if !uri.is_empty() && !known.iter().any(|scheme| uri.starts_with(scheme)) {
                check.fault(&join(at, "uri"), "Invalid URI scheme");
            }
        }
        "datetimepicker" => {
            check.text(action, at, "data", MAX_DATA);
            if check.required_text(action, at, "mode").is_some() {
                check.one_of(action, at, "mode", &["date", "time", "datetime"]);
            }
        }
        "clipboard" => check.text(action, at, "clipboardText", 1_000),
        "camera" | "cameraRoll" | "location" if place == Place::QuickReply => {}
        _ => check.fault(&join(at, "type"), "Invalid action type"),
    }
}

fn label(action: &Map<String, Value>, at: &str, place: Place, check: &mut Check) {
    match place {
        Place::QuickReply | Place::Template => check.clusters(action, at, "label", 20),
        Place::ImageCarousel => check.optional_clusters(action, at, "label", 12),
        Place::Flex => check.optional_clusters(action, at, "label", 40),
        Place::Area => check.optional_clusters(action, at, "label", 40),
    }
}
