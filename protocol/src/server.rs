//! What the server says over the socket: one JSON text message each, told by its `type`.
//!
//! Clients leave out frames whose `type` they do not know, and fields that they do not know.

use serde::{Deserialize, Serialize};

use crate::api::{
    CommandDone, Conversation, Me, Opening, Presence, Trouble, WindowBot, WindowCounters, WindowMember, WindowPicture,
    WindowSettings,
};
use crate::event::Event;
use crate::problem::Problem;

/// One message of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The first message: what the client may expect.
    Hello(Hello),
    /// Who the client is and which windows it may watch; again whenever that changes.
    Me(Me),
    /// A window at one position. Replaces everything the client knew of it.
    Snapshot(Box<Snapshot>),
    /// One record of a watched window.
    Update(Update),
    /// A watch ended, or did not begin.
    Unwatched(Unwatched),
    /// The answer to a command.
    Reply(Reply),
    /// Colleagues who are writing. Not repeated when they stop: forget it after `hello.typing_ms`.
    Typing(TypingNow),
    /// Colleagues who have a conversation before their eyes. Not repeated when they leave: forget it after
    /// `hello.viewing_ms`.
    Viewing(ViewingNow),
    /// How members of a window are: all of them after a watch began, later those who changed.
    Presence(PresenceNow),
    /// The accounts of a window: what somebody must see to, and what is left of the month. After a watch began, and
    /// whenever it changes.
    Accounts(AccountsNow),
    /// A message of the client could not be taken.
    Problem(Refused),
    /// The server is stopping: the socket closes now. Come back after the delay, with the positions.
    Going(Going),
    /// Whether a window is open, and until when. After a watch began, and whenever it changes.
    Opening(OpeningNow),
    /// The figures of windows: of all that the client may read after it asked for them, later of those that changed, at
    /// most once a second.
    Counters(CountersNow),
}

/// See [`ServerFrame::Hello`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The version of this protocol. It changes only when a client of before would misunderstand.
    pub protocol: u32,
    /// The server's time.
    pub at: String,
    /// A ping comes at least this often; twice as long without anything from the server means that the line is dead.
    pub ping_ms: u64,
    /// How long a `typing` is to be shown, and how often at most it should be said.
    pub typing_ms: u64,
    /// How long a `viewing` is to be shown.
    pub viewing_ms: u64,
    /// The longest message that is taken, in bytes.
    pub message_bytes: usize,
}

/// See [`ServerFrame::Snapshot`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The window.
    pub window: String,
    /// The stream that the positions belong to.
    pub stream: String,
    /// Everything up to here is in it.
    pub position: u64,
    /// What customers see.
    pub name: String,
    /// How many agents it may hold.
    pub places: u16,
    /// How it works.
    pub settings: WindowSettings,
    /// Who works here.
    pub agents: Vec<WindowMember>,
    /// Stored bodies that wait (要確認).
    pub raw_waiting: usize,
    /// The bot in front of it; null without one, and while it is not in use.
    #[serde(default)]
    pub bot: Option<WindowBot>,
    /// Open conversations, the longest waiting first; at most 1,000.
    pub conversations: Vec<Conversation>,
    /// How many are open in all.
    pub open_total: usize,
    /// Whether the window itself is open now, and until when.
    pub opening: Opening,
    /// What the window is for.
    #[serde(default)]
    pub description: String,
    /// Its picture.
    #[serde(default)]
    pub picture: Option<WindowPicture>,
}

/// See [`ServerFrame::Update`]. Positions follow each other without a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// The window.
    pub window: String,
    /// The stream that the position belongs to.
    pub stream: String,
    /// The record's place: the one before it plus 1.
    pub position: u64,
    /// When it was decided.
    pub at: String,
    /// What followed, in order; empty where the reader may see nothing.
    pub events: Vec<Event>,
}

/// See [`ServerFrame::Unwatched`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unwatched {
    /// The window.
    pub window: String,
    /// Why, unless the client asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// See [`ServerFrame::Reply`]. Either `ok` or `problem` is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The client's word for the command.
    #[serde(rename = "ref")]
    pub reference: String,
    /// What the command did; it is on disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ok: Option<Box<CommandDone>>,
    /// Why it did nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// See [`ServerFrame::Typing`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypingNow {
    /// The window.
    pub window: String,
    /// Who writes where.
    pub typing: Vec<Writer>,
}

/// See [`ServerFrame::Viewing`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewingNow {
    /// The window.
    pub window: String,
    /// Who looks at what.
    pub viewing: Vec<Writer>,
}

/// A colleague who is writing, or looking.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Writer {
    /// The conversation.
    pub conversation: String,
    /// The colleague.
    pub agent: String,
}

/// See [`ServerFrame::Presence`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceNow {
    /// The window.
    pub window: String,
    /// How its members are.
    pub agents: Vec<AgentPresence>,
}

/// How a colleague is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentPresence {
    /// The colleague.
    pub agent: String,
    /// How they are.
    pub state: Presence,
}

/// See [`ServerFrame::Accounts`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountsNow {
    /// The window.
    pub window: String,
    /// All of its accounts.
    pub accounts: Vec<AccountNow>,
    /// Answers are accepted and wait: nothing goes out to anybody until an administrator lets it.
    #[serde(default)]
    pub sending_held: bool,
}

/// How an account stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountNow {
    /// The account.
    pub inbox: String,
    /// What somebody must see to, the most urgent first.
    pub troubles: Vec<Trouble>,
    /// What is left of the month; `null` without a limit, or where the platform was not asked yet.
    pub remaining: Option<u64>,
}

/// See [`ServerFrame::Opening`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpeningNow {
    /// The window.
    pub window: String,
    /// How it stands.
    pub opening: Opening,
}

/// See [`ServerFrame::Problem`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// What was wrong.
    pub problem: Problem,
}

/// See [`ServerFrame::Going`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Going {
    /// How long to wait before coming back, in milliseconds; drawn for each socket, so that they do not come all at once.
    pub retry_after_ms: u64,
}

/// See [`ServerFrame::Counters`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountersNow {
    /// The windows; each replaces what was known of it.
    pub windows: Vec<WindowCounters>,
}
