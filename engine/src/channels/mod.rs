//! Channels: each adapter turns the traffic of one platform into one inbound form, and an answer back into a call.
//!
//! Translation only. An adapter knows no window, no seat, no contact and no journal; it decides nothing about a
//! conversation. [`adapter`] is what is the same for all accounts of a channel, [`account`] one account's calls,
//! [`network`] the way from settings to an account. A new channel is a folder here and a line in each of [`of`] and
//! `network`; docs/channels.md has the whole list.

pub mod account;
pub mod adapter;
pub mod availability;
pub mod backoff;
pub mod bot;
pub mod capabilities;
pub mod examine;
pub(crate) mod http;
pub(crate) mod json;
pub mod line;
pub mod lineworks;
pub mod mail;
pub mod media;
pub(crate) mod network;
pub(crate) mod outside;
pub mod public;
pub mod signed;
pub mod signing;
pub mod tokens;
pub(crate) mod words;

pub use account::{Account, Bubble, CopyOutcome, CopyParcel, Established, Outcome, Parcel, Platform, TYPING_MS, Wish};
pub use adapter::{Adapter, Delivered, Flaw, Header, NotABody, Parsed, ParsedEvent, Traits};
pub(crate) use network::Network;

use crate::domain::org::ChannelKind;

/// The adapter of a channel.
#[must_use]
pub fn of(kind: ChannelKind) -> &'static dyn Adapter {
    match kind {
        ChannelKind::Line => &line::adapter::Line,
        ChannelKind::LineWorks => &lineworks::adapter::LineWorks,
        ChannelKind::Mail => &mail::adapter::Mail,
        ChannelKind::Bot => &bot::adapter::Bot,
    }
}
