//! What can be sent over an account, told before anything is sent; answers are checked by the same rules.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::conversation::Channel;

/// `GET /api/v1/inboxes/{inbox}/capabilities`. What is null or missing cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Capabilities {
    /// The channel.
    pub channel: Channel,
    /// Plain text.
    pub text: Length,
    /// The stickers that may be sent.
    pub stickers: Vec<StickerPackage>,
    /// Pictures.
    pub image: Option<MediaRule>,
    /// Films.
    pub video: Option<MediaRule>,
    /// Recordings.
    pub audio: Option<MediaRule>,
    /// Any other files.
    pub file: Option<MediaRule>,
    /// Places.
    pub location: Option<LocationRule>,
    /// Cards.
    pub cards: Option<CardsRule>,
    /// Messages in the platform's own language.
    pub native: Option<NativeRule>,
    /// Buttons below any answer.
    pub quick_replies: Option<ButtonsRule>,
    /// What goes into one free answer, in messages as the platform counts them.
    pub messages_a_call: usize,
    /// Whether each message of the customer lets one answer go free of charge; see `free_answer_until`.
    pub free_answers: bool,
    /// Whether answers may go at any time; for money where `metered`.
    pub paid_answers: bool,
    /// Whether the platform counts answers and takes money for them.
    pub metered: bool,
    /// What can be done besides sending.
    pub features: Features,
}

/// What can be done besides sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Features {
    /// Taking back what was sent.
    pub unsend: bool,
    /// Rewriting what was sent.
    pub edit: bool,
    /// Reacting to a message.
    pub react: bool,
    /// Knowing that a message reached the customer.
    pub delivered: bool,
    /// Knowing that the customer saw a message.
    pub seen: bool,
    /// Showing the customer that somebody is writing.
    pub typing: bool,
    /// Showing the customer that their message was read.
    pub mark_read: bool,
    /// Writing to somebody who never wrote.
    pub first_contact: bool,
}

/// How a platform counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// UTF-16 code units: what `length` says of a string in JavaScript.
    Utf16,
    /// Characters as people see them: extended grapheme clusters.
    Graphemes,
}

/// A text that is not blank, of at most so many units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Length {
    /// How many.
    pub most: usize,
    /// Of what.
    pub unit: Unit,
}

/// Stickers of one package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StickerPackage {
    /// Its id.
    pub package_id: String,
    /// Its stickers.
    pub sticker_ids: Vec<String>,
}

/// One kind of media, as it is sent; an upload in another format may be converted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MediaRule {
    /// The media types that are carried; empty for all.
    pub formats: Vec<String>,
    /// The largest, in bytes.
    pub most_bytes: u64,
    /// The customer gets a link to it instead of the thing.
    pub as_link: bool,
}

/// Places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LocationRule {
    /// What it is called.
    pub title: Length,
    /// Its address.
    pub address: Length,
}

/// Cards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardsRule {
    /// Most of them side by side.
    pub most: usize,
    /// A heading.
    pub title: Length,
    /// One alone.
    pub alone: CardRule,
    /// One of several; all of them have a heading or none, a picture or none, and as many buttons.
    pub among: CardRule,
}

/// A card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardRule {
    /// What it says, without heading and picture.
    pub text: Length,
    /// What it says beside a heading or a picture.
    pub text_beside: Length,
    /// Its buttons; one at least.
    pub actions: ButtonsRule,
}

/// Buttons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ButtonsRule {
    /// Most of them.
    pub most: usize,
    /// What stands on one.
    pub label: Length,
    /// What the customer says by it.
    pub text: Length,
    /// What we are told by it.
    pub data: Length,
    /// What is then shown as said.
    pub display: Length,
    /// The address that it opens.
    pub url: Length,
    /// How such an address may begin.
    pub schemes: Vec<String>,
}

/// Messages in the platform's own language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NativeRule {
    /// The platform's word for the kind of message.
    pub kind: String,
    /// What stands for it where it cannot be shown.
    pub alt_text: Length,
    /// The largest part that is shown as one, in bytes of JSON.
    pub most_bytes_one: usize,
    /// The largest of several parts side by side, in bytes of JSON.
    pub most_bytes_several: usize,
    /// Most parts side by side.
    pub most_parts: usize,
}
