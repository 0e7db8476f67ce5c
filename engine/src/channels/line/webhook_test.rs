//! Samples of webhooks, each named after its quirk, and what must become of them.
//! Bodies that nobody should send are in `webhook_odd_test`.

use std::fs;
use std::path::Path;

use bytes::Bytes;

use super::webhook::{Webhook, parse};
use crate::channels::{Flaw, Parsed, ParsedEvent};
use crate::domain::content::{ImageSet, Location, Media, MediaKind, MediaPlace, Sticker};
use crate::domain::conversation::InboundKind;
use crate::domain::message::Content;
use crate::domain::time::Timestamp;

pub(super) const RECEIVED_AT: Timestamp = Timestamp(1_795_140_001_000);

pub(super) fn bytes_of(sample: &str) -> Bytes {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/channels/line/testdata");
    Bytes::from(fs::read(folder.join(sample).with_extension("json")).unwrap())
}

fn parsed(sample: &str) -> Webhook {
    parse(&bytes_of(sample), RECEIVED_AT).unwrap()
}

fn events(sample: &str) -> Vec<ParsedEvent> {
    let only_events = |parsed| match parsed {
        Parsed::Event(event) => event,
        other => panic!("{other:?}"),
    };
    parsed(sample).events.into_iter().map(only_events).collect()
}

pub(super) fn text_of(event: &ParsedEvent) -> &str {
    match &event.what {
        InboundKind::Message { content: Content::Text(text), .. } => text,
        other => panic!("{other:?}"),
    }
}

fn reply_token(event: &ParsedEvent) -> Option<&str> {
    match &event.what {
        InboundKind::Message { reply_token, .. } | InboundKind::Follow { reply_token, .. } => reply_token.as_deref(),
        InboundKind::Unsend { .. }
        | InboundKind::Edit { .. }
        | InboundKind::Unfollow
        | InboundKind::CopyTold { .. } => None,
    }
}

#[test]
fn the_connection_check_is_no_error_and_no_event() {
    let webhook = parsed("connection_check");
    assert_eq!(webhook.events, []);
    let destination = webhook.destination.as_deref();
    assert_eq!(destination, Some("U0123456789abcdef0123456789abcdef"));
}

