//! The writer: its bound, its waits, a hold, a fault, its end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::Duration;

use super::script::{Script, Store, opened, received};
use crate::domain::id::Position;
use crate::failure::Failure;
use crate::faults::Faults;
use crate::readmodel::queue::{BOUND, Bound, Queue};
use crate::readmodel::{MadeAnew, ReadFault, ReadModels, Writer};

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(30);

struct Running {
    writer: Arc<Writer>,
    models: Arc<ReadModels>,
    faults: Arc<Faults>,
    told: mpsc::Receiver<ReadFault>,
    dir: tempfile::TempDir,
}

fn running(bound: Bound) -> Running {
    let Store { models, dir } = Store::new();
    let models = Arc::new(models);
    let faults = Arc::new(Faults::default());
    let (tell, told) = mpsc::channel();
    let on_fault = Box::new(move |fault| tell.send(fault).unwrap());
    let writer = Writer::start_with(models.clone(), faults.clone(), on_fault, bound).unwrap();
    Running { writer: Arc::new(writer), models, faults, told, dir }
}

async fn within(patience: Duration, arrival: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::time::timeout(patience, arrival).await.unwrap_or(Err(Failure::CatchingUp))
}

fn script(messages: u32) -> Script {
    let mut script = Script::new();
    script.talk(10, [opened("U1")]);
    for number in 1..=messages {
        script.talk(10, [received(number, "もしもし")]);
    }
    script
}

#[tokio::test]
async fn a_read_waits_for_the_head_as_of_its_arrival() {
    let script = script(300);
    let run = running(BOUND);
    run.faults.hold_read_models.store(true, Ordering::Relaxed);
    let early = within(LONG, run.models.arrival(script.stream, script.position()));
    run.writer.push(script.written.clone());
    let held = within(SHORT, run.models.arrival(script.stream, Position(1))).await;
    assert_eq!(held, Err(Failure::CatchingUp), "nothing moves while it is held");
    assert_eq!(run.models.reached(script.stream), Position(0));
    assert_eq!(run.writer.lag(), 302);
    run.faults.hold_read_models.store(false, Ordering::Relaxed);
    assert_eq!(early.await, Ok(()));
    assert_eq!(run.models.reached(script.stream), script.position());
    assert_eq!(
        within(Duration::ZERO, run.writer.arrival(script.stream, Position(1))).await,
        Ok(()),
        "it is there already"
    );
    assert_eq!(
        within(SHORT, run.models.arrival(script.stream, script.position().next())).await,
        Err(Failure::CatchingUp)
    );
}

#[test]
fn records_that_come_one_by_one_are_taken_together() {
    let script = script(300);
    // On a busy machine the one who pushes may be kept from it for longer than anything is gathered, but not each time.
    let together = (0..100).any(|_| {
        let queue = Arc::new(Queue::new(BOUND));
        let to = queue.clone();
        let gathering = std::thread::spawn(move || {
            to.gather();
            to.take(1_000).map_or(0, |taken| taken.records.len())
        });
        script.written.iter().for_each(|record| queue.push(vec![record.clone()]));
        gathering.join().unwrap() == script.written.len()
    });
    assert!(together);
}

#[test]
fn nothing_is_gathered_while_somebody_waits_and_never_more_than_enough() {
    let script = script(600);
    let queue = Queue::new(BOUND);
    queue.push(script.written[..1].to_vec());
    let hurry = queue.hurry();
    assert!(queue.is_ripe());
    drop(hurry);
    assert!(!queue.is_ripe());
    queue.push(script.written[1..].to_vec());
    assert!(queue.is_ripe());
    queue.gather();
    assert_eq!(queue.take(1_000).map(|taken| taken.records.len()), Some(602));
    assert!(!queue.is_ripe());
    queue.end();
    assert!(queue.is_ripe());
    queue.gather();
}

#[test]
fn the_one_who_pushes_waits_at_the_bound_and_goes_on_when_there_is_room() {
    let script = script(98);
    let run = running(Bound { records: 10, bytes: usize::MAX });
    run.faults.hold_read_models.store(true, Ordering::Relaxed);
    let (writer, records) = (run.writer.clone(), script.written.clone());
    let (pushed, all_pushed) = mpsc::channel();
    let pusher = std::thread::spawn(move || {
        for record in records {
            writer.push(vec![record]);
        }
        pushed.send(()).unwrap();
    });
    while run.writer.lag() < 10 {
        std::thread::yield_now();
    }
    // Nothing leaves the queue while it is held, so this is all that will ever be in it.
    assert_eq!(all_pushed.try_recv(), Err(mpsc::TryRecvError::Empty), "100 records went into a queue of 10");
    assert_eq!(run.writer.lag(), 10);
    run.faults.hold_read_models.store(false, Ordering::Relaxed);
    all_pushed.recv_timeout(LONG).unwrap();
    pusher.join().unwrap();
    run.writer.stop();
    assert_eq!(run.models.reached(script.stream), script.position());
    assert_eq!(run.writer.lag(), 0);
}

#[test]
fn weight_bounds_the_lag_too_and_what_is_heavier_goes_alone() {
    let script = script(5);
    let queue = Arc::new(Queue::new(Bound { records: usize::MAX, bytes: 1 }));
    let (to, records) = (queue.clone(), script.written.clone());
    let pusher = std::thread::spawn(move || to.push(records));
    for _ in 0..script.written.len() {
        let taken = queue.take(100).unwrap();
        assert_eq!((taken.records.len(), queue.lag()), (1, (1, taken.bytes)));
        queue.applied(1, taken.bytes);
    }
    pusher.join().unwrap();
    queue.end();
    assert!(queue.take(100).is_none());
}

#[tokio::test]
async fn a_fault_is_told_once_frees_everybody_and_has_the_store_made_anew() {
    let script = script(300);
    let run = running(Bound { records: 10, bytes: usize::MAX });
    run.writer.push(script.written[..2].to_vec());
    within(LONG, run.models.arrival(script.stream, Position(2))).await.unwrap();
    let waiting = within(LONG, run.models.arrival(script.stream, script.position()));
    // Position 3 is missing: rows after it would be wrong.
    run.writer.push(script.written[3..].to_vec());
    assert!(matches!(run.told.recv_timeout(LONG), Ok(ReadFault::Gap { found: Position(4), .. })));
    assert_eq!(waiting.await, Err(Failure::CatchingUp));
    run.writer.push(script.written[3..].to_vec());
    assert_eq!(run.models.reached(script.stream), Position(2));
    let Running { writer, models, told, dir, .. } = run;
    drop(writer);
    assert!(told.recv_timeout(LONG).is_err(), "told once");
    drop(models);
    let opened = ReadModels::open(dir.path()).unwrap();
    assert_eq!(opened.made_anew, Some(MadeAnew::Distrusted));
    opened.models.catch_up(&*script.journal).unwrap();
    assert_eq!(opened.models.dump(), script.followed().models.dump());
}

#[test]
fn the_end_applies_what_was_pushed_even_when_held() {
    let script = script(500);
    let run = running(BOUND);
    run.faults.hold_read_models.store(true, Ordering::Relaxed);
    run.writer.push(script.written.clone());
    run.writer.stop();
    assert_eq!(run.models.reached(script.stream), script.position());
    run.writer.push(script.written);
    run.writer.stop();
}
