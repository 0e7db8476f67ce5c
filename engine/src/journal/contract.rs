//! What every journal promises, as one suite. An implementation joins with a [`Subject`] and one line at the end.
//!
//! Reopening is an ordinary step here. Next: `reading` (limits, redaction), `model`, which drives a journal at random against a plain map.

mod model;
mod reading;

use bytes::Bytes;

use self::reading::*;
use super::memory::MemoryJournal;
use super::segment::{Options, SegmentJournal};
use super::{Append, DedupeKey, Journal, Refused, Touch};
use crate::domain::id::{ConversationId, Position, StreamId};
use crate::domain::record::Entity;

/// A journal under test, with a redactor that makes `gone` of everything, in segments of a few records.
trait Subject: Sized {
    fn fresh() -> Self;
    fn journal(&self) -> &dyn Journal;
    /// The same journal in another life of the process, with every dedupe key known.
    fn reopen(self) -> Self;
}

fn gone(_: &[u8]) -> Vec<u8> {
    b"gone".to_vec()
}

impl Subject for MemoryJournal {
    fn fresh() -> Self {
        Self::new(gone)
    }

    fn journal(&self) -> &dyn Journal {
        self
    }

    fn reopen(self) -> Self {
        self.reopened()
    }
}

struct OnDisk {
    journal: SegmentJournal,
    dir: tempfile::TempDir,
}

const TINY: Options = Options { segment_bytes: 8 << 10, redactor: gone };

impl Subject for OnDisk {
    fn fresh() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let journal = SegmentJournal::open(dir.path(), TINY).unwrap();
        Self { journal, dir }
    }

    fn journal(&self) -> &dyn Journal {
        &self.journal
    }

    fn reopen(self) -> Self {
        drop(self.journal);
        let journal = SegmentJournal::open(self.dir.path(), TINY).unwrap();
        journal.load_dedupe_after(&[]).unwrap();
        Self { journal, ..self }
    }
}

const A: StreamId = StreamId(1);
const B: StreamId = StreamId(2);

fn plain(stream: StreamId, epoch: u64, text: &str) -> Append {
    Append {
        stream,
        owner_epoch: epoch,
        touches: Vec::new(),
        dedupe: Vec::new(),
        payload: Bytes::copy_from_slice(text.as_bytes()),
    }
}

fn touching(entity: Entity, version: u64) -> Append {
    Append { touches: vec![touch(entity, version, 0)], ..plain(A, 1, "moved") }
}

fn touch(entity: Entity, version: u64, chain: u64) -> Touch {
    Touch { entity, version, chain }
}

fn keyed(stream: StreamId, key: u128) -> Append {
    Append { dedupe: vec![DedupeKey(key)], ..plain(stream, 1, "once") }
}

fn conversation(n: u128) -> Entity {
    Entity::Conversation(ConversationId(n))
}

fn one(journal: &dyn Journal, append: Append) -> Result<Position, Refused> {
    let mut answers = journal.append(&[append]).unwrap();
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}

fn texts(journal: &dyn Journal, stream: StreamId) -> Vec<String> {
    let records = journal.read(stream, Position(1), usize::MAX, usize::MAX);
    let text = |r: super::Stored| String::from_utf8(r.payload.to_vec()).unwrap();
    records.unwrap().into_iter().map(text).collect()
}

