//! What readers get: rows, pages and questions. Plain data, made from committed facts only.

use std::sync::Arc;

use crate::domain::content::Action;
use crate::domain::conversation::{Conversation, Status};
use crate::domain::hours::Automatic;
use crate::domain::id::{AgentId, ConversationId, InboxId, Position, StreamId, WindowId};
use crate::domain::message::{Author, Content, Delivery, FailureReason};
use crate::domain::org::ChannelKind;
use crate::domain::record::Record;
use crate::domain::seat::Holder;
use crate::domain::time::Timestamp;
use crate::domain::window::{RawReason, Window};

/// A conversation as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationRow {
    /// Its window.
    pub window: WindowId,
    /// The record that last moved it.
    pub position: Position,
    /// Its state after that record.
    pub state: Arc<Conversation>,
}

/// A message as a timeline shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// Its conversation.
    pub conversation: ConversationId,
    /// The order in it.
    pub number: u32,
    /// What kind of line it is, and what became of it.
    pub kind: MessageKind,
    /// What it says now.
    pub content: Content,
    /// When it was said: the platform's time for inbound, ours for the rest.
    pub at: Timestamp,
}

/// The kinds of line in a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// From the customer.
    Inbound {
        /// Older than a line above it.
        late: bool,
        /// Taken back by the customer.
        unsent: bool,
        /// Rewritten by the customer since.
        edited: bool,
    },
    /// To the customer.
    Outbound {
        /// Who wrote it.
        author: Author,
        /// The author's own id for it.
        client_id: String,
        /// What became of it.
        delivery: Delivery,
        /// Why it failed, where it did.
        failure: Option<FailureReason>,
        /// It went as a free answer.
        free: bool,
        /// The buttons that the customer was given below it.
        quick_replies: Vec<Action>,
        /// Which automatic answer it is, if it is one.
        automatic: Option<Automatic>,
    },
    /// Between colleagues.
    Note {
        /// Who wrote it: a person, or the bot.
        author: Author,
        /// The author's own id for it.
        client_id: String,
        /// Rewritten since.
        edited: bool,
        /// Removed by its author; the content is gone.
        deleted: bool,
    },
}

/// Which conversations. Every field narrows; the default shows everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Only of these windows; the caller's rights are applied by the caller. Empty for none at all.
    pub windows: Vec<WindowId>,
    /// Only with this status.
    pub status: Option<Status>,
    /// Only with this person responsible; `Some(None)` for nobody.
    pub assignee: Option<Option<AgentId>>,
    /// Only held by this person, or by the bot.
    pub holder: Option<Holder>,
    /// Only over this channel.
    pub channel: Option<ChannelKind>,
    /// Only over this inbox.
    pub inbox: Option<InboxId>,
    /// Only those set aside after repeated failures, or only the others.
    pub set_aside: Option<bool>,
    /// Name or id contains this, folded to lower case.
    pub q: Option<String>,
    /// Changed at or after.
    pub from: Option<Timestamp>,
    /// Changed before.
    pub to: Option<Timestamp>,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// Rows a page, 1 to 200.
    pub limit: usize,
}

/// Which messages of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessagesQuery {
    /// From where, and which way.
    pub place: Place,
    /// Rows a page, 1 to 200.
    pub limit: usize,
}

/// Where a page of messages lies. The rows are always in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The newest.
    Newest,
    /// The ones before this number.
    Before(u32),
    /// The ones after this number.
    After(u32),
    /// Half before and half after, this one in the middle.
    Around(u32),
}

/// A page of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end.
    pub next_cursor: Option<String>,
}

/// A stored body that waits for a person or for room (要確認).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRow {
    /// Its name.
    pub raw: u128,
    /// The account it came over.
    pub inbox: InboxId,
    /// When it came.
    pub received_at: Timestamp,
    /// Why it was stored whole.
    pub why: RawReason,
    /// Its length in bytes.
    pub len: u64,
}

/// One committed record of a window, as the feed tells it.
#[derive(Clone, Debug)]
pub struct Update {
    /// The window.
    pub window: WindowId,
    /// Its stream.
    pub stream: StreamId,
    /// The record's place.
    pub position: Position,
    /// What was decided.
    pub record: Arc<Record>,
    /// The socket frame made of it by the encoder given at start; shared by every socket.
    pub frame: bytes::Bytes,
}

/// A window at one position: what a console begins with.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The window's stream.
    pub stream: StreamId,
    /// Everything up to here is in it.
    pub position: Position,
    /// The window itself.
    pub window: Arc<Window>,
    /// Open conversations, the longest waiting first; at most [`SNAPSHOT_ROWS`].
    pub open: Vec<ConversationRow>,
    /// How many are open in all.
    pub open_total: usize,
}

/// Conversations in a snapshot; the rest is read page by page.
pub const SNAPSHOT_ROWS: usize = 1_000;

/// What a returning reader gets.
#[derive(Clone, Debug)]
pub enum CatchUp {
    /// Exactly what was missed, in order; may be empty.
    Updates(Vec<Arc<Update>>),
    /// The first of what was missed, at least one: all of it would be too much at once. The rest follows by asking again
    /// from the last of these.
    Part(Vec<Arc<Update>>),
    /// The stream is another one, or too much was missed: begin anew.
    Snapshot(Box<Snapshot>),
}
