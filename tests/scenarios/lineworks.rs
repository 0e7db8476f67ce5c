//! LINE WORKS: a token that ends under load, a bot that is left behind or taken away wrongly, files that do not arrive, a
//! token that is shown to others.

use futures_util::future::join_all;
use madoguchi_engine::Clock;
use madoguchi_engine::channels::Outcome;
use madoguchi_engine::domain::id::InboxId;
use madoguchi_engine::domain::org::{Inbox, InboxSettings, LineWorksSettings, Maker};
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_loadtest::lineworks::{Api, Fault, LineWorksDouble, Options, Times};
use madoguchi_tests::contract::{Answer, Channel, Front, LineWorksChannel};
use madoguchi_tests::inside::{config, furnished_with, window};
use madoguchi_tests::world::{PATIENCE, wait_until};
use serde_json::{Value, json};

/// A member who has written, their conversation and its seat.
async fn talk(channel: &LineWorksChannel) -> (String, String, u64) {
    let member = channel.customer();
    assert_eq!(channel.bring(channel.message(&member, 1, "first")).await, Answer::Taken);
    let talk = channel.front().conversation(&member).await;
    let epoch = channel.front().claim(&talk).await;
    (member, talk, epoch)
}

#[actix_rt::test]
async fn no_send_fails_when_tokens_end_and_are_revoked_under_load() {
    // A second of use each: a token is not used in the last ten of its life.
    let channel = LineWorksChannel::open_on(Options { token_s: 11, ..Options::default() }, &[]).await;
    let mut talks = Vec::new();
    for _ in 0..6 {
        talks.push(talk(&channel).await);
    }
    let mut sent = 0;
    for round in 0..8 {
        let answers = talks.iter().map(|(_, talk, epoch)| async {
            let number = channel.front().answer(talk, *epoch, &format!("{round}")).await;
            assert_eq!(channel.front().end(talk, number).await, "sent");
        });
        // In the middle of this round's sends.
        channel.double().revoke_tokens();
        sent += join_all(answers).await.len();
    }
    let wanted: Vec<String> = (0..8).map(|round| round.to_string()).collect();
    for (member, _, _) in &talks {
        assert_eq!(channel.received(member), wanted, "each once and in order");
    }
    let given = channel.double().tokens_given();
    assert!(
        (2..sent as u64).contains(&given),
        "{given} tokens for {sent} sends: renewed, and once for all who need it"
    );
}

#[actix_rt::test]
async fn a_bot_that_is_made_here_has_the_windows_name_works_and_is_renamed() {
    let channel = LineWorksChannel::open(&[]).await;
    let (double, front) = (channel.double(), channel.front());
    let mut settings = double.settings(channel.bot());
    settings["make_bot"] =
        json!({ "picture_url": "https://desk.example/bot.png", "administrators": ["admin@example"] });
    let create = async |settings: &Value| front.owner.create_inbox("support", "lineworks", settings.clone()).await;
    create(&settings).await.refused(422, "invalid");
    (settings["bot_id"], settings["bot_secret"]) = (json!(""), json!(""));
    let made = create(&settings).await.ok();
    let shown = &made["settings"];
    assert_eq!((&shown["made_by"], &shown["bot_secret"]), (&json!("product"), &json!("set")), "{made}");
    let bot = double.bot(shown["bot_id"].as_str().unwrap()).expect("it is at the platform");
    assert_eq!((bot.name.as_str(), bot.domains.len()), ("サポート", 1));
    assert!(bot.callback_url.ends_with(&format!("/hooks/lineworks/{}", made["id"].as_str().unwrap())), "{bot:?}");
    let member = double.add_member("花子");
    assert_eq!(double.say(&bot.id, &member, "はじめまして").await.status, Some(200), "its secret signs");

    let path = format!("/api/v1/inboxes/{}", made["id"].as_str().unwrap());
    front.owner.patch(&path, json!({ "settings": { "bot_name": "総務" } })).await.ok();
    assert_eq!(double.bot(&bot.id).unwrap().name, "総務");
    front.owner.patch(&path, json!({ "settings": { "bot_id": "1" } })).await.refused(422, "invalid");

    // What cannot be made is said, and leaves nothing here.
    double.faults().once(Api::Bots, Fault::ErrorBefore(403));
    let before = front.owner.get("/api/v1/inboxes").await.ok()["items"].as_array().unwrap().len();
    create(&settings).await.refused(422, "invalid");
    assert_eq!(front.owner.get("/api/v1/inboxes").await.ok()["items"].as_array().unwrap().len(), before);
}

