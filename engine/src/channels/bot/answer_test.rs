use serde_json::{Value, json};

use super::adapter::Bot;
use super::answer::{bubbles, delivery_id, outcome};
use crate::channels::public::PublicUrls;
use crate::channels::signed::Posted;
use crate::channels::{Adapter as _, Outcome};
use crate::domain::content::{Action, Does, Dress, Location, Media, MediaKind, MediaPlace, Sticker, StoredFile};
use crate::domain::conversation::Outgoing;
use crate::domain::id::{AgentId, FileId};
use crate::domain::message::{Author, Content, Delivery};
use crate::domain::time::Timestamp;

fn outgoing(content: Content) -> Outgoing {
    Outgoing {
        number: 3,
        automatic: None,
        author: Author::Agent(AgentId(1)),
        content,
        retry_key: 9,
        delivery: Delivery::Queued,
        route: None,
        lead: 0,
        joined: false,
        queued_at: Timestamp(1_795_237_300_000),
        dress: Dress::default(),
    }
}

fn said(content: Content) -> Value {
    Bot.capabilities().check(&content, &Dress::default()).expect("it can be said here");
    let urls = PublicUrls::new("https://desk.example.jp", [7; 32]);
    let item = outgoing(content);
    let mut all = bubbles(std::slice::from_ref(&item), &urls);
    assert_eq!((all.len(), all[0].numbers.as_slice()), (1, [3].as_slice()));
    assert_eq!(bubbles(&[item], &urls), all, "the same answer gives the same delivery");
    let body = all.remove(0).body;
    assert_eq!((&body["type"], &body["at"]), (&json!("answer"), &json!("2026-11-21T05:01:40.000Z")));
    body["message"].clone()
}

#[test]
fn what_is_offered_is_said_in_the_words_of_the_contract() {
    assert_eq!(said(Content::Text("はい".to_owned())), json!({ "type": "text", "text": "はい" }));
    let (latitude_e6, longitude_e6) = (35_681_200, 139_767_100);
    let place = Location { title: Some("本店".to_owned()), address: None, latitude_e6, longitude_e6 };
    let expected = json!({ "type": "location", "title": "本店", "latitude": 35.6812, "longitude": 139.7671 });
    assert_eq!(said(Content::Location(place)), expected);
    let file = StoredFile { id: FileId(7), mime: "application/pdf".to_owned(), bytes: 12, size: None, preview: None };
    let media = Media {
        kind: MediaKind::File,
        name: Some("案内.pdf".to_owned()),
        bytes: None,
        duration_ms: None,
        set: None,
        place: MediaPlace::Stored(file),
    };
    let mut file = said(Content::Media(Box::new(media)));
    let url = file.as_object_mut().unwrap().remove("url").unwrap();
    assert!(url.as_str().unwrap().starts_with("https://desk.example.jp/media/"), "{url}");
    assert_eq!(file, json!({ "type": "file", "name": "案内.pdf", "mime": "application/pdf", "bytes": 12 }));
}

#[test]
fn what_the_other_side_need_not_show_is_refused_before_it_is_accepted() {
    let check = |content: &Content, dress: &Dress| Bot.capabilities().check(content, dress);
    let sticker = Sticker { package_id: "446".to_owned(), sticker_id: "1988".to_owned(), text: None };
    assert!(check(&Content::Sticker(sticker), &Dress::default()).is_err());
    let button = Action { label: "はい".to_owned(), does: Does::Say("はい".to_owned()) };
    let dress = Dress { quick_replies: vec![button], sender: None };
    assert!(check(&Content::Text("?".to_owned()), &dress).is_err());
    assert!(check(&Content::Text("x".repeat(10_000)), &Dress::default()).is_ok());
    assert!(check(&Content::Text("x".repeat(10_001)), &Dress::default()).is_err());
}

#[test]
fn an_answer_is_known_again_by_one_id() {
    assert_eq!(delivery_id(0xabc), "dlv_00000000000000000000000000000abc");
}

#[test]
fn every_end_of_a_delivery_has_its_meaning() {
    assert!(matches!(outcome(Posted::Answered(204)), Outcome::Accepted { .. }));
    for status in [401, 403] {
        assert_eq!(outcome(Posted::Answered(status)), Outcome::Unauthorised { status });
    }
    assert_eq!(outcome(Posted::Answered(429)), Outcome::RateLimited);
    for again in
        [Posted::Answered(408), Posted::Answered(425), Posted::Answered(503), Posted::BrokeOff, Posted::TooSlow]
    {
        assert_eq!(outcome(again), Outcome::Ambiguous, "{again:?}");
    }
    assert_eq!(outcome(Posted::Unreachable), Outcome::NotSent, "of what was not told nobody need be in doubt");
    for no in [Posted::Answered(301), Posted::Answered(404), Posted::Answered(410), Posted::Unsafe] {
        assert!(matches!(outcome(no), Outcome::Refused { .. }), "{no:?}");
    }
}
