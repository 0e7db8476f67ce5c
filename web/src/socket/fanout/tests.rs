mod bounds;

use std::cell::RefCell;

use madoguchi_protocol::ClientFrame;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::*;
use crate::socket::house::Settings;
use crate::socket::outbox::{Outbox, State};
use crate::socket::testing::{Fake, STREAM, decode, said, who, window};

/// A worker with a few sockets, each an outbox that somebody empties.
struct Desk {
    house: Fake,
    fanout: Rc<RefCell<Fanout<Fake>>>,
}

impl Desk {
    fn new() -> Self {
        let house = Fake::new(Settings { outbox_bytes: 64 * 1024, ..Settings::default() });
        Self { fanout: Fanout::new(house.clone()), house }
    }

    fn join(&self, key: u64, agent: u128) -> Shared {
        let outbox = Rc::new(RefCell::new(Outbox::new(self.house.settings().outbox_bytes, None)));
        self.fanout.borrow_mut().join(key, who(agent), Rc::clone(&outbox));
        outbox
    }

    fn watch(&self, key: u64, from: Option<u64>) {
        let from = from.map(|position| Mark { stream: STREAM, position: position.into_position() });
        self.fanout.borrow_mut().watch(key, window(), from);
    }

    /// Commits a record that this worker hears of.
    fn tell(&self, events: Vec<Fact>) {
        let update = self.house.commit_unheard(events);
        self.fanout.borrow_mut().updates(&[update]);
    }

    /// Lets every fetch run that was asked for.
    async fn settle(&self) {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }

    /// Two seconds of the clock, and what follows.
    async fn clock(&self) {
        for _ in 0..2 {
            self.fanout.borrow_mut().second();
            self.settle().await;
        }
    }

    /// Everything that was told since the last look; the peer takes whatever there is.
    fn read(&self, key: u64, outbox: &Shared) -> Vec<Value> {
        let mut out = Vec::new();
        loop {
            let piece = outbox.borrow_mut().take();
            let Some(piece) = piece else { break };
            out.extend(piece);
            self.fanout.borrow_mut().feed(key);
        }
        if out.is_empty() {
            return Vec::new();
        }
        let text = |message: Message| match message {
            Message::Text(text) => Some(serde_json::from_str(&text).expect("JSON")),
            _ => None,
        };
        decode(&out).into_iter().filter_map(text).collect()
    }
}

trait IntoPosition {
    fn into_position(self) -> madoguchi_engine::domain::id::Position;
}

impl IntoPosition for u64 {
    fn into_position(self) -> madoguchi_engine::domain::id::Position {
        madoguchi_engine::domain::id::Position(self)
    }
}

fn kinds(frames: &[Value]) -> Vec<&str> {
    frames.iter().map(|frame| frame["type"].as_str().expect("a type")).collect()
}

/// Positions of updates, with 0 where a snapshot came.
fn positions(frames: &[Value]) -> Vec<u64> {
    frames
        .iter()
        .filter_map(|frame| match frame["type"].as_str() {
            Some("update") => frame["position"].as_u64(),
            Some("snapshot") => Some(0),
            _ => None,
        })
        .collect()
}

#[actix_web::test]
async fn a_reader_begins_with_a_snapshot_and_goes_on_without_a_gap() {
    let desk = Desk::new();
    let outbox = desk.join(1, 1);
    assert_eq!(kinds(&desk.read(1, &outbox)), ["hello", "me"]);
    desk.tell(said(1));
    desk.watch(1, None);
    desk.tell(said(1));
    desk.settle().await;
    desk.tell(said(1));
    let told = desk.read(1, &outbox);
    assert_eq!(kinds(&told), ["snapshot", "presence", "update"]);
    assert_eq!((&told[0]["position"], &told[2]["position"]), (&json!(2), &json!(3)));
}

#[actix_web::test]
async fn a_returning_reader_gets_what_was_missed_and_no_snapshot() {
    let desk = Desk::new();
    for _ in 0..10 {
        desk.tell(said(1));
    }
    let outbox = desk.join(1, 1);
    desk.watch(1, Some(4));
    desk.tell(said(1));
    desk.settle().await;
    assert_eq!(positions(&desk.read(1, &outbox)), [5, 6, 7, 8, 9, 10, 11]);
}

