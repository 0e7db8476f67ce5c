//! Reply tokens, retry keys, recipients, quota.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::{Event, Quota, Relation, Via};
use super::{Line, header};

const KEY: &str = "123e4567-e89b-12d3-a456-426614174000";
const INVALID_TOKEN: &str = "Invalid reply token";

#[tokio::test]
async fn a_repeated_key_sends_once_and_names_the_first_request() {
    let line = Line::start();
    let (status, first, sent) = line.push(Some(KEY), "一").await.expect("an answer");
    assert_eq!(status, 200);
    for text in ["一", "another body"] {
        let (status, headers, again) = line.push(Some(KEY), text).await.expect("an answer");
        assert_eq!((status, &again["message"]), (409, &json!("The retry key is already accepted")));
        assert_eq!(header(&headers, "x-line-accepted-request-id"), header(&first, "x-line-request-id"));
        assert_ne!(header(&headers, "x-line-request-id"), header(&first, "x-line-request-id"));
        assert_eq!(again["sentMessages"], sent["sentMessages"]);
    }
    assert_eq!(line.texts(), ["一"]);
    let accepted: Vec<bool> = line.double.calls().iter().map(|call| call.accepted).collect();
    assert_eq!(accepted, [true, false, false]);
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day_and_not_before() {
    let line = Line::start();
    let push = async || line.push(Some(KEY), "a").await.map(|(status, ..)| status);
    assert_eq!(push().await, Some(200));
    line.double.clock().advance(Duration::from_millis(24 * 60 * 60 * 1_000 - 1));
    assert_eq!(push().await, Some(409));
    line.double.clock().advance(Duration::from_millis(1));
    assert_eq!(push().await, Some(200));
    assert_eq!(push().await, Some(409));
    assert_eq!(line.texts().len(), 2);
}

#[tokio::test]
async fn a_refused_call_does_not_use_up_its_key() {
    let line = Line::start();
    line.double.set_quota(&line.channel, Quota::Limited(0), 0).expect("known");
    assert_eq!(line.push(Some(KEY), "a").await.map(|(status, ..)| status), Some(429));
    line.double.set_quota(&line.channel, Quota::None, 0).expect("known");
    assert_eq!(line.push(Some(KEY), "").await.map(|(status, ..)| status), Some(400));
    assert_eq!(line.push(Some(KEY), "a").await.map(|(status, ..)| status), Some(200));
}

#[tokio::test]
async fn simultaneous_tries_with_one_key_send_one_message() {
    let line = Line::start();
    let tries = futures_util::future::join_all((0..50).map(|_| line.push(Some(KEY), "a"))).await;
    let accepted = tries.into_iter().flatten().filter(|(status, ..)| *status == 200).count();
    assert_eq!((accepted, line.texts().len()), (1, 1));
}

#[tokio::test]
async fn keys_that_are_no_uuid_and_calls_that_take_none_are_refused() {
    let line = Line::start();
    for key in ["1", "123e4567e89b12d3a456426614174000", "{123e4567-e89b-12d3-a456-426614174000}", ""] {
        assert_eq!(line.push(Some(key), "a").await.map(|(status, ..)| status), Some(400), "key {key:?}");
    }
    let token = line.double.say(&line.user, "質問").await.expect("said").reply_token;
    let reply = json!({ "replyToken": token, "messages": [{ "type": "text", "text": "a" }] });
    let refused = line.post("/v2/bot/message/reply", Some(KEY), &reply).await.expect("an answer");
    assert_eq!(refused.0, 400);
    assert_eq!(line.texts(), ["質問"]);
    assert_eq!(line.reply(&token, "the token is still good").await.0, 200);
}

#[tokio::test]
async fn a_reply_token_is_good_for_one_reply() {
    let line = Line::start();
    let said = line.double.say(&line.user, "質問").await.expect("said");
    let refused = line.reply(&said.reply_token, "").await;
    assert_eq!(refused.0, 400, "a faulty body does not use the token up: {}", refused.1);
    let (status, answer) = line.reply(&said.reply_token, "答え").await;
    assert_eq!(status, 200);
    assert_eq!(line.reply(&said.reply_token, "again").await, (400, json!({ "message": INVALID_TOKEN })));
    assert_eq!(line.reply("nonsense", "a").await, (400, json!({ "message": INVALID_TOKEN })));

    let shown = line.double.conversation(&line.user).expect("known");
    assert_eq!(line.texts(), ["質問", "答え"]);
    assert_eq!((shown[1].via, shown[1].reply_token.as_ref()), (Some(Via::Reply), Some(&said.reply_token)));
    assert_eq!(answer["sentMessages"][0]["id"], json!(shown[1].id));
    assert!(shown[0].id < shown[1].id && shown[1].id.len() == 18, "ids grow: {shown:?}");
}

#[tokio::test]
async fn a_reply_token_lives_a_minute_and_a_redelivery_renews_it_until_twenty() {
    let line = Line::start();
    let minute = Duration::from_secs(60);
    let clock = line.double.clock();
    let say = async || line.double.say(&line.user, "質問").await.expect("said");

    let (in_time, too_late) = (say().await, say().await);
    clock.advance(minute);
    assert_eq!(line.reply(&in_time.reply_token, "in time").await.0, 200);
    clock.advance(Duration::from_millis(1));
    assert_eq!(line.reply(&too_late.reply_token, "late").await.1["message"], INVALID_TOKEN);

    let again = [too_late.event_id, in_time.event_id];
    line.double.redeliver_events(&line.channel, &again).await.expect("remembered");
    assert_eq!(line.reply(&in_time.reply_token, "used").await.1["message"], INVALID_TOKEN);
    assert_eq!(line.reply(&too_late.reply_token, "renewed").await.0, 200);

    let old = say().await;
    clock.advance(minute * 20 + Duration::from_millis(1));
    line.double.redeliver_events(&line.channel, &[old.event_id]).await.expect("remembered");
    assert_eq!(line.reply(&old.reply_token, "too old").await.1["message"], INVALID_TOKEN);
}

#[tokio::test]
async fn who_cannot_be_reached_is_accepted_in_silence_and_who_is_unknown_is_refused() {
    let line = Line::start();
    line.double.set_quota(&line.channel, Quota::Limited(100), 0).expect("known");
    for relation in [Relation::Blocked, Relation::Deleted, Relation::NonFriend] {
        line.double.set_relation(&line.channel, &line.user, relation).expect("known");
        assert_eq!(line.push_status("nobody hears").await, 200);
    }
    assert!(line.texts().is_empty());
    line.double.say(&line.user, "友だちではない").await.expect("said");
    assert_eq!(line.push_status("within seven days").await, 200);
    line.double.clock().advance(Duration::from_secs(7 * 24 * 60 * 60 + 1));
    assert_eq!(line.push_status("after seven days").await, 200);
    assert_eq!(line.texts(), ["友だちではない", "within seven days"]);
    assert_eq!(line.get("/v2/bot/message/quota/consumption").await.1, json!({ "totalUsage": 1 }));

    let unknown = format!("U{}", "0".repeat(32));
    for to in [unknown.as_str(), "山田", "", &line.channel.bot_user_id] {
        let body = json!({ "to": to, "messages": [{ "type": "text", "text": "a" }] });
        let (status, _, body) = line.post("/v2/bot/message/push", None, &body).await.expect("an answer");
        assert_eq!(status, 400, "to {to:?}: {body}");
    }
}

#[tokio::test]
async fn quota_counts_people_not_messages_and_replies_are_free() {
    let line = Line::start();
    let second = line.double.add_user(&line.channel, "二人目").expect("known");
    line.double.set_quota(&line.channel, Quota::Limited(3), 0).expect("known");
    let used = async || line.get("/v2/bot/message/quota/consumption").await.1["totalUsage"].clone();
    let texts: Vec<Value> = (0..5).map(|at| json!({ "type": "text", "text": at.to_string() })).collect();

    let to = json!({ "to": line.user, "messages": texts });
    assert_eq!(line.post("/v2/bot/message/push", None, &to).await.map(|(status, ..)| status), Some(200));
    assert_eq!(used().await, 1);
    let to = json!({ "to": [line.user, second, line.user], "messages": texts });
    let (status, _, body) = line.post("/v2/bot/message/multicast", None, &to).await.expect("an answer");
    assert_eq!((status, body), (200, json!({})));
    assert_eq!(used().await, 3);
    let (status, _, body) = line.push(None, "over").await.expect("an answer");
    assert_eq!((status, body), (429, json!({ "message": "You have reached your monthly limit." })));

    let said = line.double.say(&line.user, "質問").await.expect("said");
    assert_eq!(line.reply(&said.reply_token, "free").await.0, 200);
    assert_eq!(
        (used().await, line.get("/v2/bot/message/quota").await.1),
        (json!(3), json!({ "type": "limited", "value": 3 }))
    );
    assert_eq!(line.texts().len(), 12);
    assert_eq!(line.double.conversation(&second).expect("known").len(), 5);
}

#[tokio::test]
async fn a_quote_token_is_good_only_in_its_own_chat() {
    let line = Line::start();
    let (_, _, sent) = line.push(None, "quote me").await.expect("an answer");
    let token = sent["sentMessages"][0]["quoteToken"].clone();
    assert!(token.is_string(), "texts can be quoted: {sent}");
    let other = line.double.add_user(&line.channel, "別人").expect("known");
    for (to, expected) in [(&line.user, 200), (&other, 400)] {
        let body = json!({ "to": to, "messages": [{ "type": "text", "text": "a", "quoteToken": token }] });
        let (status, _, body) = line.post("/v2/bot/message/push", None, &body).await.expect("an answer");
        assert_eq!(status, expected, "{body}");
    }
}

#[tokio::test]
async fn one_bad_message_among_five_sends_none() {
    let line = Line::start();
    let body = json!({ "to": line.user, "messages": [{ "type": "text", "text": "good" }, { "type": "file" }] });
    let (status, _, body) = line.post("/v2/bot/message/push", None, &body).await.expect("an answer");
    assert_eq!((status, &body["details"][0]["property"]), (400, &json!("messages[1].type")));
    assert!(line.texts().is_empty());
    let check = json!({ "messages": [{ "type": "text", "text": "good" }] });
    let (status, _, body) = line.post("/v2/bot/message/validate/push", None, &check).await.expect("an answer");
    assert_eq!((status, body), (200, json!({})));
    assert!(line.texts().is_empty(), "validation sends nothing");
}

#[tokio::test]
async fn unsend_follow_and_block_change_the_phone() {
    let line = Line::start();
    let said = line.double.say(&line.user, "間違い").await.expect("said");
    let events = vec![Event::unsend(&line.user, &said.message_id), Event::unfollow(&line.user)];
    line.double.deliver(&line.channel, events).await.expect("known");
    assert!(line.double.conversation(&line.user).expect("known")[0].unsent);
    assert_eq!(line.push_status("blocked").await, 200);
    line.double.deliver(&line.channel, vec![Event::follow(&line.user, true)]).await.expect("known");
    assert_eq!(line.push_status("back").await, 200);
    assert_eq!(line.texts(), ["間違い", "back"]);
}
