//! Copies: whole as of one moment, and the same facts in another life.

use std::collections::BTreeMap;

use super::*;
use crate::journal::DedupeKey;

const SMALL: Options = Options { segment_bytes: 8 << 10, redactor: gone };

fn keyed(stream: StreamId, n: u64) -> Append {
    Append { dedupe: vec![DedupeKey(u128::from(n))], ..append(stream, 1, &payload(n as usize)) }
}

/// A journal over several segments, with two streams, a redaction that waits and one that was compacted.
fn used(dir: &Path) -> SegmentJournal {
    let journal = SegmentJournal::open(dir, SMALL).unwrap();
    for stream in [A, B] {
        journal.own(stream).unwrap();
    }
    for n in 0..100 {
        let answers = journal.append(&[keyed(A, n), keyed(B, 1_000 + n)]).unwrap();
        assert!(answers.iter().all(Result::is_ok));
        if n == 50 {
            journal.redact(A, Position(3)).unwrap();
            assert_eq!(journal.compact().unwrap(), 1);
        }
    }
    journal.redact(B, Position(7)).unwrap();
    journal
}

#[test]
fn a_copy_is_the_journal_as_of_one_moment_while_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (live, copy) = (folder.path().join("live"), folder.path().join("copy"));
    let journal = used(&live);
    let then = (all(&journal, A), all(&journal, B));
    journal.copy_to(&copy).unwrap();
    journal.append(&[keyed(A, 500)]).unwrap();
    assert_eq!(verify(&copy).unwrap().records, 200);
    let copied = SegmentJournal::open(&copy, SMALL).unwrap();
    assert_eq!((all(&copied, A), all(&copied, B)), then);
    assert_eq!(copied.append(&[keyed(A, 600)]).unwrap(), [Ok(Position(101))], "it goes on from there");
}

#[test]
fn a_copy_taken_in_the_middle_of_commits_never_holds_half_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let journal = used(&folder.path().join("live"));
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for n in 10_000..10_400 {
                journal.append(&[keyed(A, n), keyed(A, n + 1_000)]).unwrap();
            }
        });
        for n in 0.. {
            let copy = folder.path().join(format!("copy{n}"));
            journal.copy_to(&copy).unwrap();
            let report = verify(&copy).unwrap();
            assert_eq!((report.torn, report.records % 2), (None, 0));
            if writer.is_finished() {
                break;
            }
        }
    });
}

#[test]
fn another_life_has_the_same_facts_under_other_ids() {
    let folder = tempfile::tempdir().unwrap();
    let (live, copy) = (folder.path().join("live"), folder.path().join("copy"));
    let journal = used(&live);
    let then = (all(&journal, A), all(&journal, B));
    journal.copy_to(&copy).unwrap();
    drop(journal);
    rename_streams(&copy, &mut |old| StreamId(old.0 + 70)).unwrap();
    let mut seen: BTreeMap<StreamId, u64> = BTreeMap::new();
    walk::<Fault>(&copy, &mut |stream, position, _| {
        let last = seen.insert(stream, position.0).unwrap_or_default();
        assert_eq!(position.0, last + 1);
        Ok(())
    })
    .unwrap();
    let (a, b) = (StreamId(71), StreamId(72));
    assert_eq!(seen, BTreeMap::from([(a, 100), (b, 100)]));
    let renamed = SegmentJournal::open(&copy, SMALL).unwrap();
    assert_eq!((all(&renamed, a), all(&renamed, b)), then, "what was redacted stays so");
    renamed.load_dedupe_after(&[]).unwrap();
    assert_eq!(renamed.known(DedupeKey(42)), Some((a, Position(43))));
    assert_eq!(renamed.own(a).unwrap(), 2, "epochs go on");
    assert_eq!(renamed.append(&[Append { owner_epoch: 2, ..keyed(a, 600) }]).unwrap(), [Ok(Position(101))]);
}
