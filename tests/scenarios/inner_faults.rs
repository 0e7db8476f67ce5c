//! Something inside fails, stands still or fills up, and the whole forgets, doubles or lies. The engine runs in this
//! process here, with a clock that is moved by hand and faults that are switched on.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use madoguchi_engine::config::Config;
use madoguchi_engine::domain::conversation::{Command, Event, Status};
use madoguchi_engine::domain::id::{Position, StreamId};
use madoguchi_engine::domain::record::{By, Fact};
use madoguchi_engine::domain::seat::Holder;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::rows::{CatchUp, MessagesQuery, Place, Update};
use madoguchi_engine::{Clock, Failure};
use madoguchi_tests::world::{PATIENCE, wait_until};
use tokio::sync::mpsc;

use super::inside::{A, B, INBOX, body, config, conversation, done_list, furnished, start, window};

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
        // A command that finds the fallen actor still registered is not taken; the next one is.
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
    let config = config(dir.path(), &clock);
    let engine = furnished(config.clone()).await;
    engine.inbound(INBOX, body(1, 0)).await.unwrap();
    let id = conversation(&engine, 1).await;
    config.faults.hold_read_models.store(true, Ordering::Release);
    let seat = engine.command(By::Agent(A), id, Command::Claim { agent: A }).await.unwrap().row.state.seat.epoch;
    let note = Command::AddNote { agent: A, client_id: "n".to_owned(), text: "メモ".to_owned() };
    engine.command(By::Agent(A), id, note).await.unwrap();
    engine.command(By::Agent(A), id, Command::Complete { agent: A, seat_epoch: seat }).await.unwrap();
    let held = engine.messages(id, MessagesQuery { place: Place::Newest, limit: 10 }).await;
    assert_eq!(held.unwrap_err(), Failure::CatchingUp, "rather no answer than an old one");
    let faults = config.faults.clone();
    let release = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        faults.hold_read_models.store(false, Ordering::Release);
    };
    let read = engine.messages(id, MessagesQuery { place: Place::Newest, limit: 10 });
    let (page, ()) = tokio::join!(read, release);
    assert_eq!(page.unwrap().items.len(), 2);
    assert_eq!(engine.conversations(done_list()).await.unwrap().items.len(), 1);
    engine.stop().await;
}

#[actix_rt::test]
async fn a_body_is_stored_whole_when_its_window_does_not_answer_and_interpreted_later() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
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

/// An offer and an absence pass their times while the process is down; each follows once, and not again.
#[actix_rt::test]
async fn a_deadline_that_passed_during_a_restart_fires_once() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let config = config(dir.path(), &clock);
    let engine = furnished(config.clone()).await;
    engine.inbound(INBOX, body(1, 0)).await.unwrap();
    let id = conversation(&engine, 1).await;
    let seat = engine.command(By::Agent(A), id, Command::Claim { agent: A }).await.unwrap().row.state.seat.epoch;
    let offer = Command::OfferHandover { agent: A, seat_epoch: seat, to: B, note: None };
    engine.command(By::Agent(A), id, offer).await.unwrap();
    engine.inbound(INBOX, body(2, 0)).await.unwrap();
    let unstarted = conversation(&engine, 2).await;
    engine.stop().await;
    drop(engine);
    clock.advance_ms(15 * 24 * 3_600_000);
    let engine = start(config.clone()).await;
    wait_until("both deadlines", PATIENCE, async || {
        let offered = engine.conversation(id).await.unwrap().state.seat.offer.is_some();
        let open = engine.conversation(unstarted).await.unwrap().state.status == Status::New;
        (!offered && !open).then_some(())
    })
    .await;
    engine.stop().await;
    drop(engine);
    let engine = start(config).await;
    let (stream, _) = engine.position(&window()).unwrap();
    let all = engine.catch_up(&window(), stream, Position(0)).await.unwrap();
    let CatchUp::Updates(all) = all else { panic!("few records") };
    let facts: Vec<Fact> = all.iter().flat_map(|update| update.record.events.clone()).collect();
    let ended = facts.iter().filter(|fact| matches!(fact, Fact::Conversation(_, Event::HandoverEnded { .. }))).count();
    let closed =
        facts.iter().filter(|fact| matches!(fact, Fact::Conversation(_, Event::Completed { by: None }))).count();
    assert_eq!((ended, closed), (1, 1));
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
