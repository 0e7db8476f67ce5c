//! Something inside fails, stands still or fills up, and the whole forgets, doubles or lies. The engine runs in this
//! process here, with a clock that is moved by hand and faults that are switched on.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use madoguchi_engine::config::Config;
use madoguchi_engine::domain::conversation::{Command, Status};
use madoguchi_engine::domain::id::{Position, StreamId};
use madoguchi_engine::domain::message::Content;
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::seat::Holder;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::handle::Taken;
use madoguchi_engine::rows::{CatchUp, ListQuery, MessagesQuery, Place, Update};
use madoguchi_engine::{Clock, Failure};
use madoguchi_tests::inside::{
    A, B, INBOX, body, burst, config, conversation, furnished, let_time_pass, start, window,
};
use madoguchi_tests::lossy::{Lossy, PowerCut};
use madoguchi_tests::world::{PATIENCE, wait_until};
use serde_json::json;
use tokio::sync::mpsc;

/// How long the read models are held back.
const HELD: Duration = Duration::from_secs(5);

/// Everything told so far, and that it was told as 1, 2, 3….
fn told(updates: &mut mpsc::Receiver<Arc<Update>>, all: &mut Vec<Arc<Update>>) {
    while let Ok(update) = updates.try_recv() {
        if let Some(last) = all.last() {
            assert_eq!(update.position, last.position.next(), "a gap or a double");
        }
        all.push(update);
    }
}

#[actix_rt::test]
async fn actors_that_panic_after_the_commit_open_no_gap() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let config = config(dir.path(), &clock);
    let engine = furnished(config.clone()).await;
    let (reader, mut updates) = mpsc::channel(10_000);
    engine.attach(reader);
    let mut heard = Vec::new();
    // Longer batches, so that an actor falls while more of it is on its way.
    config.faults.slow_sync_ms.store(5, Ordering::Release);
    for round in 0..5 {
        config.faults.panics_after_commit.store(60, Ordering::Release);
        let bodies = (0..300).map(|index| body(index % 100, 3 * round + index / 100));
        let all = join_all(bodies.map(|body| engine.inbound(INBOX, body))).await;
        assert!(all.iter().all(Result::is_ok), "{all:?}");
        // Until the last of them has fallen; the next round finds them rebuilt.
        wait_until("the planned panics", PATIENCE, async || {
            (config.faults.panics_after_commit.load(Ordering::Acquire) == 0 || round > 0).then_some(())
        })
        .await;
        config.faults.panics_after_commit.store(0, Ordering::Release);
        clock.advance_ms(11 * 60_000);
        told(&mut updates, &mut heard);
    }
    wait_until("bodies that were stored whole meanwhile", PATIENCE, async || {
        engine.raw_bodies(&window()).await.unwrap().is_empty().then_some(())
    })
    .await;
    told(&mut updates, &mut heard);
    for user in 0..100 {
        let id = conversation(&engine, user).await;
        let page = engine.messages(id, MessagesQuery { place: Place::Newest, limit: 50 }).await.unwrap();
        assert_eq!(page.items.len(), 15, "customer {user}: each message once");
    }
    assert!(heard.len() >= 1_500);
    engine.stop().await;
}

/// It decides on all of a burst before it hears of the first, and the rest is committed when it is gone.
#[actix_rt::test]
async fn what_is_committed_after_its_actor_fell_is_told_like_everything_else() {
    // Just below what a conversation may have on its way: several batches, the last of them while the actor is falling.
    const MANY: usize = 250;
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), &Clock::manual(Timestamp(1_000_000)));
    let engine = furnished(config.clone()).await;
    let (reader, mut updates) = mpsc::channel(10_000);
    engine.attach(reader);
    let mut heard = Vec::new();
    config.faults.slow_sync_ms.store(3, Ordering::Release);
    for customer in 1..=8 {
        config.faults.panics_after_commit.store(1, Ordering::Release);
        assert!(engine.inbound(INBOX, burst(customer, MANY, "もしもし")).await.is_ok());
        assert_eq!(config.faults.panics_after_commit.load(Ordering::Acquire), 0);
        told(&mut updates, &mut heard);
        assert_eq!(heard.len(), customer * MANY);
        let id = conversation(&engine, customer).await;
        assert_eq!(engine.conversation(id).await.unwrap().state.last_number as usize, MANY);
    }
    engine.stop().await;
}

