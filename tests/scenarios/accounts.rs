//! An account that does not work any more, or does not work yet, and nobody can see why: tokens that end in the middle of
//! a day, a webhook that leads elsewhere, a month whose messages are used up.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use madoguchi_engine::Clock;
use madoguchi_engine::domain::conversation::Command;
use madoguchi_engine::domain::message::{Content, Delivery};
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::rows::{MessageKind, MessagesQuery, Place};
use madoguchi_loadtest::double::{Account, AssertionKey, Double, Endpoint, Fault, Options, Quota, Times};
use madoguchi_tests::house::{House, WINDOW};
use madoguchi_tests::inside::{A, INBOX, config, conversation_of, furnished_for, window};
use madoguchi_tests::world::{Desk, PATIENCE, wait_until};
use ring::signature::{KeyPair as _, RsaKeyPair};
use serde_json::{Value, json};

const KEY: &[u8] = include_bytes!("../../loadtest/src/double/testdata/assertion-key.pk8");

fn account(house: &House) -> String {
    format!("/api/v1/inboxes/{}", house.inbox)
}

async fn change(house: &House, settings: Value) -> Value {
    house.owner.patch(&account(house), json!({"settings": settings})).await.ok()["settings"].clone()
}

fn issued(double: &Double) -> usize {
    double.calls().iter().filter(|call| call.endpoint == Some(Endpoint::Token) && call.status == Some(200)).count()
}

