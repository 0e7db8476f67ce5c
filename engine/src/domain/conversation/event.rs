//! Facts of one conversation, as they stand in the journal. A shape that changes gets a new version in `journal::codec`.

use serde::{Deserialize, Serialize};

use crate::domain::id::{AgentId, ContactPointId, InboxId};
use crate::domain::message::{Author, Content, FailureReason, Route};
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
    /// Failed too often; parked for a person (DESIGN 7).
    SetAside,
    /// A person put it back to work.
    TakenBack {
        /// Who.
        by: AgentId,
    },
}

/// The beginning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
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
}
