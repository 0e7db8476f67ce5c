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
        |name: &str| Dress { sender: Some(SenderName { name: name.into(), icon: None }), ..Dress::default() };
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
