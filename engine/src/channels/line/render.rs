//! Answers in LINE's language (line.md 2.7): each becomes one bubble or more, and texts in a row may become one.
//!
//! The same answers give the same bubbles for ever: a push that is tried again must be the push that was tried before.

use serde_json::{Value, json};

use super::text;
use crate::channels::Bubble;
use crate::domain::content::{Location, Sticker};
use crate::domain::conversation::Outgoing;
use crate::domain::message::Content;

/// Millionths in a degree.
const E6: f64 = 1_000_000.0;
/// LINE wants a title and an address for every place, and shows at most this many characters.
const PLACE_CHARS: usize = 100;

/// The bubbles of these answers, in order.
#[must_use]
pub fn bubbles(items: &[Outgoing], joined: bool) -> Vec<Bubble> {
    let mut bubbles = Vec::new();
    let mut rest = items;
    while let Some(first) = rest.first() {
        let together = if joined { texts_in_a_row(rest) } else { 1 };
        let (group, after) = rest.split_at(together);
        let numbers: Vec<u32> = group.iter().map(|item| item.number).collect();
        bubbles.extend(messages(group).into_iter().map(|mut body| {
            dress(&mut body, first);
            Bubble { numbers: numbers.clone(), body }
        }));
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

fn messages(group: &[Outgoing]) -> Vec<Value> {
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
        Content::Native(native) => serde_json::from_str(&native.json).into_iter().collect(),
        Content::Media(_) | Content::Cards(_) | Content::Other { .. } | Content::Redacted => Vec::new(),
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

/// The name under which it appears.
fn dress(body: &mut Value, item: &Outgoing) {
    if let Some(sender) = &item.dress.sender {
        body["sender"] = json!({ "name": sender.name });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::content::{Dress, SenderName};
    use crate::domain::message::{Author, Delivery};
    use crate::domain::time::Timestamp;

    fn item(number: u32, content: Content) -> Outgoing {
        Outgoing {
            number,
            author: Author::Window,
            content,
            retry_key: 1,
            delivery: Delivery::Queued,
            route: None,
            lead: number,
            joined: false,
            queued_at: Timestamp(0),
            dress: Dress::default(),
        }
    }

    fn words(number: u32, text: &str) -> Outgoing {
        item(number, Content::Text(text.to_owned()))
    }

    fn sticker_of(number: u32) -> Outgoing {
        let sticker = Sticker { package_id: "446".into(), sticker_id: "1988".into(), text: None };
        item(number, Content::Sticker(sticker))
    }

    fn told(items: &[Outgoing], joined: bool) -> Vec<(Vec<u32>, String)> {
        let text = |body: &Value| body["text"].as_str().map_or(body["type"].to_string(), str::to_owned);
        bubbles(items, joined).into_iter().map(|bubble| (bubble.numbers, text(&bubble.body))).collect()
    }

    #[test]
    fn texts_in_a_row_become_one_and_what_stands_between_them_stays_between() {
        let items = [words(1, "a"), words(2, "b"), sticker_of(3), words(4, "c"), words(5, "d")];
        let joined = told(&items, true);
        let expected =
            [(vec![1, 2], "a\nb".to_owned()), (vec![3], "\"sticker\"".to_owned()), (vec![4, 5], "c\nd".to_owned())];
        assert_eq!(joined, expected);
        assert_eq!(told(&items, false).len(), 5);
    }

    #[test]
    fn a_joined_bubble_is_never_longer_than_line_takes() {
        let half = "あ".repeat(2_499);
        let items = [words(1, &half), words(2, &half), words(3, "x"), words(4, "y")];
        let joined = told(&items, true);
        assert_eq!(joined.iter().map(|(numbers, _)| numbers.clone()).collect::<Vec<_>>(), [vec![1, 2], vec![3, 4]]);
        assert_eq!(joined[0].1.encode_utf16().count(), 4_999);
        let exact = [words(1, &half), words(2, &"い".repeat(2_500)), words(3, "x")];
        assert_eq!(told(&exact, true)[0].0, [1, 2]);
        assert_eq!(told(&[words(1, &half), words(2, &"い".repeat(2_501))], true).len(), 2);
    }

    #[test]
    fn a_long_text_is_several_bubbles_of_one_answer() {
        let long = "う".repeat(12_000);
        let told = told(&[words(1, &long), words(2, "b")], true);
        assert_eq!(told.iter().map(|(numbers, _)| numbers[0]).collect::<Vec<_>>(), [1, 1, 1, 2]);
    }

    #[test]
    fn words_of_two_people_are_not_put_into_one_mouth() {
        let sender =
            |name: &str| Dress { sender: Some(SenderName { name: name.into(), icon: None }), ..Dress::default() };
        let items =
            [Outgoing { dress: sender("山田"), ..words(1, "a") }, Outgoing { dress: sender("佐藤"), ..words(2, "b") }];
        let bubbles = bubbles(&items, true);
        assert_eq!((bubbles.len(), &bubbles[1].body["sender"]["name"]), (2, &json!("佐藤")));
    }

    #[test]
    fn a_place_without_words_still_has_the_two_that_line_demands() {
        let place = Location { title: None, address: None, latitude_e6: 35_681_236, longitude_e6: -139_767_125 };
        let bubbles = bubbles(&[item(1, Content::Location(place))], false);
        let expected = json!({"type": "location", "title": "位置情報", "address": "位置情報",
            "latitude": 35.681236, "longitude": -139.767125});
        assert_eq!(bubbles[0].body, expected);
    }
}
