//! A customer takes words back, and they stay: on a screen that comes back later, in a body that was stored whole, on the disk.

use std::path::Path;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use madoguchi_engine::domain::conversation::Command;
use madoguchi_engine::domain::id::Position;
use madoguchi_engine::domain::message::Content;
use madoguchi_engine::domain::org::{self, Access, InboxSettings};
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::rows::{CatchUp, MessageRow, MessagesQuery, Place};
use madoguchi_engine::{Clock, Handle};
use madoguchi_loadtest::double::{Event, Media, Profile};
use madoguchi_tests::house::{House, WINDOW};
use madoguchi_tests::world::{Desk, PATIENCE, Port, wait_until};
use serde_json::{Value, json};

use madoguchi_tests::inside::{A, INBOX, config, conversation, furnished, let_time_pass, start, window};

const CANARY: &str = "canary-7f3e9a51";

/// Whether the bytes lie anywhere under a folder.
fn lies_in(folder: &Path, bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(lies_in(&path, bytes));
        } else if let Ok(content) = std::fs::read(&path)
            && content.windows(bytes.len()).any(|part| part == bytes)
        {
            found.push(path.display().to_string());
        }
    }
    found
}

fn texts(lines: &[Value]) -> Vec<Option<&str>> {
    lines.iter().map(|line| line["content"]["text"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_that_a_customer_took_back_are_found_nowhere_after_compact() {
    let mut house = House::open(1, &[]).await;
    let mut desk = Desk::open(&house.agents[0].0).await;
    desk.watch(WINDOW).await;
    let (user, talk) = house.customer("the first stays").await;
    let mut late = Desk::open(&house.owner).await;
    late.watch(WINDOW).await;
    late.wait_for("its snapshot", |frame| frame["type"] == "snapshot").await;
    late.drop_link();
    let said = house.double.say(&user, &format!("my secret is {CANARY}")).await.unwrap();
    house.double.say(&user, "the last stays").await.unwrap();
    house.double.deliver(&house.channel, vec![Event::unsend(&user, &said.message_id)]).await.unwrap();
    desk.wait_for("the update that says so", |frame| {
        frame["events"].as_array().is_some_and(|events| events.iter().any(|event| event["type"] == "unsent"))
    })
    .await;
    let lines = house.timeline(&talk).await;
    assert_eq!(texts(&lines), [Some("the first stays"), None, Some("the last stays")]);

    // Somebody who comes back with an old place learns that there was a message, and no more.
    let (_, now) = desk.position(WINDOW).unwrap();
    late.reconnect().await;
    late.wait_position(WINDOW, now).await;
    assert!(late.frames_of("update", WINDOW).len() >= 3, "it got what it missed");
    assert!(late.frames().iter().all(|frame| !frame.to_string().contains(CANARY)));

    // The process dies before anybody asks for the bytes to go.
    house.server.kill9();
    house.server.restart(Port::Same);
    house.server.wait_ready().await;
    let said = house.server.run(&["compact"]);
    assert!(said.starts_with("emptied 1 records"), "{said}");
    assert_eq!(lies_in(house.server.data_dir(), CANARY.as_bytes()), Vec::<String>::new());
    assert!(!lies_in(house.server.data_dir(), b"the last stays").is_empty(), "the search finds what is there");
    let lines = house.timeline(&talk).await;
    assert_eq!(texts(&lines), [Some("the first stays"), None, Some("the last stays")]);
    assert_eq!(lines[1]["number"], 2);

    // And the next start reads the rewritten journal.
    house.server.kill9();
    house.server.restart(Port::Same);
    house.server.wait_ready().await;
    assert_eq!(texts(&house.timeline(&talk).await), [Some("the first stays"), None, Some("the last stays")]);
}

/// Words, a picture with its small one, the name of a file, what stands on a sticker, a place: whatever can be taken back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_any_kind_that_was_taken_back_is_found_nowhere_after_compact() {
    let mut house = House::open(1, &[]).await;
    let user = house.double.add_user(&house.channel, "客").unwrap();
    // Nobody's picture is among the files that are counted.
    house.double.set_profile(&house.channel, &user, Profile { picture: false, ..Profile::named("客") }).unwrap();
    house.double.say(&user, "the first stays").await.unwrap();
    let talk = house.conversation_of(&user).await;
    let picture = Media::drawing(900, 600, "x").followed_by(CANARY.as_bytes());
    let paper = Media::new("application/pdf", format!("%PDF-1.7 {CANARY}").into_bytes());
    let mut taken_back = Vec::new();
    for event in [
        Event::text(&user, CANARY).quoting("589999999999999999"),
        Event::image(&user).with_content(picture),
        Event::file(&user, &format!("{CANARY}.pdf")).with_content(paper),
        Event::sticker(&user, "446", "1988").with("text", json!(CANARY)),
        Event::location(&user, Some(CANARY), Some(CANARY), 35.0, 139.0),
        Event::message(&user, json!({"type": "hologram", "of": CANARY})),
    ] {
        let said = house.double.send(event).await.unwrap();
        assert!(said.acknowledged(), "{said:?}");
        taken_back.push(said.message_id);
    }
    let lines = wait_until("picture and file", PATIENCE, async || {
        let lines = house.timeline(&talk).await;
        (lines[2]["content"]["file"].is_object() && lines[3]["content"]["file"].is_object()).then_some(lines)
    })
    .await;
    assert!(lines[2]["content"]["file"]["preview_url"].is_string(), "{}", lines[2]);
    let files = house.server.data_dir().join("content").join("files");
    let count = || std::fs::read_dir(&files).unwrap().count();
    assert_eq!(count(), 6, "picture, small picture and file, each with its note");
    let events = taken_back.iter().map(|id| Event::unsend(&user, id)).collect();
    house.double.deliver(&house.channel, events).await.unwrap();
    house.server.kill9();
    house.server.restart(Port::Same);
    house.server.wait_ready().await;
    let said = house.server.run(&["compact"]);
    assert!(said.starts_with("emptied 6 records"), "{said}");
    assert_eq!(lies_in(house.server.data_dir(), CANARY.as_bytes()), Vec::<String>::new());
    assert_eq!(count(), 0, "nor what was made of it");
    assert!(!lies_in(house.server.data_dir(), b"the first stays").is_empty(), "the search finds what is there");
    let lines = house.timeline(&talk).await;
    assert_eq!(lines.len(), 7);
    assert!(lines[1..].iter().all(|line| line["content"] == json!({"type": "redacted"})), "{lines:?}");
}

fn message(user: usize, id: usize, text: &str) -> Value {
    json!({
        "type": "message", "timestamp": 1_000 + id, "source": {"type": "user", "userId": format!("U{user:032}")},
        "webhookEventId": format!("E{user}-{id}"), "message": {"type": "text", "id": format!("m{id}"), "text": text},
    })
}

fn unsend(user: usize, id: usize, event: &str) -> Value {
    json!({
        "type": "unsend", "timestamp": 90_000, "source": {"type": "user", "userId": format!("U{user:032}")},
        "webhookEventId": event, "unsend": {"messageId": format!("m{id}")},
    })
}

fn body(events: &[Value]) -> Bytes {
    Bytes::from(json!({"destination": "U", "events": events}).to_string())
}

async fn rows(engine: &Handle, user: usize) -> Vec<MessageRow> {
    let id = conversation(engine, user).await;
    engine.messages(id, MessagesQuery { place: Place::Newest, limit: 200 }).await.unwrap().items
}

/// Every frame that somebody gets who has nothing yet.
async fn frames(engine: &Handle) -> String {
    let (stream, _) = engine.position(&window()).unwrap();
    let CatchUp::Updates(all) = engine.catch_up(&window(), stream, Position(0)).await.unwrap() else {
        panic!("few records")
    };
    all.iter().map(|update| String::from_utf8_lossy(&update.frame).into_owned()).collect()
}

#[actix_rt::test]
async fn a_stop_between_the_unsend_and_the_removal_brings_nothing_back() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let config = config(dir.path(), &clock);
    config.faults.hold_removals.store(true, Ordering::Release);
    let engine = furnished(config.clone()).await;
    // Two messages of one body: one is taken back, the other is nobody's business.
    engine.inbound(INBOX, body(&[message(1, 1, CANARY), message(1, 2, "stays")])).await.unwrap();
    engine.inbound(INBOX, body(&[unsend(1, 1, "E-u1")])).await.unwrap();
    assert!(!frames(&engine).await.contains(CANARY), "from memory");
    let contents = |rows: Vec<MessageRow>| rows.into_iter().map(|row| row.content).collect::<Vec<_>>();
    let wanted = [Content::Redacted, Content::Text("stays".to_owned())];
    assert_eq!(contents(rows(&engine, 1).await), wanted);
    engine.stop().await;
    drop(engine);
    assert!(!lies_in(dir.path(), CANARY.as_bytes()).is_empty(), "the removal was held back");

    let engine = start(config.clone()).await;
    assert!(!frames(&engine).await.contains(CANARY), "from the journal, which still has it");
    assert_eq!(contents(rows(&engine, 1).await), wanted);
    config.faults.hold_removals.store(false, Ordering::Release);
    assert_eq!(engine.compact().await.unwrap(), 1);
    assert_eq!(lies_in(dir.path(), CANARY.as_bytes()), Vec::<String>::new());
    assert_eq!(contents(rows(&engine, 1).await), wanted);
    engine.stop().await;
    drop(engine);

    // Read models that are made anew ask for it again, and nothing more is lost.
    std::fs::remove_dir_all(dir.path().join("readmodel")).unwrap();
    let engine = start(config).await;
    assert_eq!(contents(rows(&engine, 1).await), wanted);
    assert_eq!(engine.compact().await.unwrap(), 0);
    engine.stop().await;
}

/// How many bodies lie in files of their own, beside the folder of customers' files.
fn stored_bodies(data_dir: &std::path::Path) -> usize {
    std::fs::read_dir(data_dir.join("content"))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().is_file())
        .count()
}

