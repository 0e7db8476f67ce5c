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

#[cfg(test)]
mod tests {
    use std::path::Path;

    fn named_in(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.to_string_lossy().contains("test") {
                continue;
            }
            if path.is_dir() {
                named_in(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap().replace("ChannelKind::default()", "");
            let names = ["ChannelKind::", "InboxSettings", "lineworks", "LineWorks"];
            found.extend(names.iter().filter(|name| text.contains(**name)).map(|name| format!("{path:?}: {name}")));
        }
    }

    /// A new channel is a new folder; a special case would be found here.
    #[test]
    fn no_rule_of_conversations_or_windows_names_a_channel() {
        let domain = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain");
        let mut found = Vec::new();
        for folder in ["conversation", "window"] {
            named_in(&domain.join(folder), &mut found);
        }
        assert!(found.is_empty(), "{found:#?}");
    }
}
