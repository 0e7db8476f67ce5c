//! A bot in front of a window keeps customers from people, speaks when it must not, or is believed when it lies.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use madoguchi_loadtest::bot::{Act, Bot, Brain, Manner, Mouth, receptionist};
use madoguchi_loadtest::double::{Event, Media};
use madoguchi_protocol::api::{BotDeliveryType, Content};
use madoguchi_tests::house::{House, WINDOW};
use madoguchi_tests::world::{PATIENCE, Port, wait_until};
use reqwest::Method;
use serde_json::{Value, json};

const SETTINGS: &str = "/api/v1/windows/support/bot";

/// Says what it heard.
fn echo() -> Brain {
    Arc::new(|told| match (told.kind, told.message.as_ref().map(|message| &message.content)) {
        (BotDeliveryType::Message, Some(Content::Text { text })) => vec![Act::Say(format!("「{text}」ですね"))],
        _ => Vec::new(),
    })
}

/// Hears, and does nothing.
fn mute() -> Brain {
    Arc::new(|_| Vec::new())
}

/// A bot with this brain in front of the window; and its token.
async fn fronted(house: &House, brain: Brain, settings: Value) -> (Bot, String) {
    let bot = Bot::start("127.0.0.1:0".parse().unwrap(), brain).unwrap();
    let made = house.owner.put(SETTINGS, with(&bot, settings)).await.ok();
    let word = |field: &str| made[field].as_str().unwrap().to_owned();
    bot.meet(house.server.url(), &word("secret"), &word("token"));
    (bot, word("token"))
}

fn with(bot: &Bot, settings: Value) -> Value {
    let mut body = json!({"name": "案内ボット", "endpoint_url": bot.url()});
    body.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    body
}

async fn row(house: &House, talk: &str) -> Value {
    house.owner.conversation(talk).await.ok()
}

async fn until_new(house: &House, talk: &str) -> Value {
    wait_until("the conversation to be open to people", PATIENCE, async || {
        let row = row(house, talk).await;
        (row["status"] == "new").then_some(row)
    })
    .await
}

async fn until_received(house: &House, user: &str, wanted: &[&str]) {
    wait_until("what the customer is to read", PATIENCE, async || (house.received(user) == wanted).then_some(())).await;
}

