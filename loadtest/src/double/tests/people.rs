//! Profiles, friends, groups, marks, the month.

use std::time::Duration;

use serde_json::json;

use super::{Line, PATIENCE};
use crate::double::{Account, Event, Profile, Quota, Relation, Via};

#[tokio::test]
async fn a_profile_has_a_picture_that_can_be_fetched_and_changes_without_an_event() {
    let line = Line::start();
    let path = format!("/v2/bot/profile/{}", line.user);
    let picture = line.get(&path).await.1["pictureUrl"].as_str().map(str::to_owned).expect("a picture");
    let answer = line.http.get(picture.parse().expect("an address")).await.expect("an answer");
    assert_eq!((answer.status().as_u16(), super::header(answer.headers(), "content-type")), (200, "image/png"));
    let changed = Profile { picture: false, status_message: Some("元気".to_owned()), ..Profile::named("新姓") };
    line.double.set_profile(&line.channel, &line.user, changed).expect("known");
    let expected = json!({ "displayName": "新姓", "userId": line.user, "statusMessage": "元気", "language": "ja" });
    assert_eq!(line.get(&path).await.1, expected);
}

#[tokio::test]
async fn the_account_shows_its_chat_mode_and_only_a_verified_one_lists_its_friends() {
    let line = Line::start();
    assert_eq!(line.get("/v2/bot/info").await.1["chatMode"], "chat");
    assert_eq!(line.get("/v2/bot/followers/ids").await.0, 403);
    line.double.set_account(&line.channel, Account { chat: false, verified: true }).expect("known");
    let info = line.get("/v2/bot/info").await.1;
    assert_eq!((&info["chatMode"], &info["markAsReadMode"]), (&json!("bot"), &json!("auto")));
    let mut friends = vec![line.user.clone()];
    friends.extend((0..4).map(|_| line.double.add_user(&line.channel, "友").expect("known")));
    line.double.set_relation(&line.channel, &friends[4], Relation::Blocked).expect("known");
    let (mut listed, mut path) = (Vec::new(), "/v2/bot/followers/ids?limit=3".to_owned());
    loop {
        let page = line.get(&path).await.1;
        listed.extend(page["userIds"].as_array().expect("ids").iter().filter_map(|id| id.as_str().map(str::to_owned)));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v2/bot/followers/ids?limit=3&start={next}");
    }
    friends.truncate(4);
    friends.sort_unstable();
    assert_eq!(listed, friends);
}

#[tokio::test]
async fn a_group_is_answered_counted_by_its_members_and_left() {
    let line = Line::start();
    let engine = line.engine().await;
    let second = line.double.add_user(&line.channel, "二人目").expect("known");
    let group = line.double.add_group(&line.channel, "町内会", &[line.user.clone(), second]).expect("known");
    let events = vec![Event::join(&group), Event::text(&line.user, "皆さん").in_group(&group)];
    let delivery = line.double.deliver(&line.channel, events).await.expect("known");
    let source = engine.hooks()[0].json()["events"][1]["source"].clone();
    assert_eq!(source, json!({ "type": "group", "groupId": group, "userId": line.user }));

    let path = format!("/v2/bot/group/{group}");
    assert_eq!(line.get(&format!("{path}/summary")).await.1["groupName"], "町内会");
    assert_eq!(line.get(&format!("{path}/members/count")).await.1, json!({ "count": 2 }));
    assert_eq!(line.get(&format!("{path}/member/{}", line.user)).await.1["displayName"], "山田");
    assert_eq!(line.get(&format!("{path}/members/ids")).await.0, 403);
    let token = delivery.events[1].reply_token.clone().expect("a message brings one");
    assert_eq!(line.reply(&token, "はい").await.0, 200);
    let push = json!({ "to": group, "messages": [{ "type": "text", "text": "二つ目" }] });
    assert_eq!(line.post("/v2/bot/message/push", None, &push).await.map(|(status, ..)| status), Some(200));
    assert_eq!(line.get("/v2/bot/message/quota/consumption").await.1, json!({ "totalUsage": 2 }));
    let shown = line.double.conversation(&group).expect("known");
    let via: Vec<_> = shown.iter().map(|one| one.via).collect();
    assert_eq!(via, [None, Some(Via::Reply), Some(Via::Push)]);
    assert!(line.texts().is_empty(), "the one-to-one chat is another");

    let left = line.post(&format!("{path}/leave"), None, &json!({})).await.map(|(status, ..)| status);
    assert_eq!((left, line.double.account_in(&line.channel, &group)), (Some(200), Some(false)));
    assert_eq!(line.post("/v2/bot/message/push", None, &push).await.map(|(status, ..)| status), Some(400));
    assert_eq!(line.get(&format!("{path}/summary")).await.0, 404);
}

