//! What is kept, for how long, and that it is the same when made anew.

use proptest::prelude::*;

use super::*;
use crate::domain::id::InboxId;
use crate::domain::window::{RawAccepted, RawBody, RawEnd, RawReason};
use crate::journal::feed::Committed;

/// Everything that queries tell.
fn everything(store: &Store) -> String {
    let mut all = String::new();
    for stream in [A, B] {
        let models = &store.models;
        let (done, _) = models.done_page(&[stream], &|_| true, None, usize::MAX).unwrap();
        let raw = models.raw_waiting(stream).unwrap();
        let (reached, window) = (models.reached(stream), models.window(stream).unwrap());
        let (threads, live) = (models.threads(stream).unwrap(), models.live_conversations(stream).unwrap());
        all += &format!("{reached:?} {window:?} {threads:?} {live:?} {done:?} {raw:?}\n");
    }
    for id in 0..8 {
        let row = store.models.conversation(ConversationId(id)).unwrap();
        all += &format!("{row:?} {:?}\n", store.timeline(id));
    }
    for key in 0..200 {
        all += &format!("{:?} ", store.models.dedupe(DedupeKey(key)).unwrap());
    }
    all
}

/// A plausible life of several conversations, chosen by numbers.
fn history(choices: &[(u8, u8)]) -> Source {
    let mut source = Source::new();
    for (n, (who, what)) in choices.iter().enumerate() {
        let id = u128::from(who % 4);
        let (stream, at) = (if id % 2 == 0 { A } else { B }, 100 + i64::from(what / 16) * 7);
        let known = source.states.get(&ConversationId(id)).cloned();
        let number = known.as_ref().map_or(1, Conversation::next_number);
        let waiting = known.as_ref().and_then(|state| state.outbox.front().map(|item| item.number));
        let events = match (known.is_some(), what % 8) {
            (false, _) => vec![opened(id), received(1, "hello")],
            (_, 0) => vec![received(number, "more")],
            (_, 1) => vec![claimed(n as u64)],
            (_, 2) => vec![Event::Completed { by: Some(AYA) }],
            (_, 3) => vec![Event::Reopened, received(number, "again")],
            (_, 4) => vec![queued(number, "answer"), queued(number + 1, "and more")],
            (_, 5) => vec![note(number, "memo"), Event::NoteEdited { number, text: "new".to_owned() }],
            (_, 6) => vec![Event::NoteDeleted { number: number - 1 }],
            _ => waiting.map_or(vec![Event::SetAside], |number| vec![Event::Unknown { number }]),
        };
        let facts = events.into_iter().map(|event| Fact::Conversation(ConversationId(id), event));
        source.write(stream, at, facts.collect(), &[n as u128]);
    }
    source
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn made_anew_from_the_journal_it_tells_the_same(
        choices in proptest::collection::vec((any::<u8>(), any::<u8>()), 1..60),
        batch in 1usize..10,
    ) {
        let source = history(&choices);
        let followed = Store::new();
        for records in source.told.chunks(batch) {
            followed.models.apply(records).unwrap();
            // What is told again is passed over.
            followed.models.apply(records).unwrap();
        }
        let anew = Store::new();
        let count = anew.models.catch_up(&source.journal).unwrap();
        prop_assert_eq!(count, source.told.len() as u64);
        prop_assert_eq!(everything(&anew), everything(&followed));
        prop_assert_eq!(anew.models.catch_up(&source.journal).unwrap(), 0);
    }
}

#[test]
fn it_goes_on_where_it_stopped() {
    let source = history(&[(0, 0), (1, 0), (0, 1), (1, 4), (0, 2), (1, 5)]);
    let store = Store::new();
    store.models.apply(&source.told[..4]).unwrap();
    let Store { models, dir } = store;
    models.flush().unwrap();
    drop(models);
    let store = Store { models: Arc::new(ReadModels::open(dir.path()).unwrap()), dir };
    assert_eq!(store.models.catch_up(&source.journal).unwrap(), source.told.len() as u64 - 4);
    assert_eq!(everything(&store), everything(&Store::of(&source)));
}

