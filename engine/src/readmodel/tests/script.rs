//! A journal that tests write facts into, and the same facts as the running engine hands them over.

use std::collections::BTreeMap;
use std::sync::Arc;

use tempfile::TempDir;

use crate::domain::conversation::{ClaimHow, Claimed, Conversation, Event as Talk, Opened, Queued, Received};
use crate::domain::id::{AgentId, ContactPointId, ConversationId, InboxId, Position, StreamId, WindowId};
use crate::domain::message::{Author, Content};
use crate::domain::org::ChannelKind;
use crate::domain::record::{By, Fact, Record};
use crate::domain::time::Timestamp;
use crate::domain::window::Event as Window;
use crate::journal::codec::{encode, redact};
use crate::journal::feed::Committed;
use crate::journal::memory::MemoryJournal;
use crate::journal::{Append, DedupeKey, Journal};
use crate::readmodel::ReadModels;

pub(super) const AGENT: AgentId = AgentId(500);
pub(super) const INBOX: InboxId = InboxId(600);
pub(super) const T0: Timestamp = Timestamp(1_790_000_000_000);

/// A store of its own folder.
pub(super) struct Store {
    pub(super) models: ReadModels,
    pub(super) dir: TempDir,
}

impl Store {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { models: ReadModels::open(dir.path()).unwrap().models, dir }
    }

    /// The same folder after the process ended without a word.
    pub(super) fn restarted(self) -> Self {
        let Self { models, dir } = self;
        drop(models);
        let opened = ReadModels::open(dir.path()).unwrap();
        assert_eq!(opened.made_anew, None);
        Self { models: opened.models, dir }
    }
}

/// One stream and what was written into it.
pub(super) struct Script {
    pub(super) stream: StreamId,
    pub(super) window: WindowId,
    pub(super) journal: Arc<MemoryJournal>,
    pub(super) states: BTreeMap<ConversationId, Conversation>,
    pub(super) written: Vec<Committed>,
    epoch: u64,
    now: Timestamp,
}

impl Script {
    pub(super) fn new() -> Self {
        Self::in_journal(Arc::new(MemoryJournal::new(redact)), 1)
    }

    /// A stream in a journal that others share. Its first record opens its window.
    pub(super) fn in_journal(journal: Arc<MemoryJournal>, stream: u128) -> Self {
        let stream = StreamId(stream);
        let window = WindowId::new(&format!("w{}", stream.0)).unwrap();
        let epoch = journal.own(stream).unwrap();
        let opened = Window::Opened { id: window.clone(), name: "窓口".into(), places: 5 };
        let states = BTreeMap::new();
        let mut script = Self { stream, window, journal, states, written: Vec::new(), epoch, now: T0 };
        script.write(vec![Fact::Window(opened)], &[]);
        script
    }

    /// One record; a second later than the one before.
    pub(super) fn write(&mut self, events: Vec<Fact>, dedupe: &[u128]) -> Committed {
        self.now = self.now.plus_ms(1_000);
        let record = Record { at: self.now, by: By::Engine, events };
        let after = self.follow(&record);
        let dedupe: Vec<_> = dedupe.iter().map(|key| DedupeKey(*key)).collect();
        let append = Append {
            stream: self.stream,
            owner_epoch: self.epoch,
            touches: Vec::new(),
            dedupe: dedupe.clone(),
            payload: encode(&record).unwrap(),
        };
        let position = self.journal.append(&[append]).unwrap()[0].unwrap();
        let (stream, window) = (self.stream, Some(self.window.clone()));
        let committed = Committed { stream, position, window, record: Arc::new(record), dedupe, after };
        self.written.push(committed.clone());
        committed
    }

    fn follow(&mut self, record: &Record) -> Vec<Arc<Conversation>> {
        let mut events: BTreeMap<ConversationId, Vec<&Talk>> = BTreeMap::new();
        for fact in &record.events {
            if let Fact::Conversation(id, event) = fact {
                events.entry(*id).or_default().push(event);
            }
        }
        let moved = events.into_iter().map(|(id, events)| {
            let state = self.states.entry(id).or_insert_with(|| Conversation::unborn(id));
            state.apply_record(&events, record.at);
            Arc::new(state.clone())
        });
        moved.collect()
    }

    pub(super) fn talk(&mut self, id: u128, events: impl IntoIterator<Item = Talk>) -> Position {
        let facts = events.into_iter().map(|event| Fact::Conversation(ConversationId(id), event)).collect();
        self.write(facts, &[]).position
    }

    pub(super) fn later_ms(&mut self, ms: i64) {
        self.now = self.now.plus_ms(ms);
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) fn position(&self) -> Position {
        self.journal.head(self.stream)
    }

    /// A store that followed everything so far.
    pub(super) fn followed(&self) -> Store {
        let store = Store::new();
        store.models.apply(&self.written).unwrap();
        store
    }
}

pub(super) fn opened(name: &str) -> Talk {
    let contact_point = ContactPointId(700);
    Talk::Opened(Opened {
        channel: ChannelKind::Line,
        inbox: INBOX,
        contact_point,
        external_id: name.into(),
        thread: name.into(),
    })
}

pub(super) fn received(number: u32, text: &str) -> Talk {
    Talk::Received(Received {
        number,
        event_id: format!("event-{number}"),
        external_id: Some(format!("message-{number}")),
        content: Content::Text(text.into()),
        sent_at: T0.plus_ms(i64::from(number)),
        received_at: T0.plus_ms(i64::from(number) + 100),
        reply_token: None,
        late: false,
        raw: None,
        read_token: None,
    })
}

pub(super) fn queued(number: u32, text: &str) -> Talk {
    Talk::Queued(Queued {
        number,
        author: Author::Agent(AGENT),
        client_id: format!("client-{number}"),
        content: Content::Text(text.into()),
        retry_key: u128::from(number),
        dress: Default::default(),
    })
}

pub(super) fn noted(number: u32, text: &str) -> Talk {
    Talk::NoteAdded { number, author: AGENT, text: text.into(), client_id: format!("client-{number}") }
}

pub(super) fn claimed() -> Talk {
    Talk::Claimed(Claimed { agent: AGENT, epoch: 1, how: ClaimHow::Started })
}

pub(super) fn completed() -> Talk {
    Talk::Completed { by: Some(AGENT) }
}
