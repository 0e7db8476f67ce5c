//! Webhooks as an engine sees them.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::{Event, Options, Reason, Redelivery, sign};
use super::engine::Reaction;
use super::{Line, header};

/// The events with `isRedelivery` taken out, and what it was.
fn events(body: &Value) -> Vec<(Value, bool)> {
    let events = body["events"].as_array().expect("a list");
    events
        .iter()
        .map(|event| {
            let mut event = event.clone();
            let redelivery = event["deliveryContext"]["isRedelivery"].take();
            (event, redelivery.as_bool().expect("every event says so"))
        })
        .collect()
}

#[tokio::test]
async fn a_webhook_is_signed_over_its_exact_bytes_whatever_they_look_like() {
    let line = Line::start();
    let engine = line.engine().await;
    for at in 0..40 {
        let said = line.double.say(&line.user, &format!("{at} 髙🍎 \"q\" /\n")).await.expect("said");
        assert_eq!((said.status, said.reason), (Some(200), Reason::Ok));
    }
    let hooks = engine.hooks();
    for (at, hook) in hooks.iter().enumerate() {
        assert_eq!(header(&hook.headers, "x-line-signature"), sign(&line.channel.secret, &hook.body));
        assert_eq!(header(&hook.headers, "content-type"), "application/json; charset=utf-8");
        let body = hook.json();
        assert_eq!(body["destination"], json!(line.channel.bot_user_id));
        assert_eq!(body["events"][0]["message"]["text"], format!("{at} 髙🍎 \"q\" /\n"));
    }
    let styles: HashSet<bool> = hooks.iter().map(|hook| hook.body.is_ascii()).collect();
    assert_eq!(styles.len(), 2, "escaped and plain bodies");
}

#[tokio::test]
async fn one_request_carries_many_users_and_unknown_events() {
    let line = Line::start();
    let engine = line.engine().await;
    let second = line.double.add_user(&line.channel, "二人目").expect("known");
    let events = vec![
        Event::text(&line.user, "一"),
        Event::new(&second, "somethingNew", json!({ "somethingNew": { "値": 1 } })),
        Event::raw(json!({ "type": "message", "message": 7 })),
        Event::text(&second, "二").standby(),
    ];
    let delivery = line.double.deliver(&line.channel, events).await.expect("known");
    assert!(delivery.acknowledged());
    let body = engine.hooks()[0].json();
    let types: Vec<&str> =
        body["events"].as_array().into_iter().flatten().filter_map(|one| one["type"].as_str()).collect();
    assert_eq!(types, ["message", "somethingNew", "message", "message"]);
    assert_eq!(body["events"][2], json!({ "type": "message", "message": 7 }), "a raw event is sent as it is");
    assert!(body["events"][3].get("replyToken").is_none(), "standby has no token");
    let users: HashSet<_> = delivery.events.iter().filter_map(|placed| placed.user.clone()).collect();
    assert_eq!(users, HashSet::from([line.user.clone(), second.clone()]));
    let ids: HashSet<_> = delivery.events.iter().filter_map(|placed| placed.event_id.clone()).collect();
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn a_connection_check_has_no_events_and_a_forged_body_its_own_signature() {
    let line = Line::start();
    let engine = line.engine().await;
    line.double.deliver(&line.channel, Vec::new()).await.expect("known");
    line.double.deliver_raw(&line.channel, "{broken", Some("AAAA")).await.expect("known");
    line.double.deliver_raw(&line.channel, "{}", None).await.expect("known");
    let hooks = engine.hooks();
    assert_eq!(hooks[0].json()["events"], json!([]));
    assert_eq!((&hooks[1].body[..], header(&hooks[1].headers, "x-line-signature")), (&b"{broken"[..], "AAAA"));
    assert!(hooks[2].headers.get("x-line-signature").is_none());
}

#[tokio::test]
async fn answers_are_timed_and_named_as_line_does() {
    let line = Line::with(Options { webhook_timeout: Duration::from_millis(700), ..Options::default() });
    let unset = line.double.say(&line.user, "a").await.expect("said");
    assert_eq!((unset.status, unset.reason), (None, Reason::NotSent));
    let engine = line.engine().await;
    engine.react([Reaction::Status(503), Reaction::Late(Duration::from_secs(60))]);
    let failed = line.double.say(&line.user, "b").await.expect("said");
    assert_eq!((failed.status, failed.reason), (Some(503), Reason::ErrorStatusCode));
    let late = line.double.say(&line.user, "c").await.expect("said");
    assert_eq!((late.status, late.reason, late.acknowledged()), (None, Reason::RequestTimeout, false));
    assert!(late.took >= Duration::from_millis(700));
    line.double.set_webhook(&line.channel, "http://127.0.0.1:9/closed").expect("known");
    let refused = line.double.say(&line.user, "d").await.expect("said");
    assert_eq!((refused.status, refused.reason), (None, Reason::CouldNotConnect));
    assert_eq!(line.texts(), ["a", "b", "c", "d"], "the user wrote them all the same");
    let reasons: Vec<Reason> = line.double.deliveries().iter().map(|delivery| delivery.reason).collect();
    assert_eq!(reasons, [unset.reason, failed.reason, late.reason, refused.reason]);
}

#[tokio::test]
async fn with_redelivery_off_a_refused_event_is_lost() {
    let line = Line::start();
    let engine = line.engine().await;
    engine.react([Reaction::Status(500)]);
    line.double.say(&line.user, "lost").await.expect("said");
    line.double.set_redelivery(&line.channel, Redelivery::ByHand).await.expect("known");
    assert!(line.double.redeliver(&line.channel).await.expect("known").is_empty());
    assert_eq!(engine.hooks().len(), 1);
}

#[tokio::test]
async fn a_redelivery_differs_in_one_field_only_and_comes_out_of_order() {
    let line = Line::start();
    let engine = line.engine().await;
    line.double.set_redelivery(&line.channel, Redelivery::ByHand).await.expect("known");
    engine.react(vec![Reaction::Status(500); 30]);
    for at in 0..30 {
        line.double.say(&line.user, &at.to_string()).await.expect("said");
    }
    line.double.clock().advance(Duration::from_secs(300));
    engine.react([Reaction::Status(500)]);
    let again = line.double.redeliver(&line.channel).await.expect("known");
    assert!(again.len() < 30, "some requests carry several events");
    let missed = again[0].events.len();
    let third = line.double.redeliver(&line.channel).await.expect("known");
    assert_eq!(third.iter().map(|one| one.events.len()).sum::<usize>(), missed, "only what failed again comes again");
    assert!(line.double.redeliver(&line.channel).await.expect("known").is_empty());

    let all: Vec<(Value, bool)> = engine.hooks().iter().flat_map(|hook| events(&hook.json())).collect();
    let (first, later): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, redelivery)| !redelivery);
    assert_eq!((first.len(), later.len()), (30, 30 + missed));
    assert!(later.iter().all(|(event, _)| first.iter().any(|(known, _)| known == event)), "the same but for the mark");
    let order = |events: &[(Value, bool)]| -> Vec<Value> {
        events.iter().map(|(event, _)| event["message"]["text"].clone()).collect()
    };
    assert_ne!(order(&later)[..30], order(&first)[..], "the order is another");
}

