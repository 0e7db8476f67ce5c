//! Wishes to a conversation. Each may be refused; see `decide`.

use crate::domain::bot::DeadWhy;
use crate::domain::content::{Context, Dress, MediaLoss, StoredFile};
use crate::domain::id::{AgentId, ContactPointId, FileId, InboxId};
use crate::domain::message::{Content, FailureReason};
use crate::domain::org::{ChannelKind, SendMode, WhenQuotaEmpty};
use crate::domain::seat::ReleaseCause;
use crate::domain::time::Timestamp;

/// One wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Something came from the customer. Never refused: what cannot be used becomes no event.
    Inbound(Inbound),
    /// 対応開始.
    Claim {
        /// Who wants the seat.
        agent: AgentId,
    },
    /// 未対応に戻す.
    Release {
        /// The holder.
        agent: AgentId,
        /// The epoch they hold it under.
        seat_epoch: u64,
    },
    /// 対応完了.
    Complete {
        /// The holder.
        agent: AgentId,
        /// The epoch they hold it under.
        seat_epoch: u64,
    },
    /// Taking the seat from a present holder; supervisors only, with a reason.
    TakeOver {
        /// Who takes it.
        agent: AgentId,
        /// Whether they may.
        supervisor: bool,
        /// Why.
        reason: String,
    },
    /// Asking a colleague to take the seat.
    OfferHandover {
        /// The holder.
        agent: AgentId,
        /// The epoch they hold it under.
        seat_epoch: u64,
        /// The colleague.
        to: AgentId,
        /// Words for the colleague.
        note: Option<String>,
    },
    /// The colleague says yes.
    AcceptHandover {
        /// The colleague.
        agent: AgentId,
    },
    /// The colleague says no, or the giver takes the offer back.
    EndHandover {
        /// Either of them.
        agent: AgentId,
    },
    /// Naming the person responsible.
    Assign {
        /// Who names.
        agent: AgentId,
        /// Who is named, or nobody.
        assignee: Option<AgentId>,
    },
    /// An answer to the customer.
    Send {
        /// The holder.
        agent: AgentId,
        /// The epoch they hold it under.
        seat_epoch: u64,
        /// Their own id for the message.
        client_id: String,
        /// What to say.
        content: Content,
        /// What goes with it.
        dress: Dress,
        /// Drawn by the caller; used if the message is new.
        retry_key: u128,
    },
    /// Withdrawing an answer that has not gone out.
    Cancel {
        /// The holder.
        agent: AgentId,
        /// The epoch they hold it under.
        seat_epoch: u64,
        /// The message.
        number: u32,
    },
    /// A memo.
    AddNote {
        /// Its author.
        agent: AgentId,
        /// Their own id for it.
        client_id: String,
        /// Its text.
        text: String,
    },
    /// Rewriting one's own memo.
    EditNote {
        /// Its author.
        agent: AgentId,
        /// The memo.
        number: u32,
        /// The new text.
        text: String,
    },
    /// Removing one's own memo.
    DeleteNote {
        /// Its author.
        agent: AgentId,
        /// The memo.
        number: u32,
    },
    /// The sender proposes a call. Which way it goes is recorded before its first byte.
    BeginSend(Plan),
    /// The sender tells how a call ended.
    FinishSend {
        /// The first message of it.
        lead: u32,
        /// How.
        outcome: SendOutcome,
    },
    /// A deadline of the state has passed. Decides to nothing when the state moved on meanwhile.
    DeadlineReached {
        /// Which one.
        kind: DeadlineKind,
    },
    /// An agent is on no socket any more.
    AgentAway {
        /// Who.
        agent: AgentId,
        /// Since when.
        since: Timestamp,
    },
    /// An agent is back.
    AgentReturned {
        /// Who.
        agent: AgentId,
    },
    /// An agent's seat, assignment and offers here end: logout or removal.
    DropAgent {
        /// Who.
        agent: AgentId,
        /// Why.
        cause: ReleaseCause,
    },
    /// The customer's name was learnt.
    SeeName {
        /// The display name.
        name: String,
    },
    /// The customer's picture was learnt.
    SeePicture {
        /// The picture, or that there is none.
        picture: Option<FileId>,
    },
    /// Awaited media were fetched, or cannot be had.
    KeepMedia {
        /// The message.
        number: u32,
        /// Its file, or why there is none.
        outcome: Result<StoredFile, MediaLoss>,
    },
    /// The message that a tombstone stands for was found in the timeline; it is older than the state remembers.
    SettleUnsend {
        /// The platform's id of the message.
        external_id: String,
        /// Its number.
        number: u32,
    },
    /// Park the conversation after repeated failures.
    SetAside,
    /// Put it back to work.
    TakeBack {
        /// Who says so.
        agent: AgentId,
    },
    /// An answer of the bot.
    BotSend {
        /// The epoch it holds the seat under.
        seat_epoch: u64,
        /// Its own id for the message.
        client_id: String,
        /// What to say.
        content: Content,
        /// What goes with it.
        dress: Dress,
        /// Drawn by the caller; used if the message is new.
        retry_key: u128,
    },
    /// The bot asks for people.
    BotHandOver {
        /// The epoch it holds the seat under.
        seat_epoch: u64,
        /// What people should know.
        summary: Option<String>,
    },
    /// The bot closes the case.
    BotComplete {
        /// The epoch it holds the seat under.
        seat_epoch: u64,
        /// The newest message of the customer that it knows.
        heard: u32,
    },
    /// The bot has taken what it was told.
    BotTold {
        /// The number of the letter.
        letter: u32,
    },
    /// The bot cannot be told something.
    LetterFailed {
        /// The number of the letter.
        letter: u32,
        /// Why.
        why: DeadWhy,
    },
    /// The bot may not stand in front of this conversation any more; nothing where it still does.
    DetachBot,
    /// The holder gives the conversation back to the bot.
    ReturnToBot {
        /// The holder.
        agent: AgentId,
        /// The epoch they hold it under.
        seat_epoch: u64,
        /// Words for the bot.
        note: Option<String>,
    },
    /// What the bot could not be told is to be told again.
    ReplayLetters {
        /// Who says so.
        agent: AgentId,
    },
    /// What the bot could not be told is put away.
    DropLetters {
        /// Who says so.
        agent: AgentId,
    },
    /// A supervisor acts on what somebody else may hold.
    Supervise {
        /// The supervisor.
        agent: AgentId,
        /// What they do.
        act: Overseen,
        /// Why; whoever loses the seat, or is asked to take it, is shown it.
        reason: String,
    },
}

