//! A bot channel: somebody else brings a webhook, the same is shown twice, the other system is down or does not believe us,
//! a secret is changed under way.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use bytes::Bytes;
use madoguchi_loadtest::bot::{Act, Bot, Brain, SystemFault};
use madoguchi_protocol::api::{BotChannelDeliveryType, BotChannelMessage, BotDeliveryType};
use madoguchi_tests::contract::{Answer, BotChannel, Channel, Front};
use madoguchi_tests::world::{PATIENCE, wait_until};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse 窓口 42";
const OTHER_SECRET: &str = "whsec_YW5vdGhlciBzZWNyZXQgb2YgMzIgYnl0ZXMgaGVyZSE=";

/// A customer who has written, their conversation and its seat.
async fn talk(channel: &BotChannel) -> (String, String, u64) {
    let customer = channel.customer();
    assert_eq!(channel.bring(channel.message(&customer, 1, "first")).await, Answer::Taken);
    let talk = channel.front().conversation(&customer).await;
    let epoch = channel.front().claim(&talk).await;
    (customer, talk, epoch)
}

fn event(customer: &str, n: u32, kind: &str, more: Value) -> Bytes {
    let mut event = json!({ "id": format!("{customer}-{n}"), "type": kind, "contact": { "id": customer } });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Bytes::from(event.to_string())
}

async fn health(front: &Front) -> Value {
    front.owner.get(&format!("/api/v1/inboxes/{}/health", front.inbox)).await.ok()
}

async fn send(front: &Front, talk: &str, epoch: u64, client_id: &str, content: Value) -> u64 {
    let body = json!({ "client_id": client_id, "seat_epoch": epoch, "content": content });
    let sent = front.agent.post(&format!("/api/v1/conversations/{talk}/messages"), body).await.ok();
    sent["message"]["number"].as_u64().unwrap()
}

#[actix_rt::test]
async fn what_is_stale_forged_or_too_large_is_refused_and_what_is_repeated_is_shown_once() {
    let channel = BotChannel::open(&[("MADOGUCHI_LIMITS__WEBHOOK_BODY_BYTES", "20000")]).await;
    let (customer, talk, _) = talk(&channel).await;
    let (system, front) = (channel.system(), channel.front());
    assert!(health(front).await["wrong_signature_at"].is_null());
    let secret = system.secret();
    let body = channel.message(&customer, 2, "late");
    for from_now_s in [-310, 310] {
        assert_eq!(system.bring_as(body.clone(), &secret, from_now_s).await, Some(401), "{from_now_s}");
    }
    assert!(health(front).await["wrong_signature_at"].is_string(), "it is counted");
    assert_eq!(system.bring_as(body.clone(), OTHER_SECRET, 0).await, Some(401));
    assert_eq!(front.texts(&talk).await, ["first"]);
    // The same delivery, at another second, and with other words under the same id.
    for (body, from_now_s) in [(&body, -200), (&body, 0), (&channel.message(&customer, 2, "otherwise"), 0)] {
        assert_eq!(system.bring_as(body.clone(), &secret, from_now_s).await, Some(200));
    }
    assert_eq!(front.texts(&talk).await, ["first", "late"]);
    let large = channel.message(&customer, 3, &"x".repeat(20_000));
    assert_eq!(channel.bring(large).await, Answer::Refused(413));
    let window = front.owner.get("/api/v1/windows/support").await.ok();
    assert_eq!(window["raw_waiting"], 0, "what was refused is not kept");
}

#[actix_rt::test]
async fn customers_are_called_as_their_system_calls_them_now() {
    let channel = BotChannel::open(&[]).await;
    let (customer, talk, _) = talk(&channel).await;
    let front = channel.front();
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.resize(200, 0);
    let picture = channel.system().add_file("image/png", Bytes::from(png));
    let until_called = async |name: &str, pictured: bool| {
        wait_until("the customer's name", PATIENCE, async || {
            let point = front.owner.conversation(&talk).await.ok()["contact_point"].clone();
            (point["name"] == name && point["picture_url"].is_string() == pictured).then_some(())
        })
        .await;
    };
    until_called(&customer, false).await;
    for (n, name) in [(2, "佐藤"), (3, "鈴木")] {
        let contact = json!({ "id": customer, "name": name, "picture_url": picture });
        let message = json!({ "type": "text", "text": name });
        let more = json!({ "contact": contact, "message": message });
        assert_eq!(channel.bring(event(&customer, n, "message", more)).await, Answer::Taken);
        until_called(name, true).await;
    }
    let nameless = json!({ "message": { "type": "text", "text": "x" } });
    assert_eq!(channel.bring(event(&customer, 4, "message", nameless)).await, Answer::Taken);
    until_called("鈴木", true).await;
}