#[tokio::test]
async fn typing_is_seen_until_the_answer_and_marks_need_a_token_of_this_account() {
    let line = Line::start();
    let said = line.double.say(&line.user, "読んで").await.expect("said");
    let phone = async || {
        let path = format!("/_double/users/{}/phone", line.user);
        line.call("GET", &path, &[], "").await.expect("an answer").2
    };
    let start = async |body| line.post("/v2/bot/chat/loading/start", None, &body).await.map(|(status, ..)| status);
    assert_eq!(start(json!({ "chatId": line.user, "loadingSeconds": 10 })).await, Some(202));
    assert_eq!(phone().await["loading"], true);
    line.double.clock().advance(Duration::from_secs(10));
    assert_eq!(phone().await["loading"], false);
    assert_eq!(start(json!({ "chatId": line.user })).await, Some(202));
    assert_eq!(line.push_status("答え").await, 200);
    assert_eq!(phone().await["loading"], false, "the answer ends it");
    for wrong in [
        json!({ "chatId": format!("C{}", "0".repeat(32)) }),
        json!({ "chatId": line.user, "loadingSeconds": 7 }),
        json!({ "chatId": line.user, "loadingSeconds": 65 }),
    ] {
        assert_eq!(start(wrong.clone()).await, Some(400), "{wrong}");
    }

    let token = line.double.conversation(&line.user).expect("known")[0].message["markAsReadToken"].clone();
    let mark = async |token| {
        let body = json!({ "markAsReadToken": token });
        line.post("/v2/bot/chat/markAsRead", None, &body).await.map(|(status, ..)| status)
    };
    assert_eq!(mark(json!(format!("{}.{}.forged", line.user, said.message_id))).await, Some(400));
    assert_eq!(phone().await["read_up_to"], json!(null));
    assert_eq!(mark(token.clone()).await, Some(200));
    assert_eq!(phone().await["read_up_to"], json!(said.message_id));
    line.double.say(&line.user, "次").await.expect("said");
    assert_eq!(mark(token).await, Some(200));
    assert_eq!(phone().await["read_up_to"], json!(said.message_id), "the newer one is not read");
}

#[tokio::test]
async fn a_new_month_of_japan_begins_with_nothing_used_and_a_broadcast_reaches_friends() {
    let line = Line::start();
    line.double.set_quota(&line.channel, Quota::Limited(1), 0).expect("known");
    let body = json!({ "messages": [{ "type": "text", "text": "皆さんへ" }] });
    let broadcast = async || line.post("/v2/bot/message/broadcast", None, &body).await.map(|(status, ..)| status);
    assert_eq!(broadcast().await, Some(200));
    assert_eq!(broadcast().await, Some(429));
    // From 2026-11-21 12:40 UTC to the last second of November in Japan.
    let end_ms = "2026-11-30T14:59:59Z".parse::<jiff::Timestamp>().expect("a time").as_millisecond();
    line.double.clock().stand_at(end_ms);
    assert_eq!(line.push_status("まだ").await, 429);
    line.double.clock().advance(Duration::from_secs(1));
    assert_eq!(line.push_status("新しい月").await, 200);
    assert_eq!(line.get("/v2/bot/message/quota/consumption").await.1, json!({ "totalUsage": 1 }));
    let shown = line.double.wait_for_conversation(&line.user, PATIENCE, |shown| shown.len() == 2).await.expect("both");
    assert_eq!(shown[0].via, Some(Via::Broadcast));
}

#[tokio::test]
async fn a_link_token_links_its_own_user_once_and_in_time() {
    let line = Line::start();
    let engine = line.engine().await;
    let other = line.double.add_user(&line.channel, "別人").expect("known");
    let path = format!("/v2/bot/user/{}/linkToken", line.user);
    let issue = async || {
        let (status, _, body) = line.post(&path, None, &json!({})).await.expect("an answer");
        assert_eq!(status, 200, "{body}");
        body["linkToken"].as_str().expect("a token").to_owned()
    };
    let (token, late) = (issue().await, issue().await);
    for (user, token) in [(&other, &token), (&line.user, &token), (&line.user, &token)] {
        line.double.link(user, token, "nonce-12345").await.expect("known");
    }
    line.double.clock().advance(Duration::from_secs(600));
    line.double.link(&line.user, &late, "nonce-12345").await.expect("known");
    let results: Vec<_> =
        engine.hooks().iter().map(|hook| hook.json()["events"][0]["link"]["result"].clone()).collect();
    assert_eq!(results, ["failed", "ok", "failed", "failed"]);
}