#[test]
fn rows_of_another_schema_are_made_anew() {
    let source = history(&[(0, 0), (1, 0)]);
    let Store { models, dir } = Store::of(&source);
    models.db.insert(crate::readmodel::keys::SCHEMA, &99u32.to_be_bytes()).unwrap();
    models.flush().unwrap();
    drop(models);
    let store = Store { models: Arc::new(ReadModels::open(dir.path()).unwrap()), dir };
    assert_eq!(store.models.reached(A), Position(0));
    assert_eq!(store.models.conversation(ConversationId(0)).unwrap(), None);
    store.models.catch_up(&source.journal).unwrap();
    assert_eq!(everything(&store), everything(&Store::of(&source)));
}

#[test]
fn a_store_that_cannot_be_opened_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("readmodel")).unwrap();
    std::fs::write(dir.path().join("readmodel/conf"), b"garbage").unwrap();
    let models = ReadModels::open(dir.path()).unwrap();
    assert_eq!(models.reached(A), Position(0));
}

#[test]
fn outside_events_are_forgotten_by_the_day() {
    let mut source = Source::new();
    let told: Vec<Committed> =
        (0..4).map(|day| source.write(A, day * DAY_MS + 5, vec![], &[10 + day as u128, 20 + day as u128])).collect();
    let store = Store::of(&source);
    let known = |key| store.models.dedupe(DedupeKey(key)).unwrap();
    assert_eq!(known(12), Some((A, told[2].position)));
    assert_eq!(known(99), None);
    assert_eq!(store.models.expire_dedupe(2).unwrap(), 4);
    for key in [10, 20, 11, 21] {
        assert_eq!(known(key), None, "{key}");
    }
    for key in [12, 22, 13, 23] {
        assert!(known(key).is_some(), "{key}");
    }
    assert_eq!(store.models.expire_dedupe(2).unwrap(), 0);
    assert_eq!(store.models.expire_dedupe(u32::MAX).unwrap(), 4);
}

#[test]
fn a_long_row_survives_growing_shrinking_and_a_restart() {
    let mut source = Source::new();
    let long = "長".repeat(15_000);
    source.say(A, 1, 10, vec![opened(1), received(1, "hello"), claimed(1), queued(2, "short")]);
    let store = Store::of(&source);
    for events in [
        vec![queued(3, &long)],
        vec![Event::Cancelled { number: 3, by: AYA }],
        vec![queued(4, &long[..long.len() / 2])],
        vec![queued(5, &long)],
    ] {
        let record = source.say(A, 1, 11, events);
        store.models.apply(&[record]).unwrap();
        assert_eq!(store.conversation(1).state, source.states[&ConversationId(1)]);
    }
    let Store { models, dir } = store;
    assert!(models.db.iter().values().all(|value| value.unwrap().len() < 8 * 1024), "sled would make it a file");
    models.flush().unwrap();
    drop(models);
    let store = Store { models: Arc::new(ReadModels::open(dir.path()).unwrap()), dir };
    assert_eq!(store.conversation(1).state, source.states[&ConversationId(1)]);
}

#[test]
fn a_stored_body_waits_until_it_is_settled() {
    let mut source = Source::new();
    let accept = |raw| {
        let (body, inbox) = (RawBody::Inline(vec![1]), InboxId(1));
        let raw = RawAccepted { raw, inbox, received_at: Timestamp(1), why: RawReason::Busy, body };
        vec![Fact::Window(WindowEvent::RawAccepted(raw))]
    };
    let first = source.write(A, 1, accept(7), &[]);
    let second = source.write(A, 2, accept(8), &[]);
    assert_eq!(Store::of(&source).models.raw_waiting(A).unwrap(), [(7, first.position), (8, second.position)]);
    source.write(A, 3, vec![Fact::Window(WindowEvent::RawSettled { raw: 7, how: RawEnd::Interpreted })], &[]);
    let store = Store::of(&source);
    assert_eq!(store.models.raw_waiting(A).unwrap(), [(8, second.position)]);
    assert_eq!(store.models.raw_waiting(B).unwrap(), []);
    assert_eq!(store.models.window(A).unwrap().unwrap().raw, [8]);
}
