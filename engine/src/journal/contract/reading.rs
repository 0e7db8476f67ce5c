//! What every journal promises about limits, reads and redaction.

use super::*;
use crate::journal::MAX_RECORD;
use crate::journal::ledger::MAX_MARKS;

pub(super) fn a_record_at_the_limit_is_kept_and_one_byte_more_is_refused<S: Subject>() {
    let subject = S::fresh();
    let journal = subject.journal();
    journal.own(A).unwrap();
    let of = |n: usize| Append { payload: vec![7; n].into(), ..plain(A, 1, "") };
    assert_eq!(one(journal, of(MAX_RECORD + 1)), Err(Refused::TooLong));
    assert_eq!(one(journal, of(MAX_RECORD)), Ok(Position(1)));
    assert_eq!(one(journal, of(0)), Ok(Position(2)));
    let marks = Append {
        dedupe: (0..MAX_MARKS as u128).map(DedupeKey).collect(),
        touches: (0..MAX_MARKS as u128).map(|n| Touch { entity: conversation(n), version: 0, chain: 0 }).collect(),
        ..of(MAX_RECORD)
    };
    assert_eq!(one(journal, marks.clone()), Ok(Position(3)));
    let mut more = marks.clone();
    more.dedupe.push(DedupeKey(u128::MAX));
    assert_eq!(one(journal, more), Err(Refused::TooLong));
    let subject = subject.reopen();
    let records = subject.journal().read(A, Position(1), 9, usize::MAX).unwrap();
    let lengths: Vec<_> = records.iter().map(|r| r.payload.len()).collect();
    assert_eq!(lengths, [MAX_RECORD, 0, MAX_RECORD]);
    assert_eq!(records[2].dedupe, marks.dedupe);
}

pub(super) fn a_read_keeps_both_limits_and_gives_at_least_one_record<S: Subject>() {
    let subject = S::fresh();
    let journal = subject.journal();
    journal.own(A).unwrap();
    journal.own(B).unwrap();
    for n in 0..50 {
        let text = format!("{n:0>100}");
        journal.append(&[plain(A, 1, &text), plain(B, 1, &text)]).unwrap();
    }
    limits_hold(subject.journal());
    limits_hold(subject.reopen().journal());
}

fn limits_hold(journal: &dyn Journal) {
    let read = |from: u64, max: usize, bytes: usize| -> Vec<u64> {
        let records = journal.read(A, Position(from), max, bytes).unwrap();
        records.iter().map(|r| r.position.0).collect()
    };
    assert_eq!(read(1, 3, usize::MAX), [1, 2, 3]);
    assert_eq!(read(0, 1, usize::MAX), [1]);
    assert_eq!(read(48, 10, usize::MAX), [48, 49, 50]);
    assert_eq!(read(1, 10, 0), [1]);
    assert_eq!(read(1, 10, 100), [1]);
    assert_eq!(read(1, 10, 101), [1, 2]);
    assert!(read(51, 10, usize::MAX).is_empty());
    assert!(read(u64::MAX, 10, usize::MAX).is_empty());
    assert!(read(1, 0, usize::MAX).is_empty());
    assert_eq!(read(1, usize::MAX, usize::MAX).len(), 50);
    let unknown = journal.read(StreamId(77), Position(1), 10, 10);
    assert!(unknown.unwrap().is_empty());
}

pub(super) fn redacted_content_is_gone_and_its_place_stays<S: Subject>() {
    let mut subject = S::fresh();
    subject.journal().own(A).unwrap();
    for n in 0..60u128 {
        one(subject.journal(), Append { payload: vec![b'x'; 150].into(), ..keyed(A, n) }).unwrap();
    }
    let shown = |journal: &dyn Journal| -> Vec<u64> {
        let records = journal.read(A, Position(1), 100, usize::MAX).unwrap();
        assert!(records.iter().all(|r| r.dedupe == [DedupeKey(u128::from(r.position.0) - 1)]));
        let whole = records.iter().filter(|r| r.payload != b"gone"[..]);
        whole.map(|r| r.position.0).collect()
    };
    for at in [3, 3, 30, 60, 0, 61, u64::MAX] {
        subject.journal().redact(A, Position(at)).unwrap();
    }
    subject.journal().redact(B, Position(1)).unwrap();
    let left: Vec<_> = (1..=60).filter(|n| ![3, 30, 60].contains(n)).collect();
    assert_eq!(shown(subject.journal()), left);
    subject = subject.reopen();
    assert_eq!(shown(subject.journal()), left, "after a restart");
    assert_eq!(subject.journal().compact().unwrap(), 3);
    assert_eq!(subject.journal().compact().unwrap(), 0);
    assert_eq!(shown(subject.journal()), left, "after a compaction");
    subject.journal().redact(A, Position(3)).unwrap();
    assert_eq!(subject.journal().compact().unwrap(), 0, "it is gone already");
    subject = subject.reopen();
    assert_eq!(shown(subject.journal()), left);
    assert_eq!(subject.journal().compact().unwrap(), 0);
    assert_eq!(one(subject.journal(), plain(A, 1, "next")), Ok(Position(61)));
}

pub(super) fn an_erased_stream_is_empty_for_ever_and_the_others_are_whole<S: Subject>() {
    let mut subject = S::fresh();
    for stream in [A, B] {
        subject.journal().own(stream).unwrap();
    }
    for n in 0..60u128 {
        for (stream, base) in [(A, 0), (B, 1_000)] {
            one(subject.journal(), Append { payload: vec![b'x'; 150].into(), ..keyed(stream, base + n) }).unwrap();
        }
    }
    let lengths = |journal: &dyn Journal, stream| -> Vec<usize> {
        let records = journal.read(stream, Position(1), 100, usize::MAX).unwrap();
        assert!(records.iter().zip(1..).all(|(record, at)| record.position == Position(at)));
        records.iter().map(|record| record.payload.len()).collect()
    };
    // Some of it has lost its content before.
    for at in [3, 30] {
        subject.journal().redact(A, Position(at)).unwrap();
    }
    subject.journal().compact().unwrap();
    for _ in 0..2 {
        subject.journal().erase(A).unwrap();
        assert_eq!(lengths(subject.journal(), A), vec![0; 60]);
    }
    assert_eq!(lengths(subject.journal(), B), vec![150; 60]);
    subject = subject.reopen();
    assert_eq!(lengths(subject.journal(), A), vec![0; 60], "after a restart");
    assert_eq!(subject.journal().compact().unwrap(), 60);
    assert_eq!(subject.journal().compact().unwrap(), 0);
    subject = subject.reopen();
    assert_eq!(subject.journal().compact().unwrap(), 0, "it is gone already");
    assert_eq!(lengths(subject.journal(), A), vec![0; 60]);
    assert_eq!(lengths(subject.journal(), B), vec![150; 60]);
    subject.journal().own(A).unwrap();
    let epoch = Append { owner_epoch: 2, ..plain(A, 1, "late") };
    if let Ok(position) = one(subject.journal(), epoch) {
        assert_eq!(subject.journal().read(A, position, 1, usize::MAX).unwrap()[0].payload.len(), 0, "erased with it");
    }
}
