//! From a kill to ready, with a million messages and read models caught up: the whole program, from its start to the first
//! request it answers.

use std::cell::Cell;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Size;
use super::sleeping::with_past;
use crate::Outcome;
use crate::figure::{Line, Report, median};
use crate::house::House;
use crate::server::Server;
use crate::store::Past;
use crate::wire::{Wire, request};

/// Messages of one conversation.
const MESSAGES_EACH: usize = 20;
/// Webhooks at a time when the kill comes.
const CONNECTIONS: usize = 32;
/// How long they come before it.
const LOAD: Duration = Duration::from_millis(700);
const GOAL_S: f64 = 2.0;

/// Measures with `size.count` messages and `size.rounds` kills.
pub(super) async fn run(size: Size) -> Outcome<Report> {
    let conversations = (size.count / MESSAGES_EACH).max(1);
    let past = Past { conversations, messages: MESSAGES_EACH, open: conversations / 20 };
    let dir = tempfile::tempdir()?;
    let made = with_past(dir.path(), past).await?;
    let mut taken = 0;
    let mut seconds = Vec::new();
    for _ in 0..size.rounds {
        taken += killed_under_load(dir.path(), conversations).await?;
        let begun = Instant::now();
        let server = Server::start(dir.path())?;
        let mut wire = Wire::connect(&server.address).await?;
        let status = wire.status(&request("GET", "/readyz", "", b"")).await?;
        if status != 200 {
            return Err(format!("ready was answered {status}").into());
        }
        seconds.push(begun.elapsed().as_secs_f64());
        drop(server);
    }
    let messages = check(dir.path(), conversations).await?;
    let (middle, most) = (median(&seconds), seconds.iter().copied().fold(0.0, f64::max));
    Ok(Report {
        measure: "ready".to_owned(),
        method: format!(
            "{} messages in {conversations} conversations, {} open; {} kills under {CONNECTIONS} parallel webhooks ({taken} \
             acknowledged), each time from the start of the process to a 200 of /readyz, on one core",
            size.count, past.open, size.rounds
        ),
        lines: vec![Line::at_most(
            &format!("ready after a kill, {} messages", size.count),
            "<= 2 s",
            Some(middle),
            GOAL_S,
            format!("{middle:.2} s (at most {most:.2} s)"),
            format!("making the read models anew {:.0} s", made.as_secs_f64()),
        )],
        raw: json!({ "seconds": seconds, "made_anew_s": made.as_secs_f64(), "taken": taken, "messages_of_one": messages }),
    })
}

/// Starts the server, loads it and kills it in the middle. Returns how many webhooks were acknowledged.
async fn killed_under_load(data_dir: &Path, customers: usize) -> Outcome<usize> {
    let house = House::reopen(data_dir).await?;
    let webhooks = house.webhooks.clone();
    let taken = Cell::new(0);
    let begun = Instant::now();
    let work = (0..CONNECTIONS).map(|lane| {
        let (webhooks, taken, address) = (&webhooks, &taken, &house.server.address);
        async move {
            let mut wire = Wire::connect(address).await?;
            let mut turn = lane;
            while begun.elapsed() < LOAD {
                let request = webhooks.message(turn * 37 % customers, "停電です。");
                if wire.status(&request).await? == 200 {
                    taken.set(taken.get() + 1);
                }
                turn += CONNECTIONS;
            }
            Outcome::Ok(())
        }
    });
    futures_util::future::try_join_all(work).await?;
    drop(house);
    Ok(taken.get())
}

/// The past is there: the first customer's conversation has its messages. Returns the newest number.
async fn check(data_dir: &Path, conversations: usize) -> Outcome<u64> {
    let house = House::reopen(data_dir).await?;
    let path =
        format!("/api/v1/windows/{}/conversations?limit=1&q={}", crate::house::WINDOW, crate::webhook::customer(0));
    let answer = house.call("GET", &path, &Value::Null).await?;
    let list: Value = serde_json::from_slice(&answer.body)?;
    let last = list["items"][0]["last_number"].as_u64().ok_or_else(|| format!("no past: {list}"))?;
    if last < MESSAGES_EACH as u64 {
        return Err(format!("{last} messages of one of {conversations} conversations are left").into());
    }
    Ok(last)
}
