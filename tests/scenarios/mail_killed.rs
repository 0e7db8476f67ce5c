//! The server is killed while an answer by mail goes out, and the answer is lost, or goes twice, or is called sent by
//! somebody who cannot know.

use std::time::Duration;

use madoguchi_loadtest::mail::post;
use madoguchi_loadtest::mail::{Relay, Strike};
use madoguchi_tests::mailhouse::{BOUNCES, DOMAIN, MailHouse, TO};
use madoguchi_tests::peers::{Postfix, Sink, SinkOptions, free_port};
use madoguchi_tests::world::{PATIENCE, wait_until};

const CUSTOMER: &str = "taro@far.example";

async fn asked(house: &MailHouse) -> (String, u64) {
    let question =
        format!("From: {CUSTOMER}\r\nTo: {TO}\r\nMessage-ID: <1@far.example>\r\nSubject: help\r\n\r\nhello\r\n");
    assert!(post(house.listens("smtp"), CUSTOMER, &[TO], question.as_bytes()).await.starts_with("250"));
    let case = house.case().await;
    let epoch = house.sit(&case).await;
    (case, epoch)
}

/// The number of an answer, of which it is not known whether its acceptance was heard of.
async fn number_of(house: &MailHouse, case: &str, client_id: &str) -> u64 {
    let all = house.owner.messages(case, "limit=100").await.ok();
    let one = all["items"].as_array().unwrap().iter().find(|one| one["client_id"] == client_id).cloned();
    one.unwrap_or_else(|| panic!("{client_id} is gone: {all}"))["number"].as_u64().unwrap()
}

#[actix_rt::test]
async fn a_kill_around_the_relays_last_word_sends_nothing_twice_and_shows_what_nobody_knows() {
    let relay = Relay::start().unwrap();
    let mut house = MailHouse::open(&MailHouse::relay(relay.port)).await;
    let (case, mut epoch) = asked(&house).await;
    let mut unknown = 0;
    for round in 0..10_u64 {
        let process = house.server.pid().unwrap();
        let process = nix::unistd::Pid::from_raw(process.cast_signed());
        relay.strike(Strike {
            answered: round >= 3,
            after: Duration::from_micros(round.saturating_sub(3) * 300),
            act: Box::new(move || {
                nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGKILL).unwrap_or_default()
            }),
        });
        let client_id = format!("c{round}");
        let number = house.answer(&case, epoch, &client_id, "x").await;
        let taken = usize::try_from(round).unwrap() + 1;
        wait_until("the relay to take it", PATIENCE, async || (relay.handed().len() == taken).then_some(())).await;
        house.server.kill9();
        house.back().await;
        assert_eq!(number_of(&house, &case, &client_id).await, number);
        let state = wait_until("the copy to come to an end", PATIENCE, async || {
            let state = house.copies(&case, number).await[0].1.clone();
            ["sent", "unknown"].contains(&state.as_str()).then_some(state)
        })
        .await;
        // Without an answer nobody can know; with one it may or may not have been written down.
        assert!(round >= 3 || state == "unknown", "{state}");
        unknown += usize::from(state == "unknown");
        epoch = house.sit(&case).await;
        // The next answer goes, and does not take the last one along.
        assert_eq!(relay.handed().len(), taken, "never again by itself");
    }
    assert!(unknown >= 3);
    let number = house.answer(&case, epoch, "last", "x").await;
    house.copies_stand(&case, number, &["sent"]).await;
    assert_eq!(relay.handed().len(), 11, "each once");
    assert!(!house.server.run(&["ledger"]).contains("fault"));
}

/// Kills at any moment of many answers on their way over Postfix. What is called sent arrived once, what is called unknown
/// at most once, and nothing else is there in the end.
#[actix_rt::test]
async fn kills_while_answers_go_over_a_real_postfix_lose_none_and_double_none() {
    const EACH: u64 = 6;
    let far = Sink::open(SinkOptions::default()).await;
    let port = free_port();
    let mut house = MailHouse::open(&MailHouse::relay(port)).await;
    let postfix = Postfix::start_at(port, &[DOMAIN, BOUNCES], house.listens("lmtp"), &[("far.example", far.port)]);
    let (case, mut epoch) = asked(&house).await;
    let mut answers = Vec::new();
    for round in 0..5_u64 {
        for n in 0..EACH {
            let id = format!("r{round}n{n}");
            house.answer(&case, epoch, &id, &format!("answer {id}")).await;
            answers.push(id);
        }
        tokio::time::sleep(Duration::from_millis(7 * round)).await;
        house.server.kill9();
        house.back().await;
        epoch = house.sit(&case).await;
    }
    let states = wait_until("every answer to come to an end", Duration::from_secs(60), async || {
        let mut states = Vec::new();
        for id in &answers {
            states.push(house.copies(&case, number_of(&house, &case, id).await).await[0].1.clone());
        }
        states.iter().all(|state| state == "sent" || state == "unknown").then_some(states)
    })
    .await;
    let arrived = |id: &str| far.kept().iter().filter(|one| one.text().contains(&format!("answer {id}\r\n"))).count();
    for (id, state) in answers.iter().zip(&states) {
        if state == "sent" {
            wait_until("what was sent to arrive", PATIENCE, async || (arrived(id) > 0).then_some(())).await;
        }
    }
    wait_until("Postfix to be empty", PATIENCE, async || postfix.is_empty().then_some(())).await;
    for (id, state) in answers.iter().zip(&states) {
        let times = arrived(id);
        assert!(times == 1 || (times == 0 && state == "unknown"), "{id} is {state} and arrived {times} times");
    }
    let known = states.iter().filter(|state| *state == "sent").count();
    assert!(known >= 20, "most are known: {states:?}");
}