/// The codes in the bot's log of calls that were refused.
async fn refusals(house: &House) -> Vec<(String, String)> {
    let log = house.owner.get(&format!("{SETTINGS}/log")).await.ok();
    let lines = log["items"].as_array().unwrap().iter().filter(|line| line["what"] == "refused");
    lines.map(|line| (line["call"].as_str().unwrap().to_owned(), line["code"].as_str().unwrap().to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_answers_hands_over_gets_back_and_every_desk_sees_who_holds_it() {
    let house = House::open(2, &[]).await;
    let (bot, _) = fronted(&house, receptionist(), json!({"greets": true})).await;
    let (user, talk) = house.customer("営業時間を教えてください").await;
    wait_until("greeting and answer", PATIENCE, async || (house.received(&user).len() == 2).then_some(())).await;
    assert!(house.received(&user)[1].contains("9時から18時"), "in order: {:?}", house.received(&user));
    let now = row(&house, &talk).await;
    assert_eq!((&now["status"], &now["seat"]["agent"]), (&json!("in_progress"), &Value::Null), "{now}");
    let held = house.owner.conversations(WINDOW, "holder=bot").await.ok();
    assert_eq!(held["items"][0]["id"], talk.as_str(), "ボット対応中");
    let (agent, _) = &house.agents[0];
    agent.send(&talk, "x", now["seat"]["epoch"].as_u64().unwrap(), "割り込み").await.refused(409, "seat_not_held");

    house.double.say(&user, "担当者をお願いします").await.unwrap();
    let open = until_new(&house, &talk).await;
    assert_eq!(open["seat"], Value::Null);
    let lines = house.settled(&talk).await;
    let memo = lines.iter().find(|line| line["direction"] == "note").expect("the summary");
    assert_eq!((&memo["bot"], &memo["agent"]), (&json!(true), &Value::Null), "{memo}");
    assert!(memo["content"]["text"].as_str().unwrap().contains("担当者"), "{memo}");
    assert!(lines.iter().filter(|line| line["direction"] == "outbound").all(|line| line["bot"] == true));

    let epoch = agent.claim(&talk).await.ok()["seat"]["epoch"].as_u64().unwrap();
    agent.send(&talk, "a1", epoch, "担当の者です").await.ok();
    let back = json!({"seat_epoch": epoch, "note": "営業時間だけお願いします"});
    let back = agent.command(&talk, "return-to-bot", back).await.ok();
    assert_eq!((&back["seat"]["agent"], &back["seat"]["epoch"]), (&Value::Null, &json!(epoch + 1)));
    wait_until("the bot to hear of it", PATIENCE, async || {
        let heard = bot.heard();
        heard.iter().find(|heard| heard.delivery.kind == BotDeliveryType::Returned).map(|heard| {
            assert_eq!(heard.delivery.note.as_deref(), Some("営業時間だけお願いします"));
        })
    })
    .await;

    // Any member takes it at any time, and the bot is told.
    let (other, _) = &house.agents[1];
    let taken = other.claim(&talk).await.ok();
    assert_eq!(taken["seat"]["epoch"], epoch + 2);
    wait_until("the bot to hear that it lost it", PATIENCE, async || {
        bot.heard().iter().any(|heard| heard.delivery.kind == BotDeliveryType::Left).then_some(())
    })
    .await;
    other.complete(&talk, epoch + 2).await.ok();
    house.double.say(&user, "営業時間は?").await.unwrap();
    wait_until("the bot to answer what begins anew", PATIENCE, async || {
        house.received(&user).last().is_some_and(|text| text.contains("9時から18時")).then_some(())
    })
    .await;
    house.double.say(&user, "ありがとう").await.unwrap();
    wait_until("the bot to close the case", PATIENCE, async || {
        (row(&house, &talk).await["status"] == "done").then_some(())
    })
    .await;
    assert!(bot.heard().iter().all(|heard| heard.signed), "every delivery is signed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_is_down_slow_or_refuses_strands_nobody() {
    let house = House::open(1, &[]).await;
    let settings = json!({"answer_within_ms": 2_500});
    let (bot, _) = fronted(&house, mute(), settings.clone()).await;
    let down = Bot::start("127.0.0.1:0".parse().unwrap(), mute()).unwrap().url();

    // Hears everything and says nothing; never answers the call; says no for good; is not there at all.
    for (manner, why) in [
        (Manner::Well, "timed_out"),
        (Manner::Silent, "timed_out"),
        (Manner::Refuses(500), "timed_out"),
        (Manner::Refuses(410), "refused"),
        (Manner::Refuses(307), "refused"),
    ] {
        bot.behave(manner);
        let before = house.owner.get(&format!("{SETTINGS}/dead-letters")).await.ok()["items"].as_array().unwrap().len();
        let (_, talk) = house.customer("もしもし").await;
        assert_eq!(row(&house, &talk).await["seat"]["agent"], Value::Null, "{manner:?}");
        let open = until_new(&house, &talk).await;
        assert!(open["waiting_since"].is_string(), "the wait counts from the first message: {open}");
        let dead = house.owner.get(&format!("{SETTINGS}/dead-letters")).await.ok()["items"].as_array().unwrap().clone();
        let mine: Vec<&Value> = dead.iter().filter(|letter| letter["conversation"] == talk.as_str()).collect();
        if manner == Manner::Well {
            assert!(mine.is_empty(), "it was told everything");
        } else {
            let reason = if why == "refused" { "refused" } else { "too_late" };
            assert_eq!((mine.len(), &mine[0]["why"]["reason"]), (1, &json!(reason)), "{manner:?}: {mine:?}");
            assert_eq!((&mine[0]["type"], &mine[0]["number"]), (&json!("message.received"), &json!(1)));
            assert_eq!(dead.len(), before + 1);
        }
        house.agents[0].0.claim(&talk).await.ok();
    }
    let mut gone = with(&bot, settings);
    gone["endpoint_url"] = json!(down);
    house.owner.put(SETTINGS, gone).await.ok();
    let (_, talk) = house.customer("誰かいますか").await;
    until_new(&house, &talk).await;
    let health = house.owner.get(SETTINGS).await.ok()["health"].clone();
    assert_eq!(health["last_failure"]["reason"], "unreachable", "{health}");
    assert!(health["failures_in_a_row"].as_u64().unwrap() >= 1 && health["dead"].as_u64().unwrap() >= 4, "{health}");
    let test = house.owner.post(&format!("{SETTINGS}/test"), json!({})).await.ok();
    assert_eq!((&test["taken"], &test["trouble"]["reason"]), (&json!(false), &json!("unreachable")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_bot_missed_is_told_again_under_the_same_id_when_it_is_well() {
    let house = House::open(1, &[]).await;
    let (bot, _) = fronted(&house, echo(), json!({})).await;
    bot.behave(Manner::Refuses(400));
    let (user, talk) = house.customer("届きますか").await;
    until_new(&house, &talk).await;
    let first = bot.heard()[0].clone();
    let dead = house.owner.get(&format!("{SETTINGS}/dead-letters")).await.ok();
    assert_eq!(dead["items"][0]["delivery"], first.id.as_str());
    house.agents[0].0.command(&talk, "dead-letters/replay", json!({})).await.refused(403, "forbidden");

    bot.behave(Manner::Well);
    let again = house.owner.command(&talk, "dead-letters/replay", json!({})).await.ok();
    assert_eq!(again["seat"]["agent"], Value::Null, "nobody had taken it: {again}");
    until_received(&house, &user, &["「届きますか」ですね"]).await;
    let told: Vec<String> =
        bot.heard().iter().filter(|heard| heard.manner == Manner::Well).map(|heard| heard.id.clone()).collect();
    assert_eq!(told[0], first.id, "the same name");
    wait_until("nothing dead", PATIENCE, async || {
        let health = house.owner.get(SETTINGS).await.ok()["health"].clone();
        (health["dead"] == 0 && health["waiting"] == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_speaks_under_its_epoch_once_and_never_after_it_let_go() {
    let house = House::open(1, &[]).await;
    let (bot, token) = fronted(&house, mute(), json!({})).await;
    let mouth = Mouth::new(house.server.url(), &token);
    let (user, talk) = house.customer("もしもし").await;
    let path = |call: &str| format!("/api/v1/bot/conversations/{talk}{call}");
    let say = |client_id: &str, epoch: u64, text: &str| json!({"client_id": client_id, "seat_epoch": epoch, "content": {"type": "text", "text": text}});
    let post = async |call: &str, body: Value| {
        let (status, body) = mouth.call(Method::POST, &path(call), Some(&body)).await;
        (status, body["code"].as_str().unwrap_or_default().to_owned(), body)
    };
    let (status, seen) = mouth.call(Method::GET, &path(""), None).await;
    assert_eq!((status, &seen["holds"], &seen["seat_epoch"]), (200, &json!(true), &json!(1)), "{seen}");

    let (status, _, first) = post("/messages", say("b1", 1, "はい")).await;
    assert_eq!(status, 202, "{first}");
    let (status, _, second) = post("/messages", say("b1", 1, "はい")).await;
    assert_eq!((status, &second["message"]["number"]), (202, &first["message"]["number"]), "the same message");
    assert_eq!(post("/messages", say("b1", 1, "いいえ")).await.1, "client_id_reused");
    assert_eq!(post("/messages", say("b2", 2, "別の番号で")).await.1, "seat_stale");
    until_received(&house, &user, &["はい"]).await;

    // What the customer wrote meanwhile is not put away unread.
    bot.behave(Manner::Refuses(503));
    house.double.say(&user, "もう一つ").await.unwrap();
    assert_eq!(post("/complete", json!({"seat_epoch": 1, "heard": 1})).await.1, "unheard");

    let long = "長".repeat(5_001);
    assert_eq!(post("/handover", json!({"seat_epoch": 1, "summary": long})).await.0, 422);
    assert_eq!(post("/handover", json!({"seat_epoch": 1, "summary": "要約"})).await.0, 200);
    assert_eq!(post("/messages", say("b3", 1, "まだ私です")).await.1, "seat_not_held");
    assert_eq!(mouth.call(Method::GET, &path("/messages"), None).await.1["code"], "seat_not_held");
    let epoch = house.agents[0].0.claim(&talk).await.ok()["seat"]["epoch"].as_u64().unwrap();
    let (status, code, late) = post("/messages", say("b4", 1, "遅れました")).await;
    assert_eq!((status, code.as_str(), &late["holder"]), (409, "seat_stale", &Value::Null), "no names outside: {late}");
    assert_eq!(post("/messages", say("b4", epoch, "番号を当てました")).await.1, "seat_not_held");
    house.settled(&talk).await;
    assert_eq!(house.received(&user), ["はい"], "nothing that was refused reached the customer");

    let seen: BTreeSet<(String, String)> = refusals(&house).await.into_iter().collect();
    for (call, code) in [
        ("messages", "client_id_reused"),
        ("messages", "seat_stale"),
        ("messages", "seat_not_held"),
        ("complete", "unheard"),
        ("handover", "invalid"),
        ("conversation", "seat_not_held"),
    ] {
        assert!(seen.contains(&(call.to_owned(), code.to_owned())), "{call} {code} is in the log: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bots_token_opens_its_own_doors_and_no_other_and_nobody_elses_opens_them() {
    let house = House::open(1, &[]).await;
    let (bot, token) = fronted(&house, mute(), json!({})).await;
    let (_, talk) = house.customer("もしもし").await;
    let mouth = Mouth::new(house.server.url(), &token);
    for path in [
        "/api/v1/session",
        "/api/v1/windows",
        "/api/v1/agents",
        "/api/v1/conversations",
        &format!("/api/v1/conversations/{talk}"),
        &format!("/api/v1/conversations/{talk}/messages"),
        SETTINGS,
        "/api/v1/inboxes",
        "/api/v1/socket",
        "/api/v1/tokens",
    ] {
        assert_eq!(mouth.call(Method::GET, path, None).await.0, 401, "{path}");
    }
    let door = format!("/api/v1/bot/conversations/{talk}");
    house.owner.get(&door).await.refused(401, "unauthenticated");
    house.agents[0].0.get(&door).await.refused(401, "unauthenticated");
    house.server.api().with_token("mdb_wrong").get(&door).await.refused(401, "unauthenticated");

    // Another window's bot learns nothing of this one.
    house.owner.create_window("other", "別の窓口", 5).await.ok();
    let elsewhere = house.owner.put("/api/v1/windows/other/bot", with(&bot, json!({}))).await.ok();
    let other = Mouth::new(house.server.url(), elsewhere["token"].as_str().unwrap());
    assert_eq!(other.call(Method::GET, &door, None).await.0, 404);

    // A new token shuts the old one out at once; so does taking the bot out of use.
    let made = house.owner.post(&format!("{SETTINGS}/token"), json!({})).await.ok();
    assert_eq!(mouth.call(Method::GET, &door, None).await.0, 401);
    let renewed = Mouth::new(house.server.url(), made["token"].as_str().unwrap());
    assert_eq!(renewed.call(Method::GET, &door, None).await.0, 200);
    house.owner.put(SETTINGS, with(&bot, json!({"enabled": false}))).await.ok();
    assert_eq!(renewed.call(Method::GET, &door, None).await.0, 401);
    until_new(&house, &talk).await;

    // Addresses: only owners may name this machine, and nobody a place inside the house.
    house.owner.create_agent("admin", "administrator", "correct horse 窓口 42").await.ok();
    let admin = house.server.api().login("admin", "correct horse 窓口 42").await;
    let mut body = with(&bot, json!({}));
    admin.put("/api/v1/windows/other/bot", body.clone()).await.ok();
    body["endpoint_url"] = json!("http://127.0.0.1:9/");
    admin.put("/api/v1/windows/other/bot", body.clone()).await.refused(403, "forbidden");
    body["endpoint_url"] = json!("https://10.0.0.1/bot");
    admin.put("/api/v1/windows/other/bot", body).await.ok();
    let test = admin.post("/api/v1/windows/other/bot/test", json!({})).await.ok();
    assert_eq!(test["trouble"]["reason"], "unsafe_address", "{test}");
}

/// A kill in the middle of telling loses nothing, and tells under the same names.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_loses_no_delivery_and_renames_none() {
    let mut house = House::open(0, &[]).await;
    let (bot, _) = fronted(&house, echo(), json!({"answer_within_ms": 120_000})).await;
    bot.behave(Manner::Refuses(503));
    let mut customers = Vec::new();
    for n in 0..10 {
        customers.push(house.customer(&format!("用件{n}")).await);
    }
    for (user, _) in &customers {
        house.double.say(user, "続き").await.unwrap();
    }
    wait_until("the first tries", PATIENCE, async || (bot.heard().len() >= 10).then_some(())).await;
    house.server.kill9();
    let before: BTreeSet<String> = bot.heard().iter().map(|heard| heard.id.clone()).collect();
    bot.behave(Manner::Well);
    house.server.restart(Port::Same);
    house.server.wait_ready().await;
    house.log_in_again().await;
    for (n, (user, _)) in customers.iter().enumerate() {
        until_received(&house, user, &[&format!("「用件{n}」ですね"), "「続き」ですね"]).await;
    }
    let after: BTreeSet<String> =
        bot.heard().iter().filter(|heard| heard.manner == Manner::Well).map(|heard| heard.id.clone()).collect();
    assert!(before.is_subset(&after), "what was tried before the kill has its name after it");
    assert_eq!(after.len(), 20, "every message once");
}

/// During a change of secrets the old one still signs; a day is not waited for here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_secret_breaks_nothing_and_no_secret_is_shown_twice() {
    let house = House::open(0, &[]).await;
    let (_bot, _) = fronted(&house, echo(), json!({})).await;
    let made = house.owner.post(&format!("{SETTINGS}/secret"), json!({})).await.ok();
    assert!(made["bot"]["former_secret_until"].is_string() && made["token"].is_null(), "{made}");
    let (user, _) = house.customer("古い鍵で").await;
    until_received(&house, &user, &["「古い鍵で」ですね"]).await;
    let settings = house.owner.get(SETTINGS).await.ok().to_string();
    assert!(!settings.contains("whsec_") && !settings.contains("mdb_"), "{settings}");
}

/// What docs/bots.md has people run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sample_of_the_documents_works_as_it_says() {
    let house = House::open(1, &[]).await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let body = json!({"name": "見本", "endpoint_url": format!("http://127.0.0.1:{port}/"), "greets": true});
    let made = house.owner.put(SETTINGS, body).await.ok();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/samples/bot.py");
    let text = std::fs::read_to_string(script).unwrap();
    assert!(text.lines().count() <= 60, "it is to be read in two minutes");
    let mut sample = Command::new("python3");
    sample.arg(script).arg(port.to_string()).env("MADOGUCHI", house.server.url());
    sample.env("BOT_SECRET", made["secret"].as_str().unwrap()).env("BOT_TOKEN", made["token"].as_str().unwrap());
    let mut sample = sample.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("python3 is installed");
    wait_until("the sample to listen", PATIENCE, async || {
        let test = house.owner.post(&format!("{SETTINGS}/test"), json!({})).await.ok();
        (test["taken"] == true).then_some(())
    })
    .await;
    let (user, talk) = house.customer("営業時間は?").await;
    until_received(&house, &user, &["こんにちは、案内ボットです。", "平日9時から18時です。"]).await;
    house.double.say(&user, "壊れていました").await.unwrap();
    let open = until_new(&house, &talk).await;
    let lines = house.timeline(&talk).await;
    assert!(lines.iter().any(|line| line["direction"] == "note" && line["bot"] == true), "{open} {lines:?}");

    // It believes nobody without the secret.
    let forged = json!({"type": "message.received", "id": "x", "seat_epoch": 1});
    let answer = reqwest::Client::new()
        .post(format!("http://127.0.0.1:{port}/"))
        .header("webhook-id", "x")
        .header("webhook-timestamp", "1")
        .header("webhook-signature", "v1,AAAA")
        .body(forged.to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 401);
    sample.kill().unwrap();
    sample.wait().unwrap();
}

/// Slow is not down: a call that outlives its time is made again under the same id, and what it did counts once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_bot_is_asked_again_and_answers_once() {
    let house = House::open(0, &[]).await;
    let (bot, _) = fronted(&house, echo(), json!({"answer_within_ms": 60_000})).await;
    bot.behave(Manner::Slow(Duration::from_secs(12)));
    let (user, _) = house.customer("ゆっくり").await;
    wait_until("a second try", PATIENCE, async || (bot.heard().len() >= 2).then_some(())).await;
    bot.behave(Manner::Well);
    wait_until("it to be taken", PATIENCE, async || {
        (house.owner.get(SETTINGS).await.ok()["health"]["waiting"] == 0).then_some(())
    })
    .await;
    assert_eq!(house.received(&user), ["「ゆっくり」ですね"]);
    assert_eq!(bot.heard().iter().map(|heard| &heard.id).collect::<BTreeSet<_>>().len(), 1);
    assert!(bot.answers().iter().all(|answered| answered.status == 202), "{:?}", bot.answers());
}

/// Files are told of, and not lost to whoever answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_reads_what_customers_send_and_sends_files_and_nobody_elses() {
    let house = House::open(1, &[]).await;
    let (_bot, token) = fronted(&house, mute(), json!({"answer_within_ms": 60_000})).await;
    let (user, talk) = house.customer("写真を送ります").await;
    let (_, other) = house.customer("別件です").await;
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.resize(500, 0);
    let picture = Event::image(&user).with_content(Media::new("image/png", png.clone()));
    assert_eq!(house.double.send(picture).await.unwrap().status, Some(200));
    let mouth = Mouth::new(house.server.url(), &token);
    let door = format!("/api/v1/bot/conversations/{talk}");
    let file = wait_until("the picture to be here", PATIENCE, async || {
        let (_, page) = mouth.call(Method::GET, &format!("{door}/messages?after=1"), None).await;
        page["items"][0]["content"]["file"]["id"].as_str().map(str::to_owned)
    })
    .await;
    let fetch = async |path: String| {
        let client = reqwest::Client::new();
        let answer = client.get(format!("{}{path}", house.server.url())).bearer_auth(&token).send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap())
    };
    assert_eq!(fetch(format!("{door}/files/{file}")).await, (200, png.into()));
    assert_eq!(fetch(format!("/api/v1/bot/conversations/{other}/files/{file}")).await.0, 404, "of another case");
    assert_eq!(fetch(format!("/api/v1/files/{file}")).await.0, 401, "as people do");

    let upload = async |bytes: &'static [u8], bearer: &str| {
        let url = format!("{}/api/v1/bot/files?name=a.pdf", house.server.url());
        let answer = reqwest::Client::new().post(url).bearer_auth(bearer).body(bytes).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    assert_eq!(upload(b"%PDF-1.4 x", "mdb_wrong").await.0, 401);
    let (status, own) = upload(b"%PDF-1.4 from a bot", &token).await;
    assert_eq!((status, &own["kind"]), (201, &json!("file")), "{own}");
    let agent = &house.agents[0].0;
    let theirs = agent.post_raw("/api/v1/files", agent.identity_headers(), b"%PDF-1.4 a person's".to_vec()).await.ok();
    let say = async |client_id: &str, id: &Value| {
        let content = json!({"type": "file", "file": id, "name": "案内.pdf"});
        let body = json!({"client_id": client_id, "seat_epoch": 1, "content": content});
        mouth.call(Method::POST, &format!("{door}/messages"), Some(&body)).await
    };
    assert_eq!(say("1", &theirs["id"]).await.0, 422, "it is not the bot's");
    let (status, said) = say("2", &own["id"]).await;
    assert_eq!((status, &said["message"]["content"]["type"]), (202, &json!("file")), "{said}");
    wait_until("the link to the file", PATIENCE, async || {
        house.received(&user).iter().any(|text| text.contains("案内.pdf")).then_some(())
    })
    .await;
    house.agents[0].0.claim(&talk).await.ok();
    assert_eq!(fetch(format!("{door}/files/{file}")).await.0, 409, "it holds the conversation no more");
}
