//! The keys of every model: a letter, then fixed fields in big-endian order, so that ranges run as lists do.

use sha2::{Digest, Sha256};

use crate::domain::id::{ContactPointId, ConversationId, InboxId, Position, StreamId};
use crate::domain::time::Timestamp;
use crate::journal::DedupeKey;

/// Stream → where it stands.
pub(super) const STREAM: u8 = b'P';
/// Stream that is being forgotten.
pub(super) const FORGOTTEN: u8 = b'F';
/// (Conversation, 0, piece) → its state; (conversation, 1, number from the newest) → where a message is. They lie side by side, the
/// newest lines first, because a message changes the state and adds a line: mostly one leaf of the tree is touched.
pub(super) const CONVERSATION: u8 = b'C';
/// (Stream, piece) → the window's own state.
pub(super) const WINDOW: u8 = b'W';
/// (Stream, conversation) of those not done, or with something to send.
pub(super) const OPEN: u8 = b'O';
/// (Stream, time of change from the newest, conversation) of those done.
pub(super) const DONE: u8 = b'D';
/// (Stream, inbox, thread) → conversation.
pub(super) const THREAD: u8 = b'T';
/// (Stream, inbox, id on the platform) → contact point.
pub(super) const POINT: u8 = b'A';
/// (Stream, stored body) → what it is.
pub(super) const RAW: u8 = b'R';
/// (Day, dedupe key) → where it was recorded.
pub(super) const DEDUPE: u8 = b'K';
/// (Stream, position, kind) → content that is to be removed from the journal.
pub(super) const DUE: u8 = b'X';
/// (Stream, Message-ID) → the mail that had it first.
pub(super) const LETTER: u8 = b'L';
/// (Stream, inbox, id on the platform) → when it was last answered automatically, where a machine may be at the other end.
pub(super) const ANSWERED: u8 = b'B';
/// What a window sent in each month.
pub(super) const METER: u8 = b'M';

/// Longest text that stands in a key as it is; a longer one stands there as its hash.
const TEXT: usize = 128;

/// A key under construction, or the beginning that many share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(Vec<u8>);

impl AsRef<[u8]> for Key {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Key> for sled::IVec {
    fn from(key: Key) -> Self {
        key.0.into()
    }
}

impl Key {
    pub(super) fn of(model: u8) -> Self {
        let mut bytes = Vec::with_capacity(48);
        bytes.push(model);
        Self(bytes)
    }

    fn with(mut self, field: &[u8]) -> Self {
        self.0.extend_from_slice(field);
        self
    }

    fn with_text(self, text: &str) -> Self {
        if text.len() <= TEXT {
            self.with(&[0]).with(text.as_bytes())
        } else {
            self.with(&[1]).with(&Sha256::digest(text.as_bytes()))
        }
    }

    /// Where the keys of a day begin.
    pub(super) fn day(day: u32) -> Self {
        Self::of(DEDUPE).with(&day.to_be_bytes())
    }

    /// Where the keys of all days have ended.
    pub(super) fn after_days() -> Self {
        Self::of(DEDUPE + 1)
    }

