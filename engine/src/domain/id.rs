//! Names of things. Ids are opaque to everybody outside; only [`WindowId`] is chosen by people.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::rejected::Rejected;

/// A text that is not an id of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct NotAnId;

macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u128);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&Ulid(self.0), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                Ulid::from_string(text).map(|u| Self(u.0)).map_err(|_| NotAnId)
            }
        }
    };
}

ulid_id! {
    /// One case with one customer over one inbox, for ever: a done conversation that hears from its customer reopens.
    ConversationId
}
ulid_id! {
    /// A person who answers; one login for every window.
    AgentId
}
ulid_id! {
    /// One configured account of a channel, with its own secret and limits. It feeds exactly one window.
    InboxId
}
ulid_id! {
    /// A customer's identity on one inbox, such as a LINE user id.
    ContactPointId
}
ulid_id! {
    /// A bot in front of a window.
    BotId
}
ulid_id! {
    /// A file of the content store. Drawn at random as a whole, so that nobody can guess it.
    FileId
}
ulid_id! {
    /// One stream of the journal. New at creation, restore and import, so that a position of another life is recognised.
    StreamId
}

ulid_id! {
    /// An invitation: a link with which one person makes their own login.
    InvitationId
}

/// The name that people give a window's address: 1–20 lower-case letters and digits (PRODUCT W2).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WindowId(String);

impl WindowId {
    /// The longest id, in characters.
    pub const MAX_CHARS: usize = 20;

    /// Takes the id when it keeps the rule.
    ///
    /// # Errors
    /// `Invalid` with field `id` when it is empty, too long or holds another character.
    pub fn new(text: &str) -> Result<Self, Rejected> {
        let fits = (1..=Self::MAX_CHARS).contains(&text.len());
        if fits && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
            return Ok(Self(text.to_owned()));
        }
        Err(Rejected::invalid("id", "1 to 20 lower-case letters and digits"))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WindowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for WindowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A place in a stream: 1 for the first record, without a gap; 0 stands before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position(pub u64);

impl Position {
    /// The place after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
