//! The truth of a run: the journal, folded by rules of its own, and what every single record of it must obey.
//!
//! It trusts `apply` of the domain for the state that readers see, and nothing of `decide`: who may claim, send or
//! release, what counts as answered, and what may be said twice is judged here from the facts alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use madoguchi_engine::domain::conversation::{ClaimHow, Conversation, Event, Status};
use madoguchi_engine::domain::id::{AgentId, ConversationId, Position, StreamId, WindowId};
use madoguchi_engine::domain::message::{Author, Content, Delivery};
use madoguchi_engine::domain::record::{Fact, Record};
use madoguchi_engine::domain::seat::Holder;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::domain::window::{Event as WindowEvent, RawAccepted, Window};
use madoguchi_engine::journal::codec;
use madoguchi_engine::journal::memory::MemoryJournal;
use madoguchi_engine::journal::{Journal, Stored};

use super::phones::marked;
use super::rules::Rules;

/// One window and its conversations as of a position.
#[derive(Clone, Debug)]
pub struct Fold {
    /// Its stream.
    pub stream: StreamId,
    /// Everything up to here is in it.
    pub position: Position,
    /// The window.
    pub window: Window,
    /// What it was after each of its facts.
    pub windows: Vec<Window>,
    /// Every conversation, with the record that last moved it.
    pub conversations: BTreeMap<ConversationId, (Position, Arc<Conversation>)>,
}

/// A line of a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// From the customer.
    Inbound {
        /// The platform's name of the event.
        event: String,
        /// Its words are gone.
        gone: bool,
    },
    /// To the customer.
    Outbound {
        /// What it says.
        text: String,
        /// What became of it.
        delivery: Delivery,
    },
    /// A memo; `None` when it was removed.
    Note(Option<String>),
}

/// How a seat came to a holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who.
    pub agent: AgentId,
    /// From another holder.
    pub taken: bool,
}

/// Everything that the journal says.
#[derive(Debug)]
pub struct Truth {
    /// Every window as of its newest record.
    pub folds: BTreeMap<WindowId, Fold>,
    /// How often each event of a customer was recorded as a message.
    pub received: BTreeMap<String, usize>,
    /// Bodies stored whole.
    pub bodies: Vec<RawAccepted>,
    /// Every line of every conversation.
    pub lines: BTreeMap<ConversationId, BTreeMap<u32, Line>>,
    /// Each epoch's holder.
    pub claims: BTreeMap<(ConversationId, u64), Claim>,
    /// Whose seat ended under each epoch by a release or completion.
    pub ends: BTreeMap<(ConversationId, u64), AgentId>,
    /// What each client id made.
    pub queued: BTreeMap<(ConversationId, AgentId, String), (u32, String)>,
    unanswered: BTreeMap<ConversationId, Timestamp>,
    automatic: Rules,
}

impl Fold {
    /// A window before its first record.
    #[must_use]
    pub fn new(id: WindowId, stream: StreamId) -> Self {
        Self {
            stream,
            position: Position(0),
            window: Window::unborn(id),
            windows: Vec::new(),
            conversations: BTreeMap::new(),
        }
    }

    /// Moves by one record.
    ///
    /// # Panics
    /// It is not the next one.
    pub fn take(&mut self, stored: &Stored) -> Record {
        assert_eq!(stored.position, self.position.next(), "the journal has a gap");
        self.position = stored.position;
        let record = codec::decode(&stored.payload).expect("a record that was just written");
        let mut moved: BTreeMap<ConversationId, Vec<&Event>> = BTreeMap::new();
        for fact in &record.events {
            match fact {
                Fact::Conversation(id, event) => moved.entry(*id).or_default().push(event),
                Fact::Window(event) => {
                    self.window.apply(event);
                    self.windows.push(self.window.clone());
                }
                Fact::Org(_) | Fact::Audit(_) => panic!("another stream's fact in a window's stream"),
            }
        }
        for (id, events) in moved {
            let unborn = || (Position(0), Arc::new(Conversation::unborn(id)));
            let (position, state) = self.conversations.entry(id).or_insert_with(unborn);
            *position = stored.position;
            Arc::make_mut(state).apply_record(&events, record.at);
        }
        record
    }

    /// Reads on, up to `upto`.
    ///
    /// # Panics
    /// The journal does not reach so far.
    pub fn read_on(&mut self, journal: &MemoryJournal, upto: Position) {
        let missing = usize::try_from(upto.0 - self.position.0).expect("small");
        let records = journal.read(self.stream, self.position.next(), missing, usize::MAX).expect("memory");
        assert_eq!(records.len(), missing, "{upto:?} was told and is not in the journal");
        for stored in &records {
            self.take(stored);
        }
    }

