//! Answers in the platform's own words.

use serde_json::json;

use super::capabilities::LINE_WORKS;
use super::content::{Object, bubbles};
use crate::domain::content::{
    Action, Card, Does, Dress, Location, Media, MediaKind, MediaPlace, Native, Sticker, StoredFile,
};
use crate::domain::conversation::Outgoing;
use crate::domain::id::{AgentId, FileId};
use crate::domain::message::{Author, Content, Delivery};
use crate::domain::time::Timestamp;

fn object(content: Content, dress: Dress) -> Object {
    LINE_WORKS.check(&content, &dress).expect("it can be said here");
    let item = Outgoing {
        number: 3,
        automatic: None,
        author: Author::Agent(AgentId(1)),
        content,
        retry_key: 9,
        delivery: Delivery::Queued,
        route: None,
        lead: 0,
        joined: false,
        queued_at: Timestamp(0),
        dress,
    };
    let mut all = bubbles(std::slice::from_ref(&item));
    assert_eq!((all.len(), all[0].numbers.as_slice()), (1, [3].as_slice()));
    assert_eq!(bubbles(&[item]), all, "the same answer gives the same object");
    serde_json::from_value(all.remove(0).body).unwrap()
}

fn said(content: Content) -> serde_json::Value {
    let object = object(content, Dress::default());
    assert!(object.files.is_empty());
    object.content
}

fn file(mime: &str, bytes: u64) -> StoredFile {
    StoredFile { id: FileId(7), mime: mime.to_owned(), bytes, size: None, preview: None }
}

fn media(kind: MediaKind, mime: &str, name: Option<&str>, bytes: u64) -> Content {
    let place = MediaPlace::Stored(file(mime, bytes));
    Content::Media(Box::new(Media {
        kind,
        name: name.map(str::to_owned),
        bytes: None,
        duration_ms: None,
        set: None,
        place,
    }))
}

fn button(label: &str, does: Does) -> Action {
    Action { label: label.to_owned(), does }
}

#[test]
fn words_stickers_places_and_the_platforms_own_language() {
    assert_eq!(said(Content::Text("はい".into())), json!({ "type": "text", "text": "はい" }));
    let sticker = Sticker { package_id: "446".into(), sticker_id: "1988".into(), text: None };
    assert_eq!(said(Content::Sticker(sticker)), json!({ "type": "sticker", "packageId": "446", "stickerId": "1988" }));
    let place =
        Location { title: Some("本社".into()), address: None, latitude_e6: 35_658_100, longitude_e6: 139_701_700 };
    let wanted =
        json!({ "type": "location", "title": "本社", "address": "本社", "latitude": 35.6581, "longitude": 139.7017 });
    assert_eq!(said(Content::Location(place)), wanted);
    let contents = json!({ "type": "bubble", "body": { "type": "box", "layout": "vertical", "contents": [{ "type": "text", "text": "x" }] } });
    let native =
        Native { alt_text: "案内".into(), json: json!({ "type": "flex", "contents": contents }).to_string() };
    assert_eq!(said(Content::Native(native)), json!({ "type": "flex", "altText": "案内", "contents": contents }));
}

#[test]
fn a_file_goes_up_first_under_a_name_that_says_what_it_is() {
    for (kind, mime, name, word, called) in [
        (MediaKind::Image, "image/jpeg", None, "image", "file.jpg"),
        (MediaKind::Video, "video/mp4", None, "video", "file.mp4"),
        (MediaKind::Audio, "audio/mp4", None, "audio", "file.m4a"),
        (MediaKind::File, "application/pdf", Some("見積.pdf"), "file", "見積.pdf"),
    ] {
        let object = object(media(kind, mime, name, 1_000), Dress::default());
        assert_eq!(object.content, json!({ "type": word }));
        let [carried] = object.files.as_slice() else { panic!("one file") };
        assert_eq!((carried.place.as_str(), carried.field.as_str(), carried.name.as_str()), ("", "fileId", called));
    }
}

#[test]
fn one_card_is_a_list_of_buttons_and_several_stand_side_by_side_with_their_pictures() {
    let actions = vec![
        button("話す", Does::Say("担当者".into())),
        button("見る", Does::Open("https://example.com/".into())),
        button("選ぶ", Does::Postback { data: "a=1".into(), display: Some("選んだ".into()) }),
    ];
    let card = Card { title: Some("質問".into()), text: "どれ".into(), image: None, actions };
    let wanted = json!({ "type": "button_template", "contentText": "質問\nどれ", "actions": [
        { "type": "message", "label": "話す", "text": "担当者" },
        { "type": "uri", "label": "見る", "uri": "https://example.com/" },
        { "type": "postback", "label": "選ぶ", "data": "a=1", "displayText": "選んだ" },
    ]});
    assert_eq!(said(Content::Cards(vec![card.clone()])), wanted);
    let pictured = Card { image: Some(file("image/png", 9)), ..card };
    let object = object(Content::Cards(vec![pictured.clone(), pictured]), Dress::default());
    assert_eq!(object.content["type"], "carousel");
    let places: Vec<_> = object.files.iter().map(|file| file.place.as_str()).collect();
    assert_eq!(places, ["/columns/0", "/columns/1"]);
    assert!(places.iter().all(|place| object.content.pointer(place).is_some()), "each id has its place");
}

#[test]
fn buttons_below_go_with_the_answer() {
    let dress = Dress { quick_replies: vec![button("はい", Does::Say("はい".into()))], sender: None };
    let object = object(Content::Text("よいですか".into()), dress);
    assert_eq!(object.content["quickReply"]["items"][0]["action"]["label"], "はい");
}

#[test]
fn what_the_platform_would_refuse_is_refused_before() {
    let refused = |content: &Content| LINE_WORKS.check(content, &Dress::default()).is_err();
    assert!(refused(&Content::Text("長".repeat(2_001))) && !refused(&Content::Text("長".repeat(2_000))));
    assert!(refused(&media(MediaKind::Video, "video/mp4", None, (1 << 20) + 1)), "a film over a megabyte");
    assert!(refused(&media(MediaKind::File, "application/pdf", None, (10 << 20) + 1)));
    let sticker = Sticker { package_id: "1".into(), sticker_id: "1".into(), text: None };
    assert!(refused(&Content::Sticker(sticker)), "one that only people have");
    let features = LINE_WORKS.features;
    assert!(!(features.unsend || features.edit || features.react || features.seen || features.delivered));
}
