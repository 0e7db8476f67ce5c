//! Every limit of LINE: what is just within it passes, one more is refused with the field and the limit.

use serde_json::{Value, json};

use super::*;
use crate::domain::content::{
    Action, Card, Does, Dress, Location, Media, MediaPlace, Native, SenderName, Sticker, StoredFile,
};
use crate::domain::id::FileId;
use crate::domain::message::Content;
use crate::domain::rejected::Rejected;

/// The field and the rule for which an answer is refused; `None` for one that passes.
fn refused(content: &Content, dress: &Dress) -> Option<(String, String)> {
    match LINE.check(content, dress) {
        Ok(()) => None,
        Err(Rejected::Invalid { field, rule }) => Some((field.into_owned(), rule.into_owned())),
        Err(other) => panic!("{other}"),
    }
}

fn passes(content: &Content) {
    assert_eq!(refused(content, &Dress::default()), None, "{content:?}");
}

fn refuses(content: &Content, field: &str, limit: &str) {
    let (named, rule) = refused(content, &Dress::default()).unwrap_or_else(|| panic!("{field} passed"));
    assert_eq!(named, field);
    assert!(rule.contains(limit), "{field}: {rule:?} does not say {limit}");
}

fn action(label: &str, does: Does) -> Action {
    Action { label: label.to_owned(), does }
}

fn say() -> Action {
    action("はい", Does::Say("はい".to_owned()))
}

fn card(text: &str) -> Card {
    Card { title: None, text: text.to_owned(), image: None, actions: vec![say()] }
}

fn file(mime: &str, bytes: u64, preview: bool) -> StoredFile {
    StoredFile { id: FileId(1), mime: mime.to_owned(), bytes, size: None, preview: preview.then_some(FileId(2)) }
}

fn media(kind: MediaKind, file: StoredFile, duration_ms: Option<u32>) -> Content {
    let place = MediaPlace::Stored(file);
    Content::Media(Box::new(Media { kind, name: None, bytes: None, duration_ms, set: None, place }))
}

/// What two people and a zero-width joiner make: one character of eight UTF-16 units.
const FAMILY: &str = "👨\u{200D}👩\u{200D}👧";

#[test]
fn a_text_has_up_to_24_996_units() {
    passes(&Content::Text("あ".repeat(24_995)));
    passes(&Content::Text("あ".repeat(24_996)));
    refuses(&Content::Text("あ".repeat(24_997)), "content.text", "24996 UTF-16");
    refuses(&Content::Text("🍎".repeat(12_499)), "content.text", "24996 UTF-16");
    refuses(&Content::Text(" \n".to_owned()), "content.text", "white space");
}

#[test]
fn only_stickers_of_the_list_are_sent() {
    let sticker = |package: &str, id: &str| {
        Content::Sticker(Sticker { package_id: package.to_owned(), sticker_id: id.to_owned(), text: None })
    };
    for (package, first, last) in [("446", 1_988, 2_027), ("11539", 52_114_110, 52_114_149)] {
        passes(&sticker(package, &first.to_string()));
        passes(&sticker(package, &last.to_string()));
        for outside in [first - 1, last + 1] {
            refuses(&sticker(package, &outside.to_string()), "content.sticker_id", &first.to_string());
        }
    }
    refuses(&sticker("447", "1988"), "content.package_id", "sendable");
    refuses(&sticker("0446", "1988"), "content.package_id", "sendable");
    refuses(&sticker("446", " 1988"), "content.sticker_id", "1988");
}

#[test]
fn media_have_the_formats_and_sizes_that_line_takes() {
    for (kind, mime, most) in [
        (MediaKind::Image, "image/jpeg", 10_u64 << 20),
        (MediaKind::Image, "image/png", 10 << 20),
        (MediaKind::Video, "video/mp4", 200 << 20),
        (MediaKind::Audio, "audio/mpeg", 200 << 20),
        (MediaKind::Audio, "audio/mp4", 200 << 20),
        (MediaKind::File, "application/pdf", 200 << 20),
    ] {
        for bytes in [1, most - 1, most] {
            passes(&media(kind, file(mime, bytes, true), Some(1)));
        }
        refuses(&media(kind, file(mime, most + 1, true), Some(1)), "content.file", &most.to_string());
    }
    for (kind, mime) in [(MediaKind::Image, "image/webp"), (MediaKind::Video, "video/quicktime")] {
        refuses(&media(kind, file(mime, 1, true), None), "content.file", "one of");
    }
    for kind in [MediaKind::Image, MediaKind::Video] {
        let mime = LINE.media(kind).expect("carried").formats[0];
        refuses(&media(kind, file(mime, 1, false), None), "content.file", "small picture");
    }
    for duration_ms in [None, Some(0)] {
        refuses(&media(MediaKind::Audio, file("audio/mpeg", 1, false), duration_ms), "content.duration_ms", "1");
    }
}

