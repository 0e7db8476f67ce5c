//! What goes over a bot channel: events of customers in, answers out. Both are signed webhooks after Standard Webhooks;
//! `docs/bots.md` is the contract as a page.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The body of a webhook from the other system: one event. Its headers are `webhook-id`, `webhook-timestamp` and
/// `webhook-signature`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BotChannelEvent {
    /// The event's id at the other system, 1 to 256 bytes: what comes again under it is shown once.
    pub id: String,
    /// When it happened, after RFC 3339; the time of receipt without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The customer.
    pub contact: BotChannelContact,
    /// What happened.
    #[serde(flatten)]
    pub what: BotChannelHappened,
}

/// A customer of the other system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BotChannelContact {
    /// Their id there, 1 to 256 bytes. One conversation each.
    pub id: String,
    /// What they are called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where their picture is; https. Looked at only beside a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture_url: Option<String>,
}

/// What happened at the other system. A type that is not here becomes a line that says so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type")]
pub enum BotChannelHappened {
    /// The customer wrote.
    #[serde(rename = "message")]
    Message {
        /// What.
        message: BotChannelMessage,
    },
    /// The customer rewrote a text.
    #[serde(rename = "message.edited")]
    Edited {
        /// The id of the event that brought it.
        message_id: String,
        /// What it says now.
        message: BotChannelMessage,
    },
    /// The customer took a message back.
    #[serde(rename = "message.taken_back")]
    TakenBack {
        /// The id of the event that brought it.
        message_id: String,
    },
    /// The customer opened the conversation, or came back to it; they are greeted.
    #[serde(rename = "contact.joined")]
    Joined,
    /// Nothing reaches the customer any more.
    #[serde(rename = "contact.left")]
    Left,
}

/// What a customer wrote, or is to be told. Customers are never told stickers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum BotChannelMessage {
    /// Words.
    Text {
        /// Up to 24,996 UTF-16 units in, 10,000 out.
        text: String,
    },
    /// A picture.
    Image(BotChannelFile),
    /// A film.
    Video(BotChannelFile),
    /// A recording.
    Audio(BotChannelFile),
    /// Any other file.
    File(BotChannelFile),
    /// A sticker, by LINE's numbers. Stickers of other systems come as pictures.
    Sticker {
        /// The package.
        package_id: String,
        /// The sticker.
        sticker_id: String,
        /// The words on it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// A place.
    Location {
        /// What it is called.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// Its address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
    },
}

/// A file at an address that needs no login and cannot be guessed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BotChannelFile {
    /// Where it is; https. It is fetched soon, once; what we send can be fetched as long as it is kept here.
    pub url: String,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many bytes it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Its media type; only told, never believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// How long it plays, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u32>,
}

/// The body of a webhook to the other system. The same `id` is the same answer: it is to be shown once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BotChannelDelivery {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: BotChannelDeliveryType,
    /// As in `webhook-id`: the same at every try.
    pub id: String,
    /// When the answer was accepted here; of a test, when it was made.
    pub at: String,
    /// Whom it is for; null for `ping`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<BotChannelContact>,
    /// The answer; null for `ping`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<BotChannelMessage>,
}

/// What a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BotChannelDeliveryType {
    /// An answer for a customer.
    Answer,
    /// A test of the connection.
    Ping,
}
