use bytes::Bytes;
use serde_json::{Value, json};

use super::event::parse;
use crate::channels::media::Profile;
use crate::channels::{Flaw, Parsed, ParsedEvent};
use crate::domain::content::{Location, MediaKind, MediaPlace};
use crate::domain::conversation::{InboundKind, limits};
use crate::domain::message::Content;
use crate::domain::time::Timestamp;

const NOW: Timestamp = Timestamp(1_795_237_300_000);

fn body(kind: &str, more: &Value) -> Value {
    let mut body = json!({ "id": "e-1", "type": kind, "contact": { "id": "u-1" } });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn parsed(body: &Value) -> Parsed {
    parse(&Bytes::from(body.to_string()), NOW).unwrap()
}

fn event(body: &Value) -> ParsedEvent {
    match parsed(body) {
        Parsed::Event(event) => event,
        other => panic!("{other:?}"),
    }
}

fn said(message: &Value) -> (Content, Option<String>) {
    match event(&body("message", &json!({ "message": message }))).what {
        InboundKind::Message { content, raw, external_id, .. } => {
            assert_eq!(external_id.as_deref(), Some("e-1"));
            (content, raw)
        }
        other => panic!("{other:?}"),
    }
}

fn flaw(body: &Value) -> Flaw {
    match parsed(body) {
        Parsed::Broken { why, raw, .. } => {
            assert_eq!(raw, body.to_string(), "its bytes are kept");
            why
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_kind_that_the_contract_names_is_shown_as_what_it_is() {
    assert_eq!(said(&json!({ "type": "text", "text": "こんにちは" })), (Content::Text("こんにちは".to_owned()), None));
    let kinds = [
        ("image", MediaKind::Image),
        ("video", MediaKind::Video),
        ("audio", MediaKind::Audio),
        ("file", MediaKind::File),
    ];
    for (word, kind) in kinds {
        let file = json!({ "type": word, "url": "https://x/1", "name": "a\nb.pdf", "bytes": 12, "duration_ms": 900 });
        let (Content::Media(media), None) = said(&file) else { panic!("{word}") };
        assert_eq!((media.kind, media.bytes, media.duration_ms), (kind, Some(12), Some(900)));
        assert_eq!(media.name.as_deref(), Some("a b.pdf"));
        assert_eq!(media.place, MediaPlace::Url("https://x/1".to_owned()));
    }
    let (Content::Sticker(sticker), None) =
        said(&json!({ "type": "sticker", "package_id": "446", "sticker_id": 1988 }))
    else {
        panic!("a sticker")
    };
    assert_eq!((sticker.package_id.as_str(), sticker.sticker_id.as_str()), ("446", "1988"));
    let place = json!({ "type": "location", "title": "本店", "latitude": 35.6812, "longitude": -139.7671 });
    let expected =
        Location {
            title: Some("本店".to_owned()), address: None, latitude_e6: 35_681_200, longitude_e6: -139_767_100
        };
    assert_eq!(said(&place), (Content::Location(expected), None));
}

#[test]
fn what_nobody_can_show_is_a_line_with_its_bytes_kept() {
    let odd = [
        json!({ "type": "poll", "question": "?" }),
        json!({ "type": "image" }),
        json!({ "type": "image", "url": format!("https://x/{}", "a".repeat(2_048)) }),
        json!({ "type": "sticker", "package_id": "cats", "sticker_id": "1" }),
        json!({ "type": "location", "latitude": 91, "longitude": 0 }),
        json!({ "type": 7 }),
        json!({}),
    ];
    for message in odd {
        let (content, raw) = said(&message);
        assert!(matches!(content, Content::Other { .. }), "{message}: {content:?}");
        assert!(raw.is_some_and(|raw| raw.contains("u-1")), "{message}");
    }
    let event = event(&body("typing", &json!({})));
    assert!(matches!(event.what, InboundKind::Message { content: Content::Other { .. }, raw: Some(_), .. }));
}

#[test]
fn who_wrote_is_known_by_id_and_called_by_name() {
    let contact = json!({ "contact": { "id": 77, "name": " 佐藤\u{202E}\n花子 ", "picture_url": "https://x/p.png" } });
    let known = event(&body("contact.joined", &contact));
    assert_eq!((known.external_id.as_str(), known.thread.as_str()), ("77", "77"));
    let expected = Profile { name: "佐藤 花子".to_owned(), picture_url: Some("https://x/p.png".to_owned()) };
    assert_eq!(known.who, Some(expected));
    assert!(matches!(known.what, InboundKind::Follow { .. }));
    let nameless = json!({ "contact": { "id": "u", "name": "  ", "picture_url": "https://x/p.png" } });
    assert_eq!(event(&body("contact.left", &nameless)).who, None);
}

#[test]
fn what_is_taken_back_or_rewritten_is_named_by_its_event() {
    let back = event(&body("message.taken_back", &json!({ "message_id": "e-0" })));
    assert_eq!(back.what, InboundKind::Unsend { external_id: "e-0".to_owned() });
    let edit = json!({ "message_id": "e-0", "message": { "type": "text", "text": "新" } });
    let expected = InboundKind::Edit { external_id: "e-0".to_owned(), content: Content::Text("新".to_owned()) };
    assert_eq!(event(&body("message.edited", &edit)).what, expected);
    assert_eq!(flaw(&body("message.taken_back", &json!({}))), Flaw::NoMessage);
    let picture = json!({ "message_id": "e-0", "message": { "type": "image", "url": "https://x/" } });
    assert_eq!(flaw(&body("message.edited", &picture)), Flaw::NoText);
}

#[test]
fn an_event_that_nobody_could_know_again_or_ascribe_waits_for_a_person() {
    for (field, value, why) in [
        ("id", json!(null), Flaw::NoId),
        ("id", json!(""), Flaw::NoId),
        ("id", json!("   "), Flaw::NoId),
        ("id", json!({}), Flaw::NoId),
        ("id", json!("x".repeat(257)), Flaw::NoId),
        ("type", json!(null), Flaw::NoType),
        ("contact", json!("u-1"), Flaw::NoUser),
        ("contact", json!({}), Flaw::NoUser),
        ("contact", json!({ "id": "x".repeat(257) }), Flaw::NoUser),
        ("message", json!("hello"), Flaw::NoMessage),
        ("message", json!({ "type": "text" }), Flaw::NoText),
        ("message", json!({ "type": "text", "text": "x".repeat(limits::TEXT_UTF16 + 1) }), Flaw::TooLong),
        ("type", json!(format!("{}x", "y".repeat(50_000))), Flaw::TooLong),
    ] {
        let mut body = body("message", &json!({ "message": { "type": "text", "text": "x" } }));
        body[field] = value.clone();
        assert_eq!(flaw(&body), why, "{field}: {value:.60}");
    }
    let mut deep = json!(1);
    for _ in 0..40 {
        deep = json!([deep]);
    }
    assert_eq!(flaw(&body("poll", &json!({ "message": deep }))), Flaw::TooDeep);
    let whole = json!({ "type": "text", "text": "長".repeat(16_000) });
    assert!(matches!(said(&whole).0, Content::Text(_)), "as long as a text may be");
    for none in ["", "[]", "null", "7", "{\"id\":1", "{\"id\":1,\"id\":2}", "\u{0}"] {
        assert!(parse(&Bytes::from(none), NOW).is_err(), "{none}");
    }
}

/// A system whose endpoint is our own hook would talk to itself without end.
#[test]
fn our_own_words_that_come_back_are_nobodys() {
    for kind in ["answer", "ping"] {
        let body = body(kind, &json!({ "message": { "type": "text", "text": "はい" } }));
        assert_eq!(parsed(&body), Parsed::Ignored { kind, among: None });
    }
}

#[test]
fn a_time_that_cannot_be_true_is_the_time_of_receipt() {
    let at = |text: &str| event(&body("contact.left", &json!({ "at": text }))).at;
    assert_eq!(at("2026-11-21T05:01:02.5+09:00"), Timestamp(1_795_204_862_500));
    for odd in ["", "yesterday", "2036-11-21T05:01:02Z", "1903-11-21T05:01:02Z"] {
        assert_eq!(at(odd), NOW, "{odd}");
    }
}

#[test]
fn the_id_decides_what_is_the_same_whatever_else_changed() {
    let one = event(&body("message", &json!({ "message": { "type": "text", "text": "a" } })));
    let other =
        event(&body("message", &json!({ "message": { "type": "text", "text": "b" }, "at": "2026-11-21T00:00:00Z" })));
    assert_eq!(one.event_id, other.event_id);
}

proptest::proptest! {
    /// Whatever stands in a signed body, it is an event, a body that waits, or none; and the same bytes are the same.
    #[test]
    fn no_change_of_a_body_brings_the_reader_down(at in 0_usize..220, with in proptest::collection::vec(proptest::num::u8::ANY, 0..6), less in 0_usize..40) {
        let message = json!({ "type": "image", "url": "https://x/1", "bytes": 7, "latitude": 1.5 });
        let more = json!({ "message": message, "at": "2026-11-21T05:01:02Z", "message_id": "e-0" });
        let mut bytes = body("message", &more).to_string().into_bytes();
        let from = at.min(bytes.len());
        let to = (from + less).min(bytes.len());
        bytes.splice(from..to, with);
        let bytes = Bytes::from(bytes);
        let (one, other) = (parse(&bytes, NOW), parse(&bytes, NOW));
        proptest::prop_assert_eq!(&one, &other);
        if let Ok(Parsed::Broken { raw, event_id, .. }) = one {
            proptest::prop_assert_eq!(raw, bytes);
            proptest::prop_assert!(!event_id.is_empty());
        }
    }
}
