//! Answers as content objects (other-channels.md 1.4), one each. What has to be carried up first stands beside the object,
//! with the place where its id belongs.
//!
//! What cannot be said here was refused when it was accepted ([`super::capabilities`]); here it becomes no object.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::channels::Bubble;
use crate::domain::content::{Action, Card, Does, Location, Media, MediaKind, StoredFile};
use crate::domain::conversation::Outgoing;
use crate::domain::message::Content;

/// Millionths in a degree.
const E6: f64 = 1_000_000.0;

/// One content object, and what goes up before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Object {
    /// It, without the ids of files.
    pub content: Value,
    /// The files, in order.
    pub files: Vec<Carried>,
}

/// A file that is carried up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// Where its id belongs, as a JSON pointer to the object that takes `field`.
    pub place: String,
    /// The property that takes the id.
    pub field: String,
    /// Its name in the content store.
    pub file: String,
    /// What it is called there.
    pub name: String,
    /// Its media type.
    pub mime: String,
}

/// The objects of these answers.
#[must_use]
pub fn bubbles(items: &[Outgoing]) -> Vec<Bubble> {
    items.iter().filter_map(bubble).collect()
}

fn bubble(item: &Outgoing) -> Option<Bubble> {
    let mut object = object(&item.content)?;
    if !item.dress.quick_replies.is_empty() {
        let items: Vec<_> = item.dress.quick_replies.iter().map(|it| json!({ "action": action(it) })).collect();
        object.content["quickReply"] = json!({ "items": items });
    }
    Some(Bubble { numbers: vec![item.number], body: serde_json::to_value(object).ok()? })
}

fn object(content: &Content) -> Option<Object> {
    let plain = |content| Some(Object { content, files: Vec::new() });
    match content {
        Content::Text(text) => plain(json!({ "type": "text", "text": text })),
        Content::Sticker(sticker) => {
            plain(json!({ "type": "sticker", "packageId": sticker.package_id, "stickerId": sticker.sticker_id }))
        }
        Content::Location(place) => plain(location(place)),
        Content::Native(native) => {
            let mut message: Value = serde_json::from_str(&native.json).ok()?;
            message["altText"] = Value::from(native.alt_text.as_str());
            plain(message)
        }
        Content::Media(media) => self::media(media),
        Content::Cards(cards) => Some(self::cards(cards)),
        Content::Other { .. } | Content::Redacted | Content::Mail(_) => None,
    }
}

fn location(place: &Location) -> Value {
    let title = place.title.as_deref().map(str::trim).filter(|title| !title.is_empty()).unwrap_or("位置情報");
    json!({
        "type": "location",
        "title": title,
        "address": place.address.as_deref().map(str::trim).filter(|it| !it.is_empty()).unwrap_or(title),
        "latitude": f64::from(place.latitude_e6) / E6,
        "longitude": f64::from(place.longitude_e6) / E6,
    })
}

fn media(media: &Media) -> Option<Object> {
    let kind = match media.kind {
        MediaKind::Image => "image",
        MediaKind::Video => "video",
        MediaKind::Audio => "audio",
        MediaKind::File => "file",
    };
    let carried = carried(String::new(), "fileId", media.file()?, media.name.as_deref());
    Some(Object { content: json!({ "type": kind }), files: vec![carried] })
}

fn carried(place: String, field: &str, file: &StoredFile, name: Option<&str>) -> Carried {
    // The end of the name decides at the platform what it is.
    let end = match file.mime.as_str() {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "video/mp4" => "mp4",
        "audio/mpeg" => "mp3",
        "audio/mp4" => "m4a",
        "application/pdf" => "pdf",
        _ => "bin",
    };
    let name = name.map(str::trim).filter(|name| !name.is_empty()).map_or_else(|| format!("file.{end}"), str::to_owned);
    Carried { place, field: field.to_owned(), file: file.id.to_string(), name, mime: file.mime.clone() }
}

fn cards(cards: &[Card]) -> Object {
    match cards {
        [card] if card.image.is_none() => {
            let words: Vec<&str> = card.title.iter().map(String::as_str).chain([card.text.as_str()]).collect();
            let actions: Vec<_> = card.actions.iter().map(action).collect();
            let content = json!({ "type": "button_template", "contentText": words.join("\n"), "actions": actions });
            Object { content, files: Vec::new() }
        }
        _ => {
            let mut files = Vec::new();
            let columns: Vec<_> = cards
                .iter()
                .enumerate()
                .map(|(index, card)| {
                    if let Some(image) = &card.image {
                        files.push(carried(format!("/columns/{index}"), "fileId", image, None));
                    }
                    let actions: Vec<_> = card.actions.iter().map(action).collect();
                    let mut column = json!({ "text": card.text, "actions": actions });
                    if let Some(title) = &card.title {
                        column["title"] = json!(title);
                    }
                    column
                })
                .collect();
            Object { content: json!({ "type": "carousel", "columns": columns }), files }
        }
    }
}

fn action(action: &Action) -> Value {
    match &action.does {
        Does::Say(text) => json!({ "type": "message", "label": action.label, "text": text }),
        Does::Open(uri) => json!({ "type": "uri", "label": action.label, "uri": uri }),
        Does::Postback { data, display } => {
            let mut value = json!({ "type": "postback", "label": action.label, "data": data });
            if let Some(display) = display {
                value["displayText"] = json!(display);
            }
            value
        }
    }
}
