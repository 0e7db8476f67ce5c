//! Answers in LINE's language (line.md 2.7): each becomes one bubble or more, and texts in a row may become one.
//!
//! The same answers give the same bubbles for ever: a push that is tried again must be the push that was tried before.
//! What cannot be rendered was refused when it was accepted ([`super::capabilities`]); here it becomes no bubble.

mod cards;
mod media;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use super::{flex, text};
use crate::channels::Bubble;
use crate::channels::public::PublicUrls;
use crate::domain::content::{Dress, Location, Sticker};
use crate::domain::conversation::Outgoing;
use crate::domain::message::Content;

/// Millionths in a degree.
const E6: f64 = 1_000_000.0;
/// LINE wants a title and an address for every place, and shows at most this many characters.
const PLACE_CHARS: usize = 100;

/// The bubbles of these answers, in order.
#[must_use]
pub fn bubbles(items: &[Outgoing], joined: bool, urls: &PublicUrls) -> Vec<Bubble> {
    let mut bubbles = Vec::new();
    let mut rest = items;
    while let Some(first) = rest.first() {
        let together = if joined { texts_in_a_row(rest) } else { 1 };
        let (group, after) = rest.split_at(together);
        let numbers: Vec<u32> = group.iter().map(|item| item.number).collect();
        let mut bodies = messages(group, urls);
        dress(&mut bodies, &first.dress);
        bubbles.extend(bodies.into_iter().map(|body| Bubble { numbers: numbers.clone(), body }));
        rest = after;
    }
    bubbles
}

/// How many of the first answers are texts under one name, which fit into one bubble together.
fn texts_in_a_row(items: &[Outgoing]) -> usize {
    let mut units = 0;
    let fits = |item: &&Outgoing| {
        let Content::Text(text) = &item.content else { return false };
        units += text.encode_utf16().count() + 1;
        item.dress == items[0].dress && item.dress.quick_replies.is_empty() && units <= text::BUBBLE_UTF16 + 1
    };
    items.iter().take_while(fits).count().max(1)
}

fn messages(group: &[Outgoing], urls: &PublicUrls) -> Vec<Value> {
    match &group[0].content {
        Content::Text(_) => {
            let texts: Vec<&str> = group.iter().filter_map(|item| words(&item.content)).collect();
            let whole = texts.join("\n");
            // What surely fits was demanded when the answer was accepted.
            let pieces = text::bubbles(&whole).unwrap_or_default();
            pieces.into_iter().map(|piece| json!({ "type": "text", "text": piece })).collect()
        }
        Content::Sticker(sticker) => vec![self::sticker(sticker)],
        Content::Location(place) => vec![location(place)],
        Content::Native(native) => flex::render(native).into_iter().collect(),
        Content::Media(media) => media::message(media, urls).into_iter().collect(),
        Content::Cards(cards) => cards::message(cards, urls).into_iter().collect(),
        Content::Other { .. } | Content::Redacted | Content::Mail(_) => Vec::new(),
    }
}

fn words(content: &Content) -> Option<&str> {
    match content {
        Content::Text(text) => Some(text),
        _ => None,
    }
}

fn sticker(sticker: &Sticker) -> Value {
    json!({ "type": "sticker", "packageId": sticker.package_id, "stickerId": sticker.sticker_id })
}

fn location(place: &Location) -> Value {
    let short = |text: &Option<String>, instead: &str| {
        let text = text.as_deref().map_or("", str::trim);
        let text = if text.is_empty() { instead } else { text };
        text.chars().take(PLACE_CHARS).collect::<String>()
    };
    let title = short(&place.title, "位置情報");
    json!({
        "type": "location",
        "address": short(&place.address, &title),
        "title": title,
        "latitude": f64::from(place.latitude_e6) / E6,
        "longitude": f64::from(place.longitude_e6) / E6,
    })
}

/// The name and icon under which they appear, and the buttons: LINE shows those of the last bubble only.
fn dress(bodies: &mut [Value], dress: &Dress) {
    if let Some(sender) = &dress.sender {
        for body in &mut *bodies {
            body["sender"] = json!({ "name": sender.name });
            if let Some(icon_url) = &sender.icon_url {
                body["sender"]["iconUrl"] = icon_url.as_str().into();
            }
        }
    }
    if let (Some(last), false) = (bodies.last_mut(), dress.quick_replies.is_empty()) {
        let items = dress.quick_replies.iter().map(|a| json!({ "type": "action", "action": cards::action(a) }));
        last["quickReply"] = json!({ "items": items.collect::<Vec<_>>() });
    }
}
