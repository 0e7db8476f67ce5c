//! Facts of one conversation, as they stand in the journal. A shape that changes gets a new version in `journal::codec`.

use serde::{Deserialize, Serialize};

use super::automatic::{AutoQueued, EndHow};
use crate::domain::bot::{DeadWhy, Leaving, Seating};
use crate::domain::content::{Context, Dress, MediaLoss, StoredFile};
use crate::domain::id::{AgentId, ContactPointId, FileId, InboxId};
use crate::domain::message::{Author, Content, FailureReason, Route};
use crate::domain::org::ChannelKind;
use crate::domain::seat::{Away, Offer, ReleaseCause};
use crate::domain::time::Timestamp;

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A customer wrote for the first time.
    Opened(Opened),
    /// A message arrived.
    Received(Received),
    /// A done conversation became new again, because its customer wrote (V3).
    Reopened,
    /// The seat got a holder.
    Claimed(Claimed),
    /// The seat became free, the case is not done.
    Released {
        /// Who held it.
        agent: AgentId,
        /// Why it is free.
        cause: ReleaseCause,
    },
    /// The case is done.
    Completed {
        /// Who ended it; `None` when nobody started it in time (V1).
        by: Option<AgentId>,
    },
    /// The holder asks a colleague to take over.
    HandoverOffered(Offer),
    /// The offer ended without a change of holder.
    HandoverEnded {
        /// How it ended.
        how: HandoverEnd,
    },
    /// The person responsible changed.
    Assigned {
        /// Who is responsible now.
        assignee: Option<AgentId>,
        /// Who said so; `None` when it followed from something else.
        by: Option<AgentId>,
    },
    /// An answer was accepted and will go out.
    Queued(Queued),
    /// A send that the platform cannot recognise again begins.
    SendStarted {
        /// The message's number.
        number: u32,
        /// The way it goes.
        route: Route,
        /// The first message of the call that it goes in; its own number where it goes alone.
        lead: u32,
        /// Texts in a row go as one bubble.
        joined: bool,
    },
    /// The platform took it.
    Sent {
        /// The message's number.
        number: u32,
        /// The platform's ids, one a bubble.
        external_ids: Vec<String>,
        /// Whether it went as a free answer.
        free: bool,
    },
    /// The platform refused it for good.
    Failed {
        /// The message's number.
        number: u32,
        /// Why.
        reason: FailureReason,
    },
    /// Nobody can know whether it arrived.
    Unknown {
        /// The message's number.
        number: u32,
    },
    /// Withdrawn by the holder before it went out.
    Cancelled {
        /// The message's number.
        number: u32,
        /// Who withdrew it.
        by: AgentId,
    },
    /// The route that was begun is known not to have been taken; the message waits again.
    SendAbandoned {
        /// The message's number.
        number: u32,
    },
    /// There is no way to send it now; it goes when the customer writes again (未送信).
    HeldBack {
        /// The message's number.
        number: u32,
    },
    /// A right to one free answer that was taken for a call is certainly not used up.
    TokenReturned {
        /// The platform's single-use token.
        token: String,
        /// When the message came that brought it.
        received_at: Timestamp,
    },
    /// A memo (V7).
    NoteAdded {
        /// Its number in the conversation.
        number: u32,
        /// Its author.
        author: AgentId,
        /// Its text.
        text: String,
        /// The author's own id for it.
        client_id: String,
    },
    /// Its author rewrote a memo.
    NoteEdited {
        /// The memo.
        number: u32,
        /// The new text.
        text: String,
    },
    /// Its author removed a memo.
    NoteDeleted {
        /// The memo.
        number: u32,
    },
    /// The holder left every socket.
    HolderAway(Away),
    /// The holder came back before the seat was lost.
    HolderReturned,
    /// From now on any member may claim.
    SeatClaimable,
    /// The customer took a message back, perhaps before it arrived.
    Unsent {
        /// The platform's id of that message.
        external_id: String,
        /// Its number here; `None` when it has not arrived: a tombstone.
        number: Option<u32>,
    },
    /// The customer's name on the channel is known, or changed.
    NameSeen {
        /// The display name.
        name: String,
    },
    /// The customer's picture on the channel is known, or changed.
    PictureSeen {
        /// The picture; `None` where there is none any more.
        picture: Option<FileId>,
    },
    /// The bytes of a message are in the content store.
    MediaStored {
        /// The message.
        number: u32,
        /// Its file.
        file: StoredFile,
    },
    /// The bytes of a message cannot be had.
    MediaLost {
        /// The message.
        number: u32,
        /// Why.
        why: MediaLoss,
    },
    /// The customer rewrote a message.
    Edited {
        /// The message.
        number: u32,
        /// What it says now.
        content: Content,
        /// The platform's time of the change.
        edited_at: Timestamp,
    },
    /// The customer added the account as a friend (L5). No waiting work.
    Followed {
        /// They had blocked it before.
        unblocked: bool,
        /// A single-use right to answer free.
        reply_token: Option<String>,
        /// When it came here.
        received_at: Timestamp,
    },
    /// The customer blocked the account.
    Unfollowed,
    /// Failed too often; parked for a person (DESIGN 7).
    SetAside,
    /// A person put it back to work.
    TakenBack {
        /// Who.
        by: AgentId,
    },
    /// What the channel keeps beside the conversation is this now.
    ContextSeen {
        /// It.
        context: Context,
    },
    /// The window answered by itself; it will go out.
    AutoQueued(AutoQueued),
    /// An automatic answer was not sent in its time and is withdrawn.
    Lapsed {
        /// The message's number.
        number: u32,
    },
    /// The chat ended by itself or by its customer: the case is done.
    Ended {
        /// How it came to be.
        how: EndHow,
    },
    /// The bot in front of the window got the seat.
    BotSeated {
        /// The new epoch.
        epoch: u64,
        /// How it came to be.
        how: Seating,
        /// How long it may leave a message without an answer.
        answer_within_ms: i64,
    },
    /// The bot left the conversation to people: the seat is free, the case is not done.
    BotReleased {
        /// How.
        cause: Leaving,
    },
    /// The bot closed the case.
    BotCompleted,
    /// A memo of the bot; nobody changes it.
    BotNoteAdded {
        /// Its number in the conversation.
        number: u32,
        /// Its text.
        text: String,
    },
    /// The bot has taken what it was told.
    BotTold {
        /// The number of the letter.
        letter: u32,
    },
    /// The bot could not be told something; it waits for a person.
    LetterDied {
        /// The number of the letter.
        letter: u32,
        /// Why.
        why: DeadWhy,
    },
    /// What the bot could not be told waits for it again.
    LettersReplayed {
        /// The administrator.
        by: AgentId,
    },
    /// What the bot could not be told is forgotten.
    LettersDropped {
        /// Who put it away; `None` when it had become too old.
        by: Option<AgentId>,
        /// Only what died by then; everything where nothing is said.
        until: Option<Timestamp>,
    },
}

