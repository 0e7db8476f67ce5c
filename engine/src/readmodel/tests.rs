//! The read models against the journal: what a reader sees, and that it can all be made anew.

mod keeping;
mod pace;
mod reading;

use std::sync::Arc;

use super::{ReadModels, StoredConversation, TimelineRow};
use crate::domain::conversation::{ClaimHow, Claimed, Conversation, Event, Opened, Queued, Received};
use crate::domain::id::{AgentId, ContactPointId, ConversationId, InboxId, Position, StreamId, WindowId};
use crate::domain::message::{Author, Content};
use crate::domain::record::{By, Fact, Record};
use crate::domain::time::Timestamp;
use crate::domain::window::Event as WindowEvent;
use crate::journal::feed::Committed;
use crate::journal::memory::MemoryJournal;
use crate::journal::{Append, DedupeKey, Journal, codec};
use crate::rows::Place;

const A: StreamId = StreamId(1);
const B: StreamId = StreamId(2);
const AYA: AgentId = AgentId(21);
const DAY_MS: i64 = 24 * 3_600_000;

/// A journal, and what its feed would tell of it.
struct Source {
    journal: MemoryJournal,
    told: Vec<Committed>,
    states: std::collections::HashMap<ConversationId, Conversation>,
}

impl Source {
    /// Two streams, each beginning with its window.
    fn new() -> Self {
        let journal = MemoryJournal::new(codec::redact);
        let mut source = Self { journal, told: Vec::new(), states: std::collections::HashMap::new() };
        for (stream, name) in [(A, "a"), (B, "b")] {
            source.journal.own(stream).unwrap();
            let id = WindowId::new(name).unwrap();
            source.write(
                stream,
                1,
                vec![Fact::Window(WindowEvent::Opened { id, name: name.to_owned(), places: 5 })],
                &[],
            );
        }
        source
    }

    fn write(&mut self, stream: StreamId, at: i64, events: Vec<Fact>, keys: &[u128]) -> Committed {
        let record = Record { at: Timestamp(at), by: By::Engine, events };
        let payload = codec::encode(&record).unwrap();
        let dedupe: Vec<_> = keys.iter().copied().map(DedupeKey).collect();
        let append =
            Append { stream, owner_epoch: 1, touches: Vec::new(), dedupe: dedupe.clone(), payload: payload.clone() };
        let position = self.journal.append(&[append]).unwrap().remove(0).unwrap();
        let after = self.follow(&record);
        let record = Arc::new(record);
        let told = Committed { stream, position, window: None, record, dedupe, payload_len: payload.len(), after };
        self.told.push(told.clone());
        told
    }

    /// The states after a record, as the actors give them.
    fn follow(&mut self, record: &Record) -> Vec<Arc<Conversation>> {
        let mut moved: Vec<(ConversationId, Vec<&Event>)> = Vec::new();
        for fact in &record.events {
            let Fact::Conversation(id, event) = fact else { continue };
            match moved.iter_mut().find(|(other, _)| other == id) {
                Some((_, events)) => events.push(event),
                None => moved.push((*id, vec![event])),
            }
        }
        let mut after = Vec::new();
        for (id, events) in moved {
            let state = self.states.entry(id).or_insert_with(|| Conversation::unborn(id));
            state.apply_record(&events, record.at);
            after.push(Arc::new(state.clone()));
        }
        after
    }

    /// Events of one conversation in one record.
    fn say(&mut self, stream: StreamId, id: u128, at: i64, events: Vec<Event>) -> Committed {
        let facts = events.into_iter().map(|event| Fact::Conversation(ConversationId(id), event)).collect();
        self.write(stream, at, facts, &[])
    }
}

/// A store in a folder that goes with it.
struct Store {
    models: Arc<ReadModels>,
    dir: tempfile::TempDir,
}

impl Store {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { models: Arc::new(ReadModels::open(dir.path()).unwrap()), dir }
    }

    fn of(source: &Source) -> Self {
        let store = Self::new();
        store.models.apply(&source.told).unwrap();
        store
    }

    fn conversation(&self, id: u128) -> StoredConversation {
        self.models.conversation(ConversationId(id)).unwrap().expect("a conversation")
    }

    fn timeline(&self, id: u128) -> Vec<TimelineRow> {
        self.models.timeline(ConversationId(id), Place::Newest, 1_000).unwrap()
    }
}

fn opened(id: u128) -> Event {
    let name = format!("U{id}");
    let (inbox, contact_point) = (InboxId(5), ContactPointId(id));
    Event::Opened(Opened { inbox, contact_point, external_id: name.clone(), thread: format!("user:{name}") })
}

fn received(number: u32, text: &str) -> Event {
    Event::Received(Received {
        number,
        event_id: format!("e{number}"),
        external_id: Some(format!("m{number}")),
        content: Content::Text(text.to_owned()),
        sent_at: Timestamp(i64::from(number)),
        received_at: Timestamp(i64::from(number)),
        reply_token: None,
        late: false,
        raw: None,
    })
}

fn queued(number: u32, text: &str) -> Event {
    let (author, client_id) = (Author::Agent(AYA), format!("c{number}"));
    Event::Queued(Queued { number, author, client_id, content: Content::Text(text.to_owned()), retry_key: 1 })
}

fn note(number: u32, text: &str) -> Event {
    Event::NoteAdded { number, author: AYA, text: text.to_owned(), client_id: format!("n{number}") }
}

fn claimed(epoch: u64) -> Event {
    Event::Claimed(Claimed { agent: AYA, epoch, how: ClaimHow::Started })
}