/// Claims a chat, and answers in it.
async fn answer(house: &House, talk: &str, client_id: &str) -> Value {
    let (agent, _) = &house.agents[0];
    let epoch = agent.claim(talk).await.ok()["seat"]["epoch"].as_u64().unwrap();
    agent.send(talk, client_id, epoch, client_id).await.ok();
    house.settled(talk).await.last().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_of_minutes_are_asked_for_once_and_again_when_line_refuses_one() {
    let house = House::open(1, &[]).await;
    let shown = change(&house, json!({"token_kind": "stateless", "channel_id": house.channel.id})).await;
    assert_eq!((&shown["token_kind"], &shown["channel_access_token"]), (&json!("stateless"), &json!("not_set")));
    let mut talks = Vec::new();
    for _ in 0..4 {
        talks.push(house.customer("もしもし").await);
    }
    let answers = talks.iter().map(|(_, talk)| answer(&house, talk, "はい"));
    for line in futures_util::future::join_all(answers).await {
        assert_eq!(line["state"], "sent", "{line}");
    }
    assert_eq!(issued(&house.double), 1, "who comes while it is asked for waits for the one");

    // LINE has it end in the middle of its life; the free right of a customer who just wrote must not be lost by that.
    house.double.clock().advance(Duration::from_secs(16 * 60));
    for (user, talk) in &talks {
        house.double.say(user, "まだですか").await.unwrap();
        let line = answer(&house, talk, "お待たせしました").await;
        assert_eq!((&line["state"], &line["free"]), (&json!("sent"), &json!(true)), "{line}");
        assert_eq!(house.received(user), ["はい", "お待たせしました"]);
    }
    assert_eq!(issued(&house.double), 2, "once for all who were refused");
    let health = house.owner.get(&format!("{}/health", account(&house))).await.ok();
    assert_eq!(health["troubles"], json!([]), "{health}");
    assert!(health["token_until"].is_string() && health["sent_at"].is_string(), "{health}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_assertion_gets_tokens_and_a_wrong_key_is_named() {
    let house = House::open(1, &[]).await;
    let pair = RsaKeyPair::from_pkcs8(KEY).unwrap();
    let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let (n, e) = (URL_SAFE_NO_PAD.encode(public.n), URL_SAFE_NO_PAD.encode(public.e));
    house.double.add_assertion_key(&house.channel, AssertionKey { kid: "k-1".to_owned(), n, e }).unwrap();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(KEY));
    let refused = house.owner.patch(&account(&house), json!({"settings": {"assertion_key": "no key"}})).await;
    assert_eq!(refused.status, Some(422));
    let by_key = |kid: &str| json!({"token_kind": "assertion", "channel_id": house.channel.id, "assertion_kid": kid, "assertion_key": pem});
    let shown = change(&house, by_key("k-2")).await;
    assert!(!shown.to_string().contains("PRIVATE"), "{shown}");
    let test = house.owner.post(&format!("{}/test", account(&house)), json!({})).await.ok();
    assert_eq!(test["findings"][0]["code"], "token_refused", "LINE knows no such key: {test}");
    let health = wait_until("the trouble to be known", PATIENCE, async || {
        let health = house.owner.get(&format!("{}/health", account(&house))).await.ok();
        (health["troubles"] != json!([])).then_some(health)
    })
    .await;
    assert_eq!(health["troubles"], json!(["token_refused"]));

    change(&house, by_key("k-1")).await;
    let (user, talk) = house.customer("もしもし").await;
    assert_eq!(answer(&house, &talk, "はい").await["state"], "sent");
    assert_eq!(house.received(&user), ["はい"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn customers_see_the_name_and_picture_of_who_answers_only_where_that_is_wanted() {
    const ICON: &str = "https://127.0.0.1:9/yamada.png";
    let house = House::open(1, &[]).await;
    let person = format!("/api/v1/agents/{}", house.agents[0].1);
    let long = "窓口の山田".repeat(5);
    let named = |name: &str, icon: Value| (json!({"show_agent_name": true}), json!({"name": name, "icon_url": icon}));
    for ((settings, patch), wanted) in [
        ((json!({}), json!({"name": "山田", "icon_url": ICON})), Value::Null),
        ((json!({"show_agent_name": true}), json!({})), json!({"name": "山田", "iconUrl": ICON})),
        (named(&long, json!(ICON)), json!({"name": "窓口の山田".repeat(4), "iconUrl": ICON})),
        (named("LINE 公式", json!(ICON)), Value::Null),
        (named("佐藤", json!("")), json!({"name": "佐藤"})),
        ((json!({"show_agent_name": false}), json!({"icon_url": ICON})), Value::Null),
    ] {
        change(&house, settings.clone()).await;
        house.owner.patch(&person, patch.clone()).await.ok();
        let (user, talk) = house.customer("もしもし").await;
        assert_eq!(answer(&house, &talk, "はい").await["state"], "sent", "{settings} {patch}");
        let shown = house.double.conversation(&user).unwrap();
        let ours = shown.iter().find(|bubble| bubble.via.is_some()).expect("the answer");
        assert_eq!(ours.message["sender"], wanted, "{settings} {patch}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_test_names_each_thing_that_is_wrong() {
    let house = House::open(0, &[]).await;
    house.customer("もしもし").await;
    let found = async || {
        let test = house.owner.post(&format!("{}/test", account(&house)), json!({})).await.ok();
        let codes = test["findings"].as_array().unwrap().iter();
        let codes: Vec<String> = codes.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect();
        let notes = ["chat_on", "auto_reply_unknown", "redelivery_unknown"].map(str::to_owned);
        let wrong: Vec<String> = codes.into_iter().filter(|code| !notes.contains(code)).collect();
        assert_eq!(test["ok"], json!(wrong.is_empty()), "{test}");
        wrong
    };
    assert_eq!(found().await, Vec::<String>::new());
    let (double, channel) = (&house.double, &house.channel);
    double.use_webhook(channel, false).unwrap();
    assert_eq!(found().await, ["webhook_off"]);
    double.use_webhook(channel, true).unwrap();
    double.set_account(channel, Account { chat: false, ..Account::default() }).unwrap();
    assert_eq!(found().await, ["chat_off"]);
    change(&house, json!({"mark_as_read": false})).await;
    assert_eq!(found().await, Vec::<String>::new(), "nobody wants marks of ours");
    change(&house, json!({"channel_secret": "another-secret", "former_secret_for_s": 0})).await;
    assert_eq!(found().await, ["wrong_secret"]);
    change(&house, json!({"channel_secret": channel.secret})).await;

    double.set_webhook(channel, "http://127.0.0.1:9/elsewhere").unwrap();
    assert_eq!(found().await, ["other_endpoint"]);
    let there = house.owner.get(&format!("{}/webhook", account(&house))).await.ok();
    assert_eq!(
        (&there["platform_url"], &there["finding"]),
        (&json!("http://127.0.0.1:9/elsewhere"), &json!("other_endpoint"))
    );
    let set = house.owner.put(&format!("{}/webhook", account(&house)), json!({})).await.ok();
    assert_eq!((&set["platform_url"], &set["finding"]), (&set["webhook_url"], &json!(null)));
    assert_eq!(found().await, Vec::<String>::new());

    let other = double.add_channel("別の店");
    double.set_webhook(&other, &format!("{}/hooks/line/{}", house.server.url(), house.inbox)).unwrap();
    change(&house, json!({"channel_access_token": other.access_token})).await;
    let wrong = found().await;
    assert!(wrong.contains(&"wrong_destination".to_owned()), "{wrong:?}");
    change(&house, json!({"channel_access_token": "revoked"})).await;
    assert_eq!(found().await, ["token_refused"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_sees_at_once_that_the_month_is_used_up_and_what_was_spent() {
    let house = House::open(1, &[]).await;
    change(&house, json!({"mode": "push"})).await;
    let mut desk = Desk::open(&house.agents[0].0).await;
    desk.watch(WINDOW).await;
    desk.wait_for("how accounts stand", |frame| frame["type"] == "accounts").await;
    let (_, talk) = house.customer("もしもし").await;
    assert_eq!(answer(&house, &talk, "はい").await["state"], "sent");
    house.double.faults().set(Endpoint::Push, Fault::QuotaReached, Times::Always);
    assert_eq!(answer(&house, &talk, "もう一つ").await["state"], "unsent");
    desk.wait_for("the empty quota", |frame| {
        frame["type"] == "accounts" && frame["accounts"][0]["troubles"][0] == "quota_empty"
    })
    .await;
    let meter = house.agents[0].0.get(&format!("/api/v1/windows/{WINDOW}/meter")).await.ok();
    assert_eq!((meter["free"].as_u64(), meter["paid"].as_u64()), (Some(0), Some(1)), "{meter}");
    let month = house.owner.get(&format!("/api/v1/windows/{WINDOW}/meter?month=2020-02")).await.ok();
    assert_eq!((&month["month"], &month["paid"]), (&json!("2020-02"), &json!(0)));
    assert_eq!(house.owner.get(&format!("/api/v1/windows/{WINDOW}/meter?month=2020-13")).await.status, Some(422));
}

#[actix_rt::test]
async fn what_would_cost_waits_while_nothing_is_left_and_goes_when_something_is() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let double = Double::start(Options::default()).unwrap();
    let channel = double.add_channel("サポート");
    double.set_quota(&channel, Quota::Limited(5), 4).unwrap();
    let engine = furnished_for(config(folder.path(), &clock), &double.api_url(), &channel.access_token).await;
    let user = double.add_user(&channel, "客").unwrap();
    let event = json!({
        "type": "message", "timestamp": 1_000_000, "source": {"type": "user", "userId": user},
        "webhookEventId": "E1", "message": {"type": "text", "id": "1", "text": "もしもし"},
    });
    engine.inbound(INBOX, Bytes::from(json!({"events": [event]}).to_string())).await.unwrap();
    let id = conversation_of(&engine, &user).await;
    let seat_epoch = engine.command(By::Agent(A), id, Command::Claim { agent: A }).await.unwrap().row.state.seat.epoch;
    let send = async |key: u128| {
        let command = Command::Send {
            agent: A,
            seat_epoch,
            client_id: format!("c{key}"),
            dress: Default::default(),
            content: Content::Text(format!("{key}")),
            retry_key: key,
        };
        engine.command(By::Agent(A), id, command).await.unwrap().number.unwrap()
    };
    let becomes = async |number: u32, wanted: Delivery| {
        wait_until("the answer to come so far", PATIENCE, async || {
            let page = engine.messages(id, MessagesQuery { place: Place::Newest, limit: 50 }).await.unwrap();
            let line = page.items.into_iter().find(|line| line.number == number).unwrap();
            let MessageKind::Outbound { delivery, .. } = line.kind else { panic!("not ours: {line:?}") };
            (delivery == wanted).then_some(())
        })
        .await;
    };
    let pushes = || double.calls().iter().filter(|call| call.endpoint == Some(Endpoint::Push)).count();
    becomes(send(1).await, Delivery::Sent).await;
    let second = send(2).await;
    becomes(second, Delivery::Unsent).await;
    let tried = pushes();
    let third = send(3).await;
    becomes(third, Delivery::Unsent).await;
    assert!(engine.account_health(INBOX).quota_empty);
    // The rounds of many minutes find it still empty: asked about, and never tried.
    let asked = || double.calls().iter().filter(|call| call.path.ends_with("/consumption")).count();
    for _ in 0..3 {
        let before = asked();
        wait_until("the platform to be asked again", PATIENCE, async || {
            clock.advance_ms(2_000);
            (asked() > before).then_some(())
        })
        .await;
    }
    assert_eq!(pushes(), tried, "what cannot go is not tried");

    double.set_quota(&channel, Quota::Limited(10), 5).unwrap();
    wait_until("the answers to go by themselves", PATIENCE, async || {
        clock.advance_ms(2_000);
        (double.conversation(&user).unwrap().iter().filter(|bubble| bubble.via.is_some()).count() == 3).then_some(())
    })
    .await;
    becomes(third, Delivery::Sent).await;
    let month = madoguchi_engine::accounts::month_of(clock.now());
    let sums = engine.sums(&window(), month).await.unwrap();
    assert_eq!((sums.free, sums.paid), (0, 2), "two answers of one call count once");
    engine.stop().await;
}
