//! Records as bytes, and bytes as records (DESIGN 3).
//!
//! A payload is a format id, a header (when, whose wish, how many facts), then each fact with its own type number,
//! version and length, so that one shape can change without the others. `facts` holds the numbers, `schema` the
//! shapes of former releases, `redact` what is lost on redaction; `golden/` pins every shape to its bytes.
//!
//! It never reads bytes from outside, and never guesses: what it does not know by name is an error that says so.

mod facts;
#[cfg(test)]
mod golden_test;
mod redact;
#[cfg(test)]
pub(crate) mod samples;
mod schema;
#[cfg(test)]
mod tests;

use bincode::Options;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::MAX_RECORD;
use crate::domain::id::ConversationId;
use crate::domain::record::{By, Fact, Record};
use crate::domain::time::Timestamp;

pub use redact::{emptied, redact};

/// The layout of header and frames. Another layout gets another number.
const FORMAT: u8 = 1;

/// Why a record has no bytes, or bytes are no record.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The record is longer than [`MAX_RECORD`].
    #[error("the record has {len} bytes, more than {MAX_RECORD}")]
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// A newer release laid the whole record out in another way.
    #[error("record format {found} is of a newer release, this one knows {FORMAT}")]
    UnknownFormat {
        /// The format's id.
        found: u8,
    },
    /// A newer release wrote a kind of fact that this one has no name for.
    #[error("facts of type {number} are of a newer release")]
    UnknownType {
        /// The type's number.
        number: u16,
    },
    /// A newer release wrote a known kind of fact in a newer shape.
    #[error("{name} in version {found} is of a newer release, this one knows {known}")]
    NewerVersion {
        /// The type's name.
        name: &'static str,
        /// The version found.
        found: u16,
        /// The newest that is known here.
        known: u16,
    },
    /// The bytes were never written by any release.
    #[error("{what} does not read back")]
    Damaged {
        /// The part that is wrong.
        what: &'static str,
        /// The cause, where the format gives one.
        #[source]
        source: Option<bincode::Error>,
    },
}

impl CodecError {
    fn damaged(what: &'static str) -> Self {
        Self::Damaged { what, source: None }
    }

    /// Whether a newer release can read what this one cannot.
    #[must_use]
    pub fn is_too_new(&self) -> bool {
        matches!(self, Self::UnknownFormat { .. } | Self::UnknownType { .. } | Self::NewerVersion { .. })
    }
}

/// What stands before the facts.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    at: Timestamp,
    by: By,
    facts: u32,
}

/// What stands before each fact.
#[derive(Debug, Serialize, Deserialize)]
struct Frame {
    number: u16,
    version: u16,
    conversation: Option<ConversationId>,
    len: u32,
}

/// Turns a record into the payload of an append.
///
/// # Errors
/// `TooLong` over [`MAX_RECORD`]; nothing else can go wrong with a record made here.
pub fn encode(record: &Record) -> Result<Bytes, CodecError> {
    let bytes = write(record)?;
    if bytes.len() > MAX_RECORD {
        return Err(CodecError::TooLong { len: bytes.len() });
    }
    Ok(bytes.into())
}

/// Turns a payload back into its record; former shapes come out as today's.
///
/// # Errors
/// The payload is damaged, or of a newer release; the text names what is not known.
pub fn decode(payload: &[u8]) -> Result<Record, CodecError> {
    if payload.is_empty() {
        // Its stream was erased.
        return Ok(Record { at: Timestamp(0), by: By::Engine, events: Vec::new() });
    }
    read(payload, schema::OLD)
}

fn write(record: &Record) -> Result<Vec<u8>, CodecError> {
    let unwritable = |source| CodecError::Damaged { what: "a fact", source: Some(source) };
    let header = Header {
        at: record.at,
        by: record.by,
        facts: u32::try_from(record.events.len()).map_err(|_| CodecError::damaged("the number of facts"))?,
    };
    let mut out = Vec::with_capacity(256);
    out.push(FORMAT);
    layout().serialize_into(&mut out, &header).map_err(unwritable)?;
    let mut body = Vec::new();
    for fact in &record.events {
        body.clear();
        let (kind, conversation) = facts::write(fact, &mut body).map_err(unwritable)?;
        let frame = Frame {
            number: kind.number,
            version: kind.version,
            conversation,
            len: u32::try_from(body.len()).map_err(|_| CodecError::TooLong { len: body.len() })?,
        };
        layout().serialize_into(&mut out, &frame).map_err(unwritable)?;
        out.extend_from_slice(&body);
    }
    Ok(out)
}

fn read(payload: &[u8], old: &[schema::Old]) -> Result<Record, CodecError> {
    let (header, mut rest) = read_header(payload)?;
    let mut events = Vec::new();
    for _ in 0..header.facts {
        let frame: Frame = read_front(&mut rest, "the frame of a fact")?;
        let len = frame.len as usize;
        if len > rest.len() {
            return Err(CodecError::damaged("the length of a fact"));
        }
        let (body, after) = rest.split_at(len);
        rest = after;
        events.push(read_fact(&frame, body, old)?);
    }
    if !rest.is_empty() {
        return Err(CodecError::damaged("the end of the record"));
    }
    Ok(Record { at: header.at, by: header.by, events })
}

fn read_header(payload: &[u8]) -> Result<(Header, &[u8]), CodecError> {
    let (format, mut rest) = payload.split_first().ok_or_else(|| CodecError::damaged("an empty record"))?;
    if *format != FORMAT {
        return Err(CodecError::UnknownFormat { found: *format });
    }
    let header = read_front(&mut rest, "the header of a record")?;
    Ok((header, rest))
}

fn read_fact(frame: &Frame, body: &[u8], old: &[schema::Old]) -> Result<Fact, CodecError> {
    let kind = facts::kind(frame.number).ok_or(CodecError::UnknownType { number: frame.number })?;
    if frame.version > kind.version {
        return Err(CodecError::NewerVersion { name: kind.name, found: frame.version, known: kind.version });
    }
    if frame.version == kind.version {
        return facts::read(kind, frame.conversation, body);
    }
    let shape = old
        .iter()
        .find(|old| (old.number, old.version) == (frame.number, frame.version))
        .ok_or_else(|| CodecError::damaged("the version of a fact"))?;
    (shape.read)(frame.conversation, body)
}

/// Reads one value from the front and moves the front behind it.
fn read_front<T: DeserializeOwned>(bytes: &mut &[u8], what: &'static str) -> Result<T, CodecError> {
    limits()
        .allow_trailing_bytes()
        .deserialize_from(bytes)
        .map_err(|source| CodecError::Damaged { what, source: Some(source) })
}

/// Reads one value that fills the bytes to their end.
fn read_whole<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    limits().deserialize(bytes).map_err(|source| CodecError::Damaged { what: "a fact", source: Some(source) })
}

/// How numbers are laid out.
fn layout() -> impl Options + Copy {
    bincode::DefaultOptions::new()
}

/// How much a value may claim to hold when it is read. A length that the bytes cannot keep is an error before anything
/// is allocated for it.
fn limits() -> impl Options + Copy {
    layout().with_limit(MAX_RECORD as u64)
}
