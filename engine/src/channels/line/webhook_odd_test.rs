//! Bodies that nobody should send: broken envelopes, too many events, nesting without end, and chance.

use bytes::Bytes;
use proptest::prelude::*;

use super::webhook::{MAX_EVENTS, Unparsable, parse};
use super::webhook_test::{RECEIVED_AT, bytes_of, text_of};
use crate::channels::{Flaw, Parsed};

fn unparsable(body: impl Into<Bytes>) -> Unparsable {
    parse(&body.into(), RECEIVED_AT).unwrap_err()
}

#[test]
fn a_broken_envelope_is_told_from_a_strange_one_and_repeats_no_content() {
    for body in ["", "{", "{\"events\":[{}", "{\"events\":[]}x", "secret", "\u{FEFF}{\"events\":[]}"] {
        assert!(matches!(unparsable(body), Unparsable::NotJson { .. }), "{body}");
    }
    for body in [
        "null",
        "5",
        "[]",
        "[\"U1\",[]]",
        "{}",
        "{\"destination\":\"U1\"}",
        "{\"events\":null}",
        "{\"events\":{}}",
        "{\"events\":\"secret\"}",
        "{\"events\":[],\"events\":[]}",
    ] {
        let why = unparsable(body);
        assert_eq!(why, Unparsable::NoEvents, "{body}");
        assert!(!why.to_string().contains("secret"));
    }
    assert!(matches!(unparsable(&b"{\"events\":[\xFF]}"[..]), Unparsable::NotJson { .. }));
}

#[test]
fn a_body_with_more_events_than_allowed_is_left_whole() {
    let body = |events: usize| format!("{{\"events\":[{}]}}", vec!["1"; events].join(","));
    let full = parse(&Bytes::from(body(MAX_EVENTS)), RECEIVED_AT).unwrap();
    assert_eq!(full.events.len(), MAX_EVENTS);
    assert_eq!(unparsable(body(MAX_EVENTS + 1)), Unparsable::TooManyEvents);
    assert_eq!(unparsable(body(500_000)), Unparsable::TooManyEvents);
}

