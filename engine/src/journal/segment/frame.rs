//! One frame: how a record or a control entry lies in a segment.
//!
//! Little endian, eight bytes aligned, checked by crc32c from the length to the last byte of padding. The checksum
//! starts from the segment's salt, so that bytes of another segment, or a frame that somebody wrote into a message, never
//! pass. Magic, checksum, length and format stand where they stand in every format to come: by them a newer release's
//! frame is told from damage. Next: [`super::scan`], which decides what a bad frame means.

use bytes::Bytes;

use super::super::{Append, DedupeKey, Touch};
use crate::domain::id::{ConversationId, Position, StreamId};
use crate::domain::record::Entity;

/// The format that this release writes.
pub(super) const FORMAT: u16 = 1;
/// Bytes before the touches.
pub(super) const HEAD: usize = 56;
/// No frame is longer. Largest payload, most touches and most keys together stay below.
pub(super) const MAX_FRAME: usize = 256 * 1024;

const MAGIC: u32 = 0x4652_4d31;
const TOUCH: usize = 25;
const KEY: usize = 16;

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The first frame of a segment. `position` holds how many frames the segment before it has.
    Begin = 1,
    /// A record.
    Record = 2,
    /// A stream taken into ownership under `owner_epoch`.
    Own = 3,
    /// The content of the record at `position` is to go.
    Redact = 4,
}

/// A frame before it is written.
#[derive(Clone, Debug)]
pub(super) struct Draft<'a> {
    pub(super) kind: Kind,
    /// The content of this record is gone for good.
    pub(super) emptied: bool,
    pub(super) stream: StreamId,
    pub(super) position: Position,
    pub(super) owner_epoch: u64,
    pub(super) touches: &'a [Touch],
    pub(super) dedupe: &'a [DedupeKey],
    pub(super) payload: &'a [u8],
}

impl<'a> Draft<'a> {
    pub(super) fn record(append: &'a Append, position: Position) -> Self {
        Self {
            kind: Kind::Record,
            emptied: false,
            stream: append.stream,
            position,
            owner_epoch: append.owner_epoch,
            touches: &append.touches,
            dedupe: &append.dedupe,
            payload: &append.payload,
        }
    }

    pub(super) fn control(kind: Kind, stream: StreamId, position: Position, epoch: u64) -> Self {
        Self { kind, emptied: false, stream, position, owner_epoch: epoch, touches: &[], dedupe: &[], payload: &[] }
    }

    fn length(&self) -> usize {
        HEAD + self.touches.len() * TOUCH + self.dedupe.len() * KEY + self.payload.len()
    }

    /// Bytes from this frame to the next one.
    pub(super) fn span(&self) -> usize {
        padded(self.length())
    }

    /// Adds the frame to `out`. `batch_start` is the offset in the segment at which its batch begins.
    pub(super) fn encode(&self, salt: u64, batch_start: u32, out: &mut Vec<u8>) {
        let start = out.len();
        let length = self.length();
        debug_assert!(length <= MAX_FRAME, "the ledger limits every part");
        out.extend_from_slice(&MAGIC.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&(length as u32).to_le_bytes());
        out.extend_from_slice(&FORMAT.to_le_bytes());
        out.extend_from_slice(&[self.kind as u8, u8::from(self.emptied)]);
        out.extend_from_slice(&batch_start.to_le_bytes());
        out.extend_from_slice(&(self.touches.len() as u16).to_le_bytes());
        out.extend_from_slice(&(self.dedupe.len() as u16).to_le_bytes());
        out.extend_from_slice(&self.stream.0.to_le_bytes());
        out.extend_from_slice(&self.position.0.to_le_bytes());
        out.extend_from_slice(&self.owner_epoch.to_le_bytes());
        for touch in self.touches {
            let (tag, id) = match touch.entity {
                Entity::Stream => (0, 0),
                Entity::Conversation(id) => (1, id.0),
            };
            out.push(tag);
            out.extend_from_slice(&id.to_le_bytes());
            out.extend_from_slice(&touch.version.to_le_bytes());
        }
        for key in self.dedupe {
            out.extend_from_slice(&key.0.to_le_bytes());
        }
        out.extend_from_slice(self.payload);
        out.resize(start + padded(length), 0);
        let sum = checksum(salt, &out[start + 8..]);
        out[start + 4..start + 8].copy_from_slice(&sum.to_le_bytes());
    }
}

