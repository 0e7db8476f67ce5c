use super::*;
use crate::domain::content::{Action, Card, Does, Media, MediaKind, MediaPlace, Native, SenderName, StoredFile};
use crate::domain::id::FileId;
use crate::domain::message::{Author, Delivery};
use crate::domain::time::Timestamp;

fn urls() -> PublicUrls {
    PublicUrls::new("https://chat.example.com", [7; 32])
}

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
        automatic: None,
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
    bubbles(items, joined, &urls()).into_iter().map(|bubble| (bubble.numbers, text(&bubble.body))).collect()
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
        |name: &str| Dress { sender: Some(SenderName { name: name.into(), icon_url: None }), ..Dress::default() };
    let items =
        [Outgoing { dress: sender("山田"), ..words(1, "a") }, Outgoing { dress: sender("佐藤"), ..words(2, "b") }];
    let bubbles = bubbles(&items, true, &urls());
    assert_eq!((bubbles.len(), &bubbles[1].body["sender"]["name"]), (2, &json!("佐藤")));
}

#[test]
fn a_place_without_words_still_has_the_two_that_line_demands() {
    let place = Location { title: None, address: None, latitude_e6: 35_681_236, longitude_e6: -139_767_125 };
    let bubbles = bubbles(&[item(1, Content::Location(place))], false, &urls());
    let expected = json!({"type": "location", "title": "位置情報", "address": "位置情報",
        "latitude": 35.681236, "longitude": -139.767125});
    assert_eq!(bubbles[0].body, expected);
}

fn action(label: &str, does: Does) -> Action {
    Action { label: label.into(), does }
}

fn card(title: Option<&str>, image: bool) -> Card {
    Card {
        title: title.map(str::to_owned),
        text: "来店のご予約".into(),
        image: image.then(|| stored("image/jpeg", Some(FileId(21)))),
        actions: vec![
            action("予約する", Does::Postback { data: "book=1".into(), display: Some("予約します".into()) }),
            action("地図", Does::Open("https://example.com/map?q=%E6%9D%B1%E4%BA%AC".into())),
            action("相談", Does::Say("相談したいです".into())),
        ],
    }
}

fn stored(mime: &str, preview: Option<FileId>) -> StoredFile {
    StoredFile { id: FileId(20), mime: mime.into(), bytes: 1_000, size: None, preview }
}

fn media(kind: MediaKind, mime: &str, preview: Option<FileId>) -> Content {
    let place = MediaPlace::Stored(stored(mime, preview));
    let (name, duration_ms) = (Some("見積 書.pdf".to_owned()), Some(1_234));
    Content::Media(Box::new(Media { kind, name, bytes: None, duration_ms, set: None, place }))
}

fn flex(contents: &str) -> Content {
    Content::Native(Native {
        alt_text: "お知らせ".into(), json: format!(r#"{{"type":"flex","contents":{contents}}}"#)
    })
}

/// One answer of every kind that can be sent over LINE, each as large in kinds as it gets.
fn everything() -> Vec<Outgoing> {
    let preview = Some(FileId(21));
    let bubble =
        r#"{"type":"bubble","body":{"type":"box","layout":"vertical","contents":[{"type":"text","text":"在庫"}]}}"#;
    let contents = vec![
        Content::Text("はい。".into()),
        Content::Sticker(Sticker { package_id: "446".into(), sticker_id: "1988".into(), text: None }),
        media(MediaKind::Image, "image/png", preview),
        media(MediaKind::Video, "video/mp4", preview),
        media(MediaKind::Audio, "audio/mpeg", None),
        media(MediaKind::Audio, "audio/mp4", None),
        media(MediaKind::File, "application/pdf", None),
        Content::Location(Location {
            title: Some("本社".into()),
            address: None,
            latitude_e6: 35_681_236,
            longitude_e6: 139_767_125,
        }),
        Content::Cards(vec![card(Some("ご案内"), true)]),
        Content::Cards(vec![card(None, false), card(None, false)]),
        Content::Cards(vec![card(Some("一"), true), card(Some("二"), true)]),
        flex(bubble),
        flex(&format!(r#"{{"type":"carousel","contents":[{bubble},{bubble}]}}"#)),
    ];
    let quick = |n: u32| if n.is_multiple_of(2) { card(None, false).actions } else { Vec::new() };
    let sender = |n: u32| {
        let icon_url = (n == 5).then(|| "https://files.example.com/i/yamada.png".to_owned());
        (n % 3 == 2).then(|| SenderName { name: "山田".into(), icon_url })
    };
    let dressed = |(n, content): (u32, Content)| Outgoing {
        dress: Dress { quick_replies: quick(n), sender: sender(n) },
        ..item(n, content)
    };
    (1..).zip(contents).map(dressed).collect()
}

/// The file is what LINE's own SDKs are shown (`loadtest/oracles`). To take a change over: `UPDATE_DOCS=1`.
#[test]
fn what_is_sent_is_what_the_sdks_were_shown() {
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/../loadtest/oracles/rendered.json");
    let bodies: Vec<Value> = bubbles(&everything(), false, &urls()).into_iter().map(|bubble| bubble.body).collect();
    let now = serde_json::to_string_pretty(&bodies).expect("plain data") + "\n";
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(kept, &now).expect("the folder is writable");
    }
    let kept = std::fs::read_to_string(kept).expect("the file is in the repository");
    assert!(kept == now, "loadtest/oracles/rendered.json is not what is sent");
}

#[test]
fn every_kind_that_is_accepted_becomes_a_bubble() {
    for answer in everything() {
        let checked = crate::channels::line::capabilities::LINE.check(&answer.content, &answer.dress);
        assert_eq!(checked, Ok(()), "{answer:?}");
        let one = bubbles(std::slice::from_ref(&answer), false, &urls());
        assert_eq!(one.len(), 1, "{answer:?}");
        assert_eq!(one, bubbles(&[answer], false, &urls()), "the same for ever");
    }
}

#[test]
fn quick_replies_stand_below_the_last_bubble_and_the_name_at_each() {
    let buttons = vec![action("はい", Does::Say("はい".into()))];
    let sender = Some(SenderName { name: "山田".into(), icon_url: Some("https://files.example.com/i/y.png".into()) });
    let long = Outgoing { dress: Dress { quick_replies: buttons, sender }, ..words(1, &"う".repeat(12_000)) };
    let bubbles = bubbles(&[long], false, &urls());
    let buttons: Vec<usize> =
        bubbles.iter().map(|b| b.body["quickReply"]["items"].as_array().map_or(0, Vec::len)).collect();
    assert_eq!(buttons, [0, 0, 1]);
    assert!(bubbles.iter().all(|bubble| bubble.body["sender"]["name"] == "山田"));
    assert!(bubbles.iter().all(|bubble| bubble.body["sender"]["iconUrl"] == "https://files.example.com/i/y.png"));
}

#[test]
fn a_file_goes_as_a_link_with_its_name() {
    let bubbles = bubbles(&[item(1, media(MediaKind::File, "application/pdf", None))], true, &urls());
    let text = bubbles[0].body["text"].as_str().expect("a text");
    let (name, link) = text.split_once('\n').expect("two lines");
    assert_eq!(name, "見積 書.pdf");
    assert!(link.starts_with("https://chat.example.com/media/") && link.ends_with(".pdf"), "{link}");
}
