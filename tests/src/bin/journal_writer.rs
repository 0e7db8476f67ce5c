//! The child of the power-cut harness: `journal_writer STORE DIR append COUNT` or `… list`.
//!
//! `journal` is the engine's own log, through its contract. `reference` is a store that keeps its promises; the others each break one, so that the harness can be seen to notice.
//! `sled` is plain sled with its own `flush`. Next: `src/powercut/store.rs`.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use madoguchi_engine::domain::id::{Position, StreamId};
use madoguchi_engine::journal::segment::{Options, SegmentJournal};
use madoguchi_engine::journal::{Append, Journal};
use madoguchi_tests::powercut::{Failure, Store, as_child, number_in, payload};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [store, dir, command @ ..] = args.as_slice() else {
        return ExitCode::FAILURE;
    };
    let dir = PathBuf::from(dir);
    match store.as_str() {
        "reference" => as_child::<Reference<true, true, true>>(&dir, command),
        "no-sync" => as_child::<Reference<false, true, true>>(&dir, command),
        "no-directory-sync" => as_child::<Reference<true, false, true>>(&dir, command),
        "no-check" => as_child::<Reference<true, true, false>>(&dir, command),
        "journal" => as_child::<Segments>(&dir, command),
        "sled" => as_child::<Sled>(&dir, command),
        _ => ExitCode::FAILURE,
    }
}

/// One file of frames {length, payload}. The parameters take its virtues away: syncing what it appends, syncing the
/// directory, checking a frame before believing it.
struct Reference<const SYNC: bool, const SYNC_DIR: bool, const CHECK: bool> {
    file: File,
    /// One for each frame; `None` for a frame that was believed unchecked and is wrong.
    numbers: Vec<Option<u64>>,
}

impl<const SYNC: bool, const SYNC_DIR: bool, const CHECK: bool> Store for Reference<SYNC, SYNC_DIR, CHECK> {
    fn open(dir: &Path) -> Result<Self, Failure> {
        let path = dir.join("numbers");
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let bytes = std::fs::read(&path)?;
        let mut numbers = Vec::new();
        let mut good = 0;
        while let Some(frame) = frame_at(&bytes, good) {
            let number = number_in(frame);
            if CHECK && number.is_none() {
                break;
            }
            numbers.push(number);
            good += 4 + frame.len();
        }
        file.set_len(good as u64)?;
        // What is shown from now on must stay, also where only the page cache remembered it.
        if SYNC {
            file.sync_data()?;
        }
        if SYNC_DIR {
            File::open(dir)?.sync_all()?;
        }
        Ok(Self { file, numbers })
    }

    fn append(&mut self, numbers: RangeInclusive<u64>) -> Result<(), Failure> {
        let mut bytes = Vec::new();
        for number in numbers {
            let payload = payload(number);
            bytes.extend(u32::try_from(payload.len())?.to_le_bytes());
            bytes.extend(payload);
        }
        self.file.write_all(&bytes)?;
        if SYNC {
            self.file.sync_data()?;
        }
        Ok(())
    }

    fn numbers(&self) -> Result<Vec<u64>, Failure> {
        let whole: Option<Vec<u64>> = self.numbers.iter().copied().collect();
        Ok(whole.ok_or("a frame does not read back")?)
    }
}

/// The frame that begins at an offset, if the file reaches to its end.
fn frame_at(bytes: &[u8], offset: usize) -> Option<&[u8]> {
    let rest = bytes.get(offset..)?;
    let len = u32::from_le_bytes(rest.get(..4)?.try_into().ok()?) as usize;
    rest.get(4..4 + len).filter(|frame| frame.len() >= 8)
}

/// The engine's journal: each number is a record of one stream.
struct Segments {
    journal: SegmentJournal,
    owner_epoch: u64,
}

const STREAM: StreamId = StreamId(7);

impl Store for Segments {
    fn open(dir: &Path) -> Result<Self, Failure> {
        // Small segments, so that most rounds cross from one to the next.
        let options = Options { segment_bytes: 64 << 10, redactor: |payload| payload.to_vec() };
        let journal = SegmentJournal::open(dir.join("journal"), options)?;
        journal.load_dedupe_after(&[])?;
        let owner_epoch = journal.own(STREAM)?;
        Ok(Self { journal, owner_epoch })
    }

    fn append(&mut self, numbers: RangeInclusive<u64>) -> Result<(), Failure> {
        let batch: Vec<Append> = numbers
            .map(|number| Append {
                stream: STREAM,
                owner_epoch: self.owner_epoch,
                touches: Vec::new(),
                dedupe: Vec::new(),
                payload: payload(number).into(),
            })
            .collect();
        for result in self.journal.append(&batch)? {
            result?;
        }
        Ok(())
    }

    fn numbers(&self) -> Result<Vec<u64>, Failure> {
        let mut numbers = Vec::new();
        let mut from = Position(1);
        loop {
            let chunk = self.journal.read(STREAM, from, 10_000, 64 << 20)?;
            let Some(last) = chunk.last() else { return Ok(numbers) };
            from = last.position.next();
            for stored in &chunk {
                numbers.push(number_in(&stored.payload).ok_or("a record does not read back")?);
            }
        }
    }
}

struct Sled(sled::Db);

impl Store for Sled {
    fn open(dir: &Path) -> Result<Self, Failure> {
        let config = sled::Config::new().path(dir.join("sled")).cache_capacity(8 << 20);
        Ok(Self(config.open()?))
    }

    fn append(&mut self, numbers: RangeInclusive<u64>) -> Result<(), Failure> {
        for number in numbers {
            self.0.insert(number.to_be_bytes(), payload(number))?;
        }
        self.0.flush()?;
        Ok(())
    }

    fn numbers(&self) -> Result<Vec<u64>, Failure> {
        self.0.iter().map(|row| Ok(number_in(&row?.1).ok_or("a value does not read back")?)).collect()
    }
}
