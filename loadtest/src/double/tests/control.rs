//! The double's own calls, as another process makes them.

use serde_json::{Value, json};

use super::Line;

async fn own(line: &Line, method: &str, path: &str, body: &Value) -> Value {
    let (status, _, answer) =
        line.call(method, &format!("/_double/{path}"), &[], &body.to_string()).await.expect("an answer");
    assert_eq!(status, 200, "{method} {path}: {answer}");
    answer
}

#[tokio::test]
async fn a_whole_conversation_by_hand() {
    let line = Line::start();
    let engine = line.engine().await;
    let new = json!({ "name": "手動", "webhook": engine.url });
    let channel = own(&line, "POST", "channels", &new).await;
    let id = channel["id"].as_str().expect("an id");
    let user = own(&line, "POST", &format!("channels/{id}/users"), &json!({ "name": "佐藤" })).await;
    let user = user["user"].as_str().expect("a user id");

    let delivery = own(&line, "POST", &format!("users/{user}/say"), &json!({ "text": "こんにちは" })).await;
    assert_eq!((&delivery["status"], &delivery["reason"]), (&json!(200), &json!("OK")));
    let event = delivery["events"][0]["event_id"].clone();
    let again = own(&line, "POST", &format!("channels/{id}/duplicate"), &json!({ "event_ids": [event] })).await;
    assert_eq!(again["events"][0]["event_id"], event);
    own(&line, "POST", &format!("channels/{id}/assortment"), &json!({})).await;
    assert_eq!(engine.hooks().len(), 3);
    assert!(engine.hooks()[2].json()["events"].as_array().is_some_and(|events| events.len() > 10));

    let rule = json!({ "endpoint": "push", "fault": "drop_after", "times": { "next": 1 } });
    assert_eq!(own(&line, "POST", "faults", &rule).await.as_array().map(Vec::len), Some(1));
    assert!(line.push(None, "a").await.is_none());
    own(&line, "POST", "faults", &json!({ "fault": { "slow_after": 5 }, "times": "always" })).await;
    assert_eq!(own(&line, "DELETE", "faults", &json!({})).await, json!([]));

    let shown = own(&line, "GET", &format!("users/{user}/conversation"), &json!({})).await;
    assert_eq!(shown[0]["text"], "こんにちは");
    let calls = own(&line, "GET", "calls?since=0", &json!({})).await;
    assert_eq!((&calls[0]["accepted"], &calls[0]["status"]), (&json!(true), &Value::Null));
    assert_eq!(own(&line, "GET", "calls?since=1", &json!({})).await, json!([]));
    let before = line.double.clock().now_ms();
    let clock = own(&line, "POST", "clock", &json!({ "advance_ms": 60_000 })).await;
    assert_eq!(clock["now_ms"], json!(before + 60_000));
}

#[tokio::test]
async fn a_channel_that_is_known_already_keeps_its_secrets() {
    let line = Line::start();
    let known = json!({ "id": "1", "secret": "s", "access_token": "t", "bot_user_id": "U1" });
    assert_eq!(own(&line, "POST", "channels", &json!({ "known": known })).await, known);
    let (status, _, info) =
        line.call("GET", "/v2/bot/info", &[("authorization", "Bearer t")], "").await.expect("an answer");
    assert_eq!((status, &info["userId"]), (200, &json!("U1")));
    let (status, _, unknown) = line.call("POST", "/_double/channels/2", &[], "{}").await.expect("an answer");
    assert_eq!((status, &unknown["message"]), (404, &json!("unknown channel")));
}