#[actix_rt::test]
async fn a_body_that_was_stored_whole_keeps_no_copy() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let _passing = let_time_pass(&clock);
    let mut config = config(dir.path(), &clock);
    config.inbound_patience_ms = 50;
    let engine = furnished(config.clone()).await;
    config.faults.hold_windows.store(true, Ordering::Release);
    engine.inbound(INBOX, body(&[message(1, 1, CANARY)])).await.unwrap();
    // Too long for a record: a file of its own.
    let long: Vec<Value> = (0..20).map(|n| message(2, 10 + n, &format!("{CANARY} {}", "x".repeat(4_000)))).collect();
    engine.inbound(INBOX, body(&long)).await.unwrap();
    assert_eq!(stored_bodies(dir.path()), 1);
    config.faults.hold_windows.store(false, Ordering::Release);
    wait_until("the bodies to be interpreted", PATIENCE, async || {
        engine.raw_bodies(&window()).await.unwrap().is_empty().then_some(())
    })
    .await;
    assert_eq!(rows(&engine, 2).await.len(), 20);
    engine.inbound(INBOX, body(&[unsend(1, 1, "E-u1")])).await.unwrap();
    let all: Vec<Value> = (0..20).map(|n| unsend(2, 10 + n, &format!("E-v{n}"))).collect();
    engine.inbound(INBOX, body(&all)).await.unwrap();
    assert_eq!(engine.compact().await.unwrap(), 23, "21 messages and two bodies");
    assert_eq!(lies_in(dir.path(), CANARY.as_bytes()), Vec::<String>::new());
    assert_eq!(stored_bodies(dir.path()), 0);
    engine.stop().await;
}

