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
use crate::double::{Author, Shown};

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
    let (_, channel) = &hall.scene.windows[(chat % hall.options.windows) as usize];
    let text = word.customer(hall.options.seed);
    let said = hall.scene.double.say_in(channel, &hall.scene.users[chat as usize], &text).await;
    let now_us = hall.clock.now_us();
    match said {
        Ok(said) if said.acknowledged() => {
            let mut room = room.lock();
            room.book.acknowledged(word);
            room.figures.took(Timed::Webhook, due_us, now_us);
        }
        Ok(said) => {
            // Without an answer it took at least this long; a refusal's time would only flatter the others.
            if said.status.is_none() {
                room.lock().figures.took(Timed::Webhook, due_us, now_us);
            }
            hall.count(&match said.status {
                Some(status) => format!("webhook {status}"),
                None => format!("webhook {:?}", said.reason),
            });
        }
        Err(error) => hall.fault(Kind::Unchecked, || format!("the LINE double failed: {error}")),
    }
}

/// Watches the phones for as long as the double runs.
pub(crate) async fn watch_phones(hall: Arc<Hall>, mut shown: broadcast::Receiver<Arc<Shown>>) {
    let chats: HashMap<&str, u32> = hall.scene.users.iter().map(String::as_str).zip(0..).collect();
    loop {
        match shown.recv().await {
            Ok(shown) if shown.author == Author::Account => {
                let now_us = hall.clock.now_us();
                let Some(chat) = chats.get(shown.user.as_str()) else { continue };
                let mut room = hall.room_of(*chat).lock();
                if let Some(due_us) = room.book.arrived(*chat, shown.text.as_deref().unwrap_or_default()) {
                    room.figures.took(Timed::Phone, due_us, now_us);
                }
            }
            Ok(_) => {}
            Err(broadcast::error::RecvError::Lagged(missed)) => {
                hall.fault(Kind::Unchecked, || format!("{missed} messages on phones were not looked at"));
            }
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}