#[actix_web::test]
async fn a_place_that_never_was_is_answered_with_a_snapshot() {
    let desk = Desk::new();
    desk.tell(said(1));
    let outbox = desk.join(1, 1);
    for from in [Some(2), Some(u64::MAX)] {
        desk.watch(1, from);
        desk.settle().await;
        assert_eq!(positions(&desk.read(1, &outbox)), [0], "{from:?}");
    }
    desk.tell(said(1));
    assert_eq!(positions(&desk.read(1, &outbox)), [2], "watched once, whatever was said before");
}

#[actix_web::test]
async fn a_worker_that_missed_updates_fetches_once_for_everybody() {
    let desk = Desk::new();
    let outboxes: Vec<Shared> = (0..50).map(|key| desk.join(key, 1)).collect();
    for key in 0..50 {
        desk.watch(key, Some(0));
    }
    desk.settle().await;
    let before = desk.house.state().fetches;
    for _ in 0..3 {
        desk.house.commit_unheard(said(1));
    }
    desk.tell(said(1));
    desk.settle().await;
    assert_eq!(desk.house.state().fetches, before + 1);
    for (key, outbox) in outboxes.iter().enumerate() {
        assert_eq!(positions(&desk.read(key as u64, outbox)), [1, 2, 3, 4]);
    }
}

#[actix_web::test]
async fn a_lost_last_update_is_noticed_without_a_next_one() {
    let desk = Desk::new();
    let outbox = desk.join(1, 1);
    desk.watch(1, Some(0));
    desk.settle().await;
    desk.tell(said(1));
    desk.house.commit_unheard(said(1));
    desk.clock().await;
    desk.clock().await;
    assert_eq!(positions(&desk.read(1, &outbox)), [1, 2]);
}

#[actix_web::test]
async fn a_fetch_that_fails_is_tried_again_by_the_clock() {
    let desk = Desk::new();
    let (new, back) = (desk.join(1, 1), desk.join(2, 1));
    desk.house.state().catching_up = true;
    desk.tell(said(1));
    desk.watch(1, None);
    desk.watch(2, Some(0));
    desk.settle().await;
    assert_eq!(kinds(&desk.read(1, &new)), ["hello", "me", "unwatched"], "who has nothing is told to try again");
    assert_eq!(positions(&desk.read(2, &back)), [0_u64; 0]);
    desk.tell(said(1));
    desk.house.state().catching_up = false;
    desk.clock().await;
    assert_eq!(positions(&desk.read(2, &back)), [1, 2]);
}

#[actix_web::test]
async fn whatever_is_lost_every_watcher_sees_one_two_three() {
    for seed in 0..40 {
        let mut chance = StdRng::seed_from_u64(seed);
        let desk = Desk::new();
        desk.house.state().memory = 1_000;
        let outboxes: Vec<Shared> = (0..4).map(|key| desk.join(key, 1)).collect();
        let mut seen: Vec<Vec<u64>> = vec![Vec::new(); 4];
        for _ in 0..150 {
            let key = chance.random_range(0..4_usize);
            match chance.random_range(0..20) {
                0..8 => desk.tell(said(1)),
                8..11 => drop(desk.house.commit_unheard(said(1))),
                11 => {
                    let again = desk.house.state().log.last().cloned();
                    desk.fanout.borrow_mut().updates(again.as_slice());
                }
                12 => desk.house.state().catching_up = chance.random(),
                // The client comes back with what it has read so far.
                13 => {
                    seen[key].extend(positions(&desk.read(key as u64, &outboxes[key])));
                    desk.watch(key as u64, Some(seen[key].last().copied().unwrap_or(0)));
                }
                14 => seen[key].extend(positions(&desk.read(key as u64, &outboxes[key]))),
                15 => desk.fanout.borrow_mut().second(),
                _ => tokio::task::yield_now().await,
            }
        }
        desk.house.state().catching_up = false;
        for key in 0..4 {
            seen[key].extend(positions(&desk.read(key as u64, &outboxes[key])));
            desk.watch(key as u64, Some(seen[key].last().copied().unwrap_or(0)));
        }
        for _ in 0..3 {
            desk.clock().await;
        }
        let head = desk.house.state().log.len() as u64;
        for key in 0..4 {
            seen[key].extend(positions(&desk.read(key as u64, &outboxes[key])));
            assert_eq!(seen[key], (1..=head).collect::<Vec<_>>(), "seed {seed}, watcher {key}");
        }
    }
}

