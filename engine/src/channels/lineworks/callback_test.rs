//! Callbacks as the platform sends them, and as it should not.

use bytes::Bytes;

use super::callback::parse;
use crate::channels::media::Gathering;
use crate::channels::{Flaw, Parsed, ParsedEvent};
use crate::domain::content::{MediaKind, MediaPlace};
use crate::domain::conversation::InboundKind;
use crate::domain::message::Content;
use crate::domain::time::Timestamp;

const NOW: Timestamp = Timestamp(1_795_237_245_500);

fn parsed(json: &str) -> Parsed {
    parse(&Bytes::from(json.to_owned()), NOW).unwrap()
}

fn event(json: &str) -> ParsedEvent {
    match parsed(json) {
        Parsed::Event(event) => event,
        other => panic!("{other:?}"),
    }
}

fn message(content: &str) -> String {
    format!(
        r#"{{"type":"message","source":{{"userId":"c72a-1","domainId":40029600}},"issuedTime":"2026-11-21T05:00:45.120Z","content":{content}}}"#
    )
}

fn content(json: &str) -> (Option<String>, Content) {
    match event(&message(json)).what {
        InboundKind::Message { external_id, content, .. } => (external_id, content),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_member_writes_comes_with_their_id_the_platforms_time_and_the_whole_body() {
    let body = message(r#"{"type":"text","text":"おはよう🍎"}"#);
    let found = event(&body);
    assert_eq!((found.external_id.as_str(), found.thread.as_str()), ("c72a-1", "c72a-1"));
    assert_eq!(found.at, Timestamp(1_795_237_245_120));
    let InboundKind::Message { content, raw, reply_token, .. } = found.what else { panic!("a message") };
    assert_eq!(content, Content::Text("おはよう🍎".to_owned()));
    assert_eq!((raw.as_deref(), reply_token), (Some(body.as_str()), None), "nobody sends it again");
}

#[test]
fn the_same_bytes_are_the_same_event_and_others_are_not() {
    let id = |json: &str| event(json).event_id;
    let one = message(r#"{"type":"text","text":"はい"}"#);
    assert_eq!(id(&one), id(&one));
    assert_ne!(id(&one), id(&one.replace("45.120Z", "45.121Z")), "the same word a moment later");
    assert_eq!(id(&one).len(), 64);
}

#[test]
fn every_kind_that_people_can_send_is_read() {
    let (id, file) = content(r#"{"type":"image","fileId":"jp1.166.1"}"#);
    let Content::Media(media) = file else { panic!("a picture") };
    assert_eq!((id.as_deref(), media.kind, &media.place), (Some("jp1.166.1"), MediaKind::Image, &MediaPlace::Platform));
    for (kind, wanted) in [("video", MediaKind::Video), ("audio", MediaKind::Audio), ("file", MediaKind::File)] {
        let (_, file) = content(&format!(r#"{{"type":"{kind}","fileId":"f","fileName":"表\u202e.pdf"}}"#));
        let Content::Media(media) = file else { panic!("{kind}") };
        assert_eq!((media.kind, media.name.as_deref()), (wanted, Some("表.pdf")));
    }
    let (_, sticker) = content(r#"{"type":"sticker","packageId":"1","stickerId":"2"}"#);
    assert!(matches!(sticker, Content::Sticker(it) if it.package_id == "1" && it.sticker_id == "2"));
    let (_, place) = content(r#"{"type":"location","address":"渋谷","latitude":35.6581,"longitude":139.7017}"#);
    let Content::Location(place) = place else { panic!("a place") };
    assert_eq!((place.latitude_e6, place.longitude_e6), (35_658_100, 139_701_700));
}

#[test]
fn a_kind_of_tomorrow_is_a_line_with_its_body_kept() {
    let (_, shown) = content(r#"{"type":"hologram","x":1}"#);
    assert!(matches!(shown, Content::Other { kind, .. } if kind == "hologram"));
    for (kind, json) in [
        ("image", r#"{"type":"image"}"#),
        ("location", r#"{"type":"location","latitude":999,"longitude":0}"#),
        ("sticker", r#"{"type":"sticker","packageId":"1"}"#),
    ] {
        let (id, shown) = content(json);
        assert!(id.is_none() && matches!(shown, Content::Other { kind: it, .. } if it == kind), "{json}");
    }
    let unknown = event(r#"{"type":"waved","source":{"userId":"u"},"issuedTime":"2026-11-21T05:00:45Z"}"#);
    assert!(matches!(unknown.what, InboundKind::Message { content: Content::Other { .. }, raw: Some(_), .. }));
    assert_eq!(unknown.at, Timestamp(1_795_237_245_000), "seconds are a time as well");
}

#[test]
fn the_start_button_opens_and_a_tapped_button_says_what_it_carries() {
    let start = message(r#"{"type":"text","text":"利用開始","postback":"start"}"#);
    assert!(matches!(event(&start).what, InboundKind::Follow { unblocked: false, reply_token: None }));
    let pressed = r#"{"type":"postback","data":"start","source":{"userId":"u"},"issuedTime":"2026-11-21T05:00:45Z"}"#;
    assert!(matches!(event(pressed).what, InboundKind::Follow { .. }));
    let tapped = event(&pressed.replace("start", "topic=1"));
    assert!(
        matches!(tapped.what, InboundKind::Message { content: Content::Other { ref summary, .. }, .. } if summary == "topic=1")
    );
    let (_, said) = content(r#"{"type":"text","text":"配送","postback":"topic=delivery"}"#);
    assert_eq!(said, Content::Text("配送".to_owned()));
}

#[test]
fn rooms_of_several_people_are_left_and_not_answered() {
    let room = Some(Gathering::Room("r-1".to_owned()));
    let said = message(r#"{"type":"text","text":"x"}"#).replace("\"domainId\"", "\"channelId\":\"r-1\",\"domainId\"");
    assert_eq!(parsed(&said), Parsed::Ignored { kind: "room", among: room.clone() });
    for (kind, among) in [("join", room.clone()), ("joined", room.clone()), ("left", room), ("leave", None)] {
        let json = format!(r#"{{"type":"{kind}","source":{{"channelId":"r-1"}},"issuedTime":"2026-11-21T05:00:45Z"}}"#);
        assert_eq!(
            parsed(&json),
            Parsed::Ignored {
                kind: ["join", "joined", "left", "leave"].into_iter().find(|it| *it == kind).unwrap(),
                among
            }
        );
    }
}

#[test]
fn what_cannot_be_read_is_handed_back_with_its_bytes() {
    let long = "長".repeat(20_000);
    for (json, why) in [
        (r#"{"source":{"userId":"u"}}"#.to_owned(), Flaw::NoType),
        (r#"{"type":"message","content":{"type":"text","text":"x"}}"#.to_owned(), Flaw::NoUser),
        (r#"{"type":"message","source":{"userId":"u"}}"#.to_owned(), Flaw::NoMessage),
        (message(r#"{"type":"text"}"#), Flaw::NoText),
        (message(&format!(r#"{{"type":"text","text":"{long}"}}"#)), Flaw::TooLong),
        (message(&format!(r#"{{"type":"x","y":{}1{}}}"#, "[".repeat(40), "]".repeat(40))), Flaw::TooDeep),
    ] {
        let Parsed::Broken { raw, why: found, .. } = parsed(&json) else { panic!("{json:.80}") };
        assert_eq!((raw.as_ref(), found), (json.as_bytes(), why));
    }
    for odd in ["", "[]", "7", "<xml>", "{\"type\":", "\"x\""] {
        assert!(parse(&Bytes::from(odd.to_owned()), NOW).is_err(), "{odd}");
    }
}

#[test]
fn a_time_that_cannot_be_true_counts_for_nothing() {
    for told in ["\"yesterday\"", "7", "null", "\"2099-01-01T00:00:00Z\"", "\"1950-01-01T00:00:00Z\""] {
        let json = format!(
            r#"{{"type":"message","source":{{"userId":"u"}},"issuedTime":{told},"content":{{"type":"text","text":"x"}}}}"#
        );
        assert_eq!(event(&json).at, NOW, "{told}");
    }
}
