//! A disk that fails at any one call, or loses power at any moment: nothing acknowledged is lost, nothing wrong is read.

use std::collections::BTreeSet;

use super::*;

/// What a workload was told, by stream: payload and whether it was redacted.
#[derive(Clone, Default)]
struct Told {
    records: BTreeMap<StreamId, Vec<Vec<u8>>>,
    redacted: BTreeSet<(StreamId, u64)>,
    epochs: BTreeMap<StreamId, u64>,
    /// The batch that got no answer.
    open: Vec<Append>,
    open_redaction: Option<(StreamId, u64)>,
}

impl Told {
    /// Everything a journal does, in small; ends at the first fault.
    fn work(&mut self, journal: &SegmentJournal, rounds: usize) -> Result<(), Fault> {
        for stream in [A, B] {
            let epoch = journal.own(stream)?;
            self.epochs.insert(stream, epoch);
        }
        for round in 0..rounds {
            self.open = (0..=round % 4)
                .map(|i| {
                    let stream = if i % 2 == 0 { A } else { B };
                    let text = format!("{round}/{i} {}", "x".repeat(37 * (round % 9)));
                    append(stream, self.epochs[&stream], text.as_bytes())
                })
                .collect();
            let answers = journal.append(&self.open)?;
            for (append, answer) in std::mem::take(&mut self.open).into_iter().zip(answers) {
                let records = self.records.entry(append.stream).or_default();
                records.push(append.payload.to_vec());
                assert_eq!(answer, Ok(Position(records.len() as u64)));
            }
            if round % 5 == 4 {
                let target = (A, round as u64 / 2 + 1);
                self.open_redaction = Some(target);
                journal.redact(target.0, Position(target.1))?;
                self.open_redaction = None;
                self.redacted.insert(target);
            }
            if round % 12 == 11 {
                journal.compact()?;
            }
        }
        Ok(())
    }

    /// Everything acknowledged is there; what got no answer may be, in order and without a gap. Then that is told too.
    fn check(&mut self, journal: &SegmentJournal, what: &str) {
        for stream in [A, B] {
            let found = all(journal, stream);
            let told = self.records.entry(stream).or_default();
            assert!(found.len() >= told.len(), "{what}: {} of {}", found.len(), told.len());
            let open = self.open.iter().filter(|a| a.stream == stream);
            told.extend(open.map(|a| a.payload.to_vec()));
            assert!(found.len() <= told.len(), "{what}: more than was ever written");
            told.truncate(found.len());
            for (at, (found, told)) in (1..).zip(found.iter().zip(told.iter())) {
                let redacted = self.redacted.contains(&(stream, at));
                let either = self.open_redaction == Some((stream, at));
                if found == b"gone" && either {
                    self.redacted.insert((stream, at));
                } else if redacted {
                    assert_eq!(found, b"gone", "{what}: {stream} {at}");
                } else {
                    assert_eq!(found, told, "{what}: {stream} {at}");
                }
            }
        }
        self.open.clear();
        self.open_redaction = None;
    }
}

/// Fails call after call until none is left to fail. `after` is what becomes of the disk before it is opened again.
fn fail_each_call(for_ever: bool, after: impl Fn(&SimDisk, u64)) {
    let mut n = 1;
    loop {
        let disk = SimDisk::default();
        drop(open(&disk).unwrap());
        disk.fail_at(n, for_ever);
        let before = disk.calls();
        let mut told = Told::default();
        let worked = match open(&disk) {
            Ok(journal) => {
                let worked = told.work(&journal, 40);
                if worked.is_err() && !for_ever {
                    poisoned_or_harmless(&journal, &mut told);
                }
                worked.is_ok()
            }
            Err(_) => false,
        };
        let clean = worked && disk.calls() < before + n;
        after(&disk, n);
        disk.heal();
        let journal = open(&disk).unwrap_or_else(|e| panic!("call {n}: {e:?}"));
        told.check(&journal, &format!("call {n}"));
        drop(journal);
        disk.cut(n, 0);
        let journal = open(&disk).unwrap();
        told.check(&journal, &format!("call {n}, then a power cut"));
        told.work(&journal, 15).unwrap();
        told.check(&journal, &format!("call {n}, going on"));
        drop(journal);
        verify::verify_on(&disk, Path::new(DIR)).unwrap();
        if clean {
            break;
        }
        n += 1;
    }
    assert!(n > 150, "only {n} calls were seen");
}

