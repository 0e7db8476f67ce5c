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

#[test]
fn labels_and_button_texts_are_counted_as_people_count_them() {
    // One family is one character of eleven UTF-16 units.
    let family = "👨‍👩‍👧‍👦";
    let button = |label: String| {
        let action = json!({ "type": "message", "label": label, "text": family.repeat(300) });
        json!({ "type": "text", "text": "a", "quickReply": { "items": [{ "type": "action", "action": action }] } })
    };
    accepts(button(family.repeat(20)));
    assert_eq!(of_message(button(family.repeat(21)))["property"], "messages[0].quickReply.items[0].action.label");
    let name = |name: &str| json!({ "type": "text", "text": "a", "sender": { "name": name } });
    assert_eq!(of_message(name(&family.repeat(2)))["property"], "messages[0].sender.name", "in UTF-16 units");
    assert_eq!(of_message(name("LINE 窓口"))["property"], "messages[0].sender.name");
    accepts(name("ONLINE窓口"));
}

#[test]
fn templates_are_checked_to_their_last_button() {
    let action = json!({ "type": "uri", "label": "開く", "uri": "https://example.com" });
    let template = |template: Value| json!({ "type": "template", "altText": "a", "template": template });
    let buttons = |text: usize, title: bool, count: usize| {
        let mut buttons =
            json!({ "type": "buttons", "text": "あ".repeat(text), "actions": vec![action.clone(); count] });
        if title {
            buttons["title"] = json!("題");
        }
        template(buttons)
    };
    accepts(buttons(160, false, 4));
    accepts(buttons(60, true, 1));
    for (wrong, place) in [
        (buttons(161, false, 4), "template.text"),
        (buttons(61, true, 4), "template.text"),
        (buttons(1, false, 5), "template.actions"),
        (template(json!({ "type": "confirm", "text": "a", "actions": [action] })), "template.actions"),
        (template(json!({ "type": "carousel", "columns": [] })), "template.columns"),
        (template(json!({ "type": "wheel" })), "template.type"),
    ] {
        assert_eq!(of_message(wrong)["property"], format!("messages[0].{place}"));
    }
    let column = |count: usize| json!({ "text": "a", "actions": vec![action.clone(); count] });
    accepts(template(json!({ "type": "carousel", "columns": [column(3), column(3)] })));
    let uneven = template(json!({ "type": "carousel", "columns": [column(3), column(2)] }));
    assert_eq!(of_message(uneven)["property"], "messages[0].template.columns");
    let script = json!({ "type": "uri", "label": "a", "uri": "javascript:alert(1)" });
    let wrong = template(json!({ "type": "buttons", "text": "a", "actions": [script] }));
    assert_eq!(of_message(wrong)["property"], "messages[0].template.actions[0].uri");
}

#[test]
fn flex_is_checked_to_its_last_component_and_by_its_size() {
    let flex = |contents: Value| json!({ "type": "flex", "altText": "a", "contents": contents });
    let bubble = |contents: Value| json!({ "type": "bubble", "body": { "type": "box", "layout": "vertical", "contents": contents } });
    accepts(flex(bubble(json!([{ "type": "text", "text": "a" }, { "type": "separator" }]))));
    let body = "messages[0].contents.body.contents[0]";
    for (wrong, place) in [
        (json!([{ "type": "text" }]), "text"),
        (json!([{ "type": "dial" }]), "type"),
        (json!([{ "type": "button" }]), "action"),
        (json!([{ "type": "image", "url": "http://example.com/a.png" }]), "url"),
    ] {
        assert_eq!(of_message(flex(bubble(wrong)))["property"], format!("{body}.{place}"));
    }
    let large = bubble(json!([{ "type": "text", "text": "a".repeat(30 * 1024) }]));
    assert_eq!(of_message(flex(large))["property"], "messages[0].contents");
    let small = bubble(json!([]));
    accepts(flex(json!({ "type": "carousel", "contents": vec![small.clone(); 12] })));
    let wide = flex(json!({ "type": "carousel", "contents": vec![small.clone(); 13] }));
    assert_eq!(of_message(wide)["property"], "messages[0].contents.contents");
    let mut nano = small.clone();
    nano["size"] = json!("nano");
    let mixed = flex(json!({ "type": "carousel", "contents": [small, nano] }));
    assert_eq!(of_message(mixed)["property"], "messages[0].contents.contents[1].size");
}
