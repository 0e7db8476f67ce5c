//! The platform says no, says nothing, or takes a message and shows it to nobody; and the agent sees something else.

use madoguchi_loadtest::double::{Endpoint, Event, Fault, Media, Relation, Times};
use madoguchi_tests::house::House;
use madoguchi_tests::world::{PATIENCE, wait_until};
use serde_json::{Value, json};

/// A customer whose free right to answer is used up: what follows is a push.
async fn paid_customer(house: &House) -> (String, String, u64) {
    let (user, talk) = house.customer("x").await;
    let epoch = house.agents[0].0.claim(&talk).await.ok()["seat"]["epoch"].as_u64().unwrap();
    house.agents[0].0.send(&talk, "first", epoch, "first").await.ok();
    let lines = house.settled(&talk).await;
    assert_eq!((&lines[1]["state"], &lines[1]["free"]), (&json!("sent"), &json!(true)), "{}", lines[1]);
    (user, talk, epoch)
}

async fn set(house: &House, settings: Value) {
    let path = format!("/api/v1/inboxes/{}", house.inbox);
    house.owner.call(reqwest::Method::PATCH, &path, Some(json!({"settings": settings}))).await.ok();
}

/// The last line once it has an end, or waits for the customer.
async fn end_of(house: &House, talk: &str) -> Value {
    house.settled(talk).await.pop().unwrap()
}