#[actix_web::test]
async fn missing_more_than_the_outbox_holds_is_given_as_it_is_taken() {
    let desk = Desk::new();
    for _ in 0..2_000 {
        desk.house.commit_unheard(said(1_000));
    }
    let outbox = desk.join(1, 1);
    desk.watch(1, Some(0));
    desk.settle().await;
    assert!(outbox.borrow().bytes() < 256 * 1024, "{}", outbox.borrow().bytes());
    desk.tell(said(1_000));
    assert_eq!(outbox.borrow().state(), State::Open, "coming back is not falling behind");
    assert_eq!(positions(&desk.read(1, &outbox)), (1..=2_001).collect::<Vec<_>>());
    assert_eq!(desk.fanout.borrow().backlog.get(), 0);
}

#[actix_web::test]
async fn a_storm_of_returning_readers_is_served_a_few_at_a_time() {
    let desk = Desk::new();
    for _ in 0..9_000 {
        desk.house.commit_unheard(said(1_000));
    }
    let outboxes: Vec<Shared> = (0..20).map(|key| desk.join(key, 1)).collect();
    for key in 0..20 {
        desk.watch(key, Some(0));
    }
    desk.settle().await;
    let waiting = desk.fanout.borrow().backlog.get();
    assert!(waiting < 80 << 20, "{waiting} of 200 MB");
    for _ in 0..20 {
        for (key, outbox) in outboxes.iter().enumerate() {
            desk.read(key as u64, outbox);
        }
        desk.settle().await;
    }
    let fanout = desk.fanout.borrow();
    assert_eq!((fanout.backlog.get(), fanout.fetching, fanout.waiting.len()), (0, 0, 0));
    assert_eq!(desk.house.state().fetches, 20);
}

#[actix_web::test]
async fn who_leaves_the_window_sees_their_own_leaving_and_nothing_after_it() {
    let desk = Desk::new();
    let (leaving, staying) = (desk.join(1, 1), desk.join(2, 2));
    for key in [1, 2] {
        desk.watch(key, Some(0));
    }
    desk.settle().await;
    desk.read(1, &leaving);
    desk.house.state().members.remove(&AgentId(1));
    desk.tell(vec![Fact::Window(WindowEvent::AgentRemoved { agent: AgentId(1) })]);
    desk.tell(said(1));
    assert_eq!(kinds(&desk.read(1, &leaving)), ["update", "unwatched", "me"]);
    assert_eq!(positions(&desk.read(2, &staying)), [1, 2]);
    desk.watch(1, Some(0));
    desk.settle().await;
    let told = desk.read(1, &leaving);
    assert_eq!(told[0]["problem"]["code"], "forbidden");
    assert_eq!(told.len(), 1);
}

#[actix_web::test]
async fn an_ended_session_ends_its_socket_at_once_and_by_the_clock() {
    let desk = Desk::new();
    let (told, forgotten) = (desk.join(1, 1), desk.join(2, 2));
    desk.house.state().shut_out.insert(AgentId(1));
    desk.fanout.borrow_mut().recheck();
    assert_eq!(told.borrow().state(), State::Closing(Some(Close::SessionEnded)));
    assert_eq!(forgotten.borrow().state(), State::Open);
    desk.house.state().shut_out.insert(AgentId(2));
    for _ in 0..5 {
        desk.fanout.borrow_mut().second();
    }
    assert_eq!(forgotten.borrow().state(), State::Closing(Some(Close::SessionEnded)));
}

#[actix_web::test]
async fn a_silent_socket_is_asked_and_then_ended_and_a_stuck_one_sooner() {
    let desk = Desk::new();
    let settings = desk.house.settings();
    let (silent, stuck, alive) = (desk.join(1, 1), desk.join(2, 1), desk.join(3, 1));
    let mut pings = 0;
    for second in 1..=settings.silent_s {
        for outbox in [&silent, &alive] {
            let piece = outbox.borrow_mut().take();
            pings += usize::from(piece.is_some_and(|piece| piece[0] == 0x89));
        }
        alive.borrow_mut().heard();
        desk.fanout.borrow_mut().second();
        let is_open = stuck.borrow().state() == State::Open;
        assert_eq!(is_open, second < settings.stuck_s, "after {second} s");
    }
    assert_eq!(silent.borrow().state(), State::Closing(Some(Close::Silent)));
    assert_eq!(alive.borrow().state(), State::Open);
    assert!(pings >= 4, "{pings}");
}

