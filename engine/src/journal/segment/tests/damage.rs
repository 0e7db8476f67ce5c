//! Damage to what was synced: it is found, named, and never served.

use super::*;

/// Records in three closed segments and an open one.
fn long(disk: &SimDisk) -> usize {
    let n = 90;
    drop(filled(disk, n));
    assert!(disk.names().contains(&log(4)));
    n
}

#[test]
fn a_bad_frame_before_the_last_batch_stops_the_opening_and_is_named() {
    let disk = SimDisk::default();
    drop(filled(&disk, 6));
    let (starts, end) = frames(&disk, 1);
    let bytes = disk.bytes(&log(1));
    let last = starts[starts.len() - 1];
    for (at, byte) in bytes.iter().enumerate().take(last).skip(starts[0]) {
        let hurt = disk.fork();
        hurt.poke(&log(1), at, &[byte ^ 1]);
        let bad = *starts.iter().rfind(|start| **start <= at).unwrap() as u64;
        match open(&hurt).map(drop) {
            Err(Fault::Damaged { file, offset, .. }) => {
                assert_eq!((file, offset), (log(1), bad), "a flip at {at}");
            }
            other => panic!("a flip at {at} gave {other:?}"),
        }
        assert_eq!(hurt.bytes(&log(1))[at], byte ^ 1, "and nothing was changed");
    }
    assert!(end > last);
}

#[test]
fn a_flip_anywhere_in_closed_segments_is_found_by_verify_and_never_read() {
    let disk = SimDisk::default();
    let n = long(&disk);
    let expected = payloads(n);
    let mut flips = 0;
    for number in 1..=3 {
        let (_, end) = frames(&disk, number);
        let bytes = disk.bytes(&log(number));
        for at in (0..end).step_by(13) {
            let hurt = disk.fork();
            hurt.poke(&log(number), at, &[bytes[at] ^ (1 << (at % 8))]);
            let found = verify::verify_on(&hurt, Path::new(DIR));
            assert!(matches!(found, Err(Fault::Damaged { .. })), "segment {number}, byte {at}");
            if let Ok(journal) = open(&hurt) {
                for (i, expected) in (1..).zip(&expected) {
                    match journal.read(A, Position(i), 1, usize::MAX) {
                        Ok(records) => assert_eq!(records[0].payload, *expected),
                        Err(fault) => assert!(matches!(fault, Fault::Damaged { .. })),
                    }
                }
            }
            flips += 1;
        }
    }
    assert!(flips > 1000);
    assert_eq!(verify::verify_on(&disk, Path::new(DIR)).unwrap().records, n as u64);
}

#[test]
fn a_flip_stops_the_opening_where_no_sidecar_vouches_for_the_segment() {
    let disk = SimDisk::default();
    long(&disk);
    let (starts, _) = frames(&disk, 2);
    disk.remove(&summary::Summary::path(Path::new(DIR), 2)).unwrap();
    disk.poke(&log(2), starts[7] + 60, b"?");
    match open(&disk).map(drop) {
        Err(Fault::Damaged { file, offset, .. }) => {
            assert_eq!((file, offset), (log(2), starts[7] as u64));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_closed_segment_that_lost_its_end_or_its_middle_is_found() {
    let disk = SimDisk::default();
    long(&disk);
    let (starts, end) = frames(&disk, 2);
    let last = starts[starts.len() - 1];

    let short = disk.fork();
    short.truncate(&log(2), last);
    assert!(matches!(open(&short).map(drop), Err(Fault::Damaged { .. })), "truncated");

    let zeroed = disk.fork();
    zeroed.remove(&summary::Summary::path(Path::new(DIR), 2)).unwrap();
    zeroed.poke(&log(2), last, &vec![0; end - last]);
    match open(&zeroed).map(drop) {
        Err(Fault::Damaged { offset, .. }) => assert_eq!(offset, last as u64),
        other => panic!("a whole frame less: {other:?}"),
    }

    let missing = disk.fork();
    missing.remove(&log(2)).unwrap();
    match open(&missing).map(drop) {
        Err(Fault::Damaged { file, .. }) => assert_eq!(file, log(2)),
        other => panic!("{other:?}"),
    }

    let twice = disk.fork();
    twice.poke(&log(3), 0, &disk.bytes(&log(2)));
    assert!(matches!(open(&twice).map(drop), Err(Fault::Damaged { .. })), "another's place");
}

#[test]
fn a_sidecar_that_is_missing_damaged_or_of_another_file_is_made_again() {
    let disk = SimDisk::default();
    let n = long(&disk);
    let side = |number| summary::Summary::path(Path::new(DIR), number);
    let right = disk.bytes(&side(2));
    let check = |hurt: SimDisk| {
        let journal = open(&hurt).unwrap();
        assert_eq!(all(&journal, A), payloads(n));
        assert_eq!(hurt.bytes(&side(2)), right);
    };
    let hurt = disk.fork();
    hurt.remove(&side(2)).unwrap();
    check(hurt);
    for (at, byte) in right.iter().enumerate() {
        let hurt = disk.fork();
        hurt.poke(&side(2), at, &[byte ^ 4]);
        check(hurt);
    }
    for length in [0, 3, 63, right.len() - 1] {
        let hurt = disk.fork();
        hurt.truncate(&side(2), length);
        check(hurt);
    }
    let hurt = disk.fork();
    hurt.poke(&side(2), 0, &disk.bytes(&side(3)));
    check(hurt);
}

#[test]
fn what_a_newer_release_wrote_is_left_alone() {
    let disk = SimDisk::default();
    drop(filled(&disk, 3));
    let newer = |path: &Path, at: usize, sum_from: usize, sum_to: usize, sum_at: usize, salt: &[u8]| {
        let disk = disk.fork();
        disk.poke(path, at, &9u16.to_le_bytes());
        let bytes = disk.bytes(path);
        let sum = crc32c::crc32c_append(crc32c::crc32c(salt), &bytes[sum_from..sum_to]);
        disk.poke(path, sum_at, &sum.to_le_bytes());
        let before = disk.bytes(path);
        match open(&disk).map(drop) {
            Err(Fault::TooNew { found: 9, known: 1, file }) => assert_eq!(file, path),
            other => panic!("{other:?}"),
        }
        assert_eq!(disk.bytes(path), before);
    };
    let file = SegmentFile::open(&disk, Path::new(DIR), 1).unwrap();
    newer(&file.path, 8, 0, 4092, 4092, &[]);
    let (starts, end) = frames(&disk, 1);
    let salt = file.salt.to_le_bytes();
    for (n, start) in starts.iter().enumerate() {
        let next = starts.get(n + 1).copied().unwrap_or(end);
        newer(&file.path, start + 12, start + 8, next, start + 4, &salt);
    }
}