/// A frame as it lies in memory, checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    bytes: &'a [u8],
    pub(super) kind: Kind,
}

/// Why there is no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    /// More bytes are needed: this many from the frame's start.
    Short(usize),
    /// A checked frame of a newer format.
    TooNew(u16),
    /// Not a frame, and why.
    Broken(&'static str),
}

impl<'a> Frame<'a> {
    /// The frame at the start of `bytes`.
    pub(super) fn parse(bytes: &'a [u8], salt: u64) -> Result<Self, Bad> {
        if bytes.len() < HEAD {
            return Err(Bad::Short(HEAD));
        }
        if u32_at(bytes, 0) != MAGIC {
            return Err(Bad::Broken("no frame begins here"));
        }
        let length = u32_at(bytes, 8) as usize;
        if !(HEAD..=MAX_FRAME).contains(&length) {
            return Err(Bad::Broken("the length is impossible"));
        }
        let Some(bytes) = bytes.get(..padded(length)) else {
            return Err(Bad::Short(padded(length)));
        };
        if checksum(salt, &bytes[8..]) != u32_at(bytes, 4) {
            return Err(Bad::Broken("the checksum does not match"));
        }
        let format = u16_at(bytes, 12);
        if format > FORMAT {
            return Err(Bad::TooNew(format));
        }
        let kind = match bytes[14] {
            1 => Kind::Begin,
            2 => Kind::Record,
            3 => Kind::Own,
            4 => Kind::Redact,
            _ => return Err(Bad::Broken("the kind is unknown")),
        };
        let frame = Self { bytes, kind };
        if frame.payload_start() > length {
            return Err(Bad::Broken("its parts are longer than the frame"));
        }
        Ok(frame)
    }

    /// Bytes from this frame to the next one.
    pub(super) fn span(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn emptied(&self) -> bool {
        self.bytes[15] & 1 != 0
    }

    pub(super) fn batch_start(&self) -> u32 {
        u32_at(self.bytes, 16)
    }

    pub(super) fn stream(&self) -> StreamId {
        StreamId(u128_at(self.bytes, 24))
    }

    pub(super) fn position(&self) -> Position {
        Position(u64_at(self.bytes, 40))
    }

    pub(super) fn owner_epoch(&self) -> u64 {
        u64_at(self.bytes, 48)
    }

    fn touch_count(&self) -> usize {
        usize::from(u16_at(self.bytes, 20))
    }

    fn key_count(&self) -> usize {
        usize::from(u16_at(self.bytes, 22))
    }

    fn payload_start(&self) -> usize {
        HEAD + self.touch_count() * TOUCH + self.key_count() * KEY
    }

    pub(super) fn touches(&self) -> Vec<Touch> {
        self.bytes[HEAD..HEAD + self.touch_count() * TOUCH]
            .chunks_exact(TOUCH)
            .map(|row| Touch {
                entity: match row[0] {
                    0 => Entity::Stream,
                    _ => Entity::Conversation(ConversationId(u128_at(row, 1))),
                },
                version: u64_at(row, 17),
                chain: 0,
            })
            .collect()
    }

    pub(super) fn dedupe(&self) -> Vec<DedupeKey> {
        self.bytes[HEAD + self.touch_count() * TOUCH..self.payload_start()]
            .chunks_exact(KEY)
            .map(|row| DedupeKey(u128_at(row, 0)))
            .collect()
    }

    pub(super) fn payload(&self) -> &'a [u8] {
        &self.bytes[self.payload_start()..u32_at(self.bytes, 8) as usize]
    }

    /// The record as readers get it, with `payload` in place of its own where it was redacted.
    pub(super) fn stored(&self, payload: Option<Vec<u8>>) -> super::super::Stored {
        super::super::Stored {
            stream: self.stream(),
            position: self.position(),
            owner_epoch: self.owner_epoch(),
            dedupe: self.dedupe(),
            payload: payload.map_or_else(|| Bytes::copy_from_slice(self.payload()), Bytes::from),
        }
    }
}

fn padded(length: usize) -> usize {
    length.next_multiple_of(8)
}

fn checksum(salt: u64, bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&salt.to_le_bytes()), bytes)
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array(bytes, at))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(bytes, at))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(bytes, at))
}

pub(super) fn u128_at(bytes: &[u8], at: usize) -> u128 {
    u128::from_le_bytes(array(bytes, at))
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("the slice has N bytes")
}