/// After a failed append every later one fails too. A failed compaction hurts nobody.
fn poisoned_or_harmless(journal: &SegmentJournal, told: &mut Told) {
    let append = append(A, told.epochs.get(&A).copied().unwrap_or(1), b"after");
    let first = journal.append(std::slice::from_ref(&append));
    let second = journal.append(std::slice::from_ref(&append));
    if first.is_err() {
        assert!(second.is_err() && journal.own(B).is_err() && journal.redact(A, Position(1)).is_err());
        return;
    }
    let unanswered = !told.open.is_empty() || told.open_redaction.is_some() || told.epochs.len() < 2;
    assert!(!unanswered, "a write failed and the next one did not");
    assert_eq!(first.unwrap().len() + second.unwrap().len(), 2);
    let records = told.records.entry(A).or_default();
    records.extend([b"after".into(), b"after".into()]);
}

#[test]
fn a_disk_that_fails_once_loses_nothing_that_was_acknowledged() {
    fail_each_call(false, |_, _| ());
}

#[test]
fn a_disk_that_fails_and_stays_so_loses_nothing_that_was_acknowledged() {
    fail_each_call(true, |_, _| ());
}

#[test]
fn a_power_cut_at_any_call_loses_nothing_that_was_acknowledged() {
    for keep in [0, 4, 7] {
        fail_each_call(true, |disk, n| disk.cut(n * 31 + u64::from(keep), keep));
    }
}

/// A process that is killed leaves names which no sync of the folder covers, and the next one builds on them.
#[test]
fn names_that_a_killed_process_left_unsynced_carry_nothing_away_with_them() {
    let mut left = 0;
    for n in 1.. {
        let killed = SimDisk::default();
        drop(open(&killed).unwrap());
        killed.fail_at(n, true);
        let mut before = Told::default();
        let worked = open(&killed).and_then(|journal| before.work(&journal, 40)).is_ok();
        killed.heal();
        if worked {
            break;
        }
        if !killed.has_unsynced_names() {
            continue;
        }
        left += 1;
        for m in 1.. {
            let (disk, mut told) = (killed.fork(), before.clone());
            let journal = open(&disk).unwrap();
            told.check(&journal, &format!("killed at call {n}"));
            disk.fail_at(m, true);
            let worked = told.work(&journal, 16).is_ok();
            drop(journal);
            disk.cut(n * 31 + m, 0);
            told.check(&open(&disk).unwrap(), &format!("killed at call {n}, then cut off at call {m}"));
            if worked {
                break;
            }
        }
    }
    assert!(left > 5, "only {left} kills left names unsynced");
}

#[test]
fn the_disk_that_is_cut_here_really_forgets() {
    let disk = SimDisk::default();
    let file = disk.create(Path::new("/journal/x")).unwrap();
    file.write_at(&[1; 2000], 0).unwrap();
    file.sync().unwrap();
    disk.sync_dir(Path::new(DIR)).unwrap();
    file.write_at(&[2; 2000], 1000).unwrap();
    let torn = disk.fork();
    torn.cut(1, 4);
    let bytes = torn.bytes(Path::new("/journal/x"));
    assert!(bytes.contains(&2) && bytes[1000..].iter().any(|b| *b != 2));
    disk.cut(1, 0);
    assert_eq!(disk.bytes(Path::new("/journal/x")), [1; 2000]);
}