#[test]
fn a_text_and_its_unsend_are_read_to_the_last_field() {
    let events = events("text_with_emoji_quote_then_unsend");
    let user = "Uaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let InboundKind::Message { raw: Some(raw), external_id, content, reply_token, read_token } = events[0].what.clone()
    else {
        panic!("{:?}", events[0]);
    };
    assert!(raw.starts_with(r#"{"type":"message""#) && raw.ends_with("\"589999999999999999\"}}"));
    assert_eq!(external_id.as_deref(), Some("590000000000000001"));
    assert_eq!(content, Content::Text("注文番号は? (love)".to_owned()));
    assert_eq!(reply_token.unwrap(), "0f1e2d3c4b5a69788796a5b4c3d2e1f0");
    assert_eq!(read_token.unwrap(), "mr-1");
    assert_eq!(events[0].event_id, "01KAJ5R8Q0V7M3T2B9XW4CZD6E");
    assert_eq!(events[0].at, Timestamp(1_795_140_000_123));
    let unsend = ParsedEvent {
        context: None,
        who: None,
        event_id: "01KAJ5RH5ZK0N8Y6P1S4QF7GTA".to_owned(),
        external_id: user.to_owned(),
        thread: user.to_owned(),
        at: Timestamp(1_795_140_009_000),
        redelivery: false,
        what: InboundKind::Unsend { external_id: "590000000000000001".to_owned() },
    };
    assert_eq!(events[1], unsend);
}

#[test]
fn order_of_properties_white_space_escapes_and_news_change_nothing() {
    let events = events("many_users_any_order_unknown_fields");
    let users: Vec<&str> = events.iter().map(|event| event.thread.as_str()).collect();
    assert_eq!(users, ["U1", "U2", "U3"]);
    let texts: Vec<&str> = events.iter().map(text_of).collect();
    assert_eq!(texts, ["一人目", "二人目 🍎\n\"/\\", "三人目"]);
    assert!(events[0].redelivery && !events[1].redelivery && !events[2].redelivery);
    assert_eq!(reply_token(&events[0]), Some("r1"));
    assert_eq!(reply_token(&events[2]), None);
    assert!(events[2].event_id.starts_with("derived-"));
}

#[test]
fn one_broken_event_among_ten_harms_no_neighbour() {
    let body = bytes_of("one_broken_among_ten");
    let events = parse(&body, RECEIVED_AT).unwrap().events;
    assert_eq!(events.len(), 10);
    for (index, event) in events.iter().enumerate() {
        match event {
            Parsed::Event(event) => assert_eq!(text_of(event), (index + 1).to_string()),
            Parsed::Broken { event_id, raw, why } => {
                assert_eq!((index, event_id.as_str(), *why), (3, "E4", Flaw::NoText));
                let line = body.split(|byte| *byte == b'\n').nth(4).unwrap();
                assert_eq!(raw, &line[..line.len() - 1]);
            }
            Parsed::Ignored { .. } => panic!("{event:?}"),
        }
    }
}

#[test]
fn what_cannot_be_read_is_kept_and_says_why() {
    let mut flaws = Vec::new();
    for event in parsed("every_way_to_be_broken").events {
        let Parsed::Broken { event_id, raw, why } = event else {
            panic!("{event:?}");
        };
        assert!(!event_id.is_empty() && !raw.is_empty());
        flaws.push(why);
    }
    use Flaw::{NoMessage, NoText, NoType, NoUser, NotAnEvent, UnknownSource};
    let expected = [
        NotAnEvent,
        NotAnEvent,
        NotAnEvent,
        NotAnEvent,
        NoType,
        NoType,
        NoUser,
        NoUser,
        NoUser,
        NoUser,
        UnknownSource,
        NoMessage,
        NoMessage,
        NoText,
        NoText,
        NoMessage,
        NoMessage,
    ];
    assert_eq!(flaws, expected);
}

#[test]
fn every_kind_of_message_is_what_it_is() {
    let contents: Vec<_> = events("kinds_of_message")
        .into_iter()
        .map(|event| match event.what {
            InboundKind::Message { content, reply_token: Some(_), raw, .. } => (content, raw.is_some()),
            other => panic!("{other:?}"),
        })
        .collect();
    let medium = |kind, duration_ms, place| Media { kind, name: None, bytes: None, duration_ms, set: None, place };
    let set = Some(ImageSet { id: "S".into(), index: 3, total: 5 });
    let (name, bytes) = (Some("請求書.pdf".into()), Some(2_138));
    let outside = MediaPlace::Url("https://example.com/o.mp4".into());
    let line = |kind: &str, summary: &str| Content::Other { kind: kind.into(), summary: summary.into() };
    let expected = [
        (Content::Sticker(Sticker { package_id: "11537".into(), sticker_id: "52002734".into(), text: None }), false),
        (Content::Media(Box::new(Media { set, ..medium(MediaKind::Image, None, MediaPlace::Platform) })), false),
        (Content::Media(Box::new(medium(MediaKind::Video, Some(60_000), outside))), false),
        (Content::Media(Box::new(medium(MediaKind::Audio, Some(5_200), MediaPlace::Platform))), false),
        (Content::Media(Box::new(Media { name, bytes, ..medium(MediaKind::File, None, MediaPlace::Platform) })), false),
        (
            Content::Location(Location {
                title: Some("受取場所".into()),
                address: Some("東京都千代田区1-1".into()),
                latitude_e6: 35_680_000,
                longitude_e6: 139_760_000,
            }),
            false,
        ),
        (line("hologram", "まだ表示できない種類の内容（hologram）"), true),
        (line("postback", "ボタンの選択（csat=1）"), true),
        (line("eventOfTomorrow", "まだ表示できない種類の内容（eventOfTomorrow）"), true),
    ];
    assert_eq!(contents, expected);
}

#[test]
fn housekeeping_and_talks_of_several_people_reach_no_conversation() {
    let kinds = |sample| -> Vec<&str> {
        let only_ignored = |parsed| match parsed {
            Parsed::Ignored { kind, .. } => kind,
            other => panic!("{other:?}"),
        };
        parsed(sample).events.into_iter().map(only_ignored).collect()
    };
    let housekeeping = kinds("housekeeping");
    assert_eq!(housekeeping.len(), 15);
    assert_eq!((housekeeping[0], housekeeping[14]), ("join", "rich_menu"));
    let several = ["group", "group", "room", "group", "group", "group", "room"];
    assert_eq!(kinds("groups_and_rooms"), several);
}

#[test]
fn friends_come_go_and_change_what_they_said() {
    let whats: Vec<_> = events("friends").into_iter().map(|event| event.what).collect();
    let follow =
        |unblocked, token: Option<&str>| InboundKind::Follow { unblocked, reply_token: token.map(str::to_owned) };
    let edit = |text: &str| InboundKind::Edit { external_id: "59".into(), content: Content::Text(text.into()) };
    let expected =
        [follow(false, Some("r1")), follow(true, Some("r2")), follow(false, None), InboundKind::Unfollow, edit("b")];
    assert_eq!(whats, expected);
}

#[test]
fn while_another_program_holds_the_chat_nothing_may_be_answered() {
    let events = events("standby_and_modes_to_come");
    let texts: Vec<&str> = events.iter().map(text_of).collect();
    assert_eq!(texts, ["a", "b", "c", "d", "e"]);
    let tokens: Vec<Option<&str>> = events.iter().map(reply_token).collect();
    assert_eq!(tokens, [None, None, Some("r3"), Some("r4"), None]);
}

#[test]
fn an_event_without_an_id_is_known_again_when_it_is_redelivered() {
    let first = events("no_event_id");
    let again = events("no_event_id_redelivered_in_other_clothes");
    assert_eq!(first[0].event_id, again[0].event_id);
    assert_ne!(first[0].event_id, first[1].event_id, "the same words twice are two messages");
}

#[test]
fn a_time_that_cannot_be_is_replaced_by_the_time_of_receipt() {
    let at: Vec<i64> = events("times_that_cannot_be").iter().map(|event| event.at.0).collect();
    let now = RECEIVED_AT.0;
    assert_eq!(at, [now, now, now, now, now, 1_795_140_060_000]);
}

#[test]
fn half_a_surrogate_and_a_number_for_an_id_cost_no_message() {
    let events = events("half_surrogates_and_numbers_for_ids");
    assert_eq!(text_of(&events[0]), "切れた\u{FFFD} 絵文字 🍎");
    for event in &events {
        let (InboundKind::Message { external_id: Some(id), .. } | InboundKind::Unsend { external_id: id }) =
            &event.what
        else {
            panic!("{event:?}");
        };
        assert_eq!(id, "590000000000000001");
    }
}

#[test]
fn bytes_that_are_no_utf8_spoil_only_their_event() {
    let body: Vec<u8> = bytes_of("one_broken_among_ten").replace_text("\"text\":\"2\"", b"\"text\":\"\xE3\x81\xFF\"");
    let events = parse(&Bytes::from(body), RECEIVED_AT).unwrap().events;
    let Parsed::Broken { raw, why: Flaw::NotUtf8, .. } = &events[1] else {
        panic!("{:?}", events[1]);
    };
    assert!(raw.windows(3).any(|bytes| bytes == b"\xE3\x81\xFF"));
    let healthy = events.iter().filter(|event| matches!(event, Parsed::Event(_)));
    assert_eq!(healthy.count(), 8);
}

trait ReplaceText {
    fn replace_text(&self, from: &str, to: &[u8]) -> Vec<u8>;
}

impl ReplaceText for Bytes {
    fn replace_text(&self, from: &str, to: &[u8]) -> Vec<u8> {
        let text = std::str::from_utf8(self).unwrap();
        let (before, after) = text.split_once(from).unwrap();
        [before.as_bytes(), to, after.as_bytes()].concat()
    }
}

#[test]
fn a_link_that_was_made_can_be_answered_and_one_that_failed_names_nobody() {
    let linked = |rest: &str| {
        let event =
            format!(r#"{{"type":"accountLink","mode":"active","timestamp":1,"webhookEventId":"E","link":{rest}}}"#);
        let body = Bytes::from(format!(r#"{{"destination":"U","events":[{event}]}}"#));
        parse(&body, RECEIVED_AT).expect("a body").events.remove(0)
    };
    let made = linked(r#"{"result":"ok","nonce":"n"},"replyToken":"r","source":{"type":"user","userId":"U1"}"#);
    let Parsed::Event(event) = made else { panic!("{made:?}") };
    let InboundKind::Message { content, reply_token, external_id, .. } = event.what else { panic!("a line") };
    let shown = Content::Other { kind: "accountLink".into(), summary: "アカウント連携（完了）".into() };
    assert_eq!((content, reply_token.as_deref(), external_id), (shown, Some("r"), None));
    let failed = linked(r#"{"result":"failed","nonce":"n"}"#);
    assert!(matches!(failed, Parsed::Ignored { kind: "accountLink", .. }), "{failed:?}");
}

#[test]
fn a_token_that_comes_again_after_its_death_is_not_taken_for_a_living_one() {
    let token = |age_ms: i64, again: bool| {
        let at = RECEIVED_AT.0 - age_ms;
        let body = format!(
            r#"{{"events":[{{"type":"message","timestamp":{at},"webhookEventId":"E","replyToken":"r","mode":"active",
            "deliveryContext":{{"isRedelivery":{again}}},"source":{{"type":"user","userId":"U1"}},
            "message":{{"type":"text","id":"1","text":"a"}}}}]}}"#
        );
        let parsed = parse(&Bytes::from(body), RECEIVED_AT).expect("a body").events.remove(0);
        let Parsed::Event(event) = parsed else { panic!("{parsed:?}") };
        reply_token(&event).map(str::to_owned)
    };
    assert_eq!(token(20 * 60_000 - 1, true).as_deref(), Some("r"));
    assert_eq!(token(20 * 60_000, true), None);
    assert_eq!(token(20 * 60_000, false).as_deref(), Some("r"), "the first time its clock may be wrong, or ours");
}
