//! Where what lies in the one tree. The first byte says the kind; numbers are big-endian, so that they sort.

use crate::domain::id::{ConversationId, InboxId, StreamId};
use crate::domain::time::Timestamp;
use crate::journal::DedupeKey;

pub(super) const SCHEMA: &[u8] = b"v";

fn key(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = vec![kind];
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key
}

/// A stream's followed position.
pub(super) fn reached(stream: StreamId) -> Vec<u8> {
    key(b's', &[&stream.0.to_be_bytes()])
}

/// A conversation's row.
pub(super) fn conversation(id: ConversationId) -> Vec<u8> {
    key(b'c', &[&id.0.to_be_bytes()])
}

/// A window's own state.
pub(super) fn window(stream: StreamId) -> Vec<u8> {
    key(b'w', &[&stream.0.to_be_bytes()])
}

/// The conversation of a thread.
pub(super) fn thread(stream: StreamId, inbox: InboxId, thread: &str) -> Vec<u8> {
    key(b't', &[&stream.0.to_be_bytes(), &inbox.0.to_be_bytes(), thread.as_bytes()])
}

/// Every thread of a stream.
pub(super) fn threads(stream: StreamId) -> Vec<u8> {
    key(b't', &[&stream.0.to_be_bytes()])
}

/// The mark of a conversation that is open or has something to send.
pub(super) fn live(stream: StreamId, id: ConversationId) -> Vec<u8> {
    key(b'l', &[&stream.0.to_be_bytes(), &id.0.to_be_bytes()])
}

/// Every such mark of a stream.
pub(super) fn all_live(stream: StreamId) -> Vec<u8> {
    key(b'l', &[&stream.0.to_be_bytes()])
}

/// The place of a done conversation in its window's list, the newest first.
pub(super) fn done(stream: StreamId, updated_at: Timestamp, id: ConversationId) -> Vec<u8> {
    let newest_first = !updated_at.0.cast_unsigned();
    key(b'd', &[&stream.0.to_be_bytes(), &newest_first.to_be_bytes(), &id.0.to_be_bytes()])
}

/// Every done conversation of a stream.
pub(super) fn all_done(stream: StreamId) -> Vec<u8> {
    key(b'd', &[&stream.0.to_be_bytes()])
}

/// A line of a timeline.
pub(super) fn line(id: ConversationId, number: u32) -> Vec<u8> {
    key(b'm', &[&id.0.to_be_bytes(), &number.to_be_bytes()])
}

/// A dedupe key.
pub(super) fn dedupe(dedupe: DedupeKey) -> Vec<u8> {
    key(b'k', &[&dedupe.0.to_be_bytes()])
}

/// A dedupe key among those of its day.
pub(super) fn dedupe_day(day: u32, dedupe: DedupeKey) -> Vec<u8> {
    key(b'K', &[&day.to_be_bytes(), &dedupe.0.to_be_bytes()])
}

/// Every day of dedupe keys.
pub(super) const DEDUPE_DAYS: &[u8] = b"K";

/// A stored body that waits.
pub(super) fn raw(stream: StreamId, raw: u128) -> Vec<u8> {
    key(b'r', &[&stream.0.to_be_bytes(), &raw.to_be_bytes()])
}

/// Every such body of a stream.
pub(super) fn raws(stream: StreamId) -> Vec<u8> {
    key(b'r', &[&stream.0.to_be_bytes()])
}

/// A further piece of a long value.
pub(super) fn piece(whole: &[u8], index: u32) -> Vec<u8> {
    key(b'+', &[whole, &index.to_be_bytes()])
}
