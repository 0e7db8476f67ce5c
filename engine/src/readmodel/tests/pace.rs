//! Keeping pace: waiting for a position, and the most that the writer may lag.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::*;
use crate::faults::Faults;
use crate::readmodel::ReadModelWriter;
use crate::readmodel::writer::{MOST_BYTES, MOST_RECORDS};

/// Longer than anything here takes; reached only when the test fails.
const LONG: Duration = Duration::from_secs(30);

fn writer(store: &Store, faults: &Arc<Faults>) -> Arc<ReadModelWriter> {
    let on_fault = Box::new(|error| panic!("the store failed: {error}"));
    Arc::new(ReadModelWriter::start(store.models.clone(), faults.clone(), on_fault))
}

fn hold(faults: &Faults, held: bool) {
    faults.hold_read_models.store(held, Ordering::Release);
}

/// Whether a push of one record more gets through while the writer stands still, and that it does once it moves.
fn full_after(backlog: Vec<Committed>, more: Committed) -> bool {
    let (store, faults) = (Store::new(), Arc::new(Faults::default()));
    hold(&faults, true);
    let writer = writer(&store, &faults);
    let count = backlog.len();
    writer.push(backlog);
    let through = Arc::new(AtomicBool::new(false));
    let last = more.position;
    let pusher = std::thread::spawn({
        let (writer, through) = (writer.clone(), through.clone());
        move || {
            writer.push(vec![more]);
            through.store(true, Ordering::Release);
        }
    });
    // Nothing tells that a thread waits; one that need not wait is through long before.
    let patience = std::time::Instant::now() + Duration::from_millis(300);
    while !through.load(Ordering::Acquire) && std::time::Instant::now() < patience {
        std::thread::yield_now();
    }
    let blocked = !through.load(Ordering::Acquire);
    assert_eq!(writer.lag(), if blocked { count } else { count + 1 });
    hold(&faults, false);
    pusher.join().unwrap();
    writer.stop();
    assert_eq!((writer.lag(), store.models.reached(A)), (0, last));
    blocked
}

/// So many records of a stream, and one more. Only the lengths that they claim are big.
fn records(count: usize, payload_len: usize) -> (Vec<Committed>, Committed) {
    let record = Arc::new(Record { at: Timestamp(1), by: By::Engine, events: Vec::new() });
    let mut all: Vec<_> = (1..=count as u64 + 1)
        .map(|position| Committed {
            stream: A,
            position: Position(position),
            window: None,
            record: record.clone(),
            dedupe: Vec::new(),
            payload_len,
            after: Vec::new(),
        })
        .collect();
    let more = all.pop().unwrap();
    (all, more)
}

#[test]
fn whoever_pushes_waits_once_too_many_records_lag() {
    let (backlog, more) = records(MOST_RECORDS - 1, 1);
    assert!(!full_after(backlog, more), "below the limit");
    let (backlog, more) = records(MOST_RECORDS, 1);
    assert!(full_after(backlog, more), "at the limit");
}

#[test]
fn whoever_pushes_waits_once_too_many_bytes_lag() {
    let (backlog, more) = records(4, MOST_BYTES / 4 - 1);
    assert!(!full_after(backlog, more), "below the limit");
    let (backlog, more) = records(4, MOST_BYTES / 4);
    assert!(full_after(backlog, more), "at the limit");
}

#[tokio::test]
async fn waiting_for_a_position_ends_when_it_is_readable_and_not_before() {
    let mut source = Source::new();
    let last = source.say(A, 1, 10, vec![opened(1), received(1, "hello")]);
    let (store, faults) = (Store::new(), Arc::new(Faults::default()));
    hold(&faults, true);
    let writer = writer(&store, &faults);
    assert!(writer.wait_for(A, Position(0), Duration::ZERO).await, "nothing to wait for");
    writer.push(source.told.clone());
    assert!(!writer.wait_for(A, last.position, Duration::from_millis(30)).await, "it stands still");
    assert_eq!(store.models.conversation(ConversationId(1)).unwrap(), None);
    hold(&faults, false);
    assert!(writer.wait_for(A, last.position, LONG).await);
    assert_eq!(store.conversation(1).position, last.position);
    assert!(!writer.wait_for(A, last.position.next(), Duration::from_millis(30)).await, "that one never came");
}

#[tokio::test]
async fn what_was_followed_in_another_life_is_known_at_once() {
    let mut source = Source::new();
    let last = source.say(A, 1, 10, vec![opened(1), received(1, "hello")]);
    let store = Store::of(&source);
    let writer = writer(&store, &Arc::new(Faults::default()));
    assert!(writer.wait_for(A, last.position, Duration::from_millis(100)).await);
}

#[test]
fn stopping_writes_what_is_left_even_while_held() {
    let mut source = Source::new();
    let last = source.say(A, 1, 10, vec![opened(1), received(1, "hello")]);
    let (store, faults) = (Store::new(), Arc::new(Faults::default()));
    hold(&faults, true);
    let writer = writer(&store, &faults);
    writer.push(source.told.clone());
    writer.stop();
    assert_eq!(store.conversation(1).position, last.position);
}