    /// The conversations that are not done.
    pub fn open(&self) -> impl Iterator<Item = &(Position, Arc<Conversation>)> {
        self.conversations.values().filter(|(_, state)| state.status != Status::Done)
    }
}

impl Truth {
    /// Nothing yet, of these windows.
    #[must_use]
    pub fn new(windows: &[(WindowId, StreamId)]) -> Self {
        let fold = |(id, stream): &(WindowId, StreamId)| (id.clone(), Fold::new(id.clone(), *stream));
        Self {
            folds: windows.iter().map(fold).collect(),
            received: BTreeMap::new(),
            bodies: Vec::new(),
            lines: BTreeMap::new(),
            claims: BTreeMap::new(),
            ends: BTreeMap::new(),
            queued: BTreeMap::new(),
            unanswered: BTreeMap::new(),
            automatic: Rules::default(),
        }
    }

    /// Reads what the journal has since the last time, and judges each record.
    ///
    /// # Panics
    /// A record breaks a rule.
    pub fn read_on(&mut self, journal: &MemoryJournal) {
        let windows: Vec<WindowId> = self.folds.keys().cloned().collect();
        for id in windows {
            let fold = &self.folds[&id];
            let fresh = journal.read(fold.stream, fold.position.next(), usize::MAX, usize::MAX).expect("memory");
            for stored in &fresh {
                self.take(&id, stored);
            }
        }
    }

    fn take(&mut self, window: &WindowId, stored: &Stored) {
        let fold = self.folds.get_mut(window).expect("it was listed");
        let before = fold.conversations.clone();
        let window_before = fold.window.clone();
        let record = fold.take(stored);
        self.automatic.judge(&window_before, &before, &record);
        let mut moved = BTreeMap::new();
        for fact in &record.events {
            match fact {
                Fact::Conversation(id, event) => {
                    let unborn = || Conversation::unborn(*id);
                    let state = moved
                        .entry(*id)
                        .or_insert_with(|| before.get(id).map_or_else(unborn, |(_, state)| Conversation::clone(state)));
                    self.judge(*id, state, event);
                    state.apply(event, record.at);
                }
                Fact::Window(WindowEvent::RawAccepted(accepted)) => self.bodies.push(accepted.clone()),
                Fact::Window(_) | Fact::Org(_) | Fact::Audit(_) => {}
            }
        }
        for id in moved.into_keys() {
            let (_, state) = &self.folds[window].conversations[&id];
            self.judge_state(state);
        }
    }

    /// One event against the conversation before it.
    fn judge(&mut self, id: ConversationId, state: &Conversation, event: &Event) {
        let seat = &state.seat;
        match event {
            Event::Received(received) => {
                assert_eq!(received.number, state.last_number + 1, "a number was left out or given twice");
                let times = self.received.entry(received.event_id.clone()).or_default();
                *times += 1;
                assert_eq!(*times, 1, "event {} was recorded twice", received.event_id);
                let gone = received.content == Content::Redacted;
                self.line(id, received.number, Line::Inbound { event: received.event_id.clone(), gone });
                self.unanswered.entry(id).or_insert(received.received_at);
            }
            Event::Claimed(claimed) => {
                assert_eq!(claimed.epoch, seat.epoch + 1, "an epoch was left out or given twice");
                let taken = matches!(claimed.how, ClaimHow::TakenOver { .. } | ClaimHow::HandedOver { .. });
                assert!(taken || seat.holder == Holder::None, "a claim put {:?} out", seat.holder);
                self.claims.insert((id, claimed.epoch), Claim { agent: claimed.agent, taken });
            }
            Event::Released { agent, .. } | Event::Completed { by: Some(agent) } => {
                assert_eq!(seat.holder, Holder::Agent(*agent), "released by who does not hold it");
                self.ends.insert((id, seat.epoch), *agent);
                if matches!(event, Event::Completed { .. }) {
                    self.unanswered.remove(&id);
                }
            }
            Event::Ended { .. } => {
                if let Holder::Agent(agent) = seat.holder {
                    self.ends.insert((id, seat.epoch), agent);
                }
                self.unanswered.remove(&id);
            }
            Event::AutoQueued(queued) => {
                assert_eq!(queued.number, state.last_number + 1, "a number was left out or given twice");
                let Content::Text(text) = queued.content() else { panic!("an answer without words") };
                let text = marked(&text, queued.retry_key);
                self.line(id, queued.number, Line::Outbound { text, delivery: Delivery::Queued });
            }
            Event::Lapsed { number } => {
                let automatic = state.outgoing(*number).and_then(|item| item.automatic);
                assert!(automatic.is_some(), "an answer of a person lapsed");
                self.delivery(id, *number, Delivery::Cancelled);
            }
            Event::Completed { by: None } => {
                assert_eq!(state.status, Status::New, "only what nobody started closes by itself");
                self.unanswered.remove(&id);
            }
            Event::Queued(queued) => {
                assert_eq!(queued.number, state.last_number + 1, "a number was left out or given twice");
                let Content::Text(text) = &queued.content else { panic!("an answer without words") };
                let outbound = Line::Outbound { text: text.clone(), delivery: Delivery::Queued };
                self.line(id, queued.number, outbound);
                let Author::Agent(agent) = queued.author else { return };
                assert_eq!(seat.holder, Holder::Agent(agent), "an answer of who does not hold the seat");
                self.unanswered.remove(&id);
                let made = (queued.number, text.clone());
                let other = self.queued.insert((id, agent, queued.client_id.clone()), made);
                assert_eq!(other, None, "one client id made two answers");
            }
            Event::NoteAdded { number, text, .. } => self.line(id, *number, Line::Note(Some(text.clone()))),
            Event::NoteEdited { number, text } => {
                self.lines.entry(id).or_default().insert(*number, Line::Note(Some(text.clone())));
            }
            Event::NoteDeleted { number } => {
                self.lines.entry(id).or_default().insert(*number, Line::Note(None));
            }
            Event::Unsent { number: Some(number), .. } => {
                if let Some(Line::Inbound { gone, .. }) = self.lines.entry(id).or_default().get_mut(number) {
                    *gone = true;
                }
            }
            Event::SendStarted { number, .. } => self.delivery(id, *number, Delivery::Sending),
            Event::SendAbandoned { number } => self.delivery(id, *number, Delivery::Queued),
            Event::HeldBack { number } => self.delivery(id, *number, Delivery::Unsent),
            Event::Sent { number, .. } => self.delivery(id, *number, Delivery::Sent),
            Event::Failed { number, .. } => self.delivery(id, *number, Delivery::Failed),
            Event::Unknown { number } => self.delivery(id, *number, Delivery::Unknown),
            Event::Cancelled { number, .. } => self.delivery(id, *number, Delivery::Cancelled),
            _ => {}
        }
    }

