//! A body that was stored whole waits for ever, is shown twice, or takes the place of others.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::domain::window::{MAX_RAW, RawReason};
use madoguchi_engine::rows::{MessagesQuery, Place};
use madoguchi_engine::{Clock, Failure, Handle};
use madoguchi_tests::inside::{A, INBOX, body, config, conversation, furnished, let_time_pass, window};
use madoguchi_tests::world::{PATIENCE, wait_until};
use serde_json::{Value, json};

/// A body with a readable event of a customer and one of nobody.
fn half_broken() -> Bytes {
    let mut body: Value = serde_json::from_slice(&body(1, 0)).unwrap();
    let mut broken = body["events"][0].clone();
    broken["source"] = json!({"type": "user"});
    broken["webhookEventId"] = json!("E-broken");
    body["events"].as_array_mut().unwrap().push(broken);
    Bytes::from(body.to_string())
}

async fn lines_of(engine: &Handle, user: usize) -> usize {
    let id = conversation(engine, user).await;
    engine.messages(id, MessagesQuery { place: Place::Newest, limit: 50 }).await.unwrap().items.len()
}

/// Why each body waits.
async fn reasons(engine: &Handle) -> Vec<RawReason> {
    engine.raw_bodies(&window()).await.unwrap().into_iter().map(|row| row.why).collect()
}

#[actix_rt::test]
async fn of_a_body_that_came_while_all_were_busy_only_the_event_that_nobody_can_read_stays() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_000_000));
    let _passing = let_time_pass(&clock);
    let mut config = config(dir.path(), &clock);
    config.inbound_patience_ms = 50;
    let engine = furnished(config.clone()).await;
    config.faults.hold_windows.store(true, Ordering::Release);
    assert!(engine.inbound(INBOX, half_broken()).await.unwrap().stored_whole);
    assert!(reasons(&engine).await.contains(&RawReason::Busy));
    config.faults.hold_windows.store(false, Ordering::Release);
    wait_until("the rest of it to be settled", PATIENCE, async || {
        (reasons(&engine).await == [RawReason::Unparsable]).then_some(())
    })
    .await;
    assert_eq!(lines_of(&engine, 1).await, 1);
    // The same from the platform once more, and by hand.
    assert_eq!(engine.inbound(INBOX, half_broken()).await.unwrap().duplicates, 1);
    let waiting = engine.raw_bodies(&window()).await.unwrap();
    let again = engine.replay_raw(By::Agent(A), &window(), waiting[0].raw).await.unwrap();
    assert!(again.stored_whole, "it still waits: {again:?}");
    assert_eq!(engine.raw_bodies(&window()).await.unwrap(), waiting);
    assert_eq!(lines_of(&engine, 1).await, 1);
    engine.stop().await;
}

#[actix_rt::test]
async fn an_event_that_came_broken_and_comes_again_whole_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let engine = furnished(config(dir.path(), &Clock::manual(Timestamp(1_000_000)))).await;
    let whole = body(1, 0);
    let mut broken: Value = serde_json::from_slice(&whole).unwrap();
    broken["events"][0]["source"] = json!({"type": "user"});
    let taken = engine.inbound(INBOX, Bytes::from(broken.to_string())).await.unwrap();
    assert_eq!((taken.recorded, taken.parked), (0, 1));
    let taken = engine.inbound(INBOX, whole).await.unwrap();
    assert_eq!((taken.recorded, taken.duplicates), (1, 0));
    assert_eq!(lines_of(&engine, 1).await, 1);
    engine.stop().await;
}

#[actix_rt::test]
async fn what_is_no_webhook_at_all_is_stored_once_however_often_it_is_replayed() {
    let dir = tempfile::tempdir().unwrap();
    let engine = furnished(config(dir.path(), &Clock::manual(Timestamp(1_000_000)))).await;
    assert!(engine.inbound(INBOX, Bytes::from_static(b"hello")).await.unwrap().stored_whole);
    let waiting = engine.raw_bodies(&window()).await.unwrap();
    for _ in 0..2 {
        assert!(engine.replay_raw(By::Agent(A), &window(), waiting[0].raw).await.unwrap().stored_whole);
        assert_eq!(engine.raw_bodies(&window()).await.unwrap(), waiting);
    }
    engine.stop().await;
}

/// Beyond the limit the platform keeps it and repeats.
#[actix_rt::test]
async fn one_stored_body_more_than_may_wait_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let engine = furnished(config(dir.path(), &Clock::manual(Timestamp(1_000_000)))).await;
    let body = |n: usize| Bytes::from(format!("no webhook {n}"));
    let taken: Vec<_> = stream::iter(0..MAX_RAW).map(|n| engine.inbound(INBOX, body(n))).buffered(64).collect().await;
    assert!(taken.iter().all(|taken| taken.as_ref().is_ok_and(|taken| taken.stored_whole)));
    let refused = engine.inbound(INBOX, body(MAX_RAW)).await;
    assert!(matches!(refused, Err(Failure::Overloaded { what: "stored bodies", .. })), "{refused:?}");
    assert_eq!(engine.raw_bodies(&window()).await.unwrap().len(), MAX_RAW);
    engine.stop().await;
}
