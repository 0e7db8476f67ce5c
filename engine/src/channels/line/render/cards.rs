//! Cards and buttons: one card is LINE's template "buttons", several are its "carousel".

use serde_json::{Map, Value, json};

use crate::channels::public::PublicUrls;
use crate::domain::content::{Action, Card, Does};

/// What stands for the cards in lists and notifications is cut to this many characters.
const ALT_CHARS: usize = 300;

/// The bubble; `None` without a card.
pub(super) fn message(cards: &[Card], urls: &PublicUrls) -> Option<Value> {
    let (first, rest) = cards.split_first()?;
    let mut template = if rest.is_empty() {
        column(first, urls)
    } else {
        let columns: Vec<Value> = cards.iter().map(|card| Value::Object(column(card, urls))).collect();
        Map::from_iter([("columns".to_owned(), Value::from(columns))])
    };
    template.insert("type".to_owned(), if rest.is_empty() { "buttons" } else { "carousel" }.into());
    Some(json!({ "type": "template", "altText": alt_text(first), "template": template }))
}

fn column(card: &Card, urls: &PublicUrls) -> Map<String, Value> {
    let mut column = Map::new();
    if let Some(title) = &card.title {
        column.insert("title".to_owned(), title.as_str().into());
    }
    column.insert("text".to_owned(), card.text.as_str().into());
    if let Some(image) = &card.image {
        // The small one, where there is one: a card is drawn at most 1,024 pixels wide.
        let url = match image.preview {
            Some(preview) => urls.url(preview, "card.jpg"),
            None => urls.url(image.id, if image.mime == "image/png" { "card.png" } else { "card.jpg" }),
        };
        column.insert("thumbnailImageUrl".to_owned(), url.into());
    }
    column.insert("actions".to_owned(), card.actions.iter().map(action).collect::<Vec<_>>().into());
    column
}

fn alt_text(card: &Card) -> String {
    let words = card.title.as_ref().map_or_else(|| card.text.clone(), |title| format!("{title}\n{}", card.text));
    words.chars().take(ALT_CHARS).collect()
}

/// One button.
pub(super) fn action(action: &Action) -> Value {
    let label = &action.label;
    match &action.does {
        Does::Say(text) => json!({ "type": "message", "label": label, "text": text }),
        Does::Postback { data, display: None } => json!({ "type": "postback", "label": label, "data": data }),
        Does::Postback { data, display: Some(display) } => {
            json!({ "type": "postback", "label": label, "data": data, "displayText": display })
        }
        Does::Open(url) => json!({ "type": "uri", "label": label, "uri": url }),
    }
}