    fn line(&mut self, id: ConversationId, number: u32, line: Line) {
        let other = self.lines.entry(id).or_default().insert(number, line);
        assert_eq!(other, None, "number {number} was given twice");
    }

    /// An answer goes from queued to one end, and never on from there.
    fn delivery(&mut self, id: ConversationId, number: u32, to: Delivery) {
        let Some(Line::Outbound { delivery, text }) = self.lines.entry(id).or_default().get_mut(&number) else {
            panic!("{number} is no answer");
        };
        let allowed = match to {
            Delivery::Sending | Delivery::Cancelled => matches!(delivery, Delivery::Queued | Delivery::Unsent),
            Delivery::Unsent => *delivery == Delivery::Queued,
            Delivery::Queued | Delivery::Sent | Delivery::Failed | Delivery::Unknown => *delivery == Delivery::Sending,
        };
        assert!(allowed, "{text:?} went from {delivery:?} to {to:?}");
        *delivery = to;
    }

    /// What is so between any two records.
    fn judge_state(&self, state: &Conversation) {
        let held = state.seat.holder != Holder::None;
        assert_eq!(state.status == Status::InProgress, held, "status and seat disagree: {state:?}");
        assert!(held || state.seat.offer.is_none(), "an offer without a holder: {state:?}");
        let unanswered = self.unanswered.get(&state.id).copied();
        assert_eq!(state.waiting_since, unanswered, "who waits is forgotten, or waits for nothing: {state:?}");
        assert!(unanswered.is_none() || state.status != Status::Done, "done, and somebody waits: {state:?}");
    }

    /// A conversation now, with its window.
    #[must_use]
    pub fn conversation(&self, id: ConversationId) -> Option<(&Fold, &Conversation)> {
        self.folds.values().find_map(|fold| fold.conversations.get(&id).map(|(_, state)| (fold, &**state)))
    }

    /// Every conversation, in the order of their ids.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Conversation>> {
        let mut all: Vec<_> =
            self.folds.values().flat_map(|fold| fold.conversations.values().map(|(_, state)| state.clone())).collect();
        all.sort_by_key(|state| state.id);
        all
    }

    /// Whether an event of a customer is safe: recorded, or within a body that is.
    #[must_use]
    pub fn has(&self, event: &str) -> bool {
        let quoted = format!("\"{event}\"");
        self.received.contains_key(event) || self.bodies.iter().any(|body| mentions(body, &quoted))
    }
}

/// Whether a body stored whole holds these words.
pub(super) fn mentions(accepted: &RawAccepted, quoted: &str) -> bool {
    use madoguchi_engine::domain::window::RawBody;
    match &accepted.body {
        RawBody::Inline(bytes) => String::from_utf8_lossy(bytes).contains(quoted),
        RawBody::File { .. } | RawBody::Redacted => false,
    }
}
