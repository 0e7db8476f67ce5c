//! What a channel can carry, as data: declared once by its adapter, told to desks before anything is sent, and applied
//! to every answer when it is accepted.
//!
//! What is not declared here cannot be sent. Nothing in here is a matter of one account: what settings decide stands
//! beside it on the wire.

mod check;

use crate::domain::content::{MediaKind, Native};
use crate::domain::rejected::Rejected;

/// Everything that one channel can carry.
#[derive(Clone, Copy, Debug)]
pub struct Capabilities {
    /// Plain text.
    pub text: Length,
    /// The stickers that may be sent; none where the channel has no stickers.
    pub stickers: &'static [StickerPackage],
    /// Pictures, films, recordings and files; a kind that is not here cannot be sent.
    pub media: &'static [MediaRule],
    /// Places.
    pub location: Option<PlaceRule>,
    /// Cards with buttons.
    pub cards: Option<CardsRule>,
    /// Messages in the platform's own language.
    pub native: Option<NativeRule>,
    /// Buttons below an answer.
    pub quick_replies: Option<ButtonsRule>,
    /// The name under which an answer may appear.
    pub sender_name: Option<Length>,
    /// Most bubbles of one call.
    pub bubbles_a_call: usize,
    /// What can be done besides sending.
    pub features: Features,
}

/// What can be done besides sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Answers are mails: to recipients and with a subject that follow from what they answer.
    pub mail: bool,
}

/// How a platform counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// UTF-16 code units.
    Utf16,
    /// Characters as people see them.
    Graphemes,
}

/// A text that is not blank, of at most so many units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// How many.
    pub most: usize,
    /// Of what.
    pub unit: Unit,
}

/// Stickers of one package, whose ids follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StickerPackage {
    /// Its id.
    pub package_id: u32,
    /// The id of its first sticker.
    pub first: u32,
    /// The id of its last sticker.
    pub last: u32,
}

/// One kind of media.
#[derive(Clone, Copy, Debug)]
pub struct MediaRule {
    /// Which.
    pub kind: MediaKind,
    /// The media types that are carried; empty for all.
    pub formats: &'static [&'static str],
    /// The largest, in bytes.
    pub most_bytes: u64,
    /// It needs a small picture.
    pub needs_preview: bool,
    /// It needs to be known how long it plays.
    pub needs_duration: bool,
    /// The customer gets a link to it instead of the thing.
    pub as_link: bool,
}

/// A place.
#[derive(Clone, Copy, Debug)]
pub struct PlaceRule {
    /// What it is called.
    pub title: Length,
    /// Its address.
    pub address: Length,
}

/// Cards.
#[derive(Clone, Copy, Debug)]
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
#[derive(Clone, Copy, Debug)]
pub struct CardRule {
    /// What it says, without heading and picture.
    pub text: Length,
    /// What it says beside a heading or a picture.
    pub text_beside: Length,
    /// Its buttons; one at least.
    pub actions: ButtonsRule,
}

/// Buttons.
#[derive(Clone, Copy, Debug)]
pub struct ButtonsRule {
    /// Most of them.
    pub most: usize,
    /// What stands on one.
    pub label: Length,
    /// What the customer says by it.
    pub say: Length,
    /// What we are told by it.
    pub data: Length,
    /// What is then shown as said.
    pub display: Length,
    /// The address that it opens.
    pub url: Length,
    /// How such an address may begin.
    pub schemes: &'static [&'static str],
}

/// Messages in the platform's own language.
#[derive(Clone, Copy, Debug)]
pub struct NativeRule {
    /// The platform's word for the kind of message.
    pub kind: &'static str,
    /// What stands for it where it cannot be shown.
    pub alt_text: Length,
    /// The largest part that is shown as one, in bytes of JSON.
    pub most_bytes_one: usize,
    /// The largest of several parts side by side, in bytes of JSON.
    pub most_bytes_several: usize,
    /// Most parts side by side.
    pub most_parts: usize,
    /// The adapter's look at it.
    pub check: fn(&Native, &Self) -> Result<(), Rejected>,
}