#[tokio::test]
async fn redelivery_by_itself_goes_on_until_the_engine_has_it() {
    let line = Line::start();
    let mut engine = line.engine().await;
    line.double.set_redelivery(&line.channel, Redelivery::AfterMs(1)).await.expect("known");
    engine.react(vec![Reaction::Status(500); 3]);
    line.double.say(&line.user, "質問").await.expect("said");
    engine.came(4).await;
    let marks: Vec<bool> = engine.hooks().iter().flat_map(|hook| events(&hook.json())).map(|(_, mark)| mark).collect();
    assert_eq!(marks, [false, true, true, true]);
}

#[tokio::test]
async fn a_duplicate_looks_like_the_first_time() {
    let line = Line::start();
    let engine = line.engine().await;
    let said = line.double.say(&line.user, "質問").await.expect("said");
    let again = futures_util::future::join_all(
        (0..6).map(|_| line.double.duplicate(&line.channel, std::slice::from_ref(&said.event_id))),
    )
    .await;
    assert!(again.iter().all(|one| one.as_ref().is_ok_and(|one| one.acknowledged())));
    let all: Vec<_> = engine.hooks().iter().flat_map(|hook| events(&hook.json())).collect();
    assert_eq!(all.len(), 7);
    assert!(all.iter().all(|one| *one == all[0]), "not one differs");
    assert_eq!(line.texts(), ["質問"], "the user wrote once");
    assert!(line.double.duplicate(&line.channel, &["unknown".to_owned()]).await.is_err());
}

#[tokio::test]
async fn a_reply_that_comes_before_the_webhooks_answer_is_accepted() {
    let line = Line::start();
    let mut engine = line.engine().await;
    engine.react([Reaction::Late(Duration::from_millis(1_500))]);
    let say = line.double.say(&line.user, "質問");
    let answer = async {
        engine.came(1).await;
        let token = engine.hooks()[0].json()["events"][0]["replyToken"].as_str().expect("a token").to_owned();
        line.reply(&token, "早い").await.0
    };
    let (_, status) = tokio::join!(say, answer);
    assert_eq!(status, 200);
}

#[tokio::test]
async fn the_webhook_test_reports_what_the_engine_answered() {
    let line = Line::start();
    let engine = line.engine().await;
    engine.react([Reaction::Status(200), Reaction::Status(401)]);
    let test = async |body: Value| {
        let answer = line.post("/v2/bot/channel/webhook/test", None, &body).await.expect("an answer");
        (answer.0, answer.2)
    };
    let (status, ok) = test(json!({})).await;
    assert_eq!(
        (status, &ok["success"], &ok["statusCode"], &ok["reason"]),
        (200, &json!(true), &json!(200), &json!("OK"))
    );
    let (_, refused) = test(json!({})).await;
    assert_eq!((&refused["success"], &refused["reason"]), (&json!(false), &json!("ERROR_STATUS_CODE")));
    let (_, nobody) = test(json!({ "endpoint": "http://127.0.0.1:9/closed" })).await;
    assert_eq!((&nobody["statusCode"], &nobody["reason"]), (&json!(0), &json!("COULD_NOT_CONNECT")));
    assert_eq!(engine.hooks().len(), 2);
}