#[actix_rt::test]
async fn an_event_that_nobody_could_read_goes_with_the_message_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let engine = furnished(config(dir.path(), &clock)).await;
    let mut broken = message(1, 1, CANARY);
    broken["source"] = json!(5);
    let mut other = message(1, 2, "stays");
    other["source"] = json!(5);
    let taken = engine.inbound(INBOX, body(&[broken, other])).await.unwrap();
    assert_eq!(taken.parked, 2);
    assert_eq!(engine.raw_bodies(&window()).await.unwrap().len(), 2);
    engine.inbound(INBOX, body(&[unsend(1, 1, "E-u1")])).await.unwrap();
    engine.compact().await.unwrap();
    assert_eq!(lies_in(dir.path(), CANARY.as_bytes()), Vec::<String>::new());
    assert_eq!(engine.raw_bodies(&window()).await.unwrap().len(), 1, "the other still waits for a person");
    engine.stop().await;
}

#[actix_rt::test]
async fn a_message_older_than_its_conversation_remembers_is_taken_back_too_also_twice() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let engine = furnished(config(dir.path(), &clock)).await;
    engine.inbound(INBOX, body(&[message(1, 0, CANARY)])).await.unwrap();
    for ten in 0..26 {
        let more: Vec<Value> = (1..=10).map(|n| message(1, 10 * ten + n, "later")).collect();
        engine.inbound(INBOX, body(&more)).await.unwrap();
    }
    for event in ["E-u1", "E-u2"] {
        engine.inbound(INBOX, body(&[unsend(1, 0, event)])).await.unwrap();
        engine.compact().await.unwrap();
        let id = conversation(&engine, 1).await;
        assert!(engine.conversation(id).await.unwrap().state.tombstones.is_empty(), "{event}");
        assert_eq!(engine.message(id, 1).await.unwrap().content, Content::Redacted);
    }
    assert_eq!(lies_in(dir.path(), CANARY.as_bytes()), Vec::<String>::new());
    engine.stop().await;
}