#[actix_rt::test]
async fn a_conversation_that_keeps_failing_is_set_aside_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let config = config(dir.path(), &clock);
    let engine = furnished(config.clone()).await;
    engine.inbound(INBOX, body(1, 0)).await.unwrap();
    let id = conversation(&engine, 1).await;
    for _ in 0..3 {
        config.faults.panics_before_decide.store(1, Ordering::Release);
        // A command that comes while the fallen one is still being cleared away meets no panic.
        wait_until("the planned panic", PATIENCE, async || {
            let _ = engine.command(By::Agent(A), id, Command::Claim { agent: A }).await;
            (config.faults.panics_before_decide.load(Ordering::Acquire) == 0).then_some(())
        })
        .await;
    }
    wait_until("the conversation to be set aside", PATIENCE, async || {
        engine.conversation(id).await.unwrap().state.set_aside.then_some(())
    })
    .await;
    let taken = engine.inbound(INBOX, body(1, 1)).await.unwrap();
    assert!(taken.stored_whole, "{taken:?}");
    assert_eq!(engine.raw_bodies(&window()).await.unwrap().len(), 1);
    engine.inbound(INBOX, body(2, 0)).await.unwrap();
    conversation(&engine, 2).await;
    engine.stop().await;
}

#[actix_rt::test]
async fn a_nearly_full_disk_takes_no_new_work_and_lets_work_end() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let config = config(dir.path(), &clock);
    let engine = furnished(Config { min_free_bytes: 1_000, ..config.clone() }).await;
    engine.inbound(INBOX, body(1, 0)).await.unwrap();
    let id = conversation(&engine, 1).await;
    let seat = engine.command(By::Agent(A), id, Command::Claim { agent: A }).await.unwrap().row.state.seat.epoch;
    config.faults.free_space.store(999, Ordering::Release);
    assert_eq!(engine.inbound(INBOX, body(1, 1)).await, Err(Failure::DiskFull));
    let refused = engine.command(By::Agent(B), id, Command::Claim { agent: B }).await;
    assert_eq!(refused.unwrap_err(), Failure::DiskFull);
    assert!(engine.conversation(id).await.is_ok(), "reading goes on");
    let done = engine.command(By::Agent(A), id, Command::Complete { agent: A, seat_epoch: seat }).await.unwrap();
    assert_eq!(done.row.state.status, Status::Done);
    config.faults.free_space.store(1_000, Ordering::Release);
    assert!(engine.inbound(INBOX, body(1, 1)).await.is_ok(), "by itself, when there is room");
    engine.stop().await;
}

#[actix_rt::test]
async fn a_read_after_a_write_shows_it_however_far_the_read_models_are() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let _passing = let_time_pass(&clock);
    let config = config(dir.path(), &clock);
    let engine = furnished(config.clone()).await;
    engine.inbound(INBOX, body(1, 0)).await.unwrap();
    let id = conversation(&engine, 1).await;
    config.faults.hold_read_models.store(true, Ordering::Release);
    let seat = engine.command(By::Agent(A), id, Command::Claim { agent: A }).await.unwrap().row.state.seat.epoch;
    let open = ListQuery { windows: vec![window()], limit: 10, ..ListQuery::default() };
    let listed = engine.conversations(open).await;
    assert!(
        listed.as_ref().is_ok_and(|page| page.items[0].state.status == Status::InProgress)
            || listed.as_ref().is_err_and(|failure| *failure == Failure::CatchingUp),
        "a list shows the claim or says that it cannot: {listed:?}"
    );
    let note = Command::AddNote { agent: A, client_id: "n".to_owned(), text: "メモ".to_owned() };
    engine.command(By::Agent(A), id, note).await.unwrap();
    engine.command(By::Agent(A), id, Command::Complete { agent: A, seat_epoch: seat }).await.unwrap();
    let faults = config.faults.clone();
    let held = std::time::Instant::now();
    let release = async {
        tokio::time::sleep(HELD).await;
        faults.hold_read_models.store(false, Ordering::Release);
    };
    // Who asks meanwhile is told to ask again; nobody is shown what was before.
    let ask = async {
        let mut told_to_wait = 0;
        loop {
            match engine.messages(id, MessagesQuery { place: Place::Newest, limit: 10 }).await {
                Ok(page) => return (told_to_wait, page),
                Err(Failure::CatchingUp) => told_to_wait += 1,
                Err(failure) => panic!("{failure}"),
            }
        }
    };
    let ((told_to_wait, page), ()) = tokio::join!(ask, release);
    assert_eq!(page.items.len(), 2, "the message and the memo");
    assert!(told_to_wait > 0 && held.elapsed() >= HELD, "it was answered from what was held back");
    let done = ListQuery { windows: vec![window()], status: Some(Status::Done), limit: 10, ..ListQuery::default() };
    assert_eq!(engine.conversations(done).await.unwrap().items.len(), 1);
    engine.stop().await;
}