fn positions_have_no_gap_in_any_stream<S: Subject>() {
    let mut subject = S::fresh();
    for stream in [A, B] {
        assert_eq!(subject.journal().own(stream).unwrap(), 1);
    }
    for n in 0..100u64 {
        let batch: Vec<_> = (0..n % 5).map(|i| plain(if i % 2 == 0 { A } else { B }, 1, &format!("{n}/{i}"))).collect();
        let before = [subject.journal().head(A), subject.journal().head(B)];
        let answers = subject.journal().append(&batch).unwrap();
        let mut next = before.map(Position::next);
        for (append, answer) in batch.iter().zip(answers) {
            let next = &mut next[usize::from(append.stream == B)];
            assert_eq!(answer, Ok(*next));
            *next = next.next();
        }
        if n % 30 == 0 {
            subject = subject.reopen();
        }
    }
    let subject = subject.reopen();
    let journal = subject.journal();
    assert_eq!(journal.streams(), [(A, Position(120)), (B, Position(80))]);
    for (stream, head) in journal.streams() {
        let records = journal.read(stream, Position(0), 1000, usize::MAX).unwrap();
        let positions: Vec<_> = records.iter().map(|r| r.position.0).collect();
        assert_eq!(positions, (1..=head.0).collect::<Vec<_>>());
        assert!(records.iter().all(|r| r.stream == stream && r.owner_epoch == 1));
    }
    assert_eq!(texts(journal, A)[..4], ["1/0", "2/0", "3/0", "3/2"]);
}

fn an_owner_that_was_replaced_writes_nothing_more<S: Subject>() {
    let subject = S::fresh();
    let journal = subject.journal();
    let fenced = |current| Err(Refused::Fenced { current });
    assert_eq!(one(journal, plain(A, 0, "nobody")), fenced(0));
    assert_eq!(one(journal, plain(A, 1, "too early")), fenced(0));
    assert_eq!(journal.own(A).unwrap(), 1);
    assert_eq!(one(journal, plain(A, 1, "first")), Ok(Position(1)));
    assert_eq!(journal.own(A).unwrap(), 2);
    assert_eq!(one(journal, plain(A, 1, "the old one")), fenced(2));
    assert_eq!(one(journal, plain(A, 3, "from the future")), fenced(2));
    assert_eq!(one(journal, plain(B, 2, "another stream")), fenced(0));
    assert_eq!(one(journal, plain(A, 2, "second")), Ok(Position(2)));

    let subject = subject.reopen();
    let journal = subject.journal();
    assert_eq!(one(journal, plain(A, 1, "the old one")), fenced(2));
    assert_eq!(journal.own(A).unwrap(), 3);
    assert_eq!(one(journal, plain(A, 2, "the old one")), fenced(3));
    assert_eq!(texts(journal, A), ["first", "second"]);
}

fn a_second_incarnation_is_told_that_the_version_moved<S: Subject>() {
    let subject = S::fresh();
    let journal = subject.journal();
    journal.own(A).unwrap();
    for entity in [Entity::Stream, conversation(7)] {
        let conflict = |current| Err(Refused::Conflict { current });
        assert!(one(journal, touching(entity, 40)).is_ok(), "taken at its word");
        assert_eq!(one(journal, touching(entity, 40)), conflict(41));
        assert_eq!(one(journal, touching(entity, 42)), conflict(41));
        assert!(one(journal, touching(entity, 41)).is_ok());
        let long = u64::from(u32::MAX) + 7;
        assert_eq!(one(journal, touching(entity, long)), conflict(42));
    }
    let far = touching(conversation(8), u64::from(u32::MAX) + 7);
    assert!(one(journal, far.clone()).is_ok());
    let current = u64::from(u32::MAX) + 8;
    assert_eq!(one(journal, far), Err(Refused::Conflict { current }));
    assert_eq!(journal.head(A), Position(5), "a refusal takes no position");

    let subject = subject.reopen();
    let journal = subject.journal();
    assert!(one(journal, touching(conversation(7), 9)).is_ok(), "at its word again");
    assert!(one(journal, touching(conversation(7), 9)).is_err());
}

