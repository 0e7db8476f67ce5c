//! The process dies in mid-sentence, and something acknowledged is lost, or something is sent twice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use madoguchi_loadtest::double::{Call, Endpoint, Fault, Times};
use madoguchi_tests::house::{House, WINDOW};
use madoguchi_tests::promises::{Ends, Promises, compare, customers, work};
use madoguchi_tests::world::{Desk, PATIENCE, Port, wait_until};
use rand::Rng;
use serde_json::Value;

/// Rounds; `make faults` asks for a thousand.
fn rounds() -> u64 {
    std::env::var("TEST_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(100)
}

/// Customers write and an agent answers while the server is killed again and again, also while the platform has taken a
/// message and we have not recorded it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_once_after_every_kill() {
    let mut house = House::open(1, &[]).await;
    let agent = house.agents[0].0.clone();
    let customers = customers(&house, 4).await;
    let mut desk = Desk::open(&agent).await;
    desk.watch(WINDOW).await;
    // A slow end of every call: the platform has it, and our record is still to come when the kill does.
    for call in [Endpoint::Push, Endpoint::Reply] {
        house.double.faults().set(call, Fault::SlowAfter(15), Times::Always);
    }
    let mut promises = Promises::default();
    for round in 0..rounds() {
        let (stop, mark) = (AtomicBool::new(false), round.to_string());
        let patience = Duration::from_millis(rand::rng().random_range(1..60));
        let pid = nix::unistd::Pid::from_raw(i32::try_from(house.server.pid().unwrap()).unwrap());
        let kill = async {
            tokio::time::sleep(patience).await;
            let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
            stop.store(true, Ordering::Release);
        };
        let (made, ()) = tokio::join!(work(&house, &agent, &customers, &mark, &stop), kill);
        promises.extend(made);
        house.server.restart(Port::Same);
        house.server.wait_ready().await;
        desk.reconnect().await;
    }
    house.double.faults().clear();
    let (mut head, mut ends) = (0, Ends::default());
    for (user, conversation) in &customers {
        let lines = house.settled(conversation).await;
        promises.kept(user, &lines).unwrap();
        ends.add(compare(user, &lines, &house.received(user)).unwrap());
        head = head.max(house.owner.conversation(conversation).await.ok()["position"].as_u64().unwrap());
    }
    wait_until("the desk to have everything", PATIENCE, async || {
        desk.position(WINDOW).is_some_and(|(_, at)| at >= head).then_some(())
    })
    .await;
    desk.check();
    let (said, sent) = promises.count();
    eprintln!("{} kills, {said} messages and {sent} answers acknowledged, 0 lost, 0 double; {ends:?}", rounds());
    assert!(said > 0 && sent > 0, "nothing was tested");
}

/// The platform has taken an answer (or not yet) and holds its own answer back; the double's log says so, and exactly then
/// the server is killed. A free answer cannot be recognised again: it is unknown for ever. A push goes again under its
/// key, which the platform knows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_the_platform_holds_its_answer_a_reply_is_unknown_and_a_push_arrives_once() {
    let mut house = House::open(1, &[]).await;
    let agent = house.agents[0].0.clone();
    let (free, pushed) = (house.customer("start").await, house.customer("start").await);
    let seats = [(&free, "first"), (&pushed, "first")];
    let mut epochs = Vec::new();
    for ((_, conversation), text) in seats {
        let epoch = agent.claim(conversation).await.ok()["seat"]["epoch"].as_u64().unwrap();
        agent.send(conversation, text, epoch, text).await.ok();
        house.settled(conversation).await;
        epochs.push(epoch);
    }
    for round in 0..rounds().div_ceil(4) {
        // Half of the kills come before the platform has done anything: to us that looks the same.
        let hold = if round % 2 == 0 { Fault::HangAfter } else { Fault::HangBefore };
        let text = format!("r{round}");
        let before = house.double.calls().len() as u64 + house.double.forgotten().0;
        for call in [Endpoint::Reply, Endpoint::Push] {
            house.double.faults().once(call, hold);
        }
        // The one has a fresh token; the other's was spent by the answer before.
        assert!(house.double.say(&free.0, &format!("q{round}")).await.unwrap().acknowledged());
        for ((_, conversation), epoch) in [&free, &pushed].into_iter().zip(&epochs) {
            agent.send(conversation, &text, *epoch, &text).await.ok();
        }
        let held = |calls: &[std::sync::Arc<Call>]| calls.iter().filter(|call| call.number >= before).count() == 2;
        let calls = house.double.wait_for_sends(PATIENCE, held).await.unwrap();
        let ways: Vec<_> = calls.iter().rev().take(2).map(|call| (call.endpoint, call.fault, call.status)).collect();
        for way in [Endpoint::Reply, Endpoint::Push] {
            assert!(ways.contains(&(Some(way), Some(hold), None)), "{ways:?}");
        }
        house.server.kill9();
        house.server.restart(Port::Same);
        house.server.wait_ready().await;
        // What comes after it in the same conversation has gone out: the sender has been past the held one.
        for ((_, conversation), epoch) in [&free, &pushed].into_iter().zip(&epochs) {
            agent.send(conversation, &format!("n{round}"), *epoch, &format!("n{round}")).await.ok();
        }
        let reply = state_of(&house.settled(&free.1).await, &text);
        let push = state_of(&house.settled(&pushed.1).await, &text);
        assert_eq!((reply.as_str(), push.as_str()), ("unknown", "sent"), "round {round}, {hold:?}");
        let arrived = |user: &str| house.received(user).iter().filter(|shown| **shown == text).count();
        assert_eq!((arrived(&free.0), arrived(&pushed.0)), (usize::from(hold == Fault::HangAfter), 1), "round {round}");
        let calls = house.double.calls_since(before);
        assert_eq!(carrying(&calls, &text, Endpoint::Reply), [None], "a free answer is tried once");
        let again = if hold == Fault::HangAfter { Some(409) } else { Some(200) };
        assert_eq!(carrying(&calls, &text, Endpoint::Push), [None, again], "a push goes again, and is known");
    }
    for (user, conversation) in [&free, &pushed] {
        compare(user, &house.settled(conversation).await, &house.received(user)).unwrap();
    }
}

fn state_of(lines: &[Value], text: &str) -> String {
    let line = lines.iter().find(|line| line["content"]["text"] == text).unwrap();
    line["state"].as_str().unwrap().to_owned()
}

/// The answers to the calls of one kind that carried a text; all pushes of it had one key.
fn carrying(calls: &[std::sync::Arc<Call>], text: &str, way: Endpoint) -> Vec<Option<u16>> {
    let needle = format!("\"{text}\"");
    let fits = |call: &&std::sync::Arc<Call>| {
        call.endpoint == Some(way) && String::from_utf8_lossy(&call.body).contains(&needle)
    };
    let calls: Vec<_> = calls.iter().filter(fits).collect();
    assert!(calls.iter().all(|call| call.retry_key == calls[0].retry_key), "{calls:?}");
    calls.iter().map(|call| call.status).collect()
}
