//! What the caller is told, and what was really done, under each fault.

use std::time::Duration;

use serde_json::json;

use super::super::{Endpoint, Fault, Times};
use super::{Line, PATIENCE, header};

const KEY: &str = "123e4567-e89b-12d3-a456-426614174000";

#[tokio::test]
async fn an_accepted_send_whose_answer_is_lost_shows_once_after_the_retry() {
    for fault in [Fault::DropAfter, Fault::ErrorAfter(500)] {
        let line = Line::start();
        line.double.faults().once(Endpoint::Push, fault);
        let told = line.push(Some(KEY), "一度だけ").await.map(|(status, ..)| status);
        assert_eq!(told, if fault == Fault::DropAfter { None } else { Some(500) });
        assert_eq!(line.texts(), ["一度だけ"]);
        let (status, headers, body) = line.push(Some(KEY), "一度だけ").await.expect("an answer");
        assert_eq!((status, line.texts().len()), (409, 1), "{body}");
        let first = &line.double.calls()[0];
        assert_eq!((first.accepted, first.status, first.fault), (true, told, Some(fault)));
        assert_eq!(header(&headers, "x-line-accepted-request-id"), first.request_id.to_string());
    }
}

#[tokio::test]
async fn a_send_that_was_not_accepted_leaves_nothing_and_its_key_stays_good() {
    for (fault, told) in [
        (Fault::DropBefore, None),
        (Fault::ErrorBefore(500), Some(500)),
        (Fault::ErrorBefore(503), Some(503)),
        (Fault::RateLimited, Some(429)),
        (Fault::QuotaReached, Some(429)),
        (Fault::Unauthorized, Some(401)),
    ] {
        let line = Line::start();
        line.double.faults().set(Endpoint::Push, fault, Times::Next(2));
        for _ in 0..2 {
            assert_eq!(line.push(Some(KEY), "a").await.map(|(status, ..)| status), told, "{fault:?}");
        }
        assert!(line.texts().is_empty(), "{fault:?}");
        assert_eq!(line.push(Some(KEY), "a").await.map(|(status, ..)| status), Some(200), "{fault:?} is over");
        assert_eq!(line.texts(), ["a"]);
        let calls = line.double.calls();
        let accepted: Vec<bool> = calls.iter().map(|call| call.accepted).collect();
        assert_eq!(accepted, [false, false, true], "{fault:?}");
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_reply_leaves_a_used_token() {
    let line = Line::start();
    let said = line.double.say(&line.user, "質問").await.expect("said");
    line.double.faults().once(Endpoint::Reply, Fault::DropAfter);
    let body = json!({ "replyToken": said.reply_token, "messages": [{ "type": "text", "text": "答え" }] });
    assert!(line.post("/v2/bot/message/reply", None, &body).await.is_none());
    assert_eq!(line.reply(&said.reply_token, "答え").await.1["message"], "Invalid reply token");
    assert_eq!(line.texts(), ["質問", "答え"]);
}

#[tokio::test]
async fn a_hanging_call_is_logged_while_it_hangs_and_does_not_block_others() {
    for (fault, accepted) in [(Fault::HangBefore, false), (Fault::HangAfter, true)] {
        let line = Line::start();
        line.double.faults().once(Endpoint::Push, fault);
        let logged = line.double.wait_for_sends(PATIENCE, |calls| !calls.is_empty());
        tokio::select! {
            answer = line.push(Some(KEY), "a") => panic!("{fault:?} answered {answer:?}"),
            logged = logged => {
                let first = &logged.expect("the call is logged")[0];
                assert_eq!((first.accepted, first.status), (accepted, None));
            }
        }
        assert_eq!(line.push_status("b").await, 200);
        assert_eq!(line.texts().len(), if accepted { 2 } else { 1 });
    }
}

#[tokio::test]
async fn a_late_platform_sends_even_when_its_caller_has_given_up() {
    let line = Line::start();
    line.double.faults().once(Endpoint::Push, Fault::SlowBefore(200));
    // The rule is used up in the moment in which the platform has the call.
    let has_it = async {
        while !line.double.faults().rules().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answer = line.push(Some(KEY), "遅い") => panic!("the platform was not slow: {answer:?}"),
        () = has_it => assert!(line.texts().is_empty()),
    }
    let shown = line.double.wait_for_conversation(&line.user, PATIENCE, |shown| shown.len() == 1).await;
    assert_eq!(shown.expect("it was sent")[0].text.as_deref(), Some("遅い"));

    line.double.faults().once(Endpoint::Push, Fault::SlowAfter(30));
    let started = std::time::Instant::now();
    assert_eq!(line.push_status("b").await, 200);
    assert!(started.elapsed() >= Duration::from_millis(30));
}

#[tokio::test]
async fn every_kind_of_call_can_be_made_to_fail_by_itself() {
    let line = Line::start();
    let json_type = "application/json";
    let form = "application/x-www-form-urlencoded";
    let user = &line.user;
    let calls = [
        (Endpoint::Reply, "POST", "/v2/bot/message/reply".to_owned(), json_type),
        (Endpoint::Push, "POST", "/v2/bot/message/push".to_owned(), json_type),
        (Endpoint::Multicast, "POST", "/v2/bot/message/multicast".to_owned(), json_type),
        (Endpoint::Broadcast, "POST", "/v2/bot/message/broadcast".to_owned(), json_type),
        (Endpoint::Validate, "POST", "/v2/bot/message/validate/reply".to_owned(), json_type),
        (Endpoint::Info, "GET", "/v2/bot/info".to_owned(), json_type),
        (Endpoint::Profile, "GET", format!("/v2/bot/profile/{user}"), json_type),
        (Endpoint::Followers, "GET", "/v2/bot/followers/ids".to_owned(), json_type),
        (Endpoint::Group, "GET", format!("/v2/bot/group/{user}/summary"), json_type),
        (Endpoint::Quota, "GET", "/v2/bot/message/quota/consumption".to_owned(), json_type),
        (Endpoint::Webhook, "POST", "/v2/bot/channel/webhook/test".to_owned(), json_type),
        (Endpoint::Loading, "POST", "/v2/bot/chat/loading/start".to_owned(), json_type),
        (Endpoint::MarkAsRead, "POST", "/v2/bot/chat/markAsRead".to_owned(), json_type),
        (Endpoint::LinkToken, "POST", format!("/v2/bot/user/{user}/linkToken"), json_type),
        (Endpoint::Token, "POST", "/oauth2/v3/token".to_owned(), form),
    ];
    let token = format!("Bearer {}", line.channel.access_token);
    for (endpoint, method, path, kind) in calls {
        let headers = [("authorization", token.as_str()), ("content-type", kind)];
        line.double.faults().once(endpoint, Fault::ErrorBefore(503));
        let status = line.call(method, &path, &headers, "{}").await.map(|(status, ..)| status);
        assert_eq!(status, Some(503), "{path}");
        let again = line.call(method, &path, &headers, "{}").await.map(|(status, ..)| status);
        assert!(again.is_some_and(|status| status < 500), "{path}: {again:?}");
    }
    for (endpoint, path) in [
        (Endpoint::Content, "/v2/bot/message/1/content"),
        (Endpoint::Preview, "/v2/bot/message/1/content/preview"),
        (Endpoint::Transcoding, "/v2/bot/message/1/content/transcoding"),
    ] {
        line.double.faults().once(endpoint, Fault::ErrorBefore(503));
        assert_eq!((line.data(path).await.0, line.data(path).await.0), (503, 404), "{path}");
    }
}
