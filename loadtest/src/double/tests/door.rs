//! Paths, tokens and bodies that do not get in.

use std::time::Duration;

use serde_json::json;

use super::{Line, NOON_MS, header};

#[tokio::test]
async fn every_answer_has_a_request_id_of_its_own_even_a_refusal() {
    let line = Line::start();
    let token = format!("Bearer {}", line.channel.access_token);
    let token = ("authorization", token.as_str());
    let json_type = ("content-type", "application/json");
    let mut ids = std::collections::HashSet::new();
    for (method, path, headers, body, expected) in [
        ("GET", "/v2/bot/info", vec![token], "", 200),
        ("GET", "/v2/bot/info", vec![], "", 401),
        ("GET", "/v2/bot/info", vec![("authorization", "Bearer wrong")], "", 401),
        ("GET", "/v2/bot/info", vec![("authorization", "Basic abc")], "", 401),
        ("GET", "/v2/bot/info/", vec![token], "", 404),
        ("GET", "//v2/bot/info", vec![token], "", 404),
        ("POST", "/v2/bot/message/push/", vec![token, json_type], "{}", 404),
        ("GET", "/v2/bot/message/push", vec![token], "", 405),
        ("POST", "/v2/bot/message/push", vec![token, json_type], "{}", 400),
        ("POST", "/v2/bot/message/push", vec![token, json_type], "{", 400),
        ("POST", "/v2/bot/message/push", vec![token, ("content-type", "text/plain")], "{}", 415),
        ("POST", "/v2/bot/message/push", vec![token, json_type], &" ".repeat(2 * 1024 * 1024 + 1), 413),
    ] {
        let (status, headers, answer) = line.call(method, path, &headers, body).await.expect("an answer");
        assert_eq!(status, expected, "{method} {path}: {answer}");
        assert!(status == 200 || answer["message"].is_string(), "{answer}");
        let id = uuid::Uuid::parse_str(header(&headers, "x-line-request-id")).expect("a request id");
        assert!(ids.insert(id), "an id was given twice");
    }
    let logged: Vec<_> = line.double.calls().iter().map(|call| call.request_id).collect();
    assert_eq!(logged.len(), ids.len());
    assert!(logged.iter().all(|id| ids.contains(id)));
}

#[tokio::test]
async fn one_channel_cannot_reach_another_ones_friends_nor_with_an_old_token() {
    let line = Line::start();
    let other = line.double.add_channel("別窓口");
    let push = json!({ "to": line.user, "messages": [{ "type": "text", "text": "a" }] }).to_string();
    let send = async |token: &str| {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json; charset=utf-8")];
        line.call("POST", "/v2/bot/message/push", &headers, &push).await.map(|(status, _, body)| (status, body))
    };
    let refused = json!({ "message": "Failed to send messages" });
    assert_eq!(send(&other.access_token).await, Some((400, refused)));

    let short = line
        .double
        .add_token(&line.channel, super::super::TokenKind::ShortLived, NOON_MS + 1_000)
        .expect("the channel exists");
    assert_eq!(send(&short).await.map(|(status, _)| status), Some(200));
    line.double.clock().advance(Duration::from_secs(1));
    assert_eq!(send(&short).await.map(|(status, _)| status), Some(401));
    assert!(line.double.revoke_token(&line.channel.access_token));
    assert_eq!(send(&line.channel.access_token).await.map(|(status, _)| status), Some(401));
}

#[tokio::test]
async fn info_profile_and_webhook_settings_answer_as_the_reference_says() {
    let line = Line::start();
    let (status, info) = line.get("/v2/bot/info").await;
    assert_eq!((status, &info["userId"]), (200, &json!(line.channel.bot_user_id)));
    let profile = format!("/v2/bot/profile/{}", line.user);
    assert_eq!(line.get(&profile).await.1["displayName"], "山田");
    line.double.set_relation(&line.channel, &line.user, super::super::Relation::Blocked).expect("known");
    assert_eq!(line.get(&profile).await, (404, json!({ "message": "Not found" })));
    assert_eq!(line.get("/v2/bot/profile/U0").await.0, 400);

    let endpoint = "/v2/bot/channel/webhook/endpoint";
    assert_eq!(line.get(endpoint).await, (404, json!({ "message": "Webhook endpoint not found" })));
    let token = format!("Bearer {}", line.channel.access_token);
    let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
    for (url, status) in [("https://example.com/hook", 200), ("http://example.com/hook", 400), ("hook", 400)] {
        let body = json!({ "endpoint": url }).to_string();
        assert_eq!(line.call("PUT", endpoint, &headers, &body).await.map(|(status, ..)| status), Some(status), "{url}");
    }
    assert_eq!(line.get(endpoint).await, (200, json!({ "endpoint": "https://example.com/hook", "active": true })));
}

#[tokio::test]
async fn the_content_host_does_not_send_messages() {
    let line = Line::start();
    assert_ne!(line.double.api_url(), line.double.data_url());
    let body = http_body_util::Full::new(bytes::Bytes::new());
    let request = hyper::Request::get(format!("{}/v2/bot/info", line.double.data_url()))
        .header("authorization", format!("Bearer {}", line.channel.access_token))
        .body(body)
        .expect("a request");
    assert_eq!(line.http.request(request).await.expect("an answer").status(), 404);
}

#[tokio::test]
async fn a_dropped_double_frees_its_port_at_once() {
    let line = Line::start();
    let address = line.double.api_url().trim_start_matches("http://").parse().expect("an address");
    assert_eq!(line.get("/v2/bot/info").await.0, 200, "a connection is open");
    drop(line.double);
    let again = super::Double::start(super::Options { api_listen: address, ..super::Options::default() });
    assert!(again.is_ok(), "{:?}", again.err());
}
