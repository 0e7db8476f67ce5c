//! Bodies that LINE refuses, with the paths it names.

use serde_json::{Value, json};

use super::{Shape, body};

fn refused(shape: Shape, value: &Value) -> Value {
    match body(shape, value.to_string().as_bytes(), false) {
        Ok(_) => panic!("accepted: {value}"),
        Err(refusal) => {
            assert_eq!(refusal.status, 400);
            refusal.body()
        }
    }
}

fn of_message(message: Value) -> Value {
    refused(Shape::Messages, &json!({ "messages": [message] }))["details"][0].clone()
}

fn accepts(message: Value) {
    let whole = json!({ "messages": [message] });
    if let Err(refusal) = body(Shape::Messages, whole.to_string().as_bytes(), false) {
        panic!("refused {whole}: {}", refusal.body());
    }
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

#[test]
fn a_text_is_measured_in_utf16_units_not_characters() {
    accepts(text(&"あ".repeat(5_000)));
    accepts(text(&"🍎".repeat(2_500)));
    let fault = of_message(text(&"🍎".repeat(2_501)));
    assert_eq!(fault, json!({ "message": "Length must be between 0 and 5000", "property": "messages[0].text" }));
    assert_eq!(of_message(text(""))["message"], "May not be empty");
}

#[test]
fn one_to_five_messages() {
    let five = vec![text("a"); 5];
    assert!(body(Shape::Messages, json!({ "messages": five }).to_string().as_bytes(), false).is_ok());
    for count in [0, 6] {
        let fault = refused(Shape::Messages, &json!({ "messages": vec![text("a"); count] }));
        assert_eq!(fault["message"], "The request body has 1 error(s)");
        let size = json!({ "message": "Size must be between 1 and 5", "property": "messages" });
        assert_eq!(fault["details"], json!([size]));
    }
}

#[test]
fn every_fault_of_a_body_is_told_with_its_place() {
    let fault = refused(Shape::Push, &json!({ "messages": [text("ok"), { "type": "file" }, { "type": "sticker" }] }));
    let places: Vec<&str> =
        fault["details"].as_array().into_iter().flatten().filter_map(|one| one["property"].as_str()).collect();
    assert_eq!(places, ["to", "messages[1].type", "messages[2].packageId", "messages[2].stickerId"]);
    assert_eq!(fault["message"], "The request body has 4 error(s)");
}

#[test]
fn what_is_not_json_or_of_the_wrong_type_is_said_so() {
    let Err(refusal) = body(Shape::Push, b"{\"to\": ", false) else { panic!("accepted half a body") };
    assert!(refusal.message.starts_with("The request body could not be parsed as JSON (line: 1, column: "));
    let fault = refused(Shape::Push, &json!({ "to": 7, "messages": [text("a")] }));
    assert_eq!(fault["message"], "The property, 'to', in the request body is invalid (line: -, column: -)");
    assert!(body(Shape::Push, b"[]", false).is_err());
}

#[test]
fn buttons_sender_emojis_and_addresses_have_their_limits() {
    let button = json!({ "type": "action", "action": { "type": "message", "label": "a", "text": "a" } });
    let with =
        |items: usize| json!({ "type": "text", "text": "a", "quickReply": { "items": vec![button.clone(); items] } });
    accepts(with(13));
    assert_eq!(of_message(with(14))["property"], "messages[0].quickReply.items");
    accepts(json!({ "type": "text", "text": "a", "sender": { "name": "あ".repeat(20) } }));
    let long = json!({ "type": "text", "text": "a", "sender": { "name": "あ".repeat(21) } });
    assert_eq!(of_message(long)["property"], "messages[0].sender.name");

    let emoji = |index: usize| {
        let emoji = json!({ "index": index, "productId": "5ac1bfd5040ab15980c9b435", "emojiId": "001" });
        json!({ "type": "text", "text": "🍎$", "emojis": [emoji] })
    };
    accepts(emoji(2));
    assert_eq!(of_message(emoji(1))["property"], "messages[0].emojis[0].index");

    let image = |url: &str| json!({ "type": "image", "originalContentUrl": url, "previewImageUrl": "https://files.example.com/p.jpg" });
    accepts(image("https://files.example.com/a.jpg"));
    for url in ["http://files.example.com/a.jpg", "https://", "https://files.example.com/絵.jpg"] {
        assert_eq!(of_message(image(url))["property"], "messages[0].originalContentUrl");
    }
}

#[test]
fn braces_bind_only_in_the_second_text_type() {
    accepts(text("{name} } {"));
    let v2 = |text: &str| json!({ "type": "textV2", "text": text, "substitution": { "who": { "type": "emoji", "productId": "5ac1", "emojiId": "001" } } });
    accepts(v2("{who}, {{literally}}"));
    for wrong in ["{nobody}", "{who", "who}"] {
        assert_eq!(of_message(v2(wrong))["property"], "messages[0].text");
    }
}

#[test]
fn a_multicast_names_one_to_five_hundred() {
    let to = |count: usize| json!({ "to": vec!["U1"; count], "messages": [text("a")] });
    assert!(body(Shape::Multicast, to(500).to_string().as_bytes(), false).is_ok());
    for count in [0, 501] {
        assert_eq!(refused(Shape::Multicast, &to(count))["details"][0]["property"], "to");
    }
}
