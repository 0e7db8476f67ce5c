//! One agent's live socket in the simulation: reads when a step says so, remembers its places, and holds every frame
//! against the journal. What it was told must be on disk, the next position, and the bytes of the record there.

use std::collections::{BTreeMap, BTreeSet};

use bytes::{Buf, Bytes, BytesMut};
use madoguchi_engine::domain::id::{Position, StreamId, WindowId};
use madoguchi_engine::journal::memory::MemoryJournal;
use madoguchi_engine::journal::{Journal, codec};
use madoguchi_protocol::ServerFrame;
use madoguchi_protocol::server::Snapshot;
use madoguchi_web::socket::{Reader, encode_update};
use serde_json::Value;

use super::truth::Fold;

/// How far a tab knows each window; kept when its socket or the server ends.
pub type Places = BTreeMap<WindowId, (StreamId, Position)>;

/// A socket and what its client makes of it.
pub struct Socket {
    reader: Reader,
    taken: BytesMut,
    /// Watches that were asked for with a place: no snapshot may come for them.
    resumed: BTreeSet<WindowId>,
    watched: BTreeSet<WindowId>,
}

impl Socket {
    /// A client on a socket that just opened.
    #[must_use]
    pub fn new(reader: Reader) -> Self {
        Self { reader, taken: BytesMut::new(), resumed: BTreeSet::new(), watched: BTreeSet::new() }
    }

    /// Watches a window from where the tab stands.
    pub fn watch(&mut self, window: &WindowId, places: &Places) {
        let from = places.get(window).copied();
        self.watched.insert(window.clone());
        if from.is_some() {
            self.resumed.insert(window.clone());
        }
        self.reader.watch(window.clone(), from);
    }

    /// Whether a window is watched, as far as the client knows.
    #[must_use]
    pub fn watches(&self, window: &WindowId) -> bool {
        self.watched.contains(window)
    }

    /// Whether the server has not ended it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.reader.is_open()
    }

    /// Takes what waits, at most `pieces`; true when nothing is left.
    ///
    /// # Panics
    /// A frame is not what the journal says.
    pub fn read(&mut self, pieces: usize, journal: &MemoryJournal, places: &mut Places) -> bool {
        for _ in 0..pieces {
            let Some(piece) = self.reader.take() else { return true };
            self.taken.extend_from_slice(&piece);
            while let Some((frame, payload)) = next_frame(&mut self.taken) {
                self.hear(&frame, &payload, journal, places);
            }
        }
        false
    }

    fn hear(&mut self, frame: &Bytes, payload: &[u8], journal: &MemoryJournal, places: &mut Places) {
        const TEXT: u8 = 0x81;
        if frame[0] != TEXT {
            return;
        }
        match serde_json::from_slice(payload).expect("a frame of the protocol") {
            ServerFrame::Update(update) => {
                let window = WindowId::new(&update.window).expect("an id");
                let (stream, position) = places.get_mut(&window).expect("updates follow a place");
                assert_eq!(update.stream, stream.to_string(), "an update of another stream");
                assert_eq!(update.position, position.0 + 1, "a gap or a double in the live stream");
                *position = position.next();
                let told = encoded(journal, &window, *stream, *position);
                if *frame != told {
                    let gone = taken_back_after(journal, *stream, *position);
                    let same = same_but_for_words(&json(payload), &json_of(&told), &gone);
                    assert!(same, "position {} was told otherwise than it is recorded", position.0);
                }
            }
            ServerFrame::Snapshot(snapshot) => self.begin(&snapshot, journal, places),
            ServerFrame::Unwatched(unwatched) => {
                let window = WindowId::new(&unwatched.window).expect("an id");
                self.watched.remove(&window);
                self.resumed.remove(&window);
            }
            _ => {}
        }
    }

    fn begin(&mut self, snapshot: &Snapshot, journal: &MemoryJournal, places: &mut Places) {
        let window = WindowId::new(&snapshot.window).expect("an id");
        assert!(!self.resumed.contains(&window), "a snapshot for a reader who knew its place");
        let stream: StreamId = snapshot.stream.parse().expect("an id");
        let position = Position(snapshot.position);
        let mut fold = Fold::new(window.clone(), stream);
        fold.read_on(journal, position);
        let row = |row: &madoguchi_protocol::api::Conversation| (row.id.clone(), row.last_number, row.position);
        let mut shown: Vec<_> = snapshot.conversations.iter().map(row).collect();
        let mut open: Vec<_> = fold.open().map(|(at, state)| (state.id.to_string(), state.last_number, at.0)).collect();
        shown.sort();
        open.sort();
        assert_eq!(shown, open, "the snapshot at {} is not what the journal says", position.0);
        places.insert(window.clone(), (stream, position));
        // From here on it knows its place.
        self.resumed.insert(window);
    }
}

fn encoded(journal: &MemoryJournal, window: &WindowId, stream: StreamId, position: Position) -> Bytes {
    let stored = journal.read(stream, position, 1, usize::MAX).expect("memory");
    let stored = stored.first().unwrap_or_else(|| panic!("position {} was told and is not on disk", position.0));
    let record = codec::decode(&stored.payload).expect("a record that was just written");
    encode_update(window, stream, position, &record)
}

fn json(payload: &[u8]) -> Value {
    serde_json::from_slice(payload).expect("a frame of the protocol")
}

fn json_of(frame: &Bytes) -> Value {
    let (_, payload) = next_frame(&mut BytesMut::from(&frame[..])).expect("a whole frame");
    json(&payload)
}

/// The lines whose words were taken back after a position: a reader may have them with the words or without.
fn taken_back_after(journal: &MemoryJournal, stream: StreamId, position: Position) -> BTreeSet<String> {
    let later = journal.read(stream, position.next(), usize::MAX, usize::MAX).expect("memory");
    let records = later.iter().map(|stored| codec::decode(&stored.payload).expect("a record that was just written"));
    let facts = records.flat_map(|record| record.events);
    facts.filter_map(|fact| fact.takes_back()).map(|(id, number)| format!("{id}-{number}")).collect()
}

/// Whether two updates differ in nothing but words that were taken back.
fn same_but_for_words(told: &Value, recorded: &Value, gone: &BTreeSet<String>) -> bool {
    match (told, recorded) {
        (Value::Object(one), Value::Object(other)) => {
            let taken_back = one.get("id").and_then(Value::as_str).is_some_and(|id| gone.contains(id));
            one.len() == other.len()
                && one.iter().all(|(key, value)| {
                    let beside = other.get(key);
                    (taken_back && key == "content") || beside.is_some_and(|b| same_but_for_words(value, b, gone))
                })
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| same_but_for_words(a, b, gone))
        }
        _ => told == recorded,
    }
}

/// The next whole frame of a server: with its header, and its payload alone.
fn next_frame(bytes: &mut BytesMut) -> Option<(Bytes, Bytes)> {
    let (head, len) = match *bytes.get(1)? {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().expect("two")))),
        127 => {
            let len = u64::from_be_bytes(bytes.get(2..10)?.try_into().expect("eight"));
            (10, usize::try_from(len).expect("it fits the memory"))
        }
        len => (2, usize::from(len)),
    };
    if bytes.len() < head + len {
        return None;
    }
    let frame = bytes.split_to(head + len).freeze();
    let mut payload = frame.clone();
    payload.advance(head);
    Some((frame, payload))
}
