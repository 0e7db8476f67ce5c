//! A console that was away for a while misses something, or hears it twice.

use std::collections::BTreeMap;

use madoguchi_loadtest::double::Event;
use madoguchi_tests::house::{House, WINDOW};
use madoguchi_tests::world::{Desk, Heard, Port, Wire, frame_bytes};
use rand::Rng;
use serde_json::Value;

/// Records that a console may have missed and still gets exactly those.
const RESUMABLE: u64 = 10_000;
/// What comes with every resume beside the updates, in bytes: the upgrade, who I am, who is there, signs of life.
const BESIDE: u64 = 4 * 1024;

fn events(desk: &Desk) -> Vec<(u64, Value)> {
    let updates = desk.frames_of("update", WINDOW);
    updates.iter().map(|update| (update["position"].as_u64().unwrap(), update["events"].clone())).collect()
}

/// One desk hears everything live; another comes and goes, also over restarts of the server, and comes to know the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resume_from_any_place_equals_the_stream_that_never_broke() {
    let mut house = House::open(1, &[]).await;
    let agent = house.agents[0].0.clone();
    let mut wanderer = Desk::open(&agent).await;
    wanderer.watch(WINDOW).await;
    wanderer.wait_for("the window", |frame| frame["type"] == "snapshot").await;
    let mut listener = Desk::open(&agent).await;
    listener.watch(WINDOW).await;
    listener.wait_for("the window", |frame| frame["type"] == "snapshot").await;
    let user = house.double.add_user(&house.channel, "客").unwrap();
    for round in 0..6 {
        wanderer.drop_link();
        for index in 0..20 {
            let said = house.double.say(&user, &format!("{round}/{index}")).await.unwrap();
            assert!(said.acknowledged(), "{said:?}");
        }
        let id = house.conversation_of(&user).await;
        let seat = agent.claim(&id).await.ok()["seat"]["epoch"].as_u64().unwrap();
        agent.send(&id, &format!("r{round}"), seat, "お答えします").await.ok();
        house.settled(&id).await;
        if round % 2 == 1 {
            house.server.kill9();
            house.server.restart(Port::Same);
            house.server.wait_ready().await;
            listener.reconnect().await;
        }
        wanderer.reconnect().await;
        let head = house.owner.conversation(&id).await.ok()["position"].as_u64().unwrap();
        listener.wait_position(WINDOW, head).await;
        wanderer.wait_position(WINDOW, head).await;
    }
    wanderer.check();
    listener.check();
    assert_eq!(
        wanderer.frames_of("snapshot", WINDOW).len(),
        1,
        "everything after the first was exactly what was missed"
    );
    let (heard, missed) = (events(&listener), events(&wanderer));
    assert!(heard.len() > 100);
    // Both began with a snapshot, perhaps a record apart.
    let from = heard[0].0.max(missed[0].0);
    let since = |all: &[(u64, Value)]| all.iter().filter(|(at, _)| *at >= from).cloned().collect::<Vec<_>>();
    assert_eq!(since(&heard), since(&missed));
}

/// A window with more records than anybody may have missed. Whoever knows a position within the last 10,000 gets what was
/// missed, byte for byte as it was told to others, and little else; before and after a restart, and over one in the middle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn within_ten_thousand_records_a_resume_costs_what_was_missed_and_nothing_more() {
    let mut house = House::open(1, &[]).await;
    let agent = house.agents[0].0.clone();
    let mut listener = Wire::open(&agent).await;
    listener.watch(WINDOW, None).await;
    let start = listener.next().await.unwrap();
    let (stream, first) = (start.stream, start.position);
    let users: Vec<String> = (0..100).map(|_| house.double.add_user(&house.channel, "客").unwrap()).collect();
    let mut told = BTreeMap::new();
    for round in 0..105 {
        let events = users.iter().map(|user| Event::text(user, &format!("{round}つめのお問い合わせです"))).collect();
        let delivery = house.double.deliver(&house.channel, events).await.unwrap();
        assert_eq!(delivery.status, Some(200), "{delivery:?}");
        keep(&mut told, listener.until(newest(&house, &users).await).await);
        // The ring of frames in memory ends with the process.
        if round == 40 {
            house.server.restart(Port::Same);
            house.server.wait_ready().await;
            listener = Wire::open(&agent).await;
            listener.watch(WINDOW, Some((&stream, *told.keys().last().unwrap()))).await;
        }
    }
    let head = newest(&house, &users).await;
    assert!(head - first > RESUMABLE + 100, "only {head} records");
    assert_eq!(told.len() as u64, head - first, "the listener heard every record once");
    for life in ["the frames in memory", "the journal alone"] {
        let mut missed = vec![0, 1, 10, 100, 1_000, 4_095, 4_096, 4_097, RESUMABLE - 1, RESUMABLE];
        missed.extend((0..4).map(|_| rand::rng().random_range(0..RESUMABLE)));
        for missed in missed {
            let mut wire = Wire::open(&agent).await;
            wire.watch(WINDOW, Some((&stream, head - missed))).await;
            let heard = if missed > 0 { wire.until(head).await } else { Vec::new() };
            equals_what_was_told(&heard, &told, head - missed);
            let cost: u64 = told.range(head - missed + 1..).map(|(_, text)| frame_bytes(text)).sum();
            let bytes = wire.bytes();
            assert!(bytes >= cost && bytes <= cost + BESIDE, "{missed} missed: {bytes} bytes for {cost}, from {life}");
        }
        let mut wire = Wire::open(&agent).await;
        wire.watch(WINDOW, Some((&stream, head - RESUMABLE - 1))).await;
        let anew = wire.next().await.unwrap();
        assert_eq!((anew.kind.as_str(), anew.position), ("snapshot", head), "one record too far back, from {life}");
        house.server.restart(Port::Same);
        house.server.wait_ready().await;
    }
    resumes_over_a_restart(&mut house, &stream, head, &told).await;
}

