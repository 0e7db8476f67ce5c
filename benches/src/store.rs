//! A store with a past: conversations and messages appended to a stopped server's journal, decided by the same rules as
//! any others. The server makes its read models of them at its next start.

use std::path::Path;

use bytes::Bytes;
use madoguchi_engine::domain::conversation::{Around, Command, Conversation, Event, Inbound, InboundKind, decide};
use madoguchi_engine::domain::id::{AgentId, ContactPointId, ConversationId, InboxId, Position, StreamId};
use madoguchi_engine::domain::message::Content;
use madoguchi_engine::domain::org::Event as OrgEvent;
use madoguchi_engine::domain::record::{By, Entity, Fact, Record};
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::domain::window::{Event as WindowEvent, Window};
use madoguchi_engine::journal::segment::{Options, SegmentJournal};
use madoguchi_engine::journal::{Append, DedupeKey, Journal, Touch, codec};

use crate::Outcome;
use crate::webhook::customer;

/// Records a batch.
const BATCH: usize = 4_096;
const START_MS: i64 = 1_780_000_000_000;

/// What the past holds.
#[derive(Clone, Copy, Debug)]
pub struct Past {
    /// Conversations, of customers 0, 1, 2 and so on.
    pub conversations: usize,
    /// Messages of each.
    pub messages: usize,
    /// The last ones that are still open; all others are done.
    pub open: usize,
}

/// Appends the past to the journal in `data_dir`, whose server has stopped. Returns the number of records.
///
/// # Errors
/// The journal does not open or refuses a record.
pub fn append(data_dir: &Path, past: Past) -> Outcome<usize> {
    let options = Options { segment_bytes: 64 << 20, redactor: codec::redact };
    let journal = SegmentJournal::open(data_dir.join("journal"), options)?;
    let place = Place::find(&journal)?;
    let owner_epoch = journal.own(place.stream)?;
    let mut batch = Vec::with_capacity(BATCH);
    let mut records = 0;
    for number in 0..past.conversations {
        for append in place.conversation(number, past, owner_epoch)? {
            batch.push(append);
            records += 1;
            if batch.len() == BATCH {
                commit(&journal, place.stream, &mut batch)?;
            }
        }
    }
    commit(&journal, place.stream, &mut batch)?;
    Ok(records)
}

fn commit(journal: &SegmentJournal, stream: StreamId, batch: &mut Vec<Append>) -> Outcome<()> {
    let mut head = None;
    for answer in journal.append(batch)? {
        head = Some(answer?);
    }
    batch.clear();
    // Nobody asks for these keys before the server has made its read models of them.
    journal.release_dedupe(stream, head.unwrap_or(Position(0)));
    Ok(())
}

/// Where the past is put: the house's window, account and agent.
struct Place {
    stream: StreamId,
    window: Window,
    inbox: InboxId,
    agent: AgentId,
}

impl Place {
    fn find(journal: &SegmentJournal) -> Outcome<Self> {
        let (mut stream, mut inbox) = (None, None);
        for (of, _) in journal.streams() {
            for fact in facts(journal, of)? {
                match fact {
                    Fact::Org(OrgEvent::WindowCreated(entry)) => stream = Some((entry.stream, entry.id)),
                    Fact::Org(OrgEvent::InboxCreated(created)) => inbox = Some(created.id),
                    _ => {}
                }
            }
        }
        let (stream, id) = stream.ok_or("no window")?;
        let mut window = Window::unborn(id);
        for fact in facts(journal, stream)? {
            if let Fact::Window(event) = fact {
                window.apply(&event);
            }
        }
        let agent = *window.members.first().ok_or("a window without an agent")?;
        Ok(Self { stream, window, inbox: inbox.ok_or("no account")?, agent })
    }

    /// The records of one conversation, in order.
    fn conversation(&self, number: usize, past: Past, owner_epoch: u64) -> Outcome<Vec<Append>> {
        let at = |message: usize| Timestamp(START_MS + (number * past.messages + message) as i64);
        // As the server draws them: the time above, something else below.
        let id = (u128::from(at(0).0.unsigned_abs()) << 80) | ((number as u128) << 1);
        let mut state = Conversation::unborn(ConversationId(id));
        let mut appends = Vec::with_capacity(past.messages + 1);
        for message in 0..past.messages {
            let inbound = self.inbound(number, message, ContactPointId(id | 1), at(message));
            let mut facts = Vec::new();
            if message == 0 {
                facts.push(Fact::Window(WindowEvent::ContactPointSeen {
                    contact_point: inbound.contact_point,
                    inbox: inbound.inbox,
                    external_id: inbound.external_id.clone(),
                }));
            }
            let key = DedupeKey((u128::from(at(message).0.unsigned_abs()) << 64) | 0x5eed);
            let command = Command::Inbound(inbound);
            appends.push(self.record(
                &mut state,
                &[command],
                By::Customer,
                at(message),
                facts,
                vec![key],
                owner_epoch,
            )?);
        }
        if number + past.open < past.conversations {
            let claim = Command::Claim { agent: self.agent };
            let done = Command::Complete { agent: self.agent, seat_epoch: state.seat.epoch + 1 };
            let (by, now) = (By::Agent(self.agent), at(past.messages - 1));
            appends.push(self.record(&mut state, &[claim, done], by, now, Vec::new(), Vec::new(), owner_epoch)?);
        }
        Ok(appends)
    }

    fn inbound(&self, number: usize, message: usize, contact_point: ContactPointId, at: Timestamp) -> Inbound {
        Inbound {
            channel: madoguchi_engine::domain::org::ChannelKind::Line,
            context: None,
            inbox: self.inbox,
            contact_point,
            external_id: customer(number),
            thread: customer(number),
            event_id: format!("past{number:012}{message:010}"),
            at,
            received_at: at,
            what: InboundKind::Message {
                external_id: Some(format!("{number:09}{message:09}")),
                content: Content::Text(format!("注文番号 {number} について、{message} 回目のお問い合わせです。")),
                reply_token: None,
                raw: None,
                read_token: None,
            },
        }
    }

    /// One record of the events that the commands give, each decided on the state after the one before.
    #[expect(clippy::too_many_arguments, reason = "the parts of a record, each used once")]
    fn record(
        &self,
        state: &mut Conversation,
        commands: &[Command],
        by: By,
        now: Timestamp,
        mut facts: Vec<Fact>,
        dedupe: Vec<DedupeKey>,
        owner_epoch: u64,
    ) -> Outcome<Append> {
        let version = state.version;
        let mut events: Vec<Event> = Vec::new();
        let mut scratch = state.clone();
        for command in commands {
            for event in decide(&scratch, command, Around::new(&self.window, now))? {
                scratch.apply_record(&[&event], now);
                events.push(event);
            }
        }
        state.apply_record(&events.iter().collect::<Vec<_>>(), now);
        facts.extend(events.into_iter().map(|event| Fact::Conversation(state.id, event)));
        let payload: Bytes = codec::encode(&Record { at: now, by, events: facts })?;
        let touches = vec![Touch { entity: Entity::Conversation(state.id), version, chain: 0 }];
        Ok(Append { stream: self.stream, owner_epoch, touches, dedupe, payload })
    }
}

fn facts(journal: &SegmentJournal, stream: StreamId) -> Outcome<Vec<Fact>> {
    let mut facts = Vec::new();
    for stored in journal.read(stream, Position(1), 10_000, 64 << 20)? {
        facts.extend(codec::decode(&stored.payload)?.events);
    }
    Ok(facts)
}
