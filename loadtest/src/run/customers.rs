//! The customers: each message is written when it is due, whatever became of the ones before, but never two of one
//! customer at once, since then nobody could say which was first. Their phones are watched here too.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Semaphore, broadcast, mpsc};
use tokio::task::JoinSet;

use super::book::Kind;
use super::figures::Timed;
use super::hall::Hall;
use super::side::Kind as Side;
use crate::double::Channel;

/// Messages that may wait for an earlier one of the same customer, over all customers.
pub(crate) const MOST_WAITING: usize = 200_000;

/// What waits for an earlier message of the same customer.
#[derive(Debug, Default)]
struct Lanes {
    /// A customer who is writing; with what they want to write next.
    writing: HashMap<u32, VecDeque<u64>>,
    waiting: usize,
}

/// Writes everything that comes through `due`, and returns when all of it was answered.
pub(crate) async fn write(hall: Arc<Hall>, mut due: mpsc::Receiver<(u64, u32)>) {
    let lanes: Arc<Mutex<Lanes>> = Arc::default();
    let connections = Arc::new(Semaphore::new(hall.options.connections as usize));
    let mut writers = JoinSet::new();
    while let Some((due_us, chat)) = due.recv().await {
        let now_us = hall.clock.now_us();
        hall.room_of(chat).lock().figures.took(Timed::Own, due_us, now_us);
        {
            let mut lanes = lanes.lock();
            let Lanes { writing, waiting } = &mut *lanes;
            if let Some(lane) = writing.get_mut(&chat) {
                if *waiting < MOST_WAITING {
                    lane.push_back(due_us);
                    *waiting += 1;
                } else {
                    hall.fault(Kind::Unchecked, || "the server is too slow for this rate".to_owned());
                }
                continue;
            }
            writing.insert(chat, VecDeque::new());
        }
        let (hall, lanes, connections) = (Arc::clone(&hall), Arc::clone(&lanes), Arc::clone(&connections));
        writers.spawn(write_lane(hall, lanes, connections, chat, due_us));
        while writers.try_join_next().is_some() {}
    }
    while writers.join_next().await.is_some() {}
}

/// Writes one message, and what became due meanwhile.
async fn write_lane(hall: Arc<Hall>, lanes: Arc<Mutex<Lanes>>, connections: Arc<Semaphore>, chat: u32, due_us: u64) {
    let mut next = Some(due_us);
    while let Some(due_us) = next {
        if let Ok(_permit) = connections.acquire().await {
            write_one(&hall, chat, due_us).await;
        }
        let mut lanes = lanes.lock();
        next = lanes.writing.get_mut(&chat).and_then(VecDeque::pop_front);
        match next {
            Some(_) => lanes.waiting -= 1,
            None => drop(lanes.writing.remove(&chat)),
        }
    }
}

async fn write_one(hall: &Hall, chat: u32, due_us: u64) {
    let room = hall.room_of(chat);
    let word = room.lock().book.said(chat, due_us);
    let text = word.customer(hall.options.seed);
    let kind = hall.kind_of(chat);
    let said = say(hall, kind, chat, &text).await;
    let now_us = hall.clock.now_us();
    match said {
        Ok(Ok(200)) => {
            {
                let mut room = room.lock();
                room.book.acknowledged(word);
                room.figures.took(Timed::Webhook, due_us, now_us);
            }
            let mut side = hall.side(kind).lock();
            side.figures.took(Timed::Webhook, due_us, now_us);
            side.acknowledged += 1;
        }
        Ok(answered) => {
            // Without an answer it took at least this long; a refusal's time would only flatter the others.
            if answered.is_err() {
                room.lock().figures.took(Timed::Webhook, due_us, now_us);
            }
            hall.side(kind).lock().refused += 1;
            hall.count(&match answered {
                Ok(status) => format!("{} webhook {status}", kind.word()),
                Err(reason) => format!("{} webhook {reason}", kind.word()),
            });
        }
        Err(error) => hall.fault(Kind::Unchecked, || format!("a double failed: {error}")),
    }
}

/// Says it over the chat's channel. The status it was answered with, or why there is none.
async fn say(hall: &Hall, kind: Side, chat: u32, text: &str) -> Result<Result<u16, String>, String> {
    let counter = &hall.scene.windows[(chat % hall.options.windows) as usize];
    let user = &hall.scene.users[chat as usize];
    let missing = || "a channel without an account".to_owned();
    match kind {
        Side::Line => {
            let account = counter.line.as_ref().ok_or_else(missing)?;
            say_line(hall, account, user, text).await
        }
        Side::Bot => {
            let (account, _) = counter.fronted.as_ref().ok_or_else(missing)?;
            say_line(hall, account, user, text).await
        }
        Side::Botchannel => {
            let system = counter.system.as_ref().ok_or_else(missing)?;
            Ok(system.say(user, text).await.ok_or_else(|| "without an answer".to_owned()))
        }
        Side::Mail => {
            let (post, address) = hall.scene.post.as_ref().zip(counter.address.as_ref()).ok_or_else(missing)?;
            Ok(match post.double.say(&post.door, user, address, text).await {
                Ok(answer) if answer.starts_with("250") => Ok(200),
                Ok(answer) => Err(answer.chars().take(9).collect()),
                Err(error) => Err(format!("without an answer: {error}")),
            })
        }
        Side::Lineworks => {
            let (works, bot) = hall.scene.works.as_ref().zip(counter.bot.as_ref()).ok_or_else(missing)?;
            Ok(works.say(&bot.id, user, text).await.status.ok_or_else(|| "without an answer".to_owned()))
        }
    }
}

async fn say_line(hall: &Hall, account: &Channel, user: &str, text: &str) -> Result<Result<u16, String>, String> {
    let said = hall.scene.double.say_in(account, user, text).await.map_err(|error| error.to_string())?;
    let status = if said.acknowledged() { Some(200) } else { said.status };
    Ok(status.ok_or_else(|| format!("{:?}", said.reason)))
}

/// Watches what customers look at, for as long as it is there: `read` says whose screen it is and what it says, or that it
/// is nothing of ours.
pub(crate) async fn watch<T: Clone>(
    hall: Arc<Hall>,
    mut shown: broadcast::Receiver<T>,
    read: impl Fn(&T) -> Option<(&str, &str)>,
) {
    let chats: HashMap<&str, u32> = hall.scene.users.iter().map(String::as_str).zip(0..).collect();
    loop {
        match shown.recv().await {
            Ok(shown) => {
                let Some((user, text)) = read(&shown) else { continue };
                let Some(chat) = chats.get(user) else { continue };
                arrived(&hall, *chat, text);
            }
            Err(broadcast::error::RecvError::Lagged(missed)) => unseen(&hall, missed),
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}

fn arrived(hall: &Hall, chat: u32, text: &str) {
    let now_us = hall.clock.now_us();
    let (timed, due_us) = {
        let mut room = hall.room_of(chat).lock();
        let Some(answer) = room.book.arrived(chat, text) else { return };
        let timed = if answer.of_bot { Timed::Bot } else { Timed::Phone };
        room.figures.took(timed, answer.due_us, now_us);
        (timed, answer.due_us)
    };
    let mut side = hall.side(hall.kind_of(chat)).lock();
    side.arrived += 1;
    side.figures.took(timed, due_us, now_us);
}

fn unseen(hall: &Hall, missed: u64) {
    hall.fault(Kind::Unchecked, || format!("{missed} messages on phones were not looked at"));
}