#[actix_rt::test]
async fn a_body_is_stored_whole_when_its_window_does_not_answer_and_interpreted_later() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let _passing = let_time_pass(&clock);
    let mut config = config(dir.path(), &clock);
    config.inbound_patience_ms = 50;
    let engine = furnished(config.clone()).await;
    config.faults.hold_windows.store(true, Ordering::Release);
    let taken = engine.inbound(INBOX, body(1, 0)).await.unwrap();
    assert!(taken.stored_whole);
    config.faults.hold_windows.store(false, Ordering::Release);
    wait_until("the body to be interpreted", PATIENCE, async || {
        engine.raw_bodies(&window()).await.unwrap().is_empty().then_some(())
    })
    .await;
    let id = conversation(&engine, 1).await;
    let page = engine.messages(id, MessagesQuery { place: Place::Newest, limit: 10 }).await.unwrap();
    assert_eq!(page.items.len(), 1, "once");
    engine.stop().await;
}

/// A body too long for a record is a file of its own, which must be as durable as the record that names it.
#[actix_rt::test]
async fn a_body_stored_whole_outlives_a_power_cut() {
    let Some(lossy) = Lossy::mount() else { return };
    let clock = Clock::manual(Timestamp(1_000_000));
    let _passing = let_time_pass(&clock);
    let mut config = config(&lossy.path().join("data"), &clock);
    config.inbound_patience_ms = 50;
    config.boot_id = Some("before".to_owned());
    let engine = furnished(config.clone()).await;
    config.faults.hold_windows.store(true, Ordering::Release);
    let text = "長".repeat(5_000);
    let long = burst(1, 10, &text);
    assert!(long.len() > 64 * 1024, "too long for a record");
    assert!(engine.inbound(INBOX, long).await.unwrap().stored_whole);
    engine.stop().await;
    drop(engine);
    lossy.power_cut(PowerCut::Clean);
    config.faults.hold_windows.store(false, Ordering::Release);
    config.boot_id = Some("after".to_owned());
    let engine = start(config).await;
    wait_until("the body to be interpreted", PATIENCE, async || {
        engine.raw_bodies(&window()).await.is_ok_and(|waiting| waiting.is_empty()).then_some(())
    })
    .await;
    let id = conversation(&engine, 1).await;
    let page = engine.messages(id, MessagesQuery { place: Place::Newest, limit: 50 }).await.unwrap();
    assert_eq!(page.items.len(), 10);
    assert!(page.items.iter().all(|line| line.content == Content::Text(text.clone())));
    engine.stop().await;
}

#[actix_rt::test]
async fn an_event_that_stands_twice_in_one_webhook_holds_up_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let engine = furnished(config(dir.path(), &clock)).await;
    let mut twice: serde_json::Value = serde_json::from_slice(&body(1, 1)).unwrap();
    let event = twice["events"][0].clone();
    twice["events"] = json!([event, event]);
    let twice = Bytes::from(twice.to_string());
    for (recorded, duplicates) in [(1, 1), (0, 2)] {
        let taken = tokio::time::timeout(PATIENCE, engine.inbound(INBOX, twice.clone())).await.expect("an answer");
        assert_eq!(taken, Ok(Taken { recorded, duplicates, parked: 0, stored_whole: false }));
    }
    engine.stop().await;
}

