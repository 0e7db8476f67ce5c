//! Torn tails: what a power cut leaves of the one batch that was not synced.

use super::*;

/// Four records in one batch on top of five that were synced one by one, and where the batch lies.
fn with_last_batch(disk: &SimDisk) -> (Vec<usize>, usize) {
    let journal = filled(disk, 5);
    let batch: Vec<_> = (5..9).map(|i| append(A, 1, &payload(i))).collect();
    journal.append(&batch).unwrap();
    drop(journal);
    let (starts, end) = frames(disk, 1);
    (starts[starts.len() - 4..].to_vec(), end)
}

/// Opens a damaged disk, goes on writing, and expects exactly `kept` of the first records followed by the new ones.
fn goes_on_after(disk: &SimDisk, kept: usize) {
    let journal = open(disk).unwrap();
    assert_eq!(all(&journal, A), payloads(kept));
    drop(journal);
    disk.cut(0, 0);
    let journal = open(disk).unwrap();
    assert_eq!(all(&journal, A), payloads(kept), "what an opening showed is durable");
    let answers = journal.append(&[append(A, 1, &payload(77))]).unwrap();
    assert_eq!(answers, [Ok(Position(kept as u64 + 1))]);
    drop(journal);
    let mut expected = payloads(kept);
    expected.push(payload(77));
    assert_eq!(all(&open(disk).unwrap(), A), expected, "nothing torn came back");
}

#[test]
fn a_batch_torn_at_any_byte_keeps_its_whole_frames_and_nothing_else() {
    let disk = SimDisk::default();
    let (starts, end) = with_last_batch(&disk);
    let zeros = vec![0; end - starts[0]];
    for cut in starts[0]..end {
        let torn = disk.fork();
        torn.poke(&log(1), cut, &zeros[..end - cut]);
        let whole = starts[1..].iter().filter(|start| **start <= cut).count();
        // A frame may end in bytes that are zero anyway.
        let bytes = disk.bytes(&log(1));
        let next = starts[1..].iter().copied().chain([end]);
        let unchanged = next.filter(|e| bytes[cut.min(*e)..*e].iter().all(|b| *b == 0)).count();
        goes_on_after(&torn, 5 + whole.max(unchanged));
    }
}

#[test]
fn a_file_that_ends_inside_the_last_batch_is_cut_there() {
    let disk = SimDisk::default();
    let (starts, end) = with_last_batch(&disk);
    for cut in starts[0]..end {
        let torn = disk.fork();
        torn.truncate(&log(1), cut);
        let whole = starts[1..].iter().filter(|start| **start <= cut).count();
        goes_on_after(&torn, 5 + whole);
    }
}

#[test]
fn a_frame_behind_a_hole_never_comes_back_even_where_the_hole_is_filled_to_the_byte() {
    let disk = SimDisk::default();
    let (starts, end) = with_last_batch(&disk);
    for hole in 0..4 {
        let torn = disk.fork();
        let to = starts.get(hole + 1).copied().unwrap_or(end);
        torn.poke(&log(1), starts[hole], &vec![0; to - starts[hole]]);
        // The record that goes on is as long as the lost one, so that the next frame would fit behind it.
        goes_on_after(&torn, 5 + hole);
    }
}

#[test]
fn a_flipped_bit_in_the_last_batch_cuts_there_and_not_before() {
    let disk = SimDisk::default();
    let (starts, end) = with_last_batch(&disk);
    let bytes = disk.bytes(&log(1));
    for at in (starts[0]..end).step_by(7) {
        let torn = disk.fork();
        torn.poke(&log(1), at, &[bytes[at] ^ 0x10]);
        let hit = starts.iter().rposition(|start| *start <= at).unwrap();
        goes_on_after(&torn, 5 + hit);
    }
}

#[test]
fn a_first_batch_of_a_new_segment_may_be_lost_in_any_part() {
    let disk = SimDisk::default();
    let n = 24;
    let journal = filled(&disk, n);
    assert_eq!(journal.tip.lock().active.number, 1);
    let batch: Vec<_> = (n..n + 4).map(|i| append(A, 1, &payload(i))).collect();
    journal.append(&batch).unwrap();
    drop(journal);
    let (starts, end) = frames(&disk, 2);
    assert_eq!(starts.len(), 5, "a beginning and the records");
    let ends: Vec<_> = starts[1..].iter().copied().chain([end]).collect();
    for (first, from) in starts.iter().enumerate() {
        for to in &ends[first..] {
            let torn = disk.fork();
            torn.poke(&log(2), *from, &vec![0; to - from]);
            goes_on_after(&torn, n + first.saturating_sub(1));
        }
    }
}

#[test]
fn a_sidecar_written_before_a_segment_went_on_is_not_believed() {
    let disk = SimDisk::default();
    let journal = filled(&disk, 24);
    journal.append(&[append(A, 1, &payload(24))]).unwrap();
    assert_eq!(journal.tip.lock().active.number, 2);
    drop(journal);
    let side = summary::Summary::path(Path::new(DIR), 1);
    let old = disk.bytes(&side);
    let (starts, end) = frames(&disk, 2);
    disk.poke(&log(2), starts[0], &vec![0; end - starts[0]]);

    let journal = open(&disk).unwrap();
    journal.append(&[append(A, 1, b"")]).unwrap();
    assert_eq!(journal.tip.lock().active.number, 1, "the first segment goes on");
    journal.append(&[append(A, 1, &payload(26))]).unwrap();
    assert_eq!(journal.tip.lock().active.number, 2);
    drop(journal);
    disk.truncate(&side, 0);
    disk.poke(&side, 0, &old);
    let mut expected = payloads(24);
    expected.extend([Vec::new(), payload(26)]);
    assert_eq!(all(&open(&disk).unwrap(), A), expected);
}

#[test]
fn a_journal_goes_through_many_segments_while_every_batch_is_torn_once() {
    let disk = SimDisk::default();
    drop(filled(&disk, 0));
    let mut kept = Vec::new();
    for round in 0..60u64 {
        let journal = open(&disk).unwrap();
        assert_eq!(all(&journal, A), kept);
        journal.append(&[append(A, 1, &payload(1000))]).unwrap();
        kept.push(payload(1000));
        let before = disk.fork();
        let batch: Vec<_> = (0..6).map(|i| append(A, 1, &payload(i))).collect();
        journal.append(&batch).unwrap();
        drop(journal);
        // The last batch reaches the disk in every second sector or so; the rest is as before.
        mix(&before, &disk, round);
        kept = all(&open(&disk).unwrap(), A);
        assert!(kept.len() as u64 > round);
    }
    assert!(disk.names().len() > 6);
}

/// Takes sectors back to what they were in `before`, by chance.
fn mix(before: &SimDisk, disk: &SimDisk, seed: u64) {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for path in before.names().into_iter().filter(|p| p.extension().is_some_and(|e| e == "log")) {
        let (old, new) = (before.bytes(&path), disk.bytes(&path));
        for at in (0..new.len()).step_by(512) {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let range = at..(at + 512).min(new.len());
            let old = old.get(range.clone());
            if state >> 63 == 1 && old != Some(&new[range.clone()]) {
                let zeros = vec![0; range.len()];
                disk.poke(&path, at, old.unwrap_or(&zeros));
            }
        }
    }
}