/// The beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Over which channel.
    pub channel: ChannelKind,
    /// The account it runs over.
    pub inbox: InboxId,
    /// The customer's identity on it.
    pub contact_point: ContactPointId,
    /// The customer's id on the platform; where answers go.
    pub external_id: String,
    /// What the channel keeps conversations apart by.
    pub thread: String,
}

/// A message from the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// The order in the conversation, for ever.
    pub number: u32,
    /// The platform's id of the event; the dedupe key.
    pub event_id: String,
    /// The platform's id of the message, if it has one.
    pub external_id: Option<String>,
    /// What was said.
    pub content: Content,
    /// The platform's time of the message.
    pub sent_at: Timestamp,
    /// When it came here.
    pub received_at: Timestamp,
    /// A single-use right to answer free.
    pub reply_token: Option<String>,
    /// It is older than one already shown, and says so.
    pub late: bool,
    /// The event as the platform wrote it, for kinds that a later release will understand.
    pub raw: Option<String>,
    /// With it the platform is told that this message, and all before it, were read.
    pub read_token: Option<String>,
}

/// The seat got a holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed {
    /// Who may answer now.
    pub agent: AgentId,
    /// The new epoch.
    pub epoch: u64,
    /// How it came to be.
    pub how: ClaimHow,
}

/// How a seat was come by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClaimHow {
    /// 対応開始 on a free seat.
    Started,
    /// 対応開始 on a done conversation.
    Resumed,
    /// A hand-over was accepted.
    HandedOver {
        /// The giver.
        from: AgentId,
    },
    /// Taken from another holder.
    TakenOver {
        /// Who held it; `None` for the bot.
        from: Option<AgentId>,
        /// Why, in the taker's words.
        reason: Option<String>,
    },
}

/// How an offer ended without a change of holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HandoverEnd {
    /// The colleague said no.
    Declined,
    /// The colleague did not answer.
    TimedOut,
    /// The giver thought better of it.
    Withdrawn,
    /// The seat moved on in another way.
    Overtaken,
}

/// An answer on its way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    /// The order in the conversation.
    pub number: u32,
    /// Who wrote it.
    pub author: Author,
    /// The author's own id for it; the same id with the same content is the same message.
    pub client_id: String,
    /// What is said.
    pub content: Content,
    /// The key under which the platform recognises a repeated push. It does not change.
    pub retry_key: u128,
    /// What goes with it.
    pub dress: Dress,
}
