use madoguchi_engine::domain::record::{By, Record};
use madoguchi_engine::domain::time::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::socket::testing::{STREAM, window};

fn update(stream: StreamId, position: u64) -> Arc<Update> {
    let record = Record { at: Timestamp(0), by: By::Engine, events: Vec::new() };
    Arc::new(Update {
        window: window(),
        stream,
        position: Position(position),
        record: Arc::new(record),
        frame: bytes::Bytes::new(),
    })
}

fn mark(position: u64) -> Mark {
    Mark { stream: STREAM, position: Position(position) }
}

#[test]
fn what_is_known_is_not_told_again() {
    let mut cursor = Cursor::new(mark(5));
    assert_eq!(cursor.offer(&update(STREAM, 5)), Step::Pass);
    assert_eq!(cursor.offer(&update(STREAM, 6)), Step::Forward);
    assert_eq!(cursor.offer(&update(STREAM, 6)), Step::Pass);
}

#[test]
fn a_gap_is_fetched_once_and_what_came_meanwhile_follows() {
    let mut cursor = Cursor::new(mark(5));
    assert_eq!(cursor.offer(&update(STREAM, 8)), Step::Fetch);
    assert_eq!(cursor.offer(&update(STREAM, 9)), Step::Pass, "its fetch is on its way");
    assert_eq!(cursor.compare(mark(9)), Step::Pass);
    let (told, step) = cursor.fetched(vec![update(STREAM, 6), update(STREAM, 7), update(STREAM, 8)]);
    assert_eq!(told.iter().map(|u| u.position.0).collect::<Vec<_>>(), [6, 7, 8, 9]);
    assert_eq!((step, cursor.mark()), (Step::Pass, mark(9)));
}

#[test]
fn another_life_of_the_stream_is_a_gap_whatever_its_numbers() {
    let other = StreamId(8);
    let mut cursor = Cursor::new(mark(5));
    assert_eq!(cursor.offer(&update(other, 6)), Step::Fetch);
    let (told, step) = cursor.jump(Mark { stream: other, position: Position(5) });
    assert_eq!((told.len(), step), (1, Step::Pass));
}

#[test]
fn what_waits_for_a_fetch_has_a_limit() {
    let mut cursor = Cursor::fetching(mark(0));
    let count = PENDING as u64 + 100;
    for position in 2..=count {
        assert_eq!(cursor.offer(&update(STREAM, position)), Step::Pass);
    }
    let (told, _) = cursor.fetched(vec![update(STREAM, 1)]);
    assert_eq!(told.len(), PENDING + 1);
    assert_eq!(cursor.compare(mark(count)), Step::Fetch, "the rest is fetched");
}

#[test]
fn a_lost_last_update_is_found_by_comparing() {
    let mut cursor = Cursor::new(mark(5));
    assert_eq!(cursor.compare(mark(5)), Step::Pass);
    assert_eq!(cursor.compare(mark(6)), Step::Fetch);
    cursor.give_up();
    assert_eq!(cursor.compare(mark(6)), Step::Fetch, "a fetch that failed is tried again");
}

#[derive(Clone, Debug)]
enum Happens {
    /// A record is committed and heard, lost, or heard twice.
    Commit(u8),
    /// An old update is heard once more.
    Again(u64),
    /// What was asked for comes, or not.
    Fetched(bool),
    /// The clock compares.
    Clock,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        6 => (0_u8..3).prop_map(Happens::Commit),
        1 => (1_u64..60).prop_map(Happens::Again),
        3 => any::<bool>().prop_map(Happens::Fetched),
        1 => Just(Happens::Clock),
    ]
}

proptest! {
    #[test]
    fn a_reader_sees_one_two_three_whatever_is_lost_or_repeated(steps in proptest::collection::vec(happens(), 0..200)) {
        let mut cursor = Cursor::new(mark(0));
        let mut head = 0;
        let mut asked: Option<u64> = None;
        let mut told: Vec<u64> = Vec::new();
        let end = [Happens::Fetched(true), Happens::Clock, Happens::Fetched(true), Happens::Clock, Happens::Fetched(true)];
        for step in steps.into_iter().chain(end) {
            let outcome = match step {
                Happens::Commit(times) => {
                    head += 1;
                    let mut outcome = Step::Pass;
                    for _ in 0..times {
                        match cursor.offer(&update(STREAM, head)) {
                            Step::Forward => told.push(head),
                            Step::Fetch => outcome = Step::Fetch,
                            Step::Pass => {}
                        }
                    }
                    outcome
                }
                Happens::Again(position) if position <= head => {
                    let outcome = cursor.offer(&update(STREAM, position));
                    if outcome == Step::Forward { told.push(position) }
                    outcome
                }
                Happens::Fetched(true) if asked.is_some() => {
                    let after = asked.take().unwrap_or(0);
                    let (now, outcome) = cursor.fetched((after + 1..=head).map(|p| update(STREAM, p)).collect());
                    told.extend(now.iter().map(|u| u.position.0));
                    outcome
                }
                Happens::Fetched(false) if asked.take().is_some() => { cursor.give_up(); Step::Pass }
                Happens::Clock => cursor.compare(mark(head)),
                Happens::Again(_) | Happens::Fetched(_) => Step::Pass,
            };
            if outcome == Step::Fetch {
                prop_assert!(asked.is_none(), "asked twice");
                asked = Some(cursor.mark().position.0);
            }
        }
        prop_assert_eq!(told, (1..=head).collect::<Vec<_>>());
    }
}
