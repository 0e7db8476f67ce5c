//! Records as bytes and back. The one module that knows bincode.
//!
//! A payload is: format, header (when, whose wish), number of facts, then for each fact its kind, type number, version of
//! that type, length and body. Type numbers are for ever; a shape that changes gets a new version and its old shape a
//! place in `upcast`. Golden files hold every shape that was ever written.

mod redact;
#[cfg(test)]
mod tests;

use bincode::Options;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use redact::redact;

use super::MAX_RECORD;
use crate::domain::conversation::Event as ConversationEvent;
use crate::domain::id::ConversationId;
use crate::domain::org::Event as OrgEvent;
use crate::domain::record::{By, Fact, Record};
use crate::domain::time::Timestamp;
use crate::domain::window::Event as WindowEvent;

/// The format of the whole payload.
const FORMAT: u8 = 1;
/// The version of every event type so far.
const VERSION: u8 = 1;

/// Why bytes are no record, or a record no bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Longer than a record may be.
    #[error("a record of {0} bytes is longer than {MAX_RECORD}")]
    TooLong(usize),
    /// Ends before it should, or holds something else than its type says.
    #[error("not a record: {0}")]
    Broken(&'static str),
    /// Written by a newer release.
    #[error("written by a newer release: {what} {found} (this one knows up to {known})")]
    TooNew {
        /// What is newer.
        what: &'static str,
        /// Its number.
        found: u32,
        /// The highest that is known here.
        known: u32,
    },
}

fn options() -> impl Options {
    bincode::DefaultOptions::new().with_limit(MAX_RECORD as u64).with_varint_encoding().reject_trailing_bytes()
}

fn write<T: Serialize>(value: &T) -> Result<Vec<u8>, CodecError> {
    options().serialize(value).map_err(|_| CodecError::TooLong(MAX_RECORD + 1))
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    options().deserialize(bytes).map_err(|_| CodecError::Broken("body"))
}

/// A record as bytes.
///
/// # Errors
/// [`CodecError::TooLong`].
pub fn encode(record: &Record) -> Result<Bytes, CodecError> {
    let mut out = Vec::with_capacity(256);
    out.push(FORMAT);
    out.extend(record.at.0.to_le_bytes());
    let by = write(&record.by)?;
    out.push(u8::try_from(by.len()).map_err(|_| CodecError::Broken("header"))?);
    out.extend(by);
    out.extend(u16::try_from(record.events.len()).map_err(|_| CodecError::TooLong(usize::MAX))?.to_le_bytes());
    for fact in &record.events {
        let (kind, number, body) = match fact {
            Fact::Conversation(id, event) => {
                out.push(0);
                out.extend(id.0.to_le_bytes());
                (None, conversation_type(event), write(event)?)
            }
            Fact::Window(event) => (Some(1), window_type(event), write(event)?),
            Fact::Org(event) => (Some(2), org_type(event), write(event)?),
        };
        out.extend(kind);
        out.extend(number.to_le_bytes());
        out.push(VERSION);
        out.extend(u32::try_from(body.len()).map_err(|_| CodecError::TooLong(body.len()))?.to_le_bytes());
        out.extend(body);
    }
    if out.len() > MAX_RECORD {
        return Err(CodecError::TooLong(out.len()));
    }
    Ok(Bytes::from(out))
}

/// A record from bytes.
///
/// # Errors
/// The bytes are none, or from a newer release.
pub fn decode(bytes: &[u8]) -> Result<Record, CodecError> {
    let mut input = Input(bytes);
    let format = input.byte()?;
    if format != FORMAT {
        return Err(CodecError::TooNew { what: "record format", found: u32::from(format), known: u32::from(FORMAT) });
    }
    let at = Timestamp(i64::from_le_bytes(input.array()?));
    let by_len = usize::from(input.byte()?);
    let by: By = read(input.take(by_len)?)?;
    let count = u16::from_le_bytes(input.array()?);
    let mut events = Vec::with_capacity(usize::from(count).min(bytes.len()));
    for _ in 0..count {
        events.push(fact(&mut input)?);
    }
    if !input.0.is_empty() {
        return Err(CodecError::Broken("more bytes than facts"));
    }
    Ok(Record { at, by, events })
}