/// See [`Command::Supervise`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overseen {
    /// 対応完了.
    Complete,
    /// 未対応に戻す.
    Release,
    /// Offers the seat to a colleague in the holder's place.
    HandOver {
        /// The colleague.
        to: AgentId,
    },
}

/// What a channel made of one event of its platform (DESIGN 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// Over which channel.
    pub channel: ChannelKind,
    /// What the channel keeps beside the conversation from now on; `None` leaves it as it was.
    pub context: Option<Context>,
    /// The account it came over.
    pub inbox: InboxId,
    /// The customer's identity on it, known or just drawn.
    pub contact_point: ContactPointId,
    /// The customer's id on the platform.
    pub external_id: String,
    /// What the channel keeps conversations apart by.
    pub thread: String,
    /// The platform's id of the event.
    pub event_id: String,
    /// The platform's time.
    pub at: Timestamp,
    /// When it came here.
    pub received_at: Timestamp,
    /// What happened.
    pub what: InboundKind,
}

/// What happened at the customer's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InboundKind {
    /// A message.
    Message {
        /// The platform's id of the message.
        external_id: Option<String>,
        /// What was said.
        content: Content,
        /// A single-use right to answer free.
        reply_token: Option<String>,
        /// With it the platform is told that this message was read.
        read_token: Option<String>,
        /// The event as written, for kinds not yet understood.
        raw: Option<String>,
    },
    /// A message was taken back.
    Unsend {
        /// The platform's id of the message.
        external_id: String,
    },
    /// A message was rewritten.
    Edit {
        /// The platform's id of the message.
        external_id: String,
        /// What it says now.
        content: Content,
    },
    /// The account was added as a friend, or unblocked.
    Follow {
        /// It had been blocked.
        unblocked: bool,
        /// A single-use right to answer free.
        reply_token: Option<String>,
    },
    /// The account was blocked.
    Unfollow,
}

/// A call that the sender would make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The first messages that wait, as many as the channel puts into one call; the first is never left out.
    pub numbers: Vec<u32>,
    /// Texts in a row would go as one bubble.
    pub joined: bool,
    /// How the account sends.
    pub mode: SendMode,
    /// Free answers are not wanted for this one any more.
    pub no_reply: bool,
    /// What is left of the messages that cost.
    pub quota: Quota,
    /// The platform knows a message of its own again when it is repeated.
    pub recognised: bool,
}

impl Plan {
    /// One answer alone, over an account that sends in this way and has something left.
    #[must_use]
    pub fn alone(number: u32, mode: SendMode) -> Self {
        Self { numbers: vec![number], joined: false, mode, no_reply: false, quota: Quota::Left, recognised: true }
    }
}

/// What is left of the messages that cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Some, as far as is known.
    Left,
    /// None, and what is then to be done.
    Empty(WhenQuotaEmpty),
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// The platform took it.
    Sent {
        /// The platform's ids of the bubbles, each with the message that it holds; a bubble of several is told for each.
        external_ids: Vec<(u32, String)>,
        /// As a free answer.
        free: bool,
    },
    /// It was refused for good.
    Failed(FailureReason),
    /// Nobody can know.
    Unknown,
    /// This way was certainly not taken; another may be tried.
    Abandoned,
    /// Certainly not taken, and no other way now: it waits for the customer to write again.
    Held,
    /// Nothing was sent, because of these messages of several. A free right is not used up.
    Refused {
        /// Which, and why; none where that cannot be told.
        culprits: Vec<(u32, FailureReason)>,
    },
}

/// Which deadline of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeadlineKind {
    /// A hand-over without an answer.
    Handover,
    /// A seat whose holder is away becomes claimable.
    Claimable,
    /// A seat whose holder is away is lost.
    SeatExpiry,
    /// A new conversation that nobody starts.
    AutoClose,
    /// A chat whose customer says nothing more.
    Silence,
    /// The bot has left a message without an answer.
    BotAnswer,
    /// What the bot could not be told is forgotten.
    DeadLetters,
}