/// W5: a window's end is the end of what was made for it, and of nothing else.
#[actix_rt::test]
async fn a_reset_takes_away_the_bot_that_was_made_for_the_window_and_a_new_name_reaches_it() {
    let channel = LineWorksChannel::open(&[]).await;
    let (double, front) = (channel.double(), channel.front());
    let (_, talk, epoch) = talk(&channel).await;
    front.owner.create_window("other", "別の窓口", 5).await.ok();
    let mut settings = double.settings(channel.bot());
    (settings["bot_id"], settings["bot_secret"]) = (json!(""), json!(""));
    settings["make_bot"] =
        json!({ "picture_url": "https://desk.example/bot.png", "administrators": ["admin@example"] });
    let made = front.owner.create_inbox("support", "lineworks", settings).await.ok();
    let ours = made["settings"]["bot_id"].as_str().unwrap().to_owned();
    let theirs = channel.bot().id.clone();
    let name_of = |bot: &str| double.bot(bot).map(|bot| bot.name);

    // The platform cannot be had at first; the newest name arrives all the same, and the customer's own bot keeps its.
    double.faults().once(Api::Bots, Fault::ErrorBefore(503));
    for name in ["総務", "総務窓口"] {
        front.owner.patch("/api/v1/windows/support", json!({ "name": name })).await.ok();
    }
    wait_until("the new name", PATIENCE, async || (name_of(&ours).as_deref() == Some("総務窓口")).then_some(())).await;
    assert_eq!(name_of(&theirs).as_deref(), Some("サポート"));

    front.answer(&talk, epoch, "さようなら").await;
    double.faults().once(Api::Bots, Fault::ErrorBefore(503));
    let wish = json!({ "name": "総務窓口", "erase_everything": false });
    front.owner.post("/api/v1/windows/support/reset", wish).await.ok();
    wait_until("the bot to be gone", PATIENCE, async || name_of(&ours).is_none().then_some(())).await;
    assert!(name_of(&theirs).is_some(), "what the customer made stays");
    let resets = front.owner.get("/api/v1/resets").await.ok();
    let reset = resets["items"][0]["id"].as_str().unwrap_or_else(|| panic!("{resets}"));
    let kept = front.owner.get(&format!("/api/v1/resets/{reset}/conversations")).await.ok();
    assert_eq!(kept["items"][0]["contact_point"]["name"], "山田 太郎", "contacts and what was said stay: {kept}");
}

/// The server ends before the platform could be asked.
#[actix_rt::test]
async fn what_a_stop_left_at_the_platform_is_taken_away_by_the_next_start() {
    let mut channel = LineWorksChannel::open(&[]).await;
    let mut settings = channel.double().settings(channel.bot());
    (settings["bot_id"], settings["bot_secret"]) = (json!(""), json!(""));
    settings["make_bot"] =
        json!({ "picture_url": "https://desk.example/bot.png", "administrators": ["admin@example"] });
    let front = channel.front();
    front.owner.create_window("other", "別の窓口", 5).await.ok();
    let made = front.owner.create_inbox("support", "lineworks", settings).await.ok();
    let ours = made["settings"]["bot_id"].as_str().unwrap().to_owned();
    channel.double().faults().set(Api::Bots, Fault::ErrorBefore(503), Times::Always);
    let wish = json!({ "name": "サポート", "erase_everything": false });
    channel.front().owner.post("/api/v1/windows/support/reset", wish).await.ok();
    channel.front_mut().kill_and_restart().await;
    assert!(channel.double().bot(&ours).is_some(), "nobody could take it away");
    channel.double().faults().clear();
    wait_until("the bot to be gone", PATIENCE, async || channel.double().bot(&ours).is_none().then_some(())).await;
}

fn settings(double: &LineWorksDouble, bot_id: &str, made_by: Maker) -> InboxSettings {
    let app = LineWorksDouble::app_of_all();
    InboxSettings::LineWorks(Box::new(LineWorksSettings {
        client_id: app.client_id,
        client_secret: app.client_secret.as_str().into(),
        service_account: app.service_account,
        private_key: app.private_key.as_str().into(),
        bot_id: bot_id.to_owned(),
        bot_secret: "s".into(),
        former_secret: None,
        made_by,
        domain_id: app.domain_id,
        calls_a_minute: 240,
        api_base_url: double.api_url().to_owned(),
        auth_base_url: double.api_url().to_owned(),
    }))
}

