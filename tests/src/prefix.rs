//! A store as a kill would have left it: the journal up to one of its records, and nothing else.
//!
//! A record is the unit of atomicity, so a kill leaves some prefix of what was written; read models are made anew, as
//! after a power cut. Whoever wants to know that nothing is ever half done looks at all of them.

use std::collections::HashMap;
use std::path::Path;

use bytes::Bytes;
use madoguchi_engine::domain::id::StreamId;
use madoguchi_engine::journal::segment::{Options, SegmentJournal, walk};
use madoguchi_engine::journal::{Append, Fault, Journal, codec};

/// Every record of a store, in the order in which they were written.
#[derive(Debug)]
pub struct Written(Vec<(StreamId, Bytes)>);

impl Written {
    /// Reads a store, of an engine that has stopped or that has nothing in hand: what was answered is on disk.
    ///
    /// # Panics
    /// Its journal cannot be read.
    #[must_use]
    pub fn read(data_dir: &Path) -> Self {
        let copy = tempfile::tempdir().expect("a temporary folder");
        for entry in std::fs::read_dir(data_dir.join("journal")).expect("a store") {
            let entry = entry.expect("a readable folder");
            if entry.file_name() != "lock" {
                std::fs::copy(entry.path(), copy.path().join(entry.file_name())).expect("room for a copy");
            }
        }
        let mut records = Vec::new();
        walk(copy.path(), &mut |stream, _, payload| {
            records.push((stream, Bytes::copy_from_slice(payload)));
            Ok::<_, Fault>(())
        })
        .expect("a whole journal");
        Self(records)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A store with the first `count` of them. Keys of secrets come along; files do not.
    ///
    /// # Panics
    /// The folder cannot be written.
    #[must_use]
    pub fn first(&self, count: usize, keys_of: &Path) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for name in ["secrets.keys", "media.key"] {
            // A store without secrets has no keys.
            let _ = std::fs::copy(keys_of.join(name), dir.path().join(name));
        }
        let options = Options { segment_bytes: 1 << 20, redactor: codec::redact };
        let journal = SegmentJournal::open(dir.path().join("journal"), options).expect("an empty folder");
        let mut epochs: HashMap<StreamId, u64> = HashMap::new();
        for (stream, payload) in &self.0[..count] {
            let owner_epoch =
                *epochs.entry(*stream).or_insert_with(|| journal.own(*stream).expect("a disk that works"));
            let (touches, dedupe) = (Vec::new(), Vec::new());
            let append = Append { stream: *stream, owner_epoch, touches, dedupe, payload: payload.clone() };
            journal.append(&[append]).expect("a disk that works")[0].expect("it follows the one before");
        }
        dir
    }
}
