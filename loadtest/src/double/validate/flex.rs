//! Flex messages: bubbles, carousels of them, and the components in them.

use serde_json::{Map, Value};

use super::action::{self, Place};
use super::check::{Check, join};

/// Largest bubble and largest carousel, in bytes of JSON.
const MAX_BUBBLE: usize = 30 * 1024;
const MAX_CAROUSEL: usize = 50 * 1024;
/// Most bubbles in a carousel.
const MAX_BUBBLES: usize = 12;
/// Deepest box in boxes that is looked into. LINE names no limit; the size keeps real ones far below.
const MAX_DEPTH: usize = 40;

pub(super) fn check(contents: &Map<String, Value>, at: &str, check: &mut Check) {
    match check.required_text(contents, at, "type").as_deref() {
        Some("bubble") => bubble(contents, at, check),
        Some("carousel") => {
            limit(contents, at, MAX_CAROUSEL, check);
            let mut width = None;
            for (number, one) in check.list(contents, at, "contents", 1, MAX_BUBBLES).iter().enumerate() {
                let path = format!("{at}.contents[{number}]");
                match one.as_object() {
                    Some(one) if one.get("type").and_then(Value::as_str) == Some("bubble") => {
                        bubble(one, &path, check);
                        let size = one.get("size").cloned();
                        if *width.get_or_insert_with(|| size.clone()) != size {
                            check.fault(&join(&path, "size"), "All bubbles must have the same size");
                        }
                    }
                    Some(_) => check.fault(&join(&path, "type"), "Must be one of the following values: [bubble]"),
                    None => check.broken(&path),
                }
            }
        }
        Some(_) => check.fault(&join(at, "type"), "Must be one of the following values: [bubble, carousel]"),
        None => {}
    }
}

fn limit(object: &Map<String, Value>, at: &str, most: usize, check: &mut Check) {
    let size = serde_json::to_vec(object).map_or(0, |bytes| bytes.len());
    if size > most {
        check.fault(at, format!("Size must be at most {most} bytes"));
    }
}

fn bubble(bubble: &Map<String, Value>, at: &str, check: &mut Check) {
    limit(bubble, at, MAX_BUBBLE, check);
    check.one_of(bubble, at, "size", &["nano", "micro", "deca", "hecto", "kilo", "mega", "giga"]);
    check.one_of(bubble, at, "direction", &["ltr", "rtl"]);
    for (key, kinds) in [
        ("header", &["box"][..]),
        ("hero", &["box", "image", "video"][..]),
        ("body", &["box"][..]),
        ("footer", &["box"][..]),
    ] {
        if !bubble.contains_key(key) {
            continue;
        }
        if let Some((block, path)) = check.object(bubble, at, key) {
            check.one_of(block, &path, "type", kinds);
            component(block, &path, 0, check);
        }
    }
    tappable(bubble, at, check);
}

fn component(component: &Map<String, Value>, at: &str, depth: usize, check: &mut Check) {
    let Some(kind) = check.required_text(component, at, "type") else { return };
    tappable(component, at, check);
    match kind.as_str() {
        "box" => {
            if check.required_text(component, at, "layout").is_some() {
                check.one_of(component, at, "layout", &["horizontal", "vertical", "baseline"]);
            }
            inside(component, at, depth, check);
        }
        "text" if component.contains_key("contents") => inside(component, at, depth, check),
        "text" | "span" => {
            check.required_text(component, at, "text");
        }
        "image" | "icon" => check.url(component, at, "url", true),
        "video" => {
            check.url(component, at, "url", true);
            check.url(component, at, "previewUrl", true);
            if let Some((inner, path)) = check.object(component, at, "altContent") {
                self::component(inner, &path, depth + 1, check);
            }
        }
        "button" => {
            check.object(component, at, "action");
        }
        "separator" | "filler" | "spacer" => {}
        _ => check.fault(&join(at, "type"), "Invalid component type"),
    }
}

fn inside(object: &Map<String, Value>, at: &str, depth: usize, check: &mut Check) {
    if depth == MAX_DEPTH {
        return check.fault(at, "Too deep");
    }
    for (number, one) in check.list(object, at, "contents", 0, usize::MAX).iter().enumerate() {
        let path = format!("{at}.contents[{number}]");
        match one.as_object() {
            Some(one) => component(one, &path, depth + 1, check),
            None => check.broken(&path),
        }
    }
}

fn tappable(object: &Map<String, Value>, at: &str, check: &mut Check) {
    if object.contains_key("action")
        && let Some((inner, path)) = check.object(object, at, "action")
    {
        let button = object.get("type").and_then(Value::as_str) == Some("button");
        action::check(inner, &path, if button { Place::Flex } else { Place::Area }, check);
    }
}