    /// The first key after this one.
    pub(super) fn successor(self) -> Self {
        self.with(&[0])
    }
}

pub(super) fn stream(model: u8, stream: StreamId) -> Key {
    Key::of(model).with(&stream.0.to_be_bytes())
}

/// What the pieces of a conversation's state begin with.
pub(super) fn conversation(id: ConversationId) -> Key {
    Key::of(CONVERSATION).with(&id.0.to_be_bytes()).with(&[0])
}

/// What the pieces of a window's state begin with.
pub(super) fn window(of: StreamId) -> Key {
    stream(WINDOW, of)
}

pub(super) fn meter(in_stream: StreamId, month: u32) -> Key {
    stream(METER, in_stream).with(&month.to_be_bytes())
}

pub(super) fn piece(row: &Key, piece: u16) -> Key {
    row.clone().with(&piece.to_be_bytes())
}

pub(super) fn open(in_stream: StreamId, id: ConversationId) -> Key {
    stream(OPEN, in_stream).with(&id.0.to_be_bytes())
}

/// Time that falls as it goes on, so that the newest stands first.
pub(super) fn falling(at: Timestamp) -> u64 {
    // The sign bit flipped puts negative times before positive ones; the complement turns the order round.
    !(at.0.cast_unsigned() ^ (1 << 63))
}

pub(super) fn done(in_stream: StreamId, falling: u64, id: ConversationId) -> Key {
    done_from(in_stream, falling).with(&id.0.to_be_bytes())
}

pub(super) fn done_from(in_stream: StreamId, falling: u64) -> Key {
    stream(DONE, in_stream).with(&falling.to_be_bytes())
}

pub(super) fn thread(in_stream: StreamId, inbox: InboxId, thread: &str) -> Key {
    stream(THREAD, in_stream).with(&inbox.0.to_be_bytes()).with_text(thread)
}

pub(super) fn point(in_stream: StreamId, inbox: InboxId, external_id: &str) -> Key {
    stream(POINT, in_stream).with(&inbox.0.to_be_bytes()).with_text(external_id)
}

pub(super) fn letter(in_stream: StreamId, message_id: &str) -> Key {
    stream(LETTER, in_stream).with_text(message_id)
}

pub(super) fn answered(in_stream: StreamId, inbox: InboxId, external_id: &str) -> Key {
    stream(ANSWERED, in_stream).with(&inbox.0.to_be_bytes()).with_text(external_id)
}

pub(super) fn lines(id: ConversationId) -> Key {
    Key::of(CONVERSATION).with(&id.0.to_be_bytes()).with(&[1])
}

pub(super) fn line(id: ConversationId, number: u32) -> Key {
    lines(id).with(&(!number).to_be_bytes())
}

/// The number of a line.
pub(super) fn line_number(key: &[u8]) -> Option<u32> {
    Fields(key.get(18..)?).u32().map(|falling| !falling)
}

pub(super) fn raw(in_stream: StreamId, raw: u128) -> Key {
    stream(RAW, in_stream).with(&raw.to_be_bytes())
}

pub(super) fn due(in_stream: StreamId, position: Position, kind: u8) -> Key {
    stream(DUE, in_stream).with(&position.0.to_be_bytes()).with(&[kind])
}

pub(super) fn dedupe(day: u32, key: DedupeKey) -> Key {
    Key::day(day).with(&key.0.to_be_bytes())
}

/// The day and the dedupe key of a row.
pub(super) fn dedupe_parts(row: &[u8]) -> Option<(u32, DedupeKey)> {
    let mut fields = Fields(row.get(1..)?);
    Some((fields.take().map(u32::from_be_bytes)?, DedupeKey(fields.take().map(u128::from_be_bytes)?)))
}

/// Takes a key or value of fixed fields apart again, front to back.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (front, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*front)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }

    pub(super) fn u128(&mut self) -> Option<u128> {
        self.take().map(u128::from_be_bytes)
    }

    pub(super) fn stream(&mut self) -> Option<StreamId> {
        self.u128().map(StreamId)
    }

    pub(super) fn conversation(&mut self) -> Option<ConversationId> {
        self.u128().map(ConversationId)
    }

    pub(super) fn inbox(&mut self) -> Option<InboxId> {
        self.u128().map(InboxId)
    }

    pub(super) fn point(&mut self) -> Option<ContactPointId> {
        self.u128().map(ContactPointId)
    }

    /// The text at the end; `None` where its hash stands there.
    pub(super) fn text(&mut self) -> Option<Option<&'a str>> {
        match self.byte()? {
            0 => std::str::from_utf8(self.0).ok().map(Some),
            1 => Some(None),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_done_rows_stand_before_older_ones_also_around_1970() {
        let times = [i64::MAX, 1_790_000_000_000, 1, 0, -1, i64::MIN];
        let falling: Vec<_> = times.iter().map(|at| falling(Timestamp(*at))).collect();
        assert!(falling.is_sorted());
    }

    #[test]
    fn texts_of_any_length_make_short_keys_that_stay_apart() {
        let long = "x".repeat(60_000);
        let keys: Vec<_> =
            [long.as_str(), &long[1..], "", "x"].iter().map(|text| thread(StreamId(1), InboxId(2), text)).collect();
        let mut unique = keys.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), keys.len());
        assert!(keys.iter().all(|key| key.as_ref().len() < 200));
    }
}
