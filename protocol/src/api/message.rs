//! A line of a timeline.

use serde::{Deserialize, Serialize};

use crate::is_false;
use utoipa::ToSchema;

use super::content::{Action, Card, Degrees, Medium, NewCard, NewMedium};
use super::hours::AnswerKind;
use super::mail_in::Mail;
use super::mail_out::{Copy, NewMail};

/// A message or memo of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// The order in the conversation, for ever.
    pub number: u32,
    /// Which way it goes.
    pub direction: Direction,
    /// What it says now.
    pub content: Content,
    /// What became of it; null for memos.
    pub state: Option<MessageState>,
    /// Who wrote it; null for the customer, for automatic answers and for the bot.
    pub agent: Option<String>,
    /// The bot in front of the window wrote it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub bot: bool,
    /// The author's own id for it.
    pub client_id: Option<String>,
    /// When it was said: the platform's time for inbound, ours for the rest.
    pub at: String,
    /// It came after newer ones.
    #[serde(default, skip_serializing_if = "is_false")]
    pub late: bool,
    /// The customer took it back.
    #[serde(default, skip_serializing_if = "is_false")]
    pub taken_back: bool,
    /// Its author rewrote it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub edited: bool,
    /// Its author removed it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deleted: bool,
    /// It went as a free answer.
    #[serde(default, skip_serializing_if = "is_false")]
    pub free: bool,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The buttons that the customer was given below it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quick_replies: Vec<Action>,
    /// What became of each recipient's copy, on channels where each has one: To first, then Cc.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<Copy>,
    /// Which of its automatic answers the window gave, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatic: Option<AnswerKind>,
}

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the customer.
    Inbound,
    /// To the customer.
    Outbound,
    /// Between colleagues.
    Note,
    /// From the product itself.
    System,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// From the customer, recorded.
    Received,
    /// Accepted, waiting its turn.
    Queued,
    /// The first byte may be on the wire; it cannot be cancelled any more.
    Sending,
    /// Waits for the customer to write again (未送信).
    Unsent,
    /// The platform took it.
    Sent,
    /// It reached the customer.
    Delivered,
    /// The customer saw it.
    Read,
    /// The platform refused it for good (失敗).
    Failed,
    /// Nobody can know whether it arrived (不明).
    Unknown,
    /// Withdrawn before it went out.
    Cancelled,
}

/// Why a message failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Failure {
    /// The platform said no to this message.
    Refused {
        /// The platform's status.
        status: u16,
        /// The platform's own words.
        detail: String,
    },
    /// The account's token or rights do not suffice.
    Unauthorised {
        /// The platform's status.
        status: u16,
    },
    /// The month's messages are used up.
    QuotaEmpty,
    /// It was not accepted within the time that a retry is safe.
    GaveUp,
    /// The account is gone or cannot send.
    InboxGone,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    /// Plain text.
    Text {
        /// The text.
        text: String,
    },
    /// Something that this release cannot show.
    Other {
        /// The channel's word for it, such as `sticker`.
        kind: String,
        /// A line that says what it was.
        summary: String,
    },
    /// The content was removed; number and time stay.
    Redacted,
    /// A sticker.
    Sticker {
        /// The package that it belongs to.
        package_id: String,
        /// The sticker in the package.
        sticker_id: String,
        /// The words printed on it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// A picture.
    Image(Medium),
    /// A film.
    Video(Medium),
    /// A recording.
    Audio(Medium),
    /// Any other file.
    File(Medium),
    /// A place.
    Location {
        /// What it is called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// Its address in words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
        /// Degrees north.
        #[schema(value_type = f64)]
        latitude: Degrees,
        /// Degrees east.
        #[schema(value_type = f64)]
        longitude: Degrees,
    },
    /// Cards with buttons, side by side.
    Cards {
        /// The cards.
        cards: Vec<Card>,
    },
    /// A message in the platform's own language.
    Native {
        /// What stands for it where it cannot be shown.
        alt_text: String,
    },
    /// A mail.
    Mail(Box<Mail>),
}

/// What an agent wants to say. What a channel can carry, and how much of it, is told by the capabilities of the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum NewContent {
    /// Plain text; at most 24,996 UTF-16 units.
    Text {
        /// The text.
        text: String,
    },
    /// A sticker, one of those that the capabilities list.
    Sticker {
        /// The package that it belongs to.
        package_id: String,
        /// The sticker in the package.
        sticker_id: String,
    },
    /// A picture.
    Image(NewMedium),
    /// A film.
    Video(NewMedium),
    /// A recording.
    Audio(NewMedium),
    /// Any other file.
    File(NewMedium),
    /// A place.
    Location {
        /// What it is called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// Its address in words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
        /// Degrees north.
        #[schema(value_type = f64)]
        latitude: Degrees,
        /// Degrees east.
        #[schema(value_type = f64)]
        longitude: Degrees,
    },
    /// Cards with buttons, side by side.
    Cards {
        /// The cards.
        cards: Vec<NewCard>,
    },
    /// An answer by mail. A text is one too, where the conversation runs over mail.
    Mail(NewMail),
    /// A message in the platform's own language; over LINE a flex message.
    Native {
        /// What stands for it where it cannot be shown.
        alt_text: String,
        /// The message.
        message: serde_json::Value,
    },
}