/// How a push goes wrong, and what the agent and the customer see of it.
struct Case {
    fear: &'static str,
    fault: Fault,
    times: Times,
    state: &'static str,
    failure: Value,
    arrives: usize,
    calls: Option<usize>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_in_which_a_push_goes_wrong_is_shown_as_it_is() {
    let house = House::open(1, &[]).await;
    set(&house, json!({"when_quota_empty": "fail"})).await;
    let sent = |fear, fault, times, calls| Case {
        fear,
        fault,
        times,
        state: "sent",
        failure: Value::Null,
        arrives: 1,
        calls: Some(calls),
    };
    let failed = |fear, fault, failure| Case {
        fear,
        fault,
        times: Times::Always,
        state: "failed",
        failure,
        arrives: 0,
        calls: Some(1),
    };
    for case in [
        sent("taken, then 500: it arrives twice", Fault::ErrorAfter(500), Times::Next(2), 3),
        sent("taken, and no answer: it arrives twice", Fault::HangAfter, Times::Next(1), 2),
        sent("too fast: it is given up", Fault::RateLimited, Times::Next(2), 3),
        sent("500, not taken: it is given up", Fault::ErrorBefore(500), Times::Next(1), 2),
        failed("no quota: it seems sent", Fault::QuotaReached, json!({"reason": "quota_empty"})),
        failed("no right: it seems sent", Fault::Unauthorized, json!({"reason": "unauthorised", "status": 401})),
    ] {
        let (user, talk, epoch) = paid_customer(&house).await;
        let before = house.double.sends().len();
        house.double.faults().set(Endpoint::Push, case.fault, case.times);
        house.agents[0].0.send(&talk, "second", epoch, "second").await.ok();
        let line = wait_until(case.fear, 3 * PATIENCE, async || {
            let line = house.timeline(&talk).await.pop()?;
            (line["state"] != "queued" && line["state"] != "sending").then_some(line)
        })
        .await;
        house.double.faults().clear();
        assert_eq!((&line["state"], &line["failure"]), (&json!(case.state), &case.failure), "{}: {line}", case.fear);
        let arrived = house.received(&user).iter().filter(|text| *text == "second").count();
        assert_eq!(arrived, case.arrives, "{}", case.fear);
        if let Some(calls) = case.calls {
            assert_eq!(house.double.sends().len() - before, calls, "{}", case.fear);
        }
        // Nothing of it stands in the way of what follows.
        house.agents[0].0.send(&talk, "third", epoch, "third").await.ok();
        assert_eq!(end_of(&house, &talk).await["state"], "sent", "{}", case.fear);
        assert_eq!(house.received(&user).last().map(String::as_str), Some("third"), "{}", case.fear);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_an_empty_quota_answers_wait_for_the_customer_where_it_is_set_so() {
    let house = House::open(1, &[]).await;
    set(&house, json!({"when_quota_empty": "hold"})).await;
    let (user, talk, epoch) = paid_customer(&house).await;
    house.double.faults().set(Endpoint::Push, Fault::QuotaReached, Times::Always);
    house.agents[0].0.send(&talk, "second", epoch, "second").await.ok();
    assert_eq!(end_of(&house, &talk).await["state"], "unsent");
    house.double.say(&user, "まだですか").await.unwrap();
    wait_until("the free way", PATIENCE, async || {
        let lines = house.settled(&talk).await;
        (lines[2]["state"] == "sent" && lines[2]["free"] == true).then_some(())
    })
    .await;
    assert_eq!(house.received(&user), ["first", "second"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_in_which_a_free_answer_goes_wrong_is_shown_as_it_is() {
    let house = House::open(1, &[]).await;
    for (fear, fault, times, state, free) in [
        ("too fast: it costs", Fault::RateLimited, Times::Next(1), "sent", true),
        ("taken, then 500: it is sent again", Fault::ErrorAfter(500), Times::Next(1), "unknown", false),
        ("refused for its right: it is lost", Fault::ErrorBefore(500), Times::Next(1), "sent", true),
    ] {
        let (user, talk) = house.customer("x").await;
        let epoch = house.agents[0].0.claim(&talk).await.ok()["seat"]["epoch"].as_u64().unwrap();
        house.double.faults().set(Endpoint::Reply, fault, times);
        house.agents[0].0.send(&talk, "a", epoch, "a").await.ok();
        let line = end_of(&house, &talk).await;
        house.double.faults().clear();
        assert_eq!((&line["state"], line["free"] == true), (&json!(state), free), "{fear}: {line}");
        assert_eq!(house.received(&user), ["a"], "{fear}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_taken_away_loses_no_answer_unseen() {
    let house = House::open(1, &[]).await;
    let (user, talk, epoch) = paid_customer(&house).await;
    let token = house.double.reissue_token(&house.channel, 0).unwrap();
    house.agents[0].0.send(&talk, "second", epoch, "second").await.ok();
    let line = end_of(&house, &talk).await;
    assert_eq!((&line["state"], &line["failure"]["reason"]), (&json!("failed"), &json!("unauthorised")), "{line}");
    set(&house, json!({"channel_access_token": token})).await;
    house.agents[0].0.send(&talk, "third", epoch, "third").await.ok();
    assert_eq!(end_of(&house, &talk).await["state"], "sent");
    assert_eq!(house.received(&user), ["first", "third"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_who_has_blocked_the_account_is_shown_before_anybody_writes_in_vain() {
    let house = House::open(1, &[]).await;
    let (user, talk, epoch) = paid_customer(&house).await;
    house.double.deliver(&house.channel, vec![Event::unfollow(&user)]).await.unwrap();
    house.double.set_relation(&house.channel, &user, Relation::Blocked).unwrap();
    let shown = house.owner.conversation(&talk).await.ok();
    assert_eq!(shown["contact_point"]["blocked"], true, "{shown}");
    house.agents[0].0.send(&talk, "second", epoch, "second").await.ok();
    assert_eq!(end_of(&house, &talk).await["state"], "sent", "LINE takes it, and says no more");
    assert_eq!(house.received(&user), ["first"]);
    house.double.set_relation(&house.channel, &user, Relation::Friend).unwrap();
    house.double.deliver(&house.channel, vec![Event::follow(&user, true)]).await.unwrap();
    assert_eq!(house.owner.conversation(&talk).await.ok()["contact_point"]["blocked"], false);
}

/// Most memory that the server ever took, in bytes.
fn peak_memory(house: &House) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", house.server.pid().unwrap())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1_024
}

/// The platform makes the film while it is sent, so only this server could hold it whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_of_300_megabytes_is_kept_without_filling_the_memory() {
    let house = House::open(1, &[("MADOGUCHI_MEDIA__OTHER_BYTES", "400000000")]).await;
    let (user, talk) = house.customer("x").await;
    let before = peak_memory(&house);
    house.double.send(Event::video(&user, 6_000).with_content(Media::video(300 << 20))).await.unwrap();
    let content = wait_until("the film", 6 * PATIENCE, async || {
        let content = house.timeline(&talk).await[1]["content"].clone();
        (content["file"].is_object() || content["lost"].is_string()).then_some(content)
    })
    .await;
    assert_eq!(content["file"]["bytes"], 300 << 20, "{content}");
    let more = peak_memory(&house) - before;
    eprintln!("a film of 300 MiB took {} KiB of memory", more / 1_024);
    assert!(more < 48 << 20, "{} MiB for a film", more >> 20);
}

/// Somebody else's server says nothing of a length, and never stops.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_without_an_end_is_cut_off_at_the_limit() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    const MOST: usize = 1_000_000;
    let house = House::open(1, &[("MADOGUCHI_MEDIA__IMAGE_BYTES", &MOST.to_string())]).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/endless.jpg", listener.local_addr().unwrap());
    let sending = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4_096]).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
        let piece = [b"10000\r\n", &[7; 65_536][..], b"\r\n"].concat();
        let mut taken = 0;
        while stream.write_all(&piece).await.is_ok() {
            taken += piece.len();
        }
        taken
    });
    let (user, talk) = house.customer("x").await;
    let provider = json!({"type": "external", "originalContentUrl": address, "previewImageUrl": address});
    house.double.send(Event::image(&user).with("contentProvider", provider)).await.unwrap();
    let content = wait_until("the end", PATIENCE, async || {
        let content = house.timeline(&talk).await[1]["content"].clone();
        (content["file"].is_object() || content["lost"].is_string()).then_some(content)
    })
    .await;
    assert_eq!(content["lost"], "too_large", "{content}");
    let taken = tokio::time::timeout(PATIENCE, sending).await.expect("the connection to be closed").unwrap();
    assert!(taken < MOST + (16 << 20), "{taken} bytes were taken");
    let folder = house.server.data_dir().join("content").join("files");
    let left = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().metadata().unwrap().len() >= MOST as u64 / 2;
    assert!(!std::fs::read_dir(folder).unwrap().any(left), "nothing of it is left");
}
