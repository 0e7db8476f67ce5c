//! A conversation as lists and desks show it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody answers it yet (未対応).
    New,
    /// Somebody holds the seat (対応中).
    InProgress,
    /// The case is closed (対応完了).
    Done,
}

/// How the customer reaches us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// LINE.
    Line,
    /// A LINE WORKS bot.
    Lineworks,
    /// Mail.
    Mail,
    /// Another system, by signed webhooks.
    Bot,
}

/// One case with one customer over one inbox, for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Conversation {
    /// Its id.
    pub id: String,
    /// The window it is in.
    pub window: String,
    /// The account it runs over.
    pub inbox: String,
    /// How the customer reaches us.
    pub channel: Channel,
    /// The customer's identity on the account.
    pub contact_point: ContactPoint,
    /// The person in the directory, once known.
    pub contact: Option<ContactRef>,
    /// Where it stands.
    pub status: Status,
    /// Who is responsible.
    pub assignee: Option<String>,
    /// The right to answer; null while it is free.
    pub seat: Option<Seat>,
    /// Who held the seat before it fell free by itself.
    pub former_holder: Option<String>,
    /// The highest number of a message or memo.
    pub last_number: u32,
    /// Answers that have not gone out yet.
    pub waiting_to_send: usize,
    /// The oldest customer message that no person has answered.
    pub waiting_since: Option<String>,
    /// Until then an answer goes free of charge; null where there is no right to one. The time may have passed.
    #[serde(default)]
    pub free_answer_until: Option<String>,
    /// What it is about in the customer's words, on channels that say such a thing.
    #[serde(default)]
    pub subject: Option<String>,
    /// Parked after repeated failures; only reading works.
    pub set_aside: bool,
    /// The record of the window's stream that last moved it.
    pub position: u64,
    /// When it began.
    pub opened_at: String,
    /// When it last changed.
    pub updated_at: String,
}

/// A customer's identity on one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContactPoint {
    /// Its id.
    pub id: String,
    /// The customer's name on the channel, once known.
    pub name: Option<String>,
    /// Where their picture on the channel is, once known.
    #[serde(default)]
    pub picture_url: Option<String>,
    /// They have blocked the account; what is sent will not arrive.
    #[serde(default)]
    pub blocked: bool,
}

/// A person in the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContactRef {
    /// Their id.
    pub id: String,
    /// Their name.
    pub name: String,
}

/// The right to answer, while somebody has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Seat {
    /// Who has it; null for the bot in front of the window.
    pub agent: Option<String>,
    /// Goes into every command that needs the seat.
    pub epoch: u64,
    /// A hand-over that waits for its answer.
    pub offer: Option<Offer>,
    /// The holder is gone from every desk.
    pub away: Option<Away>,
    /// The holder has been away so long that any member may claim.
    pub claimable: bool,
}

/// A hand-over that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Offer {
    /// The giver, who keeps the seat until the offer is accepted.
    pub from: String,
    /// The colleague asked.
    pub to: String,
    /// When it goes back by itself.
    pub expires_at: String,
    /// What the giver says.
    pub note: Option<String>,
}

/// The holder is gone from every desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Away {
    /// Since when.
    pub since: String,
    /// From then on any member may claim.
    pub claimable_at: String,
    /// Then the conversation goes back to new.
    pub expires_at: String,
}
