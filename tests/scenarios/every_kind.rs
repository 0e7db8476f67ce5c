//! A kind of LINE event or answer that gets lost, doubled or garbled on its way. Each kind is a file in
//! `fixtures/line/`, which LINE's own SDKs judge too (`loadtest/oracles`).

use std::path::{Path, PathBuf};

use madoguchi_loadtest::double::{Event, MediaOutcome};
use madoguchi_tests::house::{House, WINDOW};
use madoguchi_tests::world::{PATIENCE, wait_until};
use serde_json::{Value, json};

/// Stands for the customer in the files.
const SOMEBODY: &str = "U00000000000000000000000000000000";
/// Stand in front of the ids of events and messages in the files; each round has its own.
const EVENT_ID: &str = "01KAJ5";
const MESSAGE_ID: &str = "590000";

fn fixtures(folder: &str) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/line").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|path| (name(path), serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())).collect()
}

/// The events of a file, as they happen to this customer in this round.
fn events(fixture: &Value, user: &str, round: usize) -> Vec<Value> {
    let text = fixture["events"].to_string();
    let text = text.replace(SOMEBODY, user).replace(EVENT_ID, &format!("01KAJ{round}"));
    let own = text.replace(MESSAGE_ID, &format!("59{round:04}"));
    serde_json::from_str::<Vec<Value>>(&own).unwrap()
}

/// In which order, and how often, the events of a file come.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Coming {
    OneByOne,
    Backwards,
    AllAtOnceAndAgain,
    TwiceEach,
}

async fn come(house: &House, events: Vec<Value>, how: Coming) {
    let ids: Vec<String> = events.iter().map(|event| event["webhookEventId"].as_str().unwrap().to_owned()).collect();
    let deliver = async |events: Vec<Value>| {
        let delivered =
            house.double.deliver(&house.channel, events.into_iter().map(Event::raw).collect()).await.unwrap();
        assert!(delivered.acknowledged(), "{delivered:?}");
    };
    match how {
        Coming::OneByOne | Coming::TwiceEach => {
            for event in events {
                deliver(vec![event]).await;
            }
        }
        Coming::Backwards => {
            for event in events.into_iter().rev() {
                deliver(vec![event]).await;
            }
        }
        Coming::AllAtOnceAndAgain => deliver(events).await,
    }
    let again = match how {
        Coming::TwiceEach => house.double.duplicate(&house.channel, &ids).await.unwrap(),
        Coming::AllAtOnceAndAgain => house.double.redeliver_events(&house.channel, &ids).await.unwrap(),
        Coming::OneByOne | Coming::Backwards => return,
    };
    assert!(again.acknowledged(), "{again:?}");
}

/// What the API shows of a line, without what is different each time.
fn shown(line: &Value) -> Value {
    let mut shown = line["content"].clone();
    if let Some(file) = shown.get_mut("file").and_then(Value::as_object_mut) {
        let small = file.remove("preview_url").is_some_and(|url| url.is_string());
        assert!(!small, "a picture as small as this needs no smaller one: {line}");
        file.retain(|key, _| !matches!(key.as_str(), "id" | "url" | "bytes"));
    }
    for mark in ["taken_back", "edited"] {
        if line[mark] == true {
            shown[mark] = json!(true);
        }
    }
    shown
}

/// The customer's lines once nothing of them is awaited; `None` where there is no conversation.
async fn lines_of(house: &House, user: &str) -> Option<(Value, Vec<Value>)> {
    let list = house.owner.conversations(WINDOW, &format!("q={user}&limit=1")).await.ok();
    let conversation = list["items"].get(0)?.clone();
    let id = conversation["id"].as_str().unwrap().to_owned();
    let lines = wait_until("every medium to be there or lost", PATIENCE, async || {
        let lines = house.timeline(&id).await;
        let awaited = |line: &Value| {
            let content = &line["content"];
            content.get("file").is_some_and(Value::is_null) && content["lost"].is_null()
        };
        (!lines.iter().any(awaited)).then_some(lines)
    })
    .await;
    Some((conversation, lines))
}