/// Makes garbage of rows in the folder of an engine that has stopped: of conversations (0) or of their timelines (1). Both
/// are under C and the conversation's id, and this byte.
async fn garble(dir: &std::path::Path, which: u8) {
    let garbled = wait_until("the read models to be closed", PATIENCE, async || {
        let db = sled::open(dir.join("readmodel/sled")).ok()?;
        let keys = db.scan_prefix("C").keys().map(Result::unwrap);
        let keys: Vec<_> = keys.filter(|key| key.len() > 17 && key[17] == which).collect();
        keys.iter().for_each(|key| drop(db.insert(key, &[0xff; 3]).unwrap()));
        db.flush().unwrap();
        Some(keys.len())
    })
    .await;
    assert!(garbled > 0, "no row was there to be damaged");
}

/// Every line of every timeline is garbage on the disk. What is read first is refused, everything else goes on, and the
/// next start knows.
#[actix_rt::test]
async fn a_damaged_row_takes_nothing_along_and_is_gone_after_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let config = config(dir.path(), &clock);
    let engine = furnished(config.clone()).await;
    for event in 0..3 {
        engine.inbound(INBOX, body(1, event)).await.unwrap();
    }
    let id = conversation(&engine, 1).await;
    engine.stop().await;
    drop(engine);
    garble(dir.path(), 1).await;

    let engine = start(config.clone()).await;
    let newest = MessagesQuery { place: Place::Newest, limit: 10 };
    for _ in 0..2 {
        assert_eq!(engine.messages(id, newest).await.unwrap_err(), Failure::CatchingUp);
    }
    assert!(engine.inbound(INBOX, body(2, 0)).await.is_ok(), "customers get through");
    assert_eq!(engine.conversation(id).await.unwrap().state.id, id, "other rows are read");
    let other = conversation(&engine, 2).await;
    assert_eq!(engine.messages(other, newest).await.unwrap().items.len(), 1, "and rows are still written");
    engine.stop().await;
    drop(engine);

    let engine = start(config).await;
    assert_eq!(engine.messages(id, newest).await.unwrap().items.len(), 3);
    assert_eq!(engine.messages(other, newest).await.unwrap().items.len(), 1);
    engine.stop().await;
}

#[actix_rt::test]
async fn a_damaged_row_that_the_start_needs_stops_one_start_and_not_every_one() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let config = config(dir.path(), &clock);
    let engine = furnished(config.clone()).await;
    engine.inbound(INBOX, body(1, 0)).await.unwrap();
    engine.stop().await;
    drop(engine);
    garble(dir.path(), 0).await;
    let engine = start(config).await;
    let id = conversation(&engine, 1).await;
    let page = engine.messages(id, MessagesQuery { place: Place::Newest, limit: 10 }).await.unwrap();
    assert_eq!(page.items.len(), 1);
    engine.stop().await;
}

/// Whoever was answered finds their own doing told to everybody: the answer comes after the sync and after the views.
#[actix_rt::test]
async fn nobody_is_answered_before_it_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let config = config(dir.path(), &clock);
    let engine = furnished(config.clone()).await;
    join_all((0..100).map(|user| engine.inbound(INBOX, body(user, 0)))).await;
    let mut ids = Vec::new();
    for user in 0..100 {
        ids.push(conversation(&engine, user).await);
    }
    // Long enough for all of them to stand in one batch.
    config.faults.slow_sync_ms.store(10, Ordering::Release);
    let (_, before) = engine.position(&window()).unwrap();
    engine.inbound(INBOX, body(0, 1)).await.unwrap();
    assert!(engine.position(&window()).unwrap().1 > before, "the platform is answered before it is told");
    for round in 0..20 {
        let claims = ids.iter().map(|id| async {
            let done = engine.command(By::Agent(A), *id, Command::Claim { agent: A }).await.unwrap();
            let (_, told) = engine.position(&window()).unwrap();
            assert!(done.row.position > Position(0), "round {round}: no answer without a position");
            assert!(told >= done.row.position, "round {round}: answered at {told}, before {}", done.row.position);
            let shown = engine.conversation(*id).await.unwrap();
            assert_eq!(shown.state.seat.holder, Holder::Agent(A), "round {round}: answered before it is shown");
            done.row.state.seat.epoch
        });
        let epochs = join_all(claims).await;
        let releases = ids
            .iter()
            .zip(epochs)
            .map(|(id, seat_epoch)| engine.command(By::Agent(A), *id, Command::Release { agent: A, seat_epoch }));
        assert!(join_all(releases).await.iter().all(Result::is_ok));
    }
    engine.stop().await;
}

