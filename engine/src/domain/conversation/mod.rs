//! One conversation: its live state, and the rules by which it moves (PRODUCT V1–V5, DESIGN 5).
//!
//! [`decide`] turns a command into events or a rejection; [`Conversation::apply`] is the only thing that moves the state.
//! Both are pure. What is waiting for a time is part of the state: see [`Conversation::deadlines`].

mod apply;
mod automatic;
mod bot;
mod command;
mod copies;
mod decide;
mod event;
mod inbound;
#[cfg(test)]
mod model_test;
mod outgoing;
mod sending;
mod supervise;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

pub use automatic::{AutoQueued, EndHow, Said};
pub use command::{Command, DeadlineKind, Inbound, InboundKind, Overseen, Plan, Quota, SendOutcome};
pub use copies::{Copies, CopyEnd, CopyOut, CopyState};
pub use decide::{Around, decide};
pub use event::{ClaimHow, Claimed, Event, HandoverEnd, Opened, Queued, Received};

use super::bot::{BotLine, DEAD_FOR_MS};
use super::content::{Context, Dress, MediaKind};
use super::hours::Automatic;
use super::id::{AgentId, ContactPointId, ConversationId, FileId, InboxId};
use super::message::{Author, Content, Delivery, Route};
use super::org::ChannelKind;
use super::seat::Seat;
use super::time::Timestamp;
use super::window::Window;

/// The three statuses (V1). On screen `New` reads 未対応.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Status {
    /// Nobody answers it yet; the seat is free.
    #[default]
    New,
    /// Somebody holds the seat.
    InProgress,
    /// The case is closed; the seat is free.
    Done,
}

/// Live state of one conversation. All of it follows from its events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its name.
    pub id: ConversationId,
    /// The channel it runs over.
    pub channel: ChannelKind,
    /// The account it runs over.
    pub inbox: InboxId,
    /// The customer's identity on it.
    pub contact_point: ContactPointId,
    /// Where answers go on the platform.
    pub external_id: String,
    /// What the channel keeps conversations apart by.
    pub thread: String,
    /// The customer's name on the channel, once known.
    pub name: Option<String>,
    /// Their picture on the channel, once known.
    pub picture: Option<FileId>,
    /// They have blocked the account; what is sent will not arrive.
    pub blocked: bool,
    /// Where it stands.
    pub status: Status,
    /// Who may answer.
    pub seat: Seat,
    /// Who is responsible (V4).
    pub assignee: Option<AgentId>,
    /// The highest number given to a message or memo.
    pub last_number: u32,
    /// The oldest customer message that no person has answered.
    pub waiting_since: Option<Timestamp>,
    /// When it began.
    pub opened_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it last became new; the 14 days of V1 count from here.
    pub new_since: Timestamp,
    /// The newest platform time among the messages; an older one that comes now is late.
    pub newest_sent_at: Timestamp,
    /// The right to one free answer, if it is alive.
    pub reply: Option<ReplyRight>,
    /// Media whose bytes somebody still has to fetch. At most [`limits::AWAITED_MEDIA`].
    pub awaited: VecDeque<AwaitedMedia>,
    /// The newest message that can be told to the platform as read, and the token for it.
    pub read: Option<(u32, String)>,
    /// The right that the newest free call took.
    pub spent: Option<ReplyRight>,
    /// What has not gone out yet, in order.
    pub outbox: VecDeque<Outgoing>,
    /// The last client ids, to know a repetition. At most [`limits::CLIENT_IDS`].
    pub client_ids: VecDeque<KnownClientId>,
    /// The memos that can still be changed. At most [`limits::NOTES`].
    pub notes: Vec<NoteRef>,
    /// Platform ids of the last messages, for unsend. At most [`limits::EXTERNAL_IDS`].
    pub external_ids: VecDeque<KnownExternalId>,
    /// When the newest change of a rewritten message was made. At most [`limits::EDITS`].
    pub edits: VecDeque<(u32, Timestamp)>,
    /// Platform ids taken back before they arrived. At most [`limits::TOMBSTONES`].
    pub tombstones: VecDeque<String>,
    /// What the channel keeps beside it.
    pub context: Option<Context>,
    /// What the window's bot has to do with it.
    pub bot: BotLine,
    /// Copies of answers, on channels where each recipient has one: of those that wait, and of the last ones.
    pub copies: VecDeque<Copies>,
    /// Parked for a person after repeated failures.
    pub set_aside: bool,
    /// The automatic answers that are not to be given again just now; one of each kind at most.
    pub said: Vec<Said>,
    /// When the last word of an agent went out that the customer has not answered.
    pub silent_since: Option<Timestamp>,
    /// No machine may answer its newest message, because a machine may have written it or its sender wants none.
    pub hushed: bool,
    /// Decisions so far; the unit of "nobody else decided meanwhile".
    pub version: u64,
}

