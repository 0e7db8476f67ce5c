//! On the machine's own disk: the lock, the folder, bytes that must be gone, and threads that do not wait for each other.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

fn found_in(dir: &Path, canary: &[u8]) -> Vec<String> {
    // The helper gives a file its name at any moment: a list of names that does not hold any more is taken anew.
    loop {
        let paths: Vec<_> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
        let read: Result<Vec<_>, _> = paths.iter().map(|path| Ok((path, fs::read(path)?))).collect();
        match read {
            Err(error) if std::io::Error::kind(&error) == std::io::ErrorKind::NotFound => {}
            read => {
                let with =
                    read.unwrap().into_iter().filter(|(_, bytes)| bytes.windows(canary.len()).any(|w| w == canary));
                return with.map(|(path, _)| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
            }
        }
    }
}

#[test]
fn a_second_process_cannot_open_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("made/on/the/way");
    let journal = SegmentJournal::open(&path, TINY).unwrap();
    for other in [SegmentJournal::open(&path, TINY).map(drop), verify(&path).map(drop)] {
        match other {
            Err(Fault::Io { source, .. }) => {
                assert_eq!(source.kind(), std::io::ErrorKind::WouldBlock);
            }
            other => panic!("{other:?}"),
        }
    }
    drop(journal);
    assert_eq!(verify(&path).unwrap().streams, 0);
    SegmentJournal::open(&path, TINY).unwrap();
    assert!(verify(&dir.path().join("nowhere")).is_err(), "verify makes nothing");
}

#[test]
fn redacted_bytes_leave_the_disk_from_every_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = SegmentJournal::open(dir.path(), TINY).unwrap();
    journal.own(A).unwrap();
    let canary = b"the very words";
    let n = 120;
    for i in 0..n {
        let text = [&payload(i)[..], canary].concat();
        journal.append(&[append(A, 1, &text)]).unwrap();
    }
    let before = verify_closed(dir.path(), journal);
    assert_eq!((before.records, before.redacted), (n as u64, 0));
    journal = SegmentJournal::open(dir.path(), TINY).unwrap();
    assert!(found_in(dir.path(), canary).len() > 3);
    for i in 0..n {
        journal.redact(A, Position(i as u64 + 1)).unwrap();
    }
    assert!(all(&journal, A).iter().all(|p| p == b"gone"));
    assert!(found_in(dir.path(), canary).len() > 3, "only readers lost it so far");
    let half = verify_closed(dir.path(), journal);
    assert_eq!((half.records, half.redacted), (n as u64, n as u64));

    journal = SegmentJournal::open(dir.path(), TINY).unwrap();
    assert_eq!(journal.compact().unwrap(), n as u64);
    assert_eq!(found_in(dir.path(), canary), Vec::<String>::new());
    assert_eq!(journal.append(&[append(A, 1, b"next")]).unwrap(), [Ok(Position(n as u64 + 1))]);
    let after = verify_closed(dir.path(), journal);
    assert_eq!((after.records, after.redacted), (n as u64 + 1, 0));
    assert!(after.bytes < half.bytes);
    journal = SegmentJournal::open(dir.path(), TINY).unwrap();
    assert_eq!(all(&journal, A).len(), n + 1);
}

#[test]
fn redacted_bytes_leave_the_segment_that_is_being_written() {
    let dir = tempfile::tempdir().unwrap();
    let journal = SegmentJournal::open(dir.path(), TINY).unwrap();
    journal.own(A).unwrap();
    let canary = b"the very words";
    journal.append(&[append(A, 1, canary)]).unwrap();
    journal.redact(A, Position(1)).unwrap();
    assert_eq!(journal.compact().unwrap(), 1);
    assert_eq!(found_in(dir.path(), canary), Vec::<String>::new());
    assert_eq!(journal.append(&[append(A, 1, b"next")]).unwrap(), [Ok(Position(2))]);
}

fn verify_closed(dir: &Path, journal: SegmentJournal) -> Report {
    drop(journal);
    verify(dir).unwrap()
}

