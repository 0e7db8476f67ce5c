//! What the journal costs above the disk: appends in batches of 1, 16 and 64 beside a bare write and `fdatasync` of as many
//! bytes, on the same disk in the same run.
//!
//! Only the ratio of `journal` to `raw` of one run means anything. `TMPDIR` chooses the disk. It removes what it writes.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use madoguchi_engine::domain::id::{ConversationId, StreamId};
use madoguchi_engine::domain::record::Entity;
use madoguchi_engine::journal::segment::{Options, SegmentJournal};
use madoguchi_engine::journal::{Append, DedupeKey, Journal, Touch};

/// About what a text message takes as a record.
const PAYLOAD: usize = 300;
/// What the frame around it adds: head, one touch, one key.
const AROUND: usize = 56 + 25 + 16;
const SEGMENT_BYTES: u64 = 64 << 20;
const STREAM: StreamId = StreamId(1);

/// A preallocated file, written from the start again when it is full, as no log may do.
struct Raw {
    file: File,
    at: u64,
}

impl Raw {
    fn new(dir: &std::path::Path) -> std::io::Result<Self> {
        let file = File::create(dir.join("raw"))?;
        file.write_all_at(&vec![0; SEGMENT_BYTES as usize], 0)?;
        file.sync_all()?;
        Ok(Self { file, at: 0 })
    }

    fn append(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if self.at + bytes.len() as u64 > SEGMENT_BYTES {
            self.at = 0;
        }
        self.file.write_all_at(bytes, self.at)?;
        self.at += bytes.len() as u64;
        self.file.sync_data()
    }
}

/// Messages of one conversation after the other, as the writer thread would hand them over.
struct Load {
    journal: SegmentJournal,
    epoch: u64,
    number: u64,
}

impl Load {
    fn batch(&mut self, size: usize) -> Vec<Append> {
        let one = |number: u64| Append {
            stream: STREAM,
            owner_epoch: self.epoch,
            touches: vec![Touch {
                entity: Entity::Conversation(ConversationId(u128::from(number % 1000))),
                version: number / 1000,
                chain: 0,
            }],
            dedupe: vec![DedupeKey(u128::from(number))],
            payload: Bytes::from_static(&[b'm'; PAYLOAD]),
        };
        let batch = (self.number..).take(size).map(one).collect();
        self.number += size as u64;
        batch
    }
}

fn appends(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a folder for the measurement");
    let mut raw = Raw::new(dir.path()).expect("room for the bare file");
    let options = Options { segment_bytes: SEGMENT_BYTES, redactor: <[u8]>::to_vec };
    let journal = SegmentJournal::open(dir.path().join("journal"), options).expect("a journal");
    let epoch = journal.own(STREAM).expect("the stream");
    let mut load = Load { journal, epoch, number: 0 };
    let mut group = criterion.benchmark_group("journal_append");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for size in [1, 16, 64] {
        group.throughput(Throughput::Elements(size as u64));
        let bytes = vec![b'm'; size * (PAYLOAD + AROUND).next_multiple_of(8)];
        group.bench_function(BenchmarkId::new("raw", size), |bencher| {
            bencher.iter(|| raw.append(&bytes).expect("the disk"));
        });
        group.bench_function(BenchmarkId::new("journal", size), |bencher| {
            bencher.iter(|| {
                let batch = load.batch(size);
                let answers = load.journal.append(&batch).expect("the disk");
                let head = answers.last().and_then(|a| a.ok()).expect("accepted");
                load.journal.release_dedupe(STREAM, head);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, appends);
criterion_main!(benches);