#[actix_rt::test]
async fn what_is_taken_back_or_rewritten_there_is_so_here() {
    let channel = BotChannel::open(&[]).await;
    let (customer, talk, _) = talk(&channel).await;
    let front = channel.front();
    let edit = json!({ "message_id": format!("{customer}-1"), "message": { "type": "text", "text": "second" } });
    assert_eq!(channel.bring(event(&customer, 2, "message.edited", edit)).await, Answer::Taken);
    assert_eq!(front.texts(&talk).await, ["second"]);
    let back = json!({ "message_id": format!("{customer}-1") });
    assert_eq!(channel.bring(event(&customer, 3, "message.taken_back", back)).await, Answer::Taken);
    let line = front.line(&talk, 1, |line| line["content"]["type"] != "text").await;
    assert!(!line.to_string().contains("second"), "{line}");
    assert_eq!(channel.bring(event(&customer, 4, "contact.left", json!({}))).await, Answer::Taken);
    assert_eq!(front.owner.conversation(&talk).await.ok()["contact_point"]["blocked"], true);
    assert_eq!(channel.bring(event(&customer, 5, "contact.joined", json!({}))).await, Answer::Taken);
    assert_eq!(front.owner.conversation(&talk).await.ok()["contact_point"]["blocked"], false);
}

#[actix_rt::test]
async fn words_places_and_files_reach_the_customer_and_what_could_not_be_shown_is_refused() {
    let channel = BotChannel::open(&[]).await;
    let (customer, talk, epoch) = talk(&channel).await;
    let front = channel.front();
    let bytes = b"%PDF-1.4 an estimate".to_vec();
    let upload = front.agent.post_raw("/api/v1/files", front.agent.identity_headers(), bytes.clone()).await.ok();
    let place =
        json!({ "type": "location", "title": "本店", "address": "東京都", "latitude": 35.5, "longitude": 139.5 });
    let file = json!({ "type": "file", "file": upload["id"], "name": "見積.pdf" });
    for (client_id, content) in [("1", json!({ "type": "text", "text": "はい" })), ("2", place), ("3", file)] {
        let number = send(front, &talk, epoch, client_id, content).await;
        assert_eq!(front.end(&talk, number).await, "sent");
    }
    let shown = channel.system().shown(&customer);
    let [BotChannelMessage::Text { text }, BotChannelMessage::Location { title, latitude, .. }, file] = &shown[..]
    else {
        panic!("{shown:?}")
    };
    assert_eq!((text.as_str(), title.as_deref(), *latitude), ("はい", Some("本店"), 35.5));
    let BotChannelMessage::File(file) = file else { panic!("{file:?}") };
    assert_eq!((file.name.as_deref(), file.bytes), (Some("見積.pdf"), Some(bytes.len() as u64)));
    let fetched = reqwest::get(&file.url).await.unwrap();
    assert_eq!(fetched.status().as_u16(), 200);
    assert_eq!(fetched.bytes().await.unwrap(), bytes);
    let sticker = json!({ "type": "sticker", "package_id": "446", "sticker_id": "1988" });
    let body = json!({ "client_id": "4", "seat_epoch": epoch, "content": sticker });
    front.agent.post(&format!("/api/v1/conversations/{talk}/messages"), body).await.refused(422, "invalid");
}

#[actix_rt::test]
async fn a_system_that_is_unwell_gets_each_answer_once_and_one_that_does_not_believe_us_is_named() {
    let channel = BotChannel::open(&[]).await;
    let (customer, talk, epoch) = talk(&channel).await;
    let (system, front) = (channel.system(), channel.front());
    for fault in [SystemFault::Answers(503), SystemFault::DropsAfter, SystemFault::Answers(408)] {
        system.fail_next(fault);
    }
    let number = front.answer(&talk, epoch, "once").await;
    assert_eq!(front.end(&talk, number).await, "sent");
    let tries = system.tries();
    assert_eq!((tries.len(), system.texts(&customer)), (4, vec!["once".to_owned()]));
    assert!(tries.iter().all(|one| one.signed && one.id == tries[0].id && one.delivery == tries[0].delivery));

    for (status, reason) in [(401, "unauthorised"), (410, "refused")] {
        system.fail_next(SystemFault::Answers(status));
        let number = front.answer(&talk, epoch, &format!("to a {status}")).await;
        let line = front.line(&talk, number, |line| line["state"] == "failed").await;
        assert_eq!(
            (&line["failure"]["reason"], &line["failure"]["status"]),
            (&json!(reason), &json!(status)),
            "{line}"
        );
        let health = health(front).await;
        assert!(health["send_failed_at"].is_string() && !health["troubles"].as_array().unwrap().is_empty(), "{health}");
    }
    let number = front.answer(&talk, epoch, "behind them").await;
    assert_eq!(front.end(&talk, number).await, "sent");
    assert_eq!(system.texts(&customer), ["once", "behind them"]);
    assert_eq!(health(front).await["troubles"], json!([]));
}