#[test]
fn keys_behind_the_marks_are_known_again_and_no_others() {
    let dir = tempfile::tempdir().unwrap();
    let journal = SegmentJournal::open(dir.path(), TINY).unwrap();
    let key = |stream: StreamId, i: u64| DedupeKey(stream.0 * 1000 + u128::from(i));
    for stream in [A, B] {
        journal.own(stream).unwrap();
    }
    for i in 1..=150 {
        let with = |stream| Append { dedupe: vec![key(stream, i)], ..append(stream, 1, &payload(1)) };
        journal.append(&[with(A), with(B)]).unwrap();
    }
    drop(journal);
    let known = |journal: &SegmentJournal, stream| -> Vec<u64> {
        let there = (1..=150).filter(|i| {
            let place = journal.known(key(stream, *i));
            assert!(place.is_none_or(|p| p == (stream, Position(*i))));
            place.is_some()
        });
        there.collect()
    };
    let open = || SegmentJournal::open(dir.path(), TINY).unwrap();
    for (a, b) in [(0, 0), (1, 149), (70, 150), (150, 3), (999, u64::MAX - 1)] {
        let journal = open();
        assert!(known(&journal, A).is_empty());
        let looked_at = journal.load_dedupe_after(&[(A, Position(a)), (B, Position(b))]).unwrap();
        assert_eq!(known(&journal, A), (a + 1..=150).collect::<Vec<_>>());
        assert_eq!(known(&journal, B), (b + 1..=150).collect::<Vec<_>>());
        assert_eq!(looked_at, 150u64.saturating_sub(a) + 150u64.saturating_sub(b));
        journal.release_dedupe(A, Position(100));
        assert_eq!(known(&journal, A), (a.max(100) + 1..=150).collect::<Vec<_>>());
    }
    let journal = open();
    assert_eq!(journal.load_dedupe_after(&[(A, Position(150))]).unwrap(), 150, "B was not named");
}

#[test]
fn readers_see_whole_records_while_segments_are_written_closed_and_rewritten() {
    let dir = tempfile::tempdir().unwrap();
    let journal = SegmentJournal::open(dir.path(), TINY).unwrap();
    for stream in [A, B] {
        journal.own(stream).unwrap();
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        let reader = |stream: StreamId| {
            while !done.load(Ordering::Relaxed) {
                let head = journal.head(stream).0 as usize;
                let found = all(&journal, stream);
                assert!(found.len() >= head);
                for (i, found) in found.iter().enumerate() {
                    assert!(found == b"gone" || *found == payload(i));
                }
            }
        };
        threads.spawn(move || reader(A));
        threads.spawn(move || reader(B));
        threads.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                for at in (1..=journal.head(A).0).step_by(9) {
                    journal.redact(A, Position(at)).unwrap();
                }
                journal.compact().unwrap();
            }
        });
        for i in 0..300 {
            let payload = payload(i);
            journal.append(&[append(A, 1, &payload), append(B, 1, &payload)]).unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    drop(journal);
    assert_eq!(verify(dir.path()).unwrap().records, 600);
}

#[test]
fn what_was_left_half_made_is_cleared_away() {
    let dir = tempfile::tempdir().unwrap();
    drop(SegmentJournal::open(dir.path(), TINY).unwrap());
    let left = dir.path().join("00000000000000000001.log.tmp");
    fs::write(&left, b"the very words").unwrap();
    drop(SegmentJournal::open(dir.path(), TINY).unwrap());
    assert!(!left.exists());
}

/// Opening a million records; for the figure, run it by name with `--run-ignored only --no-capture`.
#[test]
#[ignore = "takes half a gigabyte of disk; a measurement"]
fn a_million_records_open_in_well_under_a_second() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { segment_bytes: 64 << 20, redactor: gone };
    let journal = SegmentJournal::open(dir.path(), options).unwrap();
    let streams: Vec<_> = (1..=20).map(StreamId).collect();
    for stream in &streams {
        journal.own(*stream).unwrap();
    }
    for i in 0..2000usize {
        let batch: Vec<_> = (0..500)
            .map(|n| Append {
                dedupe: vec![DedupeKey((i * 500 + n) as u128)],
                ..append(streams[n % 20], 1, &[b'm'; 300])
            })
            .collect();
        journal.append(&batch).unwrap();
    }
    drop(journal);
    let begun = std::time::Instant::now();
    let journal = SegmentJournal::open(dir.path(), options).unwrap();
    let opened = begun.elapsed();
    let marks: Vec<_> = streams.iter().map(|s| (*s, Position(49_000))).collect();
    let looked_at = journal.load_dedupe_after(&marks).unwrap();
    println!("opened in {opened:?}, {looked_at} keys loaded by {:?}", begun.elapsed());
    assert!(opened.as_millis() < 1000);
    for number in 1..9 {
        let _ = fs::remove_file(summary::Summary::path(dir.path(), number));
    }
    drop(journal);
    let begun = std::time::Instant::now();
    let journal = SegmentJournal::open(dir.path(), options).unwrap();
    println!("without sidecars in {:?}", begun.elapsed());
    assert_eq!(journal.head(streams[0]), Position(50_000));
}
