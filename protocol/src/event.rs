//! What happened, as every reader of a window hears it. One list a record, in order.
//!
//! Enough to keep a list and its timelines: a snapshot and the events after it make the later snapshot.

use serde::{Deserialize, Serialize};

use crate::api::{Away, Failure, Message, MessageState, Offer};

/// One thing that happened in a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A customer wrote for the first time.
    Opened {
        /// The new conversation.
        conversation: String,
        /// The account it runs over.
        inbox: String,
        /// The customer's identity on it.
        contact_point: String,
    },
    /// A line was added to a timeline.
    Message {
        /// The conversation.
        conversation: String,
        /// The line.
        message: Message,
    },
    /// What became of an answer.
    MessageState {
        /// The conversation.
        conversation: String,
        /// The line.
        number: u32,
        /// What became of it.
        state: MessageState,
        /// It went as a free answer.
        free: bool,
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<Failure>,
    },
    /// The customer took a message back.
    TakenBack {
        /// The conversation.
        conversation: String,
        /// The line; its content is to be hidden.
        number: u32,
    },
    /// A memo was rewritten.
    NoteEdited {
        /// The conversation.
        conversation: String,
        /// The line.
        number: u32,
        /// Its text now.
        text: String,
    },
    /// A memo was removed.
    NoteDeleted {
        /// The conversation.
        conversation: String,
        /// The line.
        number: u32,
    },
    /// A done conversation is new again.
    Reopened {
        /// The conversation.
        conversation: String,
    },
    /// The seat got a holder; the conversation is in progress.
    Claimed {
        /// The conversation.
        conversation: String,
        /// Who may answer now.
        agent: String,
        /// Under which epoch.
        epoch: u64,
        /// How it came to be.
        how: ClaimHow,
        /// Who had it before, where somebody had.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// Why it was taken over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The seat is free; the conversation is new.
    Released {
        /// The conversation.
        conversation: String,
        /// Who had it.
        agent: String,
        /// Why it is free.
        cause: ReleaseCause,
    },
    /// The case is closed; the seat is free.
    Completed {
        /// The conversation.
        conversation: String,
        /// Who closed it; null when nobody started it in time.
        by: Option<String>,
    },
    /// The holder asks a colleague to take over.
    HandoverOffered {
        /// The conversation.
        conversation: String,
        /// The offer.
        offer: Offer,
    },
    /// The offer ended; the giver keeps the seat, or it has moved in another way.
    HandoverEnded {
        /// The conversation.
        conversation: String,
        /// How.
        how: HandoverEnd,
    },
    /// The person responsible changed.
    Assigned {
        /// The conversation.
        conversation: String,
        /// Who is responsible now.
        assignee: Option<String>,
        /// Who said so; null where it followed from something else.
        by: Option<String>,
    },
    /// The holder is gone from every desk.
    HolderAway {
        /// The conversation.
        conversation: String,
        /// Since when, and what follows.
        away: Away,
    },
    /// The holder is back.
    HolderReturned {
        /// The conversation.
        conversation: String,
    },
    /// From now on any member may claim.
    SeatClaimable {
        /// The conversation.
        conversation: String,
    },
    /// The customer's name is known, or changed.
    Named {
        /// The conversation.
        conversation: String,
        /// The name.
        name: String,
    },
    /// Parked after repeated failures.
    SetAside {
        /// The conversation.
        conversation: String,
    },
    /// Back at work.
    PutBack {
        /// The conversation.
        conversation: String,
    },
    /// An agent works here now.
    MemberAdded {
        /// Who.
        agent: String,
    },
    /// An agent does not work here any more.
    MemberRemoved {
        /// Who.
        agent: String,
    },
    /// The window's settings changed; to be read anew.
    SettingsChanged,
    /// A body waits (要確認).
    RawWaits {
        /// Its id.
        raw: String,
    },
    /// A body does not wait any more.
    RawSettled {
        /// Its id.
        raw: String,
    },
}

/// How a seat was come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimHow {
    /// 対応開始 on a free seat.
    Started,
    /// 対応開始 on a done conversation.
    Resumed,
    /// A hand-over was accepted.
    HandedOver,
    /// Taken from another holder.
    TakenOver,
}

/// Why a seat is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseCause {
    /// Put back (未対応に戻す).
    Returned,
    /// Away too long.
    Away,
    /// Logged out.
    LoggedOut,
    /// Left the window.
    LeftWindow,
}

/// How an offer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoverEnd {
    /// The colleague said no.
    Declined,
    /// The colleague did not answer.
    TimedOut,
    /// The giver took it back, or ended in another way.
    Withdrawn,
    /// The seat moved on.
    Overtaken,
}