#[actix_rt::test]
async fn both_secrets_count_while_one_follows_the_other_and_none_is_ever_shown() {
    let channel = BotChannel::open(&[]).await;
    let (customer, talk, epoch) = talk(&channel).await;
    let (system, front) = (channel.system(), channel.front());
    let path = format!("/api/v1/inboxes/{}", front.inbox);
    let change = async |settings: Value| front.owner.patch(&path, json!({ "settings": settings })).await;
    let old = system.secret();
    for weak in ["secret", "whsec_c2hvcnQ=", "whsec_?"] {
        change(json!({ "secret": weak })).await.refused(422, "invalid");
    }
    let changed = change(json!({ "secret": OTHER_SECRET })).await.ok();
    assert!(changed["settings"]["former_secret_until"].is_string(), "{changed}");
    assert!(!changed.to_string().contains("whsec_"), "{changed}");
    for (n, secret) in [(2, old.as_str()), (3, OTHER_SECRET)] {
        system.change_secret(secret);
        assert_eq!(channel.bring(channel.message(&customer, n, "heard")).await, Answer::Taken, "{n}");
        let number = front.answer(&talk, epoch, &format!("believed {n}")).await;
        assert_eq!(front.end(&talk, number).await, "sent");
    }
    change(json!({ "former_secret_for_s": 0 })).await.ok();
    assert_eq!(system.bring_as(channel.message(&customer, 4, "no"), &old, 0).await, Some(401));
    system.change_secret(&old);
    let number = front.answer(&talk, epoch, "not believed").await;
    assert_eq!(front.end(&talk, number).await, "failed");
    let shown = front.owner.get(&path).await.ok();
    assert_eq!((&shown["kind"], &shown["settings"]["secret"]), (&json!("bot"), &json!("set")));
}

#[actix_rt::test]
async fn a_connection_test_names_what_is_wrong_and_only_owners_name_this_machine() {
    let channel = BotChannel::open(&[]).await;
    let (system, front) = (channel.system(), channel.front());
    let test = async || {
        let report = front.owner.post(&format!("/api/v1/inboxes/{}/test", front.inbox), json!({})).await.ok();
        assert_eq!(report["account_name"], "店舗アプリ");
        let codes = report["findings"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap().to_owned());
        (report["ok"] == true, codes.collect::<Vec<_>>())
    };
    assert_eq!(test().await, (true, vec!["callback_untried".to_owned()]));
    assert_eq!(system.tries()[0].delivery.kind, BotChannelDeliveryType::Ping);
    for (status, code) in [(401, "endpoint_refuses_signature"), (500, "endpoint_fails"), (404, "endpoint_fails")] {
        system.fail_next(SystemFault::Answers(status));
        assert_eq!(test().await, (false, vec![code.to_owned(), "callback_untried".to_owned()]));
    }
    let path = format!("/api/v1/inboxes/{}", front.inbox);
    let point = async |url: &str| front.owner.patch(&path, json!({ "settings": { "endpoint_url": url } })).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (url, code) in [
        (format!("http://{nobody}/"), "platform_unreachable"),
        ("https://10.0.0.1/hook".to_owned(), "endpoint_unsafe"),
        ("https://localhost/hook".to_owned(), "endpoint_unsafe"),
    ] {
        point(&url).await.ok();
        assert_eq!(test().await.1[0], code, "{url}");
    }
    point("http://10.0.0.1/hook").await.refused(422, "invalid");
    front.owner.create_agent("admin", "administrator", PASSWORD).await.ok();
    let admin = front.server.api().login("admin", PASSWORD).await;
    let settings = system.settings();
    admin.create_inbox("support", "bot", settings.clone()).await.refused(403, "forbidden");
    let mut abroad = settings;
    abroad["endpoint_url"] = json!("https://chat.example.com/hook");
    admin.create_inbox("support", "bot", abroad).await.ok();
}