#[test]
fn a_batch_costs_one_sync_however_long_it_is() {
    let disk = SimDisk::default();
    let journal = filled(&disk, 0);
    let before = disk.syncs(&log(1));
    journal.append(&[append(A, 1, b"alone")]).unwrap();
    assert_eq!(disk.syncs(&log(1)), before + 1);
    let batch: Vec<_> = (0..20).map(|_| append(A, 1, b"together")).collect();
    journal.append(&batch).unwrap();
    assert_eq!(disk.syncs(&log(1)), before + 2);
    journal.append(&[]).unwrap();
    journal.append(&[append(A, 7, b"refused")]).unwrap();
    assert_eq!(disk.syncs(&log(1)), before + 2, "what writes nothing syncs nothing");
    let writes = disk.calls();
    let long: Vec<_> = (0..20).map(|i| append(A, 1, &payload(i))).collect();
    for _ in 0..20 {
        journal.append(&long).unwrap();
    }
    drop(journal);
    assert!(disk.calls() > writes);
    let number = |n: u64| disk.syncs(&log(n));
    let used = (1..).take_while(|n| number(*n) > 0).map(number).sum::<u64>();
    assert_eq!(used, before + 2 + 20, "also over the ends of segments");
}

#[test]
fn a_full_disk_ends_nothing_before_it_is_really_full() {
    let disk = SimDisk::default();
    let journal = filled(&disk, 0);
    // No next segment can be prepared, nor a sidecar written; frames still find room.
    disk.make_tight();
    for i in 0..200 {
        journal.append(&[append(A, 1, &payload(i))]).unwrap();
    }
    drop(journal);
    assert!(disk.names().contains(&log(3)));
    let journal = open(&disk).unwrap();
    assert_eq!(all(&journal, A), payloads(200));
}

#[test]
fn nobody_sees_a_record_before_its_sync_and_nobody_waits_for_it() {
    let disk = SimDisk::default();
    let journal = filled(&disk, 3);
    let gate = Arc::new(std::sync::Barrier::new(2));
    disk.hold_next_sync(Arc::clone(&gate));
    let key = DedupeKey(7);
    let late = Append { dedupe: vec![key], ..append(A, 1, b"late") };
    std::thread::scope(|threads| {
        let appending = threads.spawn(|| journal.append(std::slice::from_ref(&late)));
        gate.wait();
        assert_eq!(journal.head(A), Position(3));
        assert_eq!(journal.known(key), None);
        assert_eq!(all(&journal, A), payloads(3));
        assert_eq!(journal.streams(), [(A, Position(3))]);
        gate.wait();
        assert_eq!(appending.join().unwrap().unwrap(), [Ok(Position(4))]);
    });
    assert_eq!(journal.known(key), Some((A, Position(4))));
    assert_eq!(all(&journal, A).len(), 4);
}

#[test]
fn a_batch_of_many_megabytes_goes_in_parts_and_is_found_again() {
    let disk = SimDisk::default();
    let options = Options { segment_bytes: 32 << 20, ..TINY };
    let open = |disk: &SimDisk| SegmentJournal::open_on(Arc::new(disk.clone()), DIR.into(), options);
    let journal = open(&disk).unwrap();
    journal.own(A).unwrap();
    let before = disk.syncs(&log(1));
    let parts: Vec<_> = (0..150u8).map(|n| vec![n; 60_000]).collect();
    let batch: Vec<_> = parts.iter().map(|p| append(A, 1, p)).collect();
    assert!(journal.append(&batch).unwrap().iter().all(Result::is_ok));
    assert_eq!(disk.syncs(&log(1)), before + 3, "4 MiB each");
    drop(journal);
    assert!(all(&open(&disk).unwrap(), A) == parts);

    let (starts, end) = frames(&disk, 1);
    let torn = disk.fork();
    torn.poke(&log(1), starts[149], &vec![0; 70_000]);
    assert!(all(&open(&torn).unwrap(), A) == parts[..147]);
    assert!(torn.bytes(&log(1))[starts[149]..end].iter().all(|b| *b == 0));
    let hurt = disk.fork();
    hurt.poke(&log(1), starts[30], &vec![0; 70_000]);
    match open(&hurt).map(drop) {
        Err(Fault::Damaged { offset, .. }) => assert_eq!(offset, starts[30] as u64),
        other => panic!("{other:?}"),
    }
}
