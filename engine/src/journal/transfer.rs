//! A journal as JSON lines: the way out, and the way back into an empty one.
//!
//! One line a record, `{"stream", "position", "owner_epoch", "dedupe": [hex], "payload": base64}`, stream after stream
//! in the order of their ids and each in the order of positions. Redacted content is gone from it. Streams come back
//! under new ids, so that a position of another life is recognised; what a record says inside its payload is not looked at: a start finds each
//! stream by its first record.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::segment::SegmentJournal;
use super::{Append, DedupeKey, Fault, Journal, MAX_RECORD, Refused};
use crate::domain::id::{Position, StreamId};

/// How many records are read, or written with one sync, at a time.
const BATCH: usize = 256;
/// No line is longer: payload and keys at their limits, as text.
const MAX_LINE: u64 = 512 * 1024;

/// One record as a line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    stream: String,
    position: u64,
    owner_epoch: u64,
    dedupe: Vec<String>,
    payload: String,
}

/// Why an import ended. Then the journal holds a part of the text: throw it away and begin with an empty one.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The journal has streams already.
    #[error("the journal is not empty")]
    NotEmpty,
    /// The text cannot be read.
    #[error("reading line {line} failed")]
    Read {
        /// The line, from 1.
        line: u64,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A line is no record of ours, or does not follow the ones before it.
    #[error("line {line}: {why}")]
    Line {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The journal would not take a record.
    #[error("line {line} was refused")]
    Refused {
        /// The line, from 1.
        line: u64,
        /// The refusal.
        #[source]
        source: Refused,
    },
    /// The disk failed.
    #[error("writing the journal failed")]
    Fault(#[from] Fault),
}

/// Writes every record of every stream to `out`. Records that are appended meanwhile may be missing. `path` names `out` in errors.
/// Answers with the number of records.
///
/// # Errors
/// The journal cannot be read, or `out` not written.
pub fn export(journal: &dyn Journal, out: &mut dyn Write, path: &Path) -> Result<u64, Fault> {
    let failed = |source| Fault::Io { what: "writing the export", path: path.to_path_buf(), source };
    let mut written = 0;
    for (stream, head) in journal.streams() {
        let mut next = Position(1);
        while next <= head {
            let records = journal.read(stream, next, BATCH, BATCH * MAX_RECORD / 16)?;
            if records.is_empty() {
                break;
            }
            for record in records {
                next = record.position.next();
                let line = Line {
                    stream: record.stream.to_string(),
                    position: record.position.0,
                    owner_epoch: record.owner_epoch,
                    dedupe: record.dedupe.iter().map(|k| format!("{:032x}", k.0)).collect(),
                    payload: STANDARD.encode(&record.payload),
                };
                serde_json::to_writer(&mut *out, &line).map_err(|e| failed(e.into()))?;
                out.write_all(b"\n").map_err(failed)?;
                written += 1;
            }
        }
    }
    out.flush().map_err(failed)?;
    Ok(written)
}

/// Reads an export into an empty journal. `new_stream` draws the id under which a stream goes on. Answers with old and
/// new ids, in the order of the text. Epochs stay as they were; versions are not in the text and begin anew.
///
/// # Errors
/// See [`ImportError`]; what was read before the error stays in the journal.
pub fn import(
    journal: &SegmentJournal,
    text: &mut dyn BufRead,
    new_stream: &mut dyn FnMut(StreamId) -> StreamId,
) -> Result<Vec<(StreamId, StreamId)>, ImportError> {
    if !journal.streams().is_empty() {
        return Err(ImportError::NotEmpty);
    }
    let mut import = Import { journal, streams: BTreeMap::new(), order: Vec::new(), batch: Vec::new(), line: 0 };
    while let Some(line) = next_line(text, import.line + 1)? {
        import.line += 1;
        import.take(&line, new_stream)?;
    }
    import.flush()?;
    Ok(import.order)
}

fn next_line(text: &mut dyn BufRead, line: u64) -> Result<Option<Vec<u8>>, ImportError> {
    let mut bytes = Vec::new();
    let read = io::Read::take(&mut *text, MAX_LINE).read_until(b'\n', &mut bytes);
    match read {
        Err(source) => Err(ImportError::Read { line, source }),
        Ok(0) => Ok(None),
        Ok(n) if n as u64 == MAX_LINE && bytes.last() != Some(&b'\n') => {
            Err(ImportError::Line { line, why: "it is too long for a record" })
        }
        Ok(_) => Ok(Some(bytes)),
    }
}

struct Import<'a> {
    journal: &'a SegmentJournal,
    streams: BTreeMap<StreamId, Target>,
    order: Vec<(StreamId, StreamId)>,
    /// Records that wait for their sync, with their place in the text.
    batch: Vec<(u64, Position, Append)>,
    line: u64,
}

#[derive(Clone, Copy)]
struct Target {
    stream: StreamId,
    epoch: u64,
    head: Position,
}

impl Import<'_> {
    fn take(&mut self, line: &[u8], new_stream: &mut dyn FnMut(StreamId) -> StreamId) -> Result<(), ImportError> {
        let line: Line = serde_json::from_slice(line).map_err(|_| self.wrong("it is no record as exported"))?;
        let old = line.stream.parse().map_err(|_| self.wrong("the stream is no id"))?;
        let dedupe = line.dedupe.iter().map(|k| u128::from_str_radix(k, 16).map(DedupeKey));
        let dedupe = dedupe.collect::<Result<_, _>>().map_err(|_| self.wrong("a dedupe key is not hexadecimal"))?;
        let payload = STANDARD.decode(&line.payload).map_err(|_| self.wrong("the payload is not base64"))?;
        let known = self.streams.get(&old).copied();
        let mut target = known.unwrap_or_else(|| Target { stream: new_stream(old), epoch: 0, head: Position(0) });
        if line.position != target.head.0 + 1 {
            return Err(self.wrong("the position does not follow the one before"));
        }
        if line.owner_epoch == 0 || line.owner_epoch < target.epoch {
            return Err(self.wrong("the owner epoch goes back"));
        }
        if known.is_none() {
            self.order.push((old, target.stream));
        }
        if line.owner_epoch > target.epoch {
            // Records before it were written under the epoch before.
            self.flush()?;
            target.epoch = self.journal.own_from(target.stream, line.owner_epoch)?;
            if target.epoch != line.owner_epoch {
                return Err(self.wrong("two streams were given the same new id"));
            }
        }
        target.head = Position(line.position);
        self.streams.insert(old, target);
        let append = Append {
            stream: target.stream,
            owner_epoch: target.epoch,
            touches: Vec::new(),
            dedupe,
            payload: payload.into(),
        };
        self.batch.push((self.line, target.head, append));
        if self.batch.len() == BATCH {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ImportError> {
        let waiting = std::mem::take(&mut self.batch);
        let appends: Vec<_> = waiting.iter().map(|(_, _, append)| append.clone()).collect();
        let answers = self.journal.append(&appends)?;
        for ((line, expected, append), answer) in waiting.into_iter().zip(answers) {
            let at = answer.map_err(|source| ImportError::Refused { line, source })?;
            if at != expected {
                let why = "two streams were given the same new id";
                return Err(ImportError::Line { line, why });
            }
            // A key may come again after the days for which it was kept.
            self.journal.release_dedupe(append.stream, at);
        }
        Ok(())
    }

    fn wrong(&self, why: &'static str) -> ImportError {
        ImportError::Line { line: self.line, why }
    }
}