async fn comes_in(round: usize, how: Coming) {
    let house = House::open(0, &[]).await;
    for (name, fixture) in fixtures("in") {
        let user = house.double.add_user(&house.channel, "客").unwrap();
        come(&house, events(&fixture, &user, round), how).await;
        let found = lines_of(&house, &user).await;
        let Some(wanted) = fixture["shows"].as_array() else {
            assert!(found.is_none(), "{name}: nobody is waiting for anything: {found:?}");
            continue;
        };
        let (conversation, lines) = found.unwrap_or_else(|| panic!("{name}: nothing in the list"));
        let mut shown: Vec<Value> = lines.iter().map(shown).collect();
        let mut wanted = wanted.clone();
        if how == Coming::Backwards {
            if fixture["ordered"] == true {
                continue;
            }
            // Who came first gets the first number; nothing is missing and nothing is there twice.
            shown.sort_by_key(Value::to_string);
            wanted.sort_by_key(Value::to_string);
        }
        assert_eq!(shown, wanted, "{name}");
        if how == Coming::Backwards {
            continue;
        }
        if let Some(state) = fixture["conversation"].as_object() {
            let waits = conversation["waiting_since"].is_string();
            let found = json!({"status": conversation["status"], "waiting": waits,
                "blocked": conversation["contact_point"]["blocked"]});
            assert_eq!(found, Value::Object(state.clone()), "{name}");
        }
        if fixture["free_answer"] == false {
            assert!(conversation["free_answer_until"].is_null(), "{name}: {conversation}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_event_is_shown_as_what_it_is() {
    comes_in(1, Coming::OneByOne).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_event_that_comes_backwards_is_shown_once() {
    comes_in(2, Coming::Backwards).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_event_that_is_redelivered_is_shown_once() {
    comes_in(3, Coming::AllAtOnceAndAgain).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_event_that_comes_twice_is_shown_once() {
    comes_in(4, Coming::TwiceEach).await;
}

fn boxed(kind: &[u8; 4], inner: &[u8]) -> Vec<u8> {
    let len = u32::try_from(inner.len() + 8).unwrap();
    [&len.to_be_bytes(), &kind[..], inner].concat()
}

/// A container that plays 700 milliseconds of one track of this kind.
fn mp4(kind: &[u8; 4]) -> Vec<u8> {
    let numbers = |numbers: &[u32]| numbers.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<_>>();
    let movie = boxed(b"mvhd", &[numbers(&[0, 0, 0, 1_000, 700]), vec![0; 80]].concat());
    let head = boxed(b"tkhd", &[vec![0; 76], numbers(&[640 << 16, 360 << 16])].concat());
    let handler = boxed(b"hdlr", &[&[0; 8], &kind[..], &[0; 13]].concat());
    let track = boxed(b"trak", &[head, boxed(b"mdia", &handler)].concat());
    let moov = boxed(b"moov", &[movie, track].concat());
    [boxed(b"ftyp", b"isom\0\0\0\0isom"), boxed(b"mdat", &[9; 100]), moov].concat()
}

/// A picture of one pixel.
fn png() -> Vec<u8> {
    let hex = "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8ffff3f0005fe02fe\
               dccc59e70000000049454e44ae426082";
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// Puts the ids of uploads in the places of the names that begin with an `@`.
async fn upload(house: &House, content: &mut Value) {
    match content {
        Value::String(name) if name.starts_with('@') => {
            let bytes = match name.as_str() {
                "@png" => png(),
                "@mp4" => mp4(b"vide"),
                "@m4a" => mp4(b"soun"),
                "@pdf" => b"%PDF-1.7 and so on".to_vec(),
                other => panic!("{other}"),
            };
            let agent = &house.agents[0].0;
            let answer = agent.post_raw("/api/v1/files", agent.identity_headers(), bytes).await.ok();
            *name = answer["id"].as_str().unwrap().to_owned();
        }
        Value::Array(inner) => {
            for value in inner {
                Box::pin(upload(house, value)).await;
            }
        }
        Value::Object(inner) => {
            for (_, value) in inner.iter_mut() {
                Box::pin(upload(house, value)).await;
            }
        }
        _ => {}
    }
}

/// With the addresses of this server as they stand in the files.
fn with_plain_addresses(message: &Value, server: &str) -> Value {
    let text = message.to_string();
    let ours = format!("{server}/media/");
    let mut parts = text.split(&ours);
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (token, rest) = part.split_once('/').unwrap();
        assert!(token.len() > 50, "an address that can be guessed: {token}");
        plain += &format!("https://files.example.com/media/token/{rest}");
    }
    serde_json::from_str(&plain).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_answer_goes_out_as_line_wants_it_and_can_be_fetched() {
    let house = House::open(1, &[]).await;
    let agent = &house.agents[0].0;
    for (name, fixture) in fixtures("out") {
        let (user, talk) = house.customer("x").await;
        let epoch = agent.claim(&talk).await.ok()["seat"]["epoch"].clone();
        let mut content = fixture["content"].clone();
        upload(&house, &mut content).await;
        let mut body = json!({"client_id": name, "seat_epoch": epoch, "content": content});
        if let Some(buttons) = fixture.get("quick_replies") {
            body["quick_replies"] = buttons.clone();
        }
        agent.command(&talk, "messages", body).await.ok();
        let lines = house.settled(&talk).await;
        assert_eq!(lines[1]["state"], "sent", "{name}: {}", lines[1]);
        let phone = wait_until("the phone to have fetched what it shows", PATIENCE, async || {
            let shown = house.double.conversation(&user).unwrap();
            let ours: Vec<_> = shown.iter().filter(|bubble| bubble.via.is_some()).cloned().collect();
            let addresses = |bubble: &Value| bubble.to_string().matches("Url\":").count();
            let fetched = ours.iter().all(|bubble| bubble.media.len() >= addresses(&bubble.message));
            (!ours.is_empty() && fetched).then_some(ours)
        })
        .await;
        for fetched in phone.iter().flat_map(|bubble| &bubble.media) {
            assert_eq!(fetched.outcome, MediaOutcome::Good, "{name}: {fetched:?}");
        }
        let messages: Vec<Value> =
            phone.iter().map(|bubble| with_plain_addresses(&bubble.message, house.server.url())).collect();
        match fixture["sends"].as_array() {
            Some(wanted) => assert_eq!(&messages, wanted, "{name}"),
            None => assert_eq!(Some(messages.len() as u64), fixture["bubbles"].as_u64(), "{name}"),
        }
    }
}
