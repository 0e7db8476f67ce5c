//! The process dies in mid-sentence, and something acknowledged is lost, or something is sent twice.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use madoguchi_loadtest::double::{Endpoint, Fault, Times};
use madoguchi_tests::house::{House, WINDOW};
use madoguchi_tests::world::{Desk, PATIENCE, Port, wait_until};
use rand::Rng;
use serde_json::Value;

/// Rounds; `make faults` asks for a thousand.
fn rounds() -> u64 {
    std::env::var("MADOGUCHI_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(100)
}

/// Customers write and an agent answers while the server is killed again and again, also while the platform has taken a
/// message and we have not recorded it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_once_after_every_kill() {
    let mut house = House::open(1, &[]).await;
    let agent = house.agents[0].0.clone();
    let mut users = HashMap::new();
    for index in 0..4 {
        let (user, conversation) = house.customer(&format!("start {index}")).await;
        users.insert(user, conversation);
    }
    let mut desk = Desk::open(&agent).await;
    desk.watch(WINDOW).await;
    // A slow end of every third call: the platform has it, and our record is still to come when the kill does.
    house.double.faults().set(Endpoint::Push, Fault::SlowAfter(15), Times::Always);
    let mut said: HashMap<String, Vec<String>> = HashMap::new();
    let mut sent: HashMap<String, Vec<String>> = HashMap::new();
    for round in 0..rounds() {
        let stop = Arc::new(AtomicBool::new(false));
        let patience = Duration::from_millis(rand::rng().random_range(1..60));
        let (done, killed) = (Arc::clone(&stop), Arc::clone(&stop));
        let customers = async {
            let mut acknowledged = Vec::new();
            let mut index = 0;
            while !done.load(Ordering::Acquire) {
                for user in users.keys() {
                    let text = format!("c{round}-{index}");
                    if house.double.say(user, &text).await.unwrap().acknowledged() {
                        acknowledged.push((user.clone(), text));
                    }
                }
                index += 1;
            }
            acknowledged
        };
        let answers = async {
            let mut accepted = Vec::new();
            let mut index = 0;
            while !stop.load(Ordering::Acquire) {
                for (user, conversation) in &users {
                    let claim = agent.claim(conversation).await;
                    let Some(epoch) = claim.body["seat"]["epoch"].as_u64() else { continue };
                    let text = format!("a{round}-{index}");
                    let answer = agent.send(conversation, &text, epoch, &text).await;
                    if answer.status == Some(202) {
                        accepted.push((user.clone(), text));
                    }
                }
                index += 1;
            }
            accepted
        };
        let pid = nix::unistd::Pid::from_raw(i32::try_from(house.server.pid().unwrap()).unwrap());
        let kill = async {
            tokio::time::sleep(patience).await;
            let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
            killed.store(true, Ordering::Release);
        };
        let (acknowledged, accepted, ()) = tokio::join!(customers, answers, kill);
        for (user, text) in acknowledged {
            said.entry(user).or_default().push(text);
        }
        for (user, text) in accepted {
            sent.entry(user).or_default().push(text);
        }
        house.server.kill9();
        house.server.restart(Port::Same);
        house.server.wait_ready().await;
        desk.reconnect().await;
    }
    house.double.faults().clear();
    for (user, conversation) in &users {
        let lines = house.settled(conversation).await;
        check(&house, user, &lines, said.get(user), sent.get(user));
    }
    let head = {
        let mut head = 0;
        for conversation in users.values() {
            head = head.max(house.owner.conversation(conversation).await.ok()["position"].as_u64().unwrap());
        }
        head
    };
    wait_until("the desk to have everything", PATIENCE, async || {
        desk.position(WINDOW).is_some_and(|(_, at)| at >= head).then_some(())
    })
    .await;
    desk.check();
    let total: usize = said.values().chain(sent.values()).map(Vec::len).sum();
    eprintln!("{} kills, {total} acknowledged, 0 lost, 0 double", rounds());
    assert!(total > 0, "nothing was tested");
}

fn check(house: &House, user: &str, lines: &[Value], said: Option<&Vec<String>>, sent: Option<&Vec<String>>) {
    let mut shown: HashMap<&str, usize> = HashMap::new();
    for line in lines {
        *shown.entry(line["content"]["text"].as_str().unwrap_or_default()).or_default() += 1;
    }
    for text in said.into_iter().flatten().chain(sent.into_iter().flatten()) {
        assert_eq!(shown.get(text.as_str()), Some(&1), "{text} of {user}");
    }
    assert!(shown.values().all(|times| *times == 1), "{shown:?}");
    assert!(lines.iter().zip(1..).all(|(line, number)| line["number"] == number), "a gap in the numbers");
    let mut arrived: HashMap<String, usize> = HashMap::new();
    for text in house.received(user) {
        *arrived.entry(text).or_default() += 1;
    }
    assert!(arrived.values().all(|times| *times == 1), "the phone shows something twice: {arrived:?}");
    for line in lines.iter().filter(|line| line["direction"] == "outbound") {
        let text = line["content"]["text"].as_str().unwrap_or_default();
        let state = line["state"].as_str().unwrap_or_default();
        let on_phone = arrived.contains_key(text);
        assert!(!on_phone || matches!(state, "sent" | "unknown"), "{text} is {state} and on the phone");
        assert!(on_phone || matches!(state, "failed" | "unknown"), "{text} is {state} and never arrived");
    }
}