impl Conversation {
    /// As it reads after its window was reset: done, nobody's, with nothing on its way.
    pub fn end_with_window(&mut self) {
        self.status = Status::Done;
        self.seat = Seat { epoch: self.seat.epoch, ..Seat::default() };
        self.waiting_since = None;
        self.reply = None;
        self.outbox.clear();
        self.awaited.clear();
    }
}

/// The right to answer one inbound message free of charge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyRight {
    /// The platform's single-use token.
    pub token: String,
    /// When the message came here; the budget counts from then.
    pub received_at: Timestamp,
}

/// Media that arrived as a name only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwaitedMedia {
    /// The message.
    pub number: u32,
    /// The platform's id of it, under which it has the bytes.
    pub external_id: Option<String>,
    /// Which kind. Its name and address are the customer's words, which stand in the message alone.
    pub kind: MediaKind,
}

/// An answer that has not gone out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// Its number.
    pub number: u32,
    /// Who wrote it.
    pub author: Author,
    /// What is said.
    pub content: Content,
    /// Under which the platform recognises a repeated push.
    pub retry_key: u128,
    /// `Queued`, `Unsent` or `Sending`.
    pub delivery: Delivery,
    /// The way that was begun, while `Sending`.
    pub route: Option<Route>,
    /// The first message of the call it goes in, while `Sending`.
    pub lead: u32,
    /// Texts in a row go as one bubble in that call.
    pub joined: bool,
    /// When it was accepted.
    pub queued_at: Timestamp,
    /// What goes with it.
    pub dress: Dress,
    /// Which automatic answer it is, if it is one.
    pub automatic: Option<Automatic>,
}

/// One client id that was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownClientId {
    /// Hash of author and client id.
    pub key: u64,
    /// Hash of the content; 0 where the content was removed, and then any content is taken for the same.
    pub content: u64,
    /// The message it made.
    pub number: u32,
}

/// A message of the customer that can still be taken back without looking far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownExternalId {
    /// Hash of the platform's id of it. Each record copies the state, and 256 texts would be most of the work.
    pub key: u64,
    /// Its number.
    pub number: u32,
    /// It was taken back already.
    pub unsent: bool,
}

/// A memo and the only person who may change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteRef {
    /// Its number.
    pub number: u32,
    /// Its author.
    pub author: AgentId,
}

/// Limits on live state and input; what happens at each is said beside it.
pub mod limits {
    /// Longest text in UTF-16 units: what surely fits five LINE bubbles of 5,000. Longer is refused.
    pub const TEXT_UTF16: usize = 24_996;
    /// Longest text in UTF-8 bytes, so that its record fits the journal. Longer is refused.
    pub const TEXT_BYTES: usize = 48 * 1024;
    /// Largest content of any kind with all that goes with it, in bytes of words, so that its record fits the journal.
    /// Larger is refused.
    pub const CONTENT_BYTES: usize = 56 * 1024;
    /// Longest memo in characters. Longer is refused.
    pub const NOTE_CHARS: usize = 5_000;
    /// Longest take-over reason or hand-over note in characters. Longer is refused.
    pub const REASON_CHARS: usize = 500;
    /// Characters kept of a customer's name; the rest is cut off.
    pub const NAME_CHARS: usize = 200;
    /// Longest client id in bytes. Longer is refused.
    pub const CLIENT_ID_BYTES: usize = 64;
    /// Answers waiting to go out. One more is refused.
    pub const OUTBOX: usize = 50;
    /// A push that was begun is not begun again when its message is older, in milliseconds: it becomes unknown. LINE
    /// recognises a repeated push for 24 hours from its first try; the hour between is for slow calls and clocks that
    /// differ.
    pub const REPEATABLE_MS: i64 = 23 * 3_600_000;
    /// Client ids remembered; an older repetition counts as a new message.
    pub const CLIENT_IDS: usize = 128;
    /// Memos that stay editable; older ones become read-only.
    pub const NOTES: usize = 256;
    /// Messages whose platform id is remembered; an unsend of an older one is looked up in the timeline.
    pub const EXTERNAL_IDS: usize = 256;
    /// Media that wait to be fetched; the oldest is given up.
    pub const AWAITED_MEDIA: usize = 256;
    /// Rewritten messages whose newest change is known; an older change of others counts as the newest.
    pub const EDITS: usize = 32;
    /// Answers that are done with whose copies are known; of an older one only a refusal is heard.
    pub const COPIES: usize = 16;
    /// Recipients of one answer. More are refused.
    pub const RECIPIENTS: usize = 50;
    /// Characters kept of what the other side says of a copy.
    pub const COPY_DETAIL_CHARS: usize = 200;
    /// Unsends remembered before their message; the oldest is forgotten.
    pub const TOMBSTONES: usize = 32;
}

