//! What happened in a window, as sockets tell it: the facts of the journal without what is nobody's business at a desk.
//!
//! Together with a snapshot these events are enough to know every conversation of a window; `docs/socket-protocol.md`
//! says how each moves a row. Never in here: reply tokens, retry keys, platform ids, raw bodies.
//! Clients leave out events whose `type` they do not know.

mod how;

use serde::{Deserialize, Serialize};

use crate::api::{
    Answers, Away, Channel, ClosedPeriod, ContactPoint, Content, Copy, Failure, File, Hours, Maintenance, MediaLoss,
    Message, Offer, RawReason, WindowBot, WindowPicture, WindowSettings,
};
use crate::is_false;

pub use how::{BotLeaving, BotSeating, ClaimHow, EndHow, HandoverEnd, RawEnd, ReleaseCause};

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A customer wrote for the first time: a row begins, `new` and with a free seat.
    Opened {
        /// The conversation.
        conversation: String,
        /// The account it runs over.
        inbox: String,
        /// How the customer reaches us.
        channel: Channel,
        /// The customer's identity on the account.
        contact_point: ContactPoint,
    },
    /// The customer wrote.
    Received {
        /// The conversation.
        conversation: String,
        /// What they wrote.
        message: Message,
        /// When it came here; the row's `waiting_since` where that was null.
        received_at: String,
        /// It brought the right to one free answer; the row's `free_answer_until` counts from `received_at`.
        #[serde(default, skip_serializing_if = "is_false")]
        free_answer: bool,
    },
    /// A done conversation became new, because its customer wrote.
    Reopened {
        /// The conversation.
        conversation: String,
    },
    /// The seat got a holder; the row is `in_progress`.
    Claimed {
        /// The conversation.
        conversation: String,
        /// Who may answer now.
        agent: String,
        /// The new epoch.
        epoch: u64,
        /// How it came to be.
        how: ClaimHow,
    },
    /// The seat became free; the row is `new`.
    Released {
        /// The conversation.
        conversation: String,
        /// Who held it; the row's `former_holder`, except after `returned`.
        agent: String,
        /// Why.
        cause: ReleaseCause,
    },
    /// The case is done; the seat is free and nobody waits.
    Completed {
        /// The conversation.
        conversation: String,
        /// Who ended it; null when nobody started it in time.
        by: Option<String>,
    },
    /// The holder asks a colleague to take over.
    HandoverOffered {
        /// The conversation.
        conversation: String,
        /// Goes into the seat.
        offer: Offer,
    },
    /// The offer ended without a change of holder.
    HandoverEnded {
        /// The conversation.
        conversation: String,
        /// How it ended.
        how: HandoverEnd,
    },
    /// The person responsible changed.
    Assigned {
        /// The conversation.
        conversation: String,
        /// Who is responsible now.
        assignee: Option<String>,
        /// Who said so; null when it followed from something else.
        by: Option<String>,
    },
    /// An answer was accepted. A person's answer ends the waiting.
    Queued {
        /// The conversation.
        conversation: String,
        /// The answer.
        message: Message,
    },
    /// The first byte of an answer may be on the wire.
    SendStarted {
        /// The conversation.
        conversation: String,
        /// The answer.
        number: u32,
        /// It takes the right to one free answer; the row has none any more.
        #[serde(default, skip_serializing_if = "is_false")]
        free: bool,
    },
    /// There is no way to send it now; it goes when the customer writes again (未送信).
    HeldBack {
        /// The conversation.
        conversation: String,
        /// The answer.
        number: u32,
    },
    /// It is known not to have gone; it waits again.
    SendAbandoned {
        /// The conversation.
        conversation: String,
        /// The answer.
        number: u32,
    },
    /// The right to one free answer was not used up after all; the row has it again, unless a newer one came.
    FreeAnswerBack {
        /// The conversation.
        conversation: String,
        /// When the message came that brought it.
        received_at: String,
    },
    /// The platform took it.
    Sent {
        /// The conversation.
        conversation: String,
        /// The answer.
        number: u32,
        /// As a free answer.
        free: bool,
    },
    /// The platform refused it for good.
    Failed {
        /// The conversation.
        conversation: String,
        /// The answer.
        number: u32,
        /// Why.
        failure: Failure,
    },
    /// Nobody can know whether it arrived.
    Unknown {
        /// The conversation.
        conversation: String,
        /// The answer.
        number: u32,
    },
    /// Withdrawn before it went out.
    Cancelled {
        /// The conversation.
        conversation: String,
        /// The answer.
        number: u32,
        /// Who withdrew it.
        by: String,
    },
    /// A memo.
    NoteAdded {
        /// The conversation.
        conversation: String,
        /// The memo.
        message: Message,
    },
    /// Its author rewrote a memo.
    NoteEdited {
        /// The conversation.
        conversation: String,
        /// The memo.
        number: u32,
        /// What it says now.
        content: Content,
    },
    /// Its author removed a memo; its content is redacted.
    NoteDeleted {
        /// The conversation.
        conversation: String,
        /// The memo.
        number: u32,
    },
    /// The holder left every desk.
    HolderAway {
        /// The conversation.
        conversation: String,
        /// Goes into the seat.
        away: Away,
    },
    /// The holder came back.
    HolderReturned {
        /// The conversation.
        conversation: String,
    },
    /// From now on any member may claim.
    SeatClaimable {
        /// The conversation.
        conversation: String,
    },
    /// The customer took a message back; its content is redacted.
    Unsent {
        /// The conversation.
        conversation: String,
        /// The message; null when it has not arrived.
        number: Option<u32>,
    },
    /// The customer's name is known, or changed.
    NameSeen {
        /// The conversation.
        conversation: String,
        /// The name.
        name: String,
    },
    /// The customer's picture is known, or changed.
    PictureSeen {
        /// The conversation.
        conversation: String,
        /// Where it is; null where there is none any more.
        picture_url: Option<String>,
    },
    /// The bytes of a message are here.
    MediaStored {
        /// The conversation.
        conversation: String,
        /// The message.
        number: u32,
        /// Goes into the content, whose `lost` is null.
        file: File,
    },
    /// The bytes of a message cannot be had.
    MediaLost {
        /// The conversation.
        conversation: String,
        /// The message.
        number: u32,
        /// Goes into the content's `lost`.
        why: MediaLoss,
    },
    /// The customer rewrote a message.
    Edited {
        /// The conversation.
        conversation: String,
        /// The message.
        number: u32,
        /// What it says now.
        content: Content,
    },
    /// The customer added the account as a friend, or unblocked it.
    Followed {
        /// The conversation.
        conversation: String,
        /// They had blocked it.
        unblocked: bool,
        /// When it came here.
        received_at: String,
        /// It brought the right to one free answer; the row's `free_answer_until` counts from `received_at`.
        #[serde(default, skip_serializing_if = "is_false")]
        free_answer: bool,
    },
    /// The customer blocked the account.
    Unfollowed {
        /// The conversation.
        conversation: String,
    },
    /// Parked after repeated failures.
    SetAside {
        /// The conversation.
        conversation: String,
    },
    /// Put back to work.
    TakenBack {
        /// The conversation.
        conversation: String,
        /// Who did it.
        by: String,
    },
    /// What the conversation is about changed.
    SubjectSeen {
        /// The conversation.
        conversation: String,
        /// In the customer's words; null where nothing is said.
        subject: Option<String>,
    },
    /// The copies of an answer, one a recipient, stand like this now.
    CopiesChanged {
        /// The conversation.
        conversation: String,
        /// The answer.
        number: u32,
        /// All of them.
        copies: Vec<Copy>,
    },
    /// The window itself began.
    WindowOpened {
        /// What customers see.
        name: String,
        /// How many agents it may hold.
        places: u16,
    },
    /// An agent became a member.
    AgentAdded {
        /// Who.
        agent: String,
    },
    /// An agent left.
    AgentRemoved {
        /// Who.
        agent: String,
    },
    /// The window works differently now.
    SettingsChanged {
        /// How.
        settings: WindowSettings,
    },
    /// A customer's identity was seen for the first time.
    ContactPointSeen {
        /// Its name here.
        contact_point: String,
        /// The account.
        inbox: String,
    },
    /// A body that could not be interpreted at once was stored whole (要確認).
    RawAccepted {
        /// Its id.
        raw: String,
        /// The account it came over.
        inbox: String,
        /// When it came.
        received_at: String,
        /// Why it was stored whole.
        reason: RawReason,
    },
    /// A stored body waits no more.
    RawSettled {
        /// Its id.
        raw: String,
        /// How it ended.
        how: RawEnd,
    },
    /// The chat ended by itself or by its customer: the case is done, the seat is free and nobody waits.
    Ended {
        /// The conversation.
        conversation: String,
        /// How it came to be.
        how: EndHow,
    },
    /// An automatic answer was not sent in its time and is withdrawn; its state is `cancelled`.
    Lapsed {
        /// The conversation.
        conversation: String,
        /// The answer.
        number: u32,
    },
    /// The window has other hours now.
    HoursChanged {
        /// Which.
        hours: Hours,
    },
    /// The window says other things by itself now.
    AnswersChanged {
        /// Which.
        answers: Answers,
    },
    /// Days on which the window is closed were added.
    ClosedPeriodAdded {
        /// Which.
        period: ClosedPeriod,
    },
    /// Days on which the window was to be closed were removed, or are over.
    ClosedPeriodRemoved {
        /// The period.
        period: String,
    },
    /// The switch of maintenance was turned, or its text changed.
    MaintenanceChanged {
        /// How it stands now.
        maintenance: Maintenance,
    },
    /// The window is called or described otherwise, or has another picture. All of it as it is now.
    WindowChanged {
        /// What customers see.
        name: String,
        /// What it is for.
        description: String,
        /// Its picture.
        picture: Option<WindowPicture>,
    },
    /// The window holds another number of agents.
    PlacesChanged {
        /// How many.
        places: u16,
    },
    /// The window was reset (初期化). It is the last event of the window: forget everything of it.
    WindowReset,
    /// The bot got the seat; the row is `in_progress`, and its seat has no agent.
    BotSeated {
        /// The conversation.
        conversation: String,
        /// The new epoch.
        epoch: u64,
        /// How it came to be.
        how: BotSeating,
    },
    /// The bot left the conversation to people; the row is `new`.
    BotReleased {
        /// The conversation.
        conversation: String,
        /// Why.
        cause: BotLeaving,
    },
    /// The bot closed the case; the seat is free and nobody waits.
    BotCompleted {
        /// The conversation.
        conversation: String,
    },
    /// Another bot stands in front of the window, or none.
    BotChanged {
        /// Which.
        bot: Option<WindowBot>,
    },
}