fn a_record_that_moves_two_things_needs_both_to_fit<S: Subject>() {
    let subject = S::fresh();
    let journal = subject.journal();
    journal.own(A).unwrap();
    let both = |v: u64, w: u64| Append {
        touches: vec![touch(conversation(1), v, 0), touch(conversation(2), w, 0)],
        ..plain(A, 1, "both")
    };
    assert!(one(journal, both(0, 0)).is_ok());
    assert_eq!(one(journal, both(1, 0)), Err(Refused::Conflict { current: 1 }));
    assert_eq!(one(journal, both(0, 1)), Err(Refused::Conflict { current: 1 }));
    assert!(one(journal, both(1, 1)).is_ok(), "the refused ones moved nothing");

    let twice = |v: u64, w: u64| Append {
        touches: [v, w].map(|version| touch(conversation(3), version, 0)).to_vec(),
        ..plain(A, 1, "twice")
    };
    assert_eq!(one(journal, twice(5, 6)), Err(Refused::Conflict { current: 5 }));
    assert!(one(journal, twice(5, 5)).is_ok());
    assert!(one(journal, touching(conversation(3), 6)).is_ok(), "it moved once");
}

/// A second incarnation that decided thrice on an old state: the third decision has the version in force by accident.
fn what_rests_on_a_refusal_is_refused_even_where_its_version_fits<S: Subject>() {
    let subject = S::fresh();
    let journal = subject.journal();
    journal.own(A).unwrap();
    let of = |chain: u64, version: u64| Append {
        touches: vec![touch(conversation(1), version, chain)],
        ..plain(A, 1, "moved")
    };
    assert!(one(journal, of(7, 0)).is_ok());
    assert!(one(journal, of(7, 1)).is_ok());
    assert_eq!(one(journal, of(8, 1)), Err(Refused::Conflict { current: 2 }));
    assert_eq!(one(journal, of(8, 2)), Err(Refused::Broken), "it fits, and rests on the one before");
    let batch = [of(9, 1), of(9, 2), of(7, 2)];
    let answers = journal.append(&batch).unwrap();
    assert_eq!(answers, [Err(Refused::Conflict { current: 2 }), Err(Refused::Broken), Ok(Position(3))]);
    // Nothing is known of a version after an opening, and a refusal tells nothing of it.
    let first = Append { dedupe: vec![DedupeKey(1)], ..plain(A, 1, "event") };
    assert!(one(journal, first).is_ok());
    let again = Append { dedupe: vec![DedupeKey(1)], touches: vec![touch(conversation(2), 0, 10)], ..plain(A, 1, "x") };
    assert_eq!(one(journal, again), Err(Refused::Duplicate(Position(4))));
    let next = Append { touches: vec![touch(conversation(2), 1, 10)], ..plain(A, 1, "y") };
    assert_eq!(one(journal, next), Err(Refused::Broken));
}

fn versions_of_one_stream_do_not_bind_another<S: Subject>() {
    let subject = S::fresh();
    let journal = subject.journal();
    journal.own(A).unwrap();
    journal.own(B).unwrap();
    assert!(one(journal, touching(conversation(1), 10)).is_ok());
    let there = Append { stream: B, ..touching(conversation(1), 0) };
    assert_eq!(one(journal, there), Ok(Position(1)));
}

fn an_event_that_comes_again_is_told_where_it_is<S: Subject>() {
    let subject = S::fresh();
    let journal = subject.journal();
    journal.own(A).unwrap();
    journal.own(B).unwrap();
    assert_eq!(journal.known(DedupeKey(5)), None);
    assert_eq!(one(journal, plain(A, 1, "before")), Ok(Position(1)));
    assert_eq!(one(journal, keyed(A, 5)), Ok(Position(2)));
    assert_eq!(one(journal, keyed(A, 5)), Err(Refused::Duplicate(Position(2))));
    assert_eq!(one(journal, keyed(B, 5)), Err(Refused::Duplicate(Position(2))));
    assert_eq!(journal.known(DedupeKey(5)), Some((A, Position(2))));
    let both = Append {
        touches: touching(conversation(1), 3).touches,
        dedupe: vec![DedupeKey(6), DedupeKey(5)],
        ..plain(A, 1, "half old")
    };
    assert_eq!(one(journal, both), Err(Refused::Duplicate(Position(2))));
    assert_eq!(journal.known(DedupeKey(6)), None, "a refused record recorded nothing");

    let subject = subject.reopen();
    let journal = subject.journal();
    assert_eq!(journal.known(DedupeKey(5)), Some((A, Position(2))));
    assert_eq!(one(journal, keyed(A, 5)), Err(Refused::Duplicate(Position(2))));
    journal.release_dedupe(A, Position(1));
    journal.release_dedupe(B, Position(9));
    assert!(journal.known(DedupeKey(5)).is_some(), "only what lies before is given up");
    journal.release_dedupe(A, Position(2));
    assert_eq!(journal.known(DedupeKey(5)), None);
    assert_eq!(one(journal, keyed(B, 5)), Ok(Position(1)));
    journal.release_dedupe(A, Position(99));
    assert_eq!(journal.known(DedupeKey(5)), Some((B, Position(1))));
}