#[actix_rt::test]
async fn a_bot_that_was_made_here_goes_with_its_window_and_the_customers_own_stays() {
    let double = LineWorksDouble::start(Options::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    // The double believes what was signed just now.
    let clock = Clock::System;
    for (made_by, stays) in [(Maker::Customer, true), (Maker::Product, false)] {
        let bot = double.add_bot("窓口");
        let settings = settings(&double, &bot.id, made_by);
        let engine = furnished_with(config(&folder.path().join(&bot.id), &clock), settings.clone()).await;
        let inbox = Inbox { id: InboxId(7), window: window(), settings, changed_at: Timestamp(0) };
        for _ in 0..2 {
            assert!(matches!(engine.retire(&inbox).await, Outcome::Accepted { .. }), "again does no harm");
        }
        assert_eq!(double.bot(&bot.id).is_some(), stays, "{made_by:?}");
        engine.stop().await;
    }
}

async fn answer_with_file(front: &Front, talk: &str, epoch: u64, content: Value) -> u64 {
    let body = json!({ "client_id": content["file"], "seat_epoch": epoch, "content": content });
    let sent = front.agent.post(&format!("/api/v1/conversations/{talk}/messages"), body).await.ok();
    sent["message"]["number"].as_u64().unwrap()
}

#[actix_rt::test]
async fn a_file_is_carried_up_before_its_message_and_a_failure_on_the_way_sends_nothing_and_is_made_good() {
    let channel = LineWorksChannel::open(&[]).await;
    let (member, talk, epoch) = talk(&channel).await;
    let front = channel.front();
    let bytes = b"%PDF-1.4 an estimate".to_vec();
    let headers = front.agent.identity_headers();
    let file = front.agent.post_raw("/api/v1/files", headers, bytes.clone()).await.ok()["id"].clone();
    let file = json!({ "type": "file", "file": file, "name": "見積.pdf" });
    // The bytes do not arrive, then too fast, then it goes: the message itself is sent once.
    channel.double().faults().once(Api::Storage, Fault::DropBefore);
    channel.double().faults().once(Api::Upload, Fault::RateLimited);
    let number = answer_with_file(front, &talk, epoch, file).await;
    assert_eq!(front.end(&talk, number).await, "sent");
    let phone = channel.double().phone(&member);
    assert_eq!((phone.len(), &phone[0].content["type"]), (1, &json!("file")));
    let id = phone[0].content["fileId"].as_str().unwrap();
    assert_eq!(channel.double().file(id).as_deref(), Some(bytes.as_slice()));
}

#[actix_rt::test]
async fn a_connection_test_names_what_is_wrong_and_a_profile_is_shown() {
    let channel = LineWorksChannel::open(&[]).await;
    let (member, talk, _) = talk(&channel).await;
    let front = channel.front();
    let named = wait_until("the member's name", PATIENCE, async || {
        let name = front.owner.conversation(&talk).await.ok()["contact_point"]["name"].clone();
        name.is_string().then_some(name)
    })
    .await;
    assert_eq!((named, member.is_empty()), (json!("山田 太郎"), false));
    let test = async || {
        let report = front.owner.post(&format!("/api/v1/inboxes/{}/test", front.inbox), json!({})).await.ok();
        let codes: Vec<String> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["code"].as_str().unwrap().to_owned())
            .collect();
        (report["ok"].clone(), codes)
    };
    assert_eq!(test().await, (json!(true), vec!["callback_untried".to_owned()]));
    channel.double().set_callback(&channel.bot().id, "http://127.0.0.1:9/elsewhere");
    assert_eq!(test().await.1[0], "other_endpoint");
    front.owner.put(&format!("/api/v1/inboxes/{}/webhook", front.inbox), json!({})).await.ok();
    assert!(test().await.1.iter().all(|code| code != "other_endpoint"));
    channel.double().faults().set(Api::Bots, Fault::ErrorBefore(404), Times::Next(1));
    assert_eq!(test().await.1, ["bot_unknown"]);
    let channels = front.agent.get("/api/v1/channels").await.ok();
    let outside =
        channels["items"].as_array().unwrap().iter().find(|it| it["channel"] == "lineworks_external").unwrap();
    assert_eq!((&outside["receives"], &outside["sends"]), (&json!(false), &json!(false)), "said plainly");
}
