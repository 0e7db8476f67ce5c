//! How and why something happened, as words of events.

use serde::{Deserialize, Serialize};

/// How a seat was come by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClaimHow {
    /// On a free seat.
    Started,
    /// On a done conversation.
    Resumed,
    /// A hand-over was accepted.
    HandedOver {
        /// The giver.
        from: String,
    },
    /// Taken from another holder.
    TakenOver {
        /// Who held it; null for the bot.
        from: Option<String>,
        /// Why, in the taker's words.
        reason: Option<String>,
    },
}

/// Why a seat became free without its conversation being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseCause {
    /// The holder put it back.
    Returned,
    /// The holder was away too long.
    Away,
    /// The holder logged out.
    LoggedOut,
    /// The holder left the window.
    LeftWindow,
}

/// How an offer ended without a change of holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoverEnd {
    /// The colleague said no.
    Declined,
    /// The colleague did not answer.
    TimedOut,
    /// The giver thought better of it.
    Withdrawn,
    /// The seat moved on in another way.
    Overtaken,
}

/// How a chat ended that no agent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndHow {
    /// Its customer was silent for the time that the window sets.
    Silence,
    /// Its customer ended it.
    Customer,
}

/// How a stored body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RawEnd {
    /// Every event of it is where it belongs.
    Interpreted,
    /// A person put it away.
    Dismissed,
}

/// How the bot came by a seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum BotSeating {
    /// A new conversation, or a done one whose customer wrote.
    Started,
    /// A person gave it back.
    Returned {
        /// Who.
        from: String,
        /// What they say to the bot.
        note: Option<String>,
    },
    /// An administrator had told it again what it had missed.
    Replayed {
        /// Who.
        by: String,
    },
}

/// Why the bot left a conversation to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BotLeaving {
    /// It asked for a person.
    HandedOver,
    /// A message stayed without its answer for too long.
    TimedOut,
    /// It could not be told something.
    Failed,
    /// Too much waited for it.
    Behind,
    /// It was taken out of the window, or out of the account.
    Detached,
}