/// Long messages: what was missed is more than the server would keep for one reader. It comes all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_that_missed_more_than_the_server_keeps_comes_back_at_the_first_try() {
    let house = House::open(1, &[]).await;
    let agent = house.agents[0].0.clone();
    let mut wire = Wire::open(&agent).await;
    wire.watch(WINDOW, None).await;
    let start = wire.next().await.unwrap();
    drop(wire);
    let users: Vec<String> = (0..50).map(|_| house.double.add_user(&house.channel, "客").unwrap()).collect();
    let long = "長".repeat(4_500);
    for _ in 0..60 {
        let events = users.iter().map(|user| Event::text(user, &long)).collect();
        let delivery = house.double.deliver(&house.channel, events).await.unwrap();
        assert_eq!(delivery.status, Some(200), "{:?}", delivery.status);
    }
    let head = newest(&house, &users).await;
    let mut wire = Wire::open(&agent).await;
    wire.watch(WINDOW, Some((&start.stream, start.position))).await;
    let heard = wire.until(head).await;
    let places: Vec<u64> = heard.iter().filter(|one| one.kind == "update").map(|one| one.position).collect();
    assert!(places.iter().copied().eq(start.position + 1..=head), "not exactly what was missed");
    assert!(wire.bytes() > 33 << 20, "{} bytes are less than a server keeps", wire.bytes());
}

/// The server goes away in the middle of what is being given; the reader goes on from where it came to.
async fn resumes_over_a_restart(house: &mut House, stream: &str, head: u64, told: &BTreeMap<u64, String>) {
    let agent = house.agents[0].0.clone();
    let mut at = head - RESUMABLE;
    let mut heard = Vec::new();
    for part in [head - 7_000, head - 3_000, head] {
        let mut wire = Wire::open(&agent).await;
        wire.watch(WINDOW, Some((stream, at))).await;
        heard.extend(wire.until(part).await);
        at = heard.last().map_or(at, |last: &Heard| last.position);
        house.server.restart(Port::Same);
        house.server.wait_ready().await;
    }
    equals_what_was_told(&heard, told, head - RESUMABLE);
}

fn keep(told: &mut BTreeMap<u64, String>, heard: Vec<Heard>) {
    for update in heard {
        assert_eq!(update.kind, "update");
        assert_eq!(told.insert(update.position, update.text), None, "{} was told twice", update.position);
    }
}

#[track_caller]
fn equals_what_was_told(heard: &[Heard], told: &BTreeMap<u64, String>, after: u64) {
    assert!(heard.iter().all(|one| one.kind == "update"), "a snapshot within {RESUMABLE} records");
    let expected: Vec<&String> = told.range(after + 1..).map(|(_, text)| text).collect();
    let given: Vec<&String> = heard.iter().map(|one| &one.text).collect();
    assert_eq!(given.len(), expected.len(), "after {after}");
    assert!(given == expected, "a frame differs from what was told, after {after}");
}

/// The newest position of the window.
async fn newest(house: &House, users: &[String]) -> u64 {
    let list = house.owner.conversations(WINDOW, "limit=200").await.ok();
    let rows = list["items"].as_array().unwrap();
    assert_eq!(rows.len(), users.len());
    rows.iter().filter_map(|row| row["position"].as_u64()).max().unwrap()
}