impl Conversation {
    /// The state before its first event.
    #[must_use]
    pub fn unborn(id: ConversationId) -> Self {
        Self {
            id,
            channel: ChannelKind::default(),
            inbox: InboxId(0),
            contact_point: ContactPointId(0),
            external_id: String::new(),
            thread: String::new(),
            name: None,
            picture: None,
            blocked: false,
            status: Status::New,
            seat: Seat::default(),
            assignee: None,
            last_number: 0,
            waiting_since: None,
            opened_at: Timestamp(0),
            updated_at: Timestamp(0),
            new_since: Timestamp(0),
            newest_sent_at: Timestamp(0),
            reply: None,
            awaited: VecDeque::new(),
            read: None,
            spent: None,
            outbox: VecDeque::new(),
            client_ids: VecDeque::new(),
            notes: Vec::new(),
            external_ids: VecDeque::new(),
            edits: VecDeque::new(),
            tombstones: VecDeque::new(),
            context: None,
            bot: BotLine::default(),
            copies: VecDeque::new(),
            set_aside: false,
            said: Vec::new(),
            silent_since: None,
            hushed: false,
            version: 0,
        }
    }

    /// Whether anything ever happened here.
    #[must_use]
    pub fn is_born(&self) -> bool {
        self.version > 0
    }

    /// Whether something is still to happen here: it is open, something has not gone out, something is to be fetched, or
    /// the bot was not told something.
    #[must_use]
    pub fn is_at_work(&self) -> bool {
        self.status != Status::Done || !self.outbox.is_empty() || !self.awaited.is_empty() || self.bot.is_at_work()
    }

    /// The number that the next message or memo gets.
    #[must_use]
    pub fn next_number(&self) -> u32 {
        self.last_number + 1
    }

    /// What waits for a time, the earliest first, as the window's settings are. One that a customer would notice waits for
    /// the window to open, from `now` on.
    #[must_use]
    pub fn deadlines(&self, window: &Window, now: Timestamp) -> Vec<(Timestamp, DeadlineKind)> {
        let mut due = Vec::new();
        if let Some(offer) = &self.seat.offer {
            due.push((offer.expires_at, DeadlineKind::Handover));
        }
        if let Some(away) = self.seat.away {
            if !self.seat.claimable {
                due.push((away.claimable_at, DeadlineKind::Claimable));
            }
            due.push((away.expires_at, DeadlineKind::SeatExpiry));
        }
        if self.status == Status::New && self.is_born() {
            due.extend(window.closes_at(self.new_since).map(|at| (at, DeadlineKind::AutoClose)));
        }
        // What has not gone out cannot be answered.
        let may_end = self.channel.is_chat() && self.status != Status::Done && self.outbox.is_empty();
        if let Some(since) = self.silent_since.filter(|_| may_end) {
            due.extend(window.silence_ends_at(since, now).map(|at| (at, DeadlineKind::Silence)));
        }
        if let Some(at) = self.bot.answer_by {
            due.push((at, DeadlineKind::BotAnswer));
        }
        if let Some(oldest) = self.bot.dead.front() {
            due.push((oldest.died_at.plus_ms(DEAD_FOR_MS), DeadlineKind::DeadLetters));
        }
        due.sort_unstable();
        due
    }

    /// The answer with this number that has not gone out.
    #[must_use]
    pub fn outgoing(&self, number: u32) -> Option<&Outgoing> {
        self.outbox.iter().find(|item| item.number == number)
    }

    /// Moves the state by one record: its events in order, and one version.
    pub fn apply_record(&mut self, events: &[&Event], at: Timestamp) {
        for event in events {
            self.apply(event, at);
        }
        self.version += 1;
        self.updated_at = at;
    }
}