#[actix_web::test]
async fn who_writes_and_who_looks_reaches_who_watches_and_nobody_twice() {
    let desk = Desk::new();
    let (watching, elsewhere) = (desk.join(1, 1), desk.join(2, 2));
    let conversation = madoguchi_engine::domain::id::ConversationId(9);
    assert!(!desk.fanout.borrow_mut().typing(&window(), conversation, AgentId(5)), "nobody watches");
    desk.watch(1, Some(0));
    desk.settle().await;
    desk.read(1, &watching);
    let mut fanout = desk.fanout.borrow_mut();
    assert!(fanout.typing(&window(), conversation, AgentId(5)));
    assert!(!fanout.typing(&window(), conversation, AgentId(5)), "it is to be told already");
    assert!(!fanout.viewing(&window(), conversation, AgentId(6)), "it goes with what is to be told already");
    fanout.tell_hints();
    fanout.tell_hints();
    drop(fanout);
    let told = desk.read(1, &watching);
    assert_eq!(kinds(&told), ["typing", "viewing"]);
    assert_eq!(told[0]["typing"].as_array().map(Vec::len), Some(1));
    assert_eq!(told[1]["viewing"][0]["agent"], AgentId(6).to_string());
    assert!(desk.fanout.borrow_mut().viewing(&window(), conversation, AgentId(6)), "the next has to be told anew");
    assert_eq!(kinds(&desk.read(2, &elsewhere)), ["hello", "me"]);
}

#[actix_web::test]
async fn who_leaves_gives_everything_back() {
    let desk = Desk::new();
    for _ in 0..1_000 {
        desk.house.commit_unheard(said(1_000));
    }
    let _outbox = desk.join(1, 1);
    desk.watch(1, Some(0));
    desk.settle().await;
    assert!(desk.fanout.borrow().backlog.get() > 0);
    desk.fanout.borrow_mut().leave(1);
    let fanout = desk.fanout.borrow();
    assert_eq!((fanout.backlog.get(), fanout.sockets.len()), (0, 0));
    assert!(!fanout.feeds[&window()].is_watched());
}

#[test]
fn the_longest_answer_fits_into_one_message() {
    let text = "窓".repeat(madoguchi_engine::domain::conversation::limits::TEXT_BYTES / 3);
    let frame = json!({"type": "command", "ref": "r", "conversation": "c", "command":
        {"type": "send", "client_id": "c", "seat_epoch": 1, "content": {"type": "text", "text": text}}});
    let text = frame.to_string();
    assert!(text.len() < SOCKET_MESSAGE_BYTES, "{}", text.len());
    assert!(serde_json::from_str::<ClientFrame>(&text).is_ok());
}

#[actix_web::test]
async fn figures_come_once_when_asked_for_and_then_only_when_they_move() {
    let desk = Desk::new();
    let (asked, silent, stranger) = (desk.join(1, 1), desk.join(2, 2), desk.join(3, 999));
    let counters = |key: u64, outbox: &Shared| -> Vec<Value> {
        desk.read(key, outbox).into_iter().filter(|frame| frame["type"] == "counters").collect()
    };
    desk.fanout.borrow_mut().watch_counters(1, true);
    desk.fanout.borrow_mut().watch_counters(3, true);
    assert_eq!(counters(1, &asked)[0]["windows"][0]["new"], 0, "all of them, at once");
    assert_eq!(counters(3, &stranger)[0]["windows"], json!([]), "who may read nothing learns nothing");
    desk.clock().await;
    assert!(counters(1, &asked).is_empty(), "nothing moved");
    desk.tell(said(1));
    desk.tell(said(1));
    desk.clock().await;
    let told = counters(1, &asked);
    assert_eq!((told.len(), &told[0]["windows"][0]["new"]), (1, &json!(2)), "one frame for both");
    assert!(counters(2, &silent).is_empty() && counters(3, &stranger).is_empty());
    desk.fanout.borrow_mut().watch_counters(1, false);
    desk.tell(said(1));
    desk.clock().await;
    assert!(counters(1, &asked).is_empty(), "no more");
}
