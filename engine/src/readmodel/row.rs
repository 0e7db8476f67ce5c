//! The values of every model. Their shapes belong to [`super::stamp::SCHEMA`]: whoever changes one raises it, and
//! every store of the former schema is made anew from the journal.

use bincode::Options;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Standing;
use super::fault::ReadFault;
use super::key::{self, Fields, Key};
use crate::domain::conversation::{Conversation, Status};
use crate::domain::id::{ConversationId, InboxId, Position, StreamId, WindowId};
use crate::domain::message::{Author, Delivery};
use crate::domain::time::Timestamp;
use crate::domain::window::{RawReason, Window};
use crate::rows::RawRow;

/// A conversation as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct ConversationValue {
    pub(super) window: WindowId,
    pub(super) position: Position,
    pub(super) state: Conversation,
}

/// A window as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WindowValue {
    pub(super) position: Position,
    pub(super) state: Window,
}

/// In which lists a conversation stands. It is laid before its value, so that moving it needs no decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) stream: StreamId,
    /// See [`Conversation::is_at_work`].
    open: bool,
    done: bool,
    falling: u64,
}

impl Listed {
    pub(super) fn of(stream: StreamId, state: &Conversation) -> Self {
        let done = state.status == Status::Done;
        Self { stream, open: state.is_at_work(), done, falling: key::falling(state.updated_at) }
    }

    /// Its keys in the lists.
    pub(super) fn keys(self, id: ConversationId) -> impl Iterator<Item = Key> {
        let open = self.open.then(|| key::open(self.stream, id));
        let done = self.done.then(|| key::done(self.stream, self.falling, id));
        open.into_iter().chain(done)
    }

    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.stream.0.to_be_bytes());
        out.push(u8::from(self.open) | u8::from(self.done) << 1);
        out.extend_from_slice(&self.falling.to_be_bytes());
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self, ReadFault> {
        let listed = (|| {
            let stream = fields.stream()?;
            let lists = fields.byte()?;
            Some(Self { stream, open: lists & 1 != 0, done: lists & 2 != 0, falling: fields.u64()? })
        })();
        listed.ok_or(ReadFault::Row { model: "conversations" })
    }

    /// From the beginning of a kept conversation.
    pub(super) fn front(whole: &[u8]) -> Result<Self, ReadFault> {
        Self::read(&mut Fields(whole))
    }
}

/// A conversation as bytes: the lists it stands in, then a [`ConversationValue`] without making one.
pub(super) fn write_conversation(
    listed: Listed,
    window: &WindowId,
    position: Position,
    state: &Conversation,
) -> Vec<u8> {
    let mut whole = Vec::with_capacity(1_024);
    listed.write(&mut whole);
    layout().serialize_into(&mut whole, &(window, position, state)).expect("plain data can be written to memory");
    whole
}

impl ConversationValue {
    pub(super) fn read(whole: &[u8]) -> Result<Self, ReadFault> {
        let mut fields = Fields(whole);
        Listed::read(&mut fields)?;
        read(fields.0, "conversations")
    }
}

/// What kind of line it is, and what became of it. Whatever a person wrote stays in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Line {
    /// From the customer.
    Inbound {
        /// Older than a line above it.
        late: bool,
        /// Taken back by the customer.
        unsent: bool,
        /// Rewritten by the customer; what it says now is in `text`.
        edited: bool,
        /// The record that says where its media are.
        media_at: Option<Position>,
    },
    /// To the customer.
    Outbound {
        /// Who wrote it.
        author: Author,
        /// What became of it.
        delivery: Delivery,
        /// The record that says why it failed, where it did.
        failed_at: Option<Position>,
        /// It went as a free answer.
        free: bool,
        /// The record that says how its copies stand, where each recipient has one.
        copies_at: Option<Position>,
    },
    /// Between colleagues.
    Note {
        /// Rewritten since.
        edited: bool,
        /// Removed by its author.
        deleted: bool,
    },
}

/// Where a message is, as it is kept under conversation and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LineValue {
    pub(super) stream: StreamId,
    pub(super) origin: Position,
    pub(super) text: Position,
    pub(super) at: Timestamp,
    pub(super) line: Line,
}

/// A message without its content: where the journal holds it, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineRow {
    /// The order in the conversation.
    pub number: u32,
    /// The stream that holds it.
    pub stream: StreamId,
    /// The record that made it.
    pub origin: Position,
    /// The record that holds its text now; another one than `origin` once it was rewritten.
    pub text: Position,
    /// When it was said: the platform's time for inbound, ours for the rest.
    pub at: Timestamp,
    /// Its kind and state.
    pub line: Line,
}

impl TimelineRow {
    pub(super) fn new(number: u32, value: LineValue) -> Self {
        let LineValue { stream, origin, text, at, line } = value;
        Self { number, stream, origin, text, at, line }
    }
}

/// A stored body as it is kept under stream and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RawValue {
    pub(super) position: Position,
    pub(super) inbox: InboxId,
    pub(super) received_at: Timestamp,
    pub(super) why: RawReason,
    pub(super) len: u64,
}

/// A stored body that waits, and where the journal holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawWaiting {
    /// What a list shows.
    pub row: RawRow,
    /// The record that holds the bytes, or names their file.
    pub position: Position,
}

impl RawWaiting {
    pub(super) fn new(raw: u128, value: RawValue) -> Self {
        let RawValue { position, inbox, received_at, why, len } = value;
        Self { row: RawRow { raw, inbox, received_at, why, len }, position }
    }
}

impl Standing {
    pub(super) fn write(&self) -> Vec<u8> {
        write(&(self.reached, &self.window))
    }

    pub(super) fn read(value: &[u8]) -> Result<Self, ReadFault> {
        let (reached, window) = read(value, "streams")?;
        Ok(Self { reached, window })
    }
}

pub(super) fn write<T: Serialize>(value: &T) -> Vec<u8> {
    layout().serialize(value).expect("plain data can be written to memory")
}

pub(super) fn read<T: DeserializeOwned>(bytes: &[u8], model: &'static str) -> Result<T, ReadFault> {
    layout().with_limit(bytes.len() as u64).deserialize(bytes).map_err(|_| ReadFault::Row { model })
}

fn layout() -> impl Options + Copy {
    bincode::DefaultOptions::new()
}
