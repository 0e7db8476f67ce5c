//! Templates: buttons, confirm, carousel, image carousel.

use serde_json::{Map, Value};

use super::action::{self, Place};
use super::check::{Check, join};

pub(super) fn check(template: &Map<String, Value>, at: &str, check: &mut Check) {
    let Some(kind) = check.required_text(template, at, "type") else { return };
    match kind.as_str() {
        "buttons" => {
            card(template, at, [160, 60], 4, check);
        }
        "confirm" => {
            check.clusters(template, at, "text", 240);
            actions(template, at, 2, 2, check);
        }
        "carousel" => carousel(template, at, check),
        "image_carousel" => {
            for (number, column) in columns(template, at, check) {
                let path = format!("{at}.columns[{number}]");
                check.url(column, &path, "imageUrl", true);
                if let Some((inner, path)) = check.object(column, &path, "action") {
                    action::check(inner, &path, Place::ImageCarousel, check);
                }
            }
        }
        _ => {
            let known = "Must be one of the following values: [buttons, confirm, carousel, image_carousel]";
            check.fault(&join(at, "type"), known);
        }
    }
}

/// All columns have as many buttons, and either all have a picture and a title or none has.
fn carousel(template: &Map<String, Value>, at: &str, check: &mut Check) {
    let mut first = None;
    for (number, column) in columns(template, at, check) {
        let path = format!("{at}.columns[{number}]");
        let buttons = card(column, &path, [120, 60], 3, check);
        let shape = (buttons, column.contains_key("thumbnailImageUrl"), column.contains_key("title"));
        if *first.get_or_insert(shape) != shape {
            check.fault(&join(at, "columns"), "All columns must have the same number of actions, image and title");
        }
    }
}

fn columns<'a>(template: &'a Map<String, Value>, at: &str, check: &mut Check) -> Vec<(usize, &'a Map<String, Value>)> {
    let mut columns = Vec::new();
    for (number, column) in check.list(template, at, "columns", 1, 10).iter().enumerate() {
        match column.as_object() {
            Some(column) => columns.push((number, column)),
            None => check.broken(&format!("{at}.columns[{number}]")),
        }
    }
    columns
}

/// Text, title, picture and buttons; the text may be longer where it stands alone.
fn card(card: &Map<String, Value>, at: &str, text: [usize; 2], most_actions: usize, check: &mut Check) -> usize {
    let alone = !card.contains_key("title") && !card.contains_key("thumbnailImageUrl");
    check.clusters(card, at, "text", if alone { text[0] } else { text[1] });
    check.optional_clusters(card, at, "title", 40);
    check.url(card, at, "thumbnailImageUrl", false);
    check.one_of(card, at, "imageAspectRatio", &["rectangle", "square"]);
    check.one_of(card, at, "imageSize", &["cover", "contain"]);
    if card.contains_key("defaultAction")
        && let Some((inner, path)) = check.object(card, at, "defaultAction")
    {
        action::check(inner, &path, Place::Area, check);
    }
    actions(card, at, 1, most_actions, check)
}

fn actions(object: &Map<String, Value>, at: &str, least: usize, most: usize, check: &mut Check) -> usize {
    let actions = check.list(object, at, "actions", least, most);
    for (number, one) in actions.iter().enumerate() {
        let path = format!("{at}.actions[{number}]");
        match one.as_object() {
            Some(one) => action::check(one, &path, Place::Template, check),
            None => check.broken(&path),
        }
    }
    actions.len()
}