/// What stands in front of a window does not care how customers come to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_stands_in_front_of_a_bot_channel_as_of_any_other() {
    let channel = BotChannel::open(&[]).await;
    let front = channel.front();
    let brain: Brain = std::sync::Arc::new(|told| match told.kind {
        BotDeliveryType::Message if told.message.as_ref().is_some_and(|message| message.number == 1) => {
            vec![Act::Say("ボットです".to_owned())]
        }
        BotDeliveryType::Message => vec![Act::HandOver("人へ".to_owned())],
        _ => Vec::new(),
    });
    let bot = Bot::start("127.0.0.1:0".parse().unwrap(), brain).unwrap();
    let settings = json!({ "name": "案内", "endpoint_url": bot.url() });
    let made = front.owner.put("/api/v1/windows/support/bot", settings).await.ok();
    bot.meet(front.server.url(), made["secret"].as_str().unwrap(), made["token"].as_str().unwrap());
    let customer = channel.customer();
    assert_eq!(channel.bring(channel.message(&customer, 1, "もしもし")).await, Answer::Taken);
    let until_shown = async |wanted: &[&str]| {
        wait_until("what the customer is to read", PATIENCE, async || {
            (channel.received(&customer) == wanted).then_some(())
        })
        .await;
    };
    until_shown(&["ボットです"]).await;
    assert_eq!(channel.bring(channel.message(&customer, 3, "人と話したい")).await, Answer::Taken);
    let talk = front.conversation(&customer).await;
    wait_until("people to have it", PATIENCE, async || {
        (front.owner.conversation(&talk).await.ok()["status"] == "new").then_some(())
    })
    .await;
    let epoch = front.claim(&talk).await;
    front.answer(&talk, epoch, "人です").await;
    until_shown(&["ボットです", "人です"]).await;
}

/// What docs/bots.md has people type.
#[actix_rt::test]
async fn the_example_of_the_documents_works_as_it_stands_there() {
    let channel = BotChannel::open(&[]).await;
    let front = channel.front();
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/bots.md")).unwrap();
    let (_, section) = page.split_once("## One event by hand\n```sh\n").unwrap();
    let (script, _) = section.split_once("\n```").unwrap();
    for expected in [json!({ "recorded": 1, "duplicates": 0 }), json!({ "recorded": 0, "duplicates": 1 })] {
        let mut shell = Command::new("bash");
        shell.args(["-euo", "pipefail", "-c", script]).env("SECRET", channel.system().secret());
        let shell = shell.env("base", front.server.url()).env("inbox", &front.inbox);
        let said = shell.output().expect("bash is installed");
        let answer: Value = serde_json::from_slice(&said.stdout).unwrap_or_else(|_| panic!("{said:?}"));
        assert_eq!(answer, expected);
    }
    let talk = front.conversation("u-1").await;
    assert_eq!(front.texts(&talk).await, ["こんにちは"]);
}

/// The sample is a system like any other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sample_of_the_documents_brings_what_is_typed_and_prints_what_is_answered() {
    let channel = BotChannel::open(&[]).await;
    let front = channel.front();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = json!({ "settings": { "endpoint_url": format!("http://127.0.0.1:{port}/") } });
    front.owner.patch(&format!("/api/v1/inboxes/{}", front.inbox), settings).await.ok();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/samples/channel.py");
    let mut sample = Command::new("python3");
    sample.arg(script).arg(port.to_string()).env("SECRET", channel.system().secret()).env("HOOK", front.hook());
    sample.stdin(Stdio::piped()).stdout(Stdio::piped()).env("PYTHONUTF8", "1");
    let mut sample = sample.spawn().expect("python3 is installed");
    let mut keyboard = sample.stdin.take().unwrap();
    keyboard.write_all("もしもし\n".as_bytes()).unwrap();
    let talk = front.conversation("terminal-1").await;
    let named = async || front.owner.conversation(&talk).await.ok()["contact_point"]["name"] == "端末のお客様";
    wait_until("the name", PATIENCE, async || named().await.then_some(())).await;
    assert_eq!(front.texts(&talk).await, ["もしもし"]);
    let epoch = front.claim(&talk).await;
    let number = front.answer(&talk, epoch, "はい").await;
    assert_eq!(front.end(&talk, number).await, "sent");
    let mut screen = BufReader::new(sample.stdout.take().unwrap()).lines();
    assert_eq!(screen.next().unwrap().unwrap(), "< はい");
    channel.system().change_secret(OTHER_SECRET);
    let stranger = channel.system().bring(channel.message("terminal-1", 9, "x")).await;
    assert_eq!(stranger, Some(401), "nobody else is believed");
    sample.kill().unwrap();
    sample.wait().unwrap();
}