impl Event {
    /// The conversation it belongs to; `None` for events of the window.
    #[must_use]
    pub fn conversation(&self) -> Option<&str> {
        match self {
            Self::Opened { conversation, .. }
            | Self::Received { conversation, .. }
            | Self::Reopened { conversation }
            | Self::Claimed { conversation, .. }
            | Self::Released { conversation, .. }
            | Self::Completed { conversation, .. }
            | Self::HandoverOffered { conversation, .. }
            | Self::HandoverEnded { conversation, .. }
            | Self::Assigned { conversation, .. }
            | Self::Queued { conversation, .. }
            | Self::SendStarted { conversation, .. }
            | Self::SendAbandoned { conversation, .. }
            | Self::FreeAnswerBack { conversation, .. }
            | Self::Sent { conversation, .. }
            | Self::Failed { conversation, .. }
            | Self::Unknown { conversation, .. }
            | Self::Cancelled { conversation, .. }
            | Self::NoteAdded { conversation, .. }
            | Self::NoteEdited { conversation, .. }
            | Self::NoteDeleted { conversation, .. }
            | Self::HolderAway { conversation, .. }
            | Self::HolderReturned { conversation }
            | Self::SeatClaimable { conversation }
            | Self::Unsent { conversation, .. }
            | Self::NameSeen { conversation, .. }
            | Self::HeldBack { conversation, .. }
            | Self::PictureSeen { conversation, .. }
            | Self::MediaStored { conversation, .. }
            | Self::MediaLost { conversation, .. }
            | Self::Edited { conversation, .. }
            | Self::Followed { conversation, .. }
            | Self::Unfollowed { conversation }
            | Self::SetAside { conversation }
            | Self::TakenBack { conversation, .. }
            | Self::SubjectSeen { conversation, .. }
            | Self::CopiesChanged { conversation, .. }
            | Self::Ended { conversation, .. }
            | Self::Lapsed { conversation, .. }
            | Self::BotSeated { conversation, .. }
            | Self::BotReleased { conversation, .. }
            | Self::BotCompleted { conversation } => Some(conversation),
            Self::WindowOpened { .. }
            | Self::AgentAdded { .. }
            | Self::AgentRemoved { .. }
            | Self::SettingsChanged { .. }
            | Self::ContactPointSeen { .. }
            | Self::RawAccepted { .. }
            | Self::RawSettled { .. }
            | Self::HoursChanged { .. }
            | Self::AnswersChanged { .. }
            | Self::ClosedPeriodAdded { .. }
            | Self::ClosedPeriodRemoved { .. }
            | Self::MaintenanceChanged { .. }
            | Self::WindowChanged { .. }
            | Self::PlacesChanged { .. }
            | Self::WindowReset
            | Self::BotChanged { .. } => None,
        }
    }
}