/// Who is told that a colleague has the seat must not be told so before the colleague has it on the disk.
#[actix_rt::test]
async fn a_refusal_waits_for_what_it_rests_on() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let config = config(dir.path(), &clock);
    let engine = furnished(config.clone()).await;
    engine.inbound(INBOX, body(1, 0)).await.unwrap();
    let id = conversation(&engine, 1).await;
    config.faults.slow_sync_ms.store(200, Ordering::Release);
    let first = engine.command(By::Agent(A), id, Command::Claim { agent: A });
    let second = async {
        let refused = engine.command(By::Agent(B), id, Command::Claim { agent: B }).await;
        (refused, engine.conversation(id).await.unwrap().state.seat.holder)
    };
    let (won, (refused, shown)) = tokio::join!(first, second);
    assert!(won.is_ok());
    assert!(matches!(refused, Err(Failure::Rejected(_))), "{refused:?}");
    assert_eq!(shown, Holder::Agent(A), "what the refusal says was not true yet");
    engine.stop().await;
}

#[actix_rt::test]
async fn an_event_that_comes_again_is_known_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let config = config(dir.path(), &clock);
    let engine = furnished(config.clone()).await;
    assert_eq!(engine.inbound(INBOX, body(1, 0)).await.unwrap().recorded, 1);
    let again = engine.inbound(INBOX, body(1, 0)).await.unwrap();
    assert_eq!((again.recorded, again.duplicates), (0, 1), "in the same life");
    engine.stop().await;
    drop(engine);
    let engine = start(config).await;
    let again = engine.inbound(INBOX, body(1, 0)).await.unwrap();
    assert_eq!((again.recorded, again.duplicates), (0, 1), "in the next life");
    let id = conversation(&engine, 1).await;
    let page = engine.messages(id, MessagesQuery { place: Place::Newest, limit: 10 }).await.unwrap();
    assert_eq!(page.items.len(), 1);
    engine.stop().await;
}

/// From memory, and after a restart from the journal: whatever place a reader comes from, exactly the rest in order.
#[actix_rt::test]
async fn a_resume_from_any_place_gives_exactly_what_followed() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let config = config(dir.path(), &clock);
    let engine = furnished(config.clone()).await;
    let (reader, mut updates) = mpsc::channel(1_000);
    engine.attach(reader);
    for event in 0..30 {
        engine.inbound(INBOX, body(event % 3, event)).await.unwrap();
    }
    let mut live = Vec::new();
    told(&mut updates, &mut live);
    let resumes = async |engine: &madoguchi_engine::Handle, whence: &str| {
        let (stream, head) = engine.position(&window()).unwrap();
        for after in 0..=head.0 {
            let missed = engine.catch_up(&window(), stream, Position(after)).await.unwrap();
            let CatchUp::Updates(missed) = missed else { panic!("{whence}: a snapshot after {after}") };
            let positions: Vec<u64> = missed.iter().map(|update| update.position.0).collect();
            assert_eq!(positions, (after + 1..=head.0).collect::<Vec<_>>(), "{whence}, after {after}");
            for update in &live {
                let again = missed.iter().find(|missed| missed.position == update.position);
                assert!(again.is_none_or(|again| again.frame == update.frame), "{whence}: other bytes");
            }
        }
    };
    resumes(&engine, "from memory").await;
    let (stream, head) = engine.position(&window()).unwrap();
    for (other, after) in [(StreamId(stream.0 ^ 1), Position(3)), (stream, head.next())] {
        let missed = engine.catch_up(&window(), other, after).await.unwrap();
        assert!(matches!(missed, CatchUp::Snapshot(_)), "a place of another life says nothing of this one");
    }
    engine.stop().await;
    drop(engine);
    let engine = start(config).await;
    resumes(&engine, "from the journal").await;
    engine.stop().await;
}
