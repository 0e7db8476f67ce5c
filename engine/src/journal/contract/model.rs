//! A journal at random against a plain map: appends, ownership, redaction, compaction, and restarts between any two.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::{Subject, conversation};
use crate::domain::id::{Position, StreamId};
use crate::journal::{Append, DedupeKey, Refused, Touch};

#[derive(Clone, Debug)]
enum Step {
    Own(u8),
    Append(Vec<Wish>),
    Redact(u8, u64),
    Release(u8, u64),
    Compact,
    Reopen,
}

#[derive(Clone, Debug)]
struct Wish {
    stream: u8,
    /// How far the epoch is behind the one in force.
    late: bool,
    touch: Option<(u8, bool)>,
    key: Option<u8>,
    length: u16,
    fill: u8,
}

fn wish() -> impl Strategy<Value = Wish> {
    let touch = proptest::option::of((0..4u8, prop::bool::weighted(0.8)));
    let key = proptest::option::of(any::<u8>());
    let length = prop_oneof![8 => 0..300u16, 1 => 0..6000u16];
    let parts = (0..3u8, prop::bool::weighted(0.1), touch, key, length, any::<u8>());
    parts.prop_map(|(stream, late, touch, key, length, fill)| Wish { stream, late, touch, key, length, fill })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0..3u8).prop_map(Step::Own),
        12 => prop::collection::vec(wish(), 0..8).prop_map(Step::Append),
        3 => (0..3u8, 0..40u64).prop_map(|(s, p)| Step::Redact(s, p)),
        1 => (0..3u8, 0..40u64).prop_map(|(s, p)| Step::Release(s, p)),
        1 => Just(Step::Compact),
        2 => Just(Step::Reopen),
    ]
}

#[derive(Default)]
struct Model {
    epochs: HashMap<u8, u64>,
    records: BTreeMap<u8, Vec<Record>>,
    versions: HashMap<(u8, u8), u64>,
    keys: HashMap<u8, (u8, u64)>,
    redacted: BTreeSet<(u8, u64)>,
    /// Redacted and not yet compacted.
    pending: u64,
}

struct Record {
    epoch: u64,
    key: Option<u8>,
    payload: Vec<u8>,
}

fn id(stream: u8) -> StreamId {
    StreamId(1000 + u128::from(stream))
}

impl Model {
    fn append(&self, wish: &Wish) -> Append {
        let epoch = self.epochs.get(&wish.stream).copied().unwrap_or(0);
        let touches = wish.touch.map(|(thing, right)| {
            let known = self.versions.get(&(wish.stream, thing)).copied();
            Touch { entity: conversation(u128::from(thing)), version: known.unwrap_or(3) + u64::from(!right), chain: 0 }
        });
        Append {
            stream: id(wish.stream),
            owner_epoch: epoch.saturating_sub(u64::from(wish.late)),
            touches: touches.into_iter().collect(),
            dedupe: wish.key.map(|k| DedupeKey(k.into())).into_iter().collect(),
            payload: vec![wish.fill; wish.length.into()].into(),
        }
    }

    /// What the journal must answer, and does to the model what it does to the journal.
    fn apply(&mut self, wish: &Wish, append: &Append) -> Result<Position, Refused> {
        let current = self.epochs.get(&wish.stream).copied().unwrap_or(0);
        if append.owner_epoch != current || current == 0 {
            return Err(Refused::Fenced { current });
        }
        if let Some((_, at)) = wish.key.and_then(|k| self.keys.get(&k)) {
            return Err(Refused::Duplicate(Position(*at)));
        }
        if let Some((thing, _)) = wish.touch {
            let asked = append.touches[0].version;
            match self.versions.get(&(wish.stream, thing)) {
                Some(current) if *current != asked => {
                    return Err(Refused::Conflict { current: *current });
                }
                _ => self.versions.insert((wish.stream, thing), asked + 1),
            };
        }
        let records = self.records.entry(wish.stream).or_default();
        records.push(Record { epoch: current, key: wish.key, payload: append.payload.to_vec() });
        let at = records.len() as u64;
        if let Some(key) = wish.key {
            self.keys.insert(key, (wish.stream, at));
        }
        Ok(Position(at))
    }