#[test]
fn a_place_has_short_words_and_lies_on_the_earth() {
    let place = |title: &str, address: &str, latitude_e6: i32| {
        let (title, address) = (Some(title.to_owned()), Some(address.to_owned()));
        Content::Location(Location { title, address, latitude_e6, longitude_e6: 139_000_000 })
    };
    passes(&place(&"あ".repeat(100), &"い".repeat(100), 90_000_000));
    passes(&Content::Location(Location { title: None, address: None, latitude_e6: 0, longitude_e6: 0 }));
    refuses(&place(&"あ".repeat(101), "a", 0), "content.title", "100 UTF-16");
    refuses(&place("a", &"い".repeat(101), 0), "content.address", "100 UTF-16");
    refuses(&place("a", "a", 90_000_001), "content.latitude", "90");
}

#[test]
fn the_words_of_a_card_are_counted_as_people_count() {
    let cards = |cards: Vec<Card>| Content::Cards(cards);
    let titled = |text: &str, title: &str| Card { title: Some(title.to_owned()), ..card(text) };
    for letter in ["あ", FAMILY] {
        passes(&cards(vec![card(&letter.repeat(160))]));
        refuses(&cards(vec![card(&letter.repeat(161))]), "content.cards[0].text", "160 characters");
        passes(&cards(vec![titled(&letter.repeat(60), &letter.repeat(40))]));
        refuses(&cards(vec![titled(&letter.repeat(61), "t")]), "content.cards[0].text", "60 characters");
        refuses(&cards(vec![titled("a", &letter.repeat(41))]), "content.cards[0].title", "40 characters");
        passes(&cards(vec![card("a"), card(&letter.repeat(120))]));
        refuses(&cards(vec![card("a"), card(&letter.repeat(121))]), "content.cards[1].text", "120 characters");
        passes(&cards(vec![titled("a", "t"), titled(&letter.repeat(60), "t")]));
        refuses(&cards(vec![titled("a", "t"), titled(&letter.repeat(61), "t")]), "content.cards[1].text", "60");
    }
    let pictured = |text: &str| Card { image: Some(file("image/png", 1, true)), ..card(text) };
    passes(&cards(vec![pictured(&"あ".repeat(60))]));
    refuses(&cards(vec![pictured(&"あ".repeat(61))]), "content.cards[0].text", "60 characters");
}

#[test]
fn cards_side_by_side_are_few_and_alike() {
    passes(&Content::Cards(vec![card("a"); 10]));
    refuses(&Content::Cards(vec![card("a"); 11]), "content.cards", "1 to 10");
    refuses(&Content::Cards(Vec::new()), "content.cards", "1 to 10");
    let with = |count: usize| Card { actions: vec![say(); count], ..card("a") };
    passes(&Content::Cards(vec![with(4)]));
    refuses(&Content::Cards(vec![with(5)]), "content.cards[0].actions", "4");
    refuses(&Content::Cards(vec![with(0)]), "content.cards[0].actions", "1 to 4");
    passes(&Content::Cards(vec![with(3), with(3)]));
    refuses(&Content::Cards(vec![with(3), with(4)]), "content.cards[1].actions", "3");
    let titled = Card { title: Some("t".to_owned()), ..card("a") };
    let pictured = Card { image: Some(file("image/png", 1, true)), ..card("a") };
    for other in [with(2), titled, pictured] {
        refuses(&Content::Cards(vec![card("a"), other]), "content.cards", "as many actions");
    }
    let webp = Card { image: Some(file("image/webp", 1, true)), ..card("a") };
    refuses(&Content::Cards(vec![webp]), "content.cards[0].image", "image/jpeg");
}

#[test]
fn each_kind_of_button_keeps_its_limits() {
    let cards = |action: Action| Content::Cards(vec![Card { actions: vec![action], ..card("a") }]);
    let field = |name: &str| format!("content.cards[0].actions[0].{name}");
    let postback =
        |data: &str, display: &str| Does::Postback { data: data.to_owned(), display: Some(display.to_owned()) };
    for letter in ["あ", FAMILY] {
        passes(&cards(action(&letter.repeat(20), say().does)));
        refuses(&cards(action(&letter.repeat(21), say().does)), &field("label"), "20 characters");
        passes(&cards(action("l", Does::Say(letter.repeat(300)))));
        refuses(&cards(action("l", Does::Say(letter.repeat(301)))), &field("text"), "300 characters");
        passes(&cards(action("l", postback("d", &letter.repeat(300)))));
        refuses(&cards(action("l", postback("d", &letter.repeat(301)))), &field("display"), "300 characters");
    }
    passes(&cards(action("l", postback(&"d".repeat(300), "x"))));
    refuses(&cards(action("l", postback(&"d".repeat(301), "x"))), &field("data"), "300 UTF-16");
    refuses(&cards(action("l", postback(&"🍎".repeat(151), "x"))), &field("data"), "300 UTF-16");
    refuses(&cards(action(" ", say().does)), &field("label"), "white space");
    let long = |units: usize| Does::Open(format!("https://{}", "a".repeat(units - 8)));
    passes(&cards(action("l", long(1_000))));
    refuses(&cards(action("l", long(1_001))), &field("url"), "1000 UTF-16");
    for good in ["http://a", "line://nv/chat", "tel:0312345678"] {
        passes(&cards(action("l", Does::Open(good.to_owned()))));
    }
    for bad in ["javascript:alert(1)", "https://", "ftp://a", "https://a b", "https://例え.jp", "HTTPS://a"] {
        refuses(&cards(action("l", Does::Open(bad.to_owned()))), &field("url"), "https://");
    }
}

