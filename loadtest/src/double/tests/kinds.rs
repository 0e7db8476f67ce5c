//! Every kind of thing a customer can do, by the library and by the control API, and the page of their phone.

use serde_json::{Value, json};

use super::Line;
use crate::double::{Event, Media};

async fn act(line: &Line, doing: &Value) -> (u16, Value) {
    let path = format!("/_double/users/{}/send", line.user);
    let (status, _, answer) = line.call("POST", &path, &[], &doing.to_string()).await.expect("an answer");
    (status, answer)
}

#[tokio::test]
async fn every_kind_can_be_sent_by_hand_and_says_what_line_would() {
    let line = Line::start();
    let engine = line.engine().await;
    let group = line.double.add_group(&line.channel, "組", std::slice::from_ref(&line.user)).expect("known");
    let kinds = [
        (json!({ "kind": "text", "text": "a" }), "message", "text"),
        (json!({ "kind": "sticker", "package": "446", "sticker": "1988" }), "message", "sticker"),
        (json!({ "kind": "image", "size": 9_000_000 }), "message", "image"),
        (json!({ "kind": "video", "duration_ms": 5, "ready": { "after_calls": 1 } }), "message", "video"),
        (json!({ "kind": "audio" }), "message", "audio"),
        (
            json!({ "kind": "file", "name": "a.txt", "base64": "aGFsbG8=", "content_type": "text/plain" }),
            "message",
            "file",
        ),
        (json!({ "kind": "location", "latitude": 1.5, "longitude": 2.5 }), "message", "location"),
        (json!({ "kind": "postback", "data": "d", "display_text": "押した" }), "postback", ""),
        (json!({ "kind": "unfollow" }), "unfollow", ""),
        (json!({ "kind": "follow", "unblocked": true }), "follow", ""),
        (json!({ "kind": "account_link", "nonce": "n123456789", "ok": false }), "accountLink", ""),
        (json!({ "kind": "edited", "group": group, "message": "1", "text": "新" }), "messageEdited", "text"),
        (json!({ "kind": "member_joined", "group": group }), "memberJoined", ""),
        (json!({ "kind": "other", "type": "somethingNew", "fields": { "a": 1 } }), "somethingNew", ""),
        (json!({ "kind": "text", "text": "組で", "group": group, "standby": true }), "message", "text"),
    ];
    for (number, (doing, event, message)) in kinds.iter().enumerate() {
        let (status, answer) = act(&line, doing).await;
        assert_eq!((status, &answer["status"]), (200, &json!(200)), "{doing}: {answer}");
        let hook = engine.hooks()[number].json()["events"][0].clone();
        assert_eq!(hook["type"], *event);
        assert_eq!(hook["message"]["type"].as_str().unwrap_or_default(), *message, "{hook}");
        assert_eq!(hook["message"]["markAsReadToken"].is_string(), *event == "message");
        let quotable = matches!(*message, "text" | "image" | "video" | "sticker");
        assert_eq!(hook["message"]["quoteToken"].is_string(), quotable, "{hook}");
    }
    let hooks: Vec<Value> = engine.hooks().iter().map(super::engine::Hook::json).collect();
    assert_eq!(hooks[5]["events"][0]["message"]["fileSize"], 5);
    let failed = hooks[10]["events"][0].clone();
    assert!(failed.get("source").is_none() && failed.get("replyToken").is_none(), "{failed}");
    let standby = hooks[14]["events"][0].clone();
    assert!(standby["mode"] == "standby" && standby.get("replyToken").is_none());
    assert!(line.texts().contains(&"押した".to_owned()), "the phone shows what the button said");
    assert_eq!(act(&line, &json!({ "kind": "images", "count": 21 })).await.0, 400);
    assert_eq!(act(&line, &json!({ "kind": "nonsense" })).await.0, 400);
}

#[tokio::test]
async fn pictures_sent_together_come_out_of_order_under_one_set() {
    let line = Line::start();
    let engine = line.engine().await;
    let pictures: Vec<Media> = (0..5).map(|at| Media::picture(&at.to_string())).collect();
    let set = Event::image_set(&line.user, &pictures);
    line.double.deliver(&line.channel, set).await.expect("known");
    let hook = engine.hooks()[0].json();
    let sets: Vec<&Value> =
        hook["events"].as_array().expect("events").iter().map(|event| &event["message"]["imageSet"]).collect();
    let order: Vec<u64> = sets.iter().filter_map(|set| set["index"].as_u64()).collect();
    assert_eq!(order, [1, 5, 2, 3, 4]);
    assert!(sets.iter().all(|set| set["id"] == sets[0]["id"] && set["total"] == 5));
}

#[tokio::test]
async fn an_edited_message_keeps_its_id_and_gets_its_new_text() {
    let line = Line::start();
    let group = line.double.add_group(&line.channel, "組", std::slice::from_ref(&line.user)).expect("known");
    let said = line.double.send(Event::text(&line.user, "古").in_group(&group)).await.expect("said");
    let edited = line.double.send(Event::edited(&line.user, &group, &said.message_id, "新")).await.expect("known");
    assert_eq!(edited.message_id, said.message_id);
    let shown = line.double.conversation(&group).expect("known");
    assert_eq!((shown.len(), shown[0].text.as_deref()), (1, Some("新")));
}

#[tokio::test]
async fn the_phone_is_served_whole_and_loads_nothing_from_outside() {
    let line = Line::start();
    let page = async |path: &str| {
        let url = format!("{}{path}", line.double.api_url()).parse().expect("an address");
        let answer = line.http.get(url).await.expect("an answer");
        let policy = super::header(answer.headers(), "content-security-policy").to_owned();
        let status = answer.status().as_u16();
        let body = http_body_util::BodyExt::collect(answer.into_body()).await.expect("whole").to_bytes();
        (status, policy, String::from_utf8_lossy(&body).into_owned())
    };
    let (status, policy, html) = page(&format!("/phone/{}", line.user)).await;
    assert!(status == 200 && policy.contains("script-src 'self'") && policy.contains("default-src 'none'"));
    let mut seen = 0;
    for name in ["phone.css", "bubbles.css", "phone.js", "bubbles.js", "cards.js", "flex.js", "compose.js", "dom.js"] {
        let (status, _, text) = page(&format!("/phone/files/{name}")).await;
        assert_eq!(status, 200, "{name}");
        for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "@import"] {
            assert!(!text.contains(way), "{name} has {way}");
        }
        seen += usize::from(html.contains(name));
    }
    assert!(seen >= 3 && !html.contains("//"), "{html}");
    assert_eq!(page("/phone/files/other.js").await.0, 404);
    assert_eq!(line.get("/_double/phones").await.1[0]["users"][0]["name"], "山田");
}

#[tokio::test]
async fn the_live_stream_says_when_to_look_again() {
    let line = Line::start();
    let url = format!("{}/_double/live", line.double.api_url()).parse().expect("an address");
    let mut answer = line.http.get(url).await.expect("an answer");
    let next = async |answer: &mut hyper::Response<hyper::body::Incoming>| {
        let frame = tokio::time::timeout(super::PATIENCE, http_body_util::BodyExt::frame(answer)).await;
        frame.expect("in time").expect("it goes on").expect("no break").into_data().expect("data")
    };
    assert_eq!(next(&mut answer).await, "data: look\n\n");
    assert_eq!(line.push_status("a").await, 200);
    assert_eq!(next(&mut answer).await, "data: look\n\n");
}