    /// Every key of every record, the latest place of each first met: what a restart makes known again.
    fn restart(&mut self) {
        self.versions.clear();
        self.keys.clear();
        for (stream, records) in &self.records {
            for (at, record) in (1..).zip(records) {
                if let Some(key) = record.key {
                    self.keys.entry(key).or_insert((*stream, at));
                }
            }
        }
    }

    fn check<S: Subject>(&self, subject: &S) {
        let journal = subject.journal();
        for stream in 0..3u8 {
            let expected = self.records.get(&stream).map_or(&[][..], Vec::as_slice);
            assert_eq!(journal.head(id(stream)).0, expected.len() as u64);
            let found = journal.read(id(stream), Position(1), usize::MAX, usize::MAX).unwrap();
            assert_eq!(found.len(), expected.len());
            for (at, (found, expected)) in (1..).zip(found.iter().zip(expected)) {
                assert_eq!((found.stream, found.position), (id(stream), Position(at)));
                assert_eq!(found.owner_epoch, expected.epoch);
                let key = expected.key.map(|k| DedupeKey(k.into()));
                assert_eq!(found.dedupe, key.into_iter().collect::<Vec<_>>());
                if self.redacted.contains(&(stream, at)) {
                    assert_eq!(found.payload, b"gone"[..]);
                } else {
                    assert_eq!(found.payload, expected.payload);
                }
            }
        }
        for key in 0..=255u8 {
            let place = self.keys.get(&key).map(|(s, at)| (id(*s), Position(*at)));
            assert_eq!(journal.known(DedupeKey(key.into())), place);
        }
    }
}

fn run<S: Subject>(steps: Vec<Step>) {
    let mut subject = S::fresh();
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Own(stream) => {
                let epoch = model.epochs.entry(stream).or_default();
                *epoch += 1;
                assert_eq!(subject.journal().own(id(stream)).unwrap(), *epoch);
            }
            Step::Append(wishes) => {
                // Versions are asked for as they are before the batch, so that conflicts inside a batch come about.
                let batch: Vec<_> = wishes.iter().map(|w| model.append(w)).collect();
                let answers = subject.journal().append(&batch).unwrap();
                for ((wish, append), answer) in wishes.iter().zip(&batch).zip(answers) {
                    assert_eq!(answer, model.apply(wish, append));
                }
            }
            Step::Redact(stream, at) => {
                subject.journal().redact(id(stream), Position(at)).unwrap();
                let exists = model.records.get(&stream).is_some_and(|r| at as usize <= r.len());
                if exists && at > 0 && model.redacted.insert((stream, at)) {
                    model.pending += 1;
                }
            }
            Step::Release(stream, upto) => {
                subject.journal().release_dedupe(id(stream), Position(upto));
                model.keys.retain(|_, (s, at)| *s != stream || *at > upto);
            }
            Step::Compact => {
                assert_eq!(subject.journal().compact().unwrap(), model.pending);
                model.pending = 0;
            }
            Step::Reopen => {
                subject = subject.reopen();
                model.restart();
                // After a release a key may stand in two records; which of them answers is not promised.
                for (key, place) in &mut model.keys {
                    if let Some((s, at)) = subject.journal().known(DedupeKey((*key).into())) {
                        *place = ((s.0 - 1000) as u8, at.0);
                    }
                }
                continue;
            }
        }
    }
    model.check(&subject);
    let subject = subject.reopen();
    model.restart();
    for (key, place) in &mut model.keys {
        let (s, at) = subject.journal().known(DedupeKey((*key).into())).unwrap();
        let record = &model.records[&((s.0 - 1000) as u8)][at.0 as usize - 1];
        assert_eq!(record.key, Some(*key));
        *place = ((s.0 - 1000) as u8, at.0);
    }
    model.check(&subject);
}

pub(super) fn any_history_reads_like_a_plain_map<S: Subject>() {
    let config = ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&prop::collection::vec(step(), 1..60), |steps| {
            run::<S>(steps);
            Ok(())
        })
        .unwrap();
}