fn fact(input: &mut Input<'_>) -> Result<Fact, CodecError> {
    let kind = input.byte()?;
    // Nothing is known of what follows a newer kind, so this comes before reading on.
    let known = match kind {
        0 => CONVERSATION_TYPES,
        1 => WINDOW_TYPES,
        2 => ORG_TYPES,
        other => return Err(CodecError::TooNew { what: "fact kind", found: u32::from(other), known: 2 }),
    };
    let id = if kind == 0 { Some(ConversationId(u128::from_le_bytes(input.array()?))) } else { None };
    let number = u16::from_le_bytes(input.array()?);
    let version = input.byte()?;
    let len = u32::from_le_bytes(input.array()?) as usize;
    let body = input.take(len)?;
    if number == 0 || number > known {
        return Err(CodecError::TooNew { what: "event type", found: u32::from(number), known: u32::from(known) });
    }
    if version != VERSION {
        return Err(CodecError::TooNew {
            what: "event version",
            found: u32::from(version),
            known: u32::from(VERSION),
        });
    }
    let fact = match id {
        Some(id) => Fact::Conversation(id, read(body)?),
        None if kind == 1 => Fact::Window(read(body)?),
        None => Fact::Org(read(body)?),
    };
    if type_of(&fact) == number { Ok(fact) } else { Err(CodecError::Broken("the body is of another type")) }
}

/// The bytes that are left.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], CodecError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(CodecError::Broken("too short"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, CodecError> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        self.take(N)?.try_into().map_err(|_| CodecError::Broken("too short"))
    }
}

/// The number of a fact's type within its kind; for ever.
#[must_use]
pub fn type_of(fact: &Fact) -> u16 {
    match fact {
        Fact::Conversation(_, event) => conversation_type(event),
        Fact::Window(event) => window_type(event),
        Fact::Org(event) => org_type(event),
    }
}

const CONVERSATION_TYPES: u16 = 26;
const WINDOW_TYPES: u16 = 7;
const ORG_TYPES: u16 = 6;

fn conversation_type(event: &ConversationEvent) -> u16 {
    match event {
        ConversationEvent::Opened(_) => 1,
        ConversationEvent::Received(_) => 2,
        ConversationEvent::Reopened => 3,
        ConversationEvent::Claimed(_) => 4,
        ConversationEvent::Released { .. } => 5,
        ConversationEvent::Completed { .. } => 6,
        ConversationEvent::HandoverOffered(_) => 7,
        ConversationEvent::HandoverEnded { .. } => 8,
        ConversationEvent::Assigned { .. } => 9,
        ConversationEvent::Queued(_) => 10,
        ConversationEvent::SendStarted { .. } => 11,
        ConversationEvent::Sent { .. } => 12,
        ConversationEvent::Failed { .. } => 13,
        ConversationEvent::Unknown { .. } => 14,
        ConversationEvent::Cancelled { .. } => 15,
        ConversationEvent::SendAbandoned { .. } => 16,
        ConversationEvent::NoteAdded { .. } => 17,
        ConversationEvent::NoteEdited { .. } => 18,
        ConversationEvent::NoteDeleted { .. } => 19,
        ConversationEvent::HolderAway(_) => 20,
        ConversationEvent::HolderReturned => 21,
        ConversationEvent::SeatClaimable => 22,
        ConversationEvent::Unsent { .. } => 23,
        ConversationEvent::NameSeen { .. } => 24,
        ConversationEvent::SetAside => 25,
        ConversationEvent::TakenBack { .. } => 26,
    }
}

fn window_type(event: &WindowEvent) -> u16 {
    match event {
        WindowEvent::Opened { .. } => 1,
        WindowEvent::AgentAdded { .. } => 2,
        WindowEvent::AgentRemoved { .. } => 3,
        WindowEvent::SettingsChanged(_) => 4,
        WindowEvent::ContactPointSeen { .. } => 5,
        WindowEvent::RawAccepted(_) => 6,
        WindowEvent::RawSettled { .. } => 7,
    }
}

fn org_type(event: &OrgEvent) -> u16 {
    match event {
        OrgEvent::AgentCreated(_) => 1,
        OrgEvent::PasswordChanged { .. } => 2,
        OrgEvent::AgentDisabled { .. } => 3,
        OrgEvent::WindowCreated(_) => 4,
        OrgEvent::InboxCreated(_) => 5,
        OrgEvent::InboxChanged(_) => 6,
    }
}