/// The second unsend means nothing: its key is recorded, and no version moves that a sleeper would not know of.
#[actix_rt::test]
async fn an_event_that_means_nothing_stands_in_nobodys_way() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let mut config = config(dir.path(), &clock);
    config.idle_ms = 1_000;
    let engine = furnished(config).await;
    engine.inbound(INBOX, body(&[message(1, 1, "やあ")])).await.unwrap();
    let id = conversation(&engine, 1).await;
    let by = By::Agent(A);
    let seat = engine.command(by, id, Command::Claim { agent: A }).await.unwrap().row.state.seat.epoch;
    engine.command(by, id, Command::Complete { agent: A, seat_epoch: seat }).await.unwrap();
    for event in ["E-u1", "E-u2"] {
        assert_eq!(engine.inbound(INBOX, body(&[unsend(1, 1, event)])).await.unwrap().recorded, 1);
    }
    // Long enough to fall asleep; it wakes from the read models.
    for _ in 0..20 {
        clock.advance_ms(6_000);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    engine.command(by, id, Command::Claim { agent: A }).await.unwrap();
    engine.stop().await;
}

#[actix_rt::test]
async fn a_memo_that_its_author_removed_leaves_none_of_its_texts() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let engine = furnished(config(dir.path(), &clock)).await;
    engine.inbound(INBOX, body(&[message(1, 1, "やあ")])).await.unwrap();
    let id = conversation(&engine, 1).await;
    let by = By::Agent(A);
    let add = |client_id: &str, text: &str| Command::AddNote {
        agent: A,
        client_id: client_id.to_owned(),
        text: text.to_owned(),
    };
    let number = engine.command(by, id, add("n1", CANARY)).await.unwrap().number.unwrap();
    for round in 0..3 {
        let text = format!("{round} {CANARY}");
        engine.command(by, id, Command::EditNote { agent: A, number, text }).await.unwrap();
        engine.command(by, id, add(&format!("o{round}"), "another memo")).await.unwrap();
    }
    engine.command(by, id, Command::DeleteNote { agent: A, number }).await.unwrap();
    assert!(!frames(&engine).await.contains(CANARY));
    assert_eq!(engine.compact().await.unwrap(), 4);
    assert_eq!(lies_in(dir.path(), CANARY.as_bytes()), Vec::<String>::new());
    let shown = rows(&engine, 1).await;
    assert_eq!(shown.iter().filter(|row| row.content == Content::Text("another memo".to_owned())).count(), 3);
    engine.stop().await;
}

#[actix_rt::test]
async fn nobody_needs_to_ask_the_bytes_go_within_a_day() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let engine = furnished(config(dir.path(), &clock)).await;
    clock.advance_ms(2 * 3_600_000);
    engine.inbound(INBOX, body(&[message(1, 1, CANARY)])).await.unwrap();
    engine.inbound(INBOX, body(&[unsend(1, 1, "E-u1")])).await.unwrap();
    wait_until("the bytes to go", PATIENCE, async || {
        clock.advance_ms(3_600_000);
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        lies_in(dir.path(), CANARY.as_bytes()).is_empty().then_some(())
    })
    .await;
    assert!(clock.now().0 < 24 * 3_600_000, "within a day: {:?}", clock.now());
    engine.stop().await;
}

#[actix_rt::test]
async fn a_secret_that_was_replaced_leaves_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), &Clock::manual(Timestamp(1_000_000)));
    let change = async |engine: &Handle, secret: &str| {
        let mut inbox = engine.org().inboxes[&INBOX].clone();
        let InboxSettings::Line(line) = &mut inbox.settings else { panic!("an account of LINE") };
        line.channel_secret = format!("{CANARY}-{secret}").as_str().into();
        line.access = Access::LongLived { token: format!("token-{secret}").as_str().into() };
        engine.org_command(By::Operator, org::Command::ChangeInbox(inbox)).await.unwrap();
    };
    let engine = furnished(config.clone()).await;
    for secret in ["first", "second"] {
        change(&engine, secret).await;
    }
    engine.compact().await.unwrap();
    let lies = |secret: &str| !lies_in(dir.path(), format!("-{secret}").as_bytes()).is_empty();
    assert_eq!([lies("first"), lies("second")], [false, true]);
    engine.stop().await;
    drop(engine);
    let engine = start(config).await;
    let InboxSettings::Line(line) = engine.org().inboxes[&INBOX].settings.clone() else { panic!("an account of LINE") };
    assert_eq!(line.channel_secret, format!("{CANARY}-second").as_str().into(), "what counts now is there");
    engine.stop().await;
}