fn a_duplicate_is_told_before_the_conflict_it_caused_itself<S: Subject>() {
    let subject = S::fresh();
    let journal = subject.journal();
    journal.own(A).unwrap();
    let event = Append { dedupe: vec![DedupeKey(1), DedupeKey(1)], ..touching(conversation(1), 0) };
    assert_eq!(one(journal, event.clone()), Ok(Position(1)));
    assert_eq!(one(journal, event.clone()), Err(Refused::Duplicate(Position(1))));
    journal.own(A).unwrap();
    assert_eq!(one(journal, event), Err(Refused::Fenced { current: 2 }));
}

fn later_appends_of_a_batch_see_the_earlier_ones<S: Subject>() {
    let subject = S::fresh();
    let journal = subject.journal();
    journal.own(A).unwrap();
    journal.own(B).unwrap();
    let answers = journal.append(&[
        touching(conversation(1), 4),
        touching(conversation(1), 4),
        touching(conversation(1), 5),
        keyed(A, 9),
        keyed(B, 9),
        plain(B, 9, "fenced"),
        plain(B, 1, "b"),
        plain(A, 1, "last"),
    ]);
    assert_eq!(
        answers.unwrap(),
        [
            Ok(Position(1)),
            Err(Refused::Conflict { current: 5 }),
            Ok(Position(2)),
            Ok(Position(3)),
            Err(Refused::Duplicate(Position(3))),
            Err(Refused::Fenced { current: 1 }),
            Ok(Position(1)),
            Ok(Position(4)),
        ]
    );
    let subject = subject.reopen();
    assert_eq!(texts(subject.journal(), A), ["moved", "moved", "once", "last"]);
    assert_eq!(texts(subject.journal(), B), ["b"]);
}

macro_rules! promises {
    ($subject:ty: $($name:ident)*) => {
        $(#[test]
        fn $name() {
            super::$name::<$subject>();
        })*
    };
}

macro_rules! contract {
    ($module:ident, $subject:ty) => {
        mod $module {
            promises! { $subject:
                positions_have_no_gap_in_any_stream
                an_owner_that_was_replaced_writes_nothing_more
                a_second_incarnation_is_told_that_the_version_moved
                a_record_that_moves_two_things_needs_both_to_fit
                what_rests_on_a_refusal_is_refused_even_where_its_version_fits
                versions_of_one_stream_do_not_bind_another
                an_event_that_comes_again_is_told_where_it_is
                a_duplicate_is_told_before_the_conflict_it_caused_itself
                later_appends_of_a_batch_see_the_earlier_ones
                a_record_at_the_limit_is_kept_and_one_byte_more_is_refused
                a_read_keeps_both_limits_and_gives_at_least_one_record
                redacted_content_is_gone_and_its_place_stays
                an_erased_stream_is_empty_for_ever_and_the_others_are_whole
            }

            #[test]
            fn any_history_reads_like_a_plain_map() {
                super::model::any_history_reads_like_a_plain_map::<$subject>();
            }
        }
    };
}

contract!(memory, crate::journal::memory::MemoryJournal);
contract!(segment, super::OnDisk);