#[test]
fn thirteen_quick_replies_go_with_anything() {
    let dress = |count: usize| Dress { quick_replies: vec![say(); count], sender: None };
    let text = Content::Text("a".to_owned());
    for count in [1, 12, 13] {
        assert_eq!(refused(&text, &dress(count)), None);
    }
    let (field, rule) = refused(&text, &dress(14)).expect("too many");
    assert_eq!((field.as_str(), rule.as_str()), ("quick_replies", "at most 13"));
    let long = Dress { quick_replies: vec![say(), action(&"あ".repeat(21), say().does)], sender: None };
    assert_eq!(refused(&text, &long).expect("too long").0, "quick_replies[1].label");
}

#[test]
fn a_name_has_twenty_units() {
    let text = Content::Text("a".to_owned());
    let named = |name: String| Dress { quick_replies: Vec::new(), sender: Some(SenderName { name, icon_url: None }) };
    assert_eq!(refused(&text, &named("あ".repeat(20))), None);
    assert_eq!(refused(&text, &named("あ".repeat(21))).expect("too long").0, "sender");
}

fn flex(contents: &Value) -> Content {
    native(&json!({ "type": "flex", "contents": contents }))
}

fn native(message: &Value) -> Content {
    Content::Native(Native { alt_text: "alt".to_owned(), json: message.to_string() })
}

/// A bubble whose JSON has exactly so many bytes.
fn bubble(bytes: usize) -> Value {
    let with = |text: &str| {
        json!({"type": "bubble", "body": {"type": "box", "layout": "vertical", "contents": [
        {"type": "text", "text": text}]}})
    };
    let around = with("").to_string().len();
    with(&"a".repeat(bytes - around))
}

fn carousel(bubbles: &[Value]) -> Value {
    json!({ "type": "carousel", "contents": bubbles })
}

#[test]
fn a_flex_message_has_its_shape_and_its_sizes() {
    passes(&flex(&bubble(200)));
    passes(&flex(&bubble(30_000)));
    refuses(&flex(&bubble(30_001)), "content.message", "30000 bytes");
    passes(&flex(&carousel(&vec![bubble(200); 12])));
    refuses(&flex(&carousel(&vec![bubble(200); 13])), "content.message", "1 to 12");
    refuses(&flex(&carousel(&[])), "content.message", "1 to 12");
    let around = carousel(&[bubble(25_000), bubble(200)]).to_string().len() - 200;
    passes(&flex(&carousel(&[bubble(25_000), bubble(50_000 - around)])));
    refuses(&flex(&carousel(&[bubble(25_000), bubble(50_001 - around)])), "content.message", "50000 bytes");
    refuses(&flex(&carousel(&[bubble(200), bubble(30_001)])), "content.message", "30000 bytes");
    let mut small = bubble(200);
    small["size"] = json!("nano");
    refuses(&flex(&carousel(&[bubble(200), small])), "content.message", "one size");
    for wrong in [
        json!("text"),
        json!({"type": "text", "text": "a"}),
        json!({"type": "flex"}),
        json!({"type": "flex", "contents": bubble(200), "quickReply": {}}),
        json!({"type": "flex", "contents": {"type": "box"}}),
        json!({"type": "flex", "contents": {"type": "bubble"}}),
        json!({"type": "flex", "contents": {"type": "bubble", "body": "words"}}),
        json!({"type": "flex", "contents": {"type": "carousel", "contents": [{"type": "box"}]}}),
    ] {
        refuses(&native(&wrong), "content.message", "");
    }
    let alt = |units: usize| {
        Content::Native(Native {
            alt_text: "あ".repeat(units),
            json: json!({"type": "flex", "contents": bubble(200)}).to_string(),
        })
    };
    passes(&alt(1_500));
    refuses(&alt(1_501), "content.alt_text", "1500 UTF-16");
}

#[test]
fn what_line_has_no_message_for_is_refused() {
    refuses(&Content::Redacted, "content", "something to send");
    refuses(&Content::Other { kind: "poll".to_owned(), summary: "?".to_owned() }, "content", "something to send");
    let features = LINE.features;
    assert!(!(features.unsend || features.edit || features.react || features.delivered || features.seen));
}