fn with_message(message: &str) -> Parsed {
    let body =
        format!(r#"{{"events":[{{"type":"message","source":{{"type":"user","userId":"U1"}},"message":{message}}}]}}"#);
    parse(&Bytes::from(body), RECEIVED_AT).unwrap().events.remove(0)
}

fn flaw_of(parsed: &Parsed) -> Option<Flaw> {
    match parsed {
        Parsed::Broken { why, .. } => Some(*why),
        _ => None,
    }
}

#[test]
fn nesting_without_end_overflows_nothing() {
    for depth in [20, 40, 900_000] {
        let nested = "[".repeat(depth) + &"]".repeat(depth);
        let flaw = flaw_of(&with_message(&format!(r#"{{"type":"hologram","x":{nested}}}"#)));
        assert_eq!(flaw, (depth > 20).then_some(Flaw::TooDeep));
        // What is shown in full and not kept may be as deep as it likes.
        let text = with_message(&format!(r#"{{"type":"text","text":"a","x":{nested}}}"#));
        assert_eq!(flaw_of(&text), None);
        assert_eq!(flaw_of(&with_message(&nested)), Some(Flaw::NoMessage));
    }
}

#[test]
fn a_message_that_no_record_could_hold_is_parked() {
    let long = |units| format!(r#"{{"type":"text","text":"{}"}}"#, "あ".repeat(units));
    assert_eq!(flaw_of(&with_message(&long(5_000))), None);
    assert_eq!(flaw_of(&with_message(&long(17_000))), Some(Flaw::TooLong));
    let large = format!(r#"{{"type":"hologram","x":"{}"}}"#, "x".repeat(50_000));
    assert_eq!(flaw_of(&with_message(&large)), Some(Flaw::TooLong));
}

#[test]
fn ten_thousand_events_of_one_user_are_all_there_in_order() {
    let events: Vec<String> = (0..10_000)
        .map(|n| format!(
            r#"{{"type":"message","mode":"active","timestamp":1795140000123,"source":{{"type":"user","userId":"U1"}},"webhookEventId":"E{n}","deliveryContext":{{"isRedelivery":false}},"replyToken":"r{n}","message":{{"type":"text","id":"{n}","text":"{n}"}}}}"#
        ))
        .collect();
    let body = Bytes::from(format!(r#"{{"destination":"Ubot","events":[{}]}}"#, events.join(",")));
    let webhook = parse(&body, RECEIVED_AT).unwrap();
    assert_eq!(webhook.events.len(), 10_000);
    for (n, event) in webhook.events.iter().enumerate() {
        let Parsed::Event(event) = event else {
            panic!("{event:?}");
        };
        assert_eq!(text_of(event), n.to_string());
        assert_eq!(event.event_id, format!("E{n}"));
    }
}

/// A body that came from a sample, with some bytes changed, cut out or put in.
fn spoilt_sample() -> impl Strategy<Value = Vec<u8>> {
    let samples = prop::sample::select(vec![
        "text_with_emoji_quote_then_unsend",
        "many_users_any_order_unknown_fields",
        "every_way_to_be_broken",
        "kinds_of_message",
        "housekeeping",
        "half_surrogates_and_numbers_for_ids",
    ]);
    let bytes = prop_oneof![prop::sample::select(b"{}[]\",:\\u0n1-.e \xFF\xED\xE3".to_vec()), any::<u8>(),];
    let change = (any::<prop::sample::Index>(), 0..3_u8, bytes);
    (samples, prop::collection::vec(change, 1..6)).prop_map(|(sample, changes)| {
        let mut body = bytes_of(sample).to_vec();
        for (index, how, byte) in changes {
            let at = index.index(body.len());
            match how {
                0 => body[at] = byte,
                1 => body.insert(at, byte),
                _ => drop(body.remove(at)),
            }
        }
        body
    })
}

/// An event whose known fields hold anything.
fn odd_event() -> impl Strategy<Value = String> {
    let value = prop::sample::select(vec![
        "null",
        "true",
        "-1",
        "1e999",
        "99999999999999999999",
        "\"\"",
        "\"text\"",
        "\"user\"",
        "\"U1\"",
        "\"\\ud800\"",
        "[]",
        "[[{}]]",
        "{}",
        "{\"type\":\"user\",\"userId\":\"U1\"}",
        "{\"type\":\"text\",\"text\":\"a\"}",
        "{\"type\":\"image\",\"imageSet\":[1]}",
        "{\"messageId\":1}",
        "\"message\"",
        "\"unsend\"",
        "\"postback\"",
    ]);
    let names = [
        "type",
        "mode",
        "timestamp",
        "source",
        "webhookEventId",
        "deliveryContext",
        "replyToken",
        "message",
        "unsend",
        "postback",
    ];
    prop::collection::vec(prop::option::weighted(0.7, value), names.len()).prop_map(move |values| {
        let fields: Vec<String> =
            names.iter().zip(values).filter_map(|(name, value)| Some(format!("\"{name}\":{}", value?))).collect();
        format!("{{{}}}", fields.join(","))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_body_makes_the_parser_panic(body in spoilt_sample(), noise in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&Bytes::from(noise), RECEIVED_AT);
        let body = Bytes::from(body);
        if let Ok(webhook) = parse(&body, RECEIVED_AT) {
            for event in webhook.events {
                if let Parsed::Broken { raw, .. } = event {
                    prop_assert!(body.windows(raw.len()).any(|part| part == raw));
                }
            }
        }
    }

    #[test]
    fn an_odd_event_becomes_exactly_one_thing_and_leaves_its_neighbours(odd in odd_event()) {
        let good = r#"{"type":"message","source":{"type":"user","userId":"U9"},"webhookEventId":"G","message":{"type":"text","text":"無事"}}"#;
        let body = Bytes::from(format!(r#"{{"events":[{good},{odd},{good}]}}"#));
        let events = parse(&body, RECEIVED_AT).unwrap().events;
        prop_assert_eq!(events.len(), 3);
        prop_assert_eq!(&events[0], &events[2]);
        prop_assert!(matches!(&events[0], Parsed::Event(_)));
        if let Parsed::Event(event) = &events[1] {
            prop_assert!(!event.external_id.is_empty() && !event.event_id.is_empty());
        }
    }
}
