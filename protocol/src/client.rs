//! What a client says over the socket: one JSON text message each, told by its `type`. Unknown fields are refused.
//!
//! The answers are in [`crate::server`].

use serde::{Deserialize, Serialize};

use crate::api::{Command, Presence};

/// One message of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Tell me everything about a window from now on; with a place, everything after it.
    Watch(Watch),
    /// Tell me no more about a window.
    Unwatch(Unwatch),
    /// I am writing in a conversation. Repeat it every few seconds while it is so.
    Typing(Typing),
    /// I have a conversation before my eyes. Repeat it while it is so, a few times within `hello.viewing_ms`.
    Viewing(Viewing),
    /// I have seen the messages of a conversation up to one. Not answered.
    Read(Read),
    /// How I am.
    Presence(SetPresence),
    /// A wish to a conversation, the same as over REST.
    Command(Wish),
    /// Tell me the figures of every window that I may read, or no more.
    Counters(WatchCounters),
}

/// See [`ClientFrame::Watch`]. Watching a window again begins anew at the place that is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// The window.
    pub window: String,
    /// The stream of the last frame seen. Without it, or when it is not the window's any more, a snapshot comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// The position of the last frame seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
}

/// See [`ClientFrame::Unwatch`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unwatch {
    /// The window.
    pub window: String,
}

/// See [`ClientFrame::Typing`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Typing {
    /// The conversation.
    pub conversation: String,
}

/// See [`ClientFrame::Viewing`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Viewing {
    /// The conversation.
    pub conversation: String,
}

/// See [`ClientFrame::Read`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// The conversation.
    pub conversation: String,
    /// The newest that was seen.
    pub number: u32,
}

/// See [`ClientFrame::Presence`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetPresence {
    /// `available`, `away` or `wrap_up`; being offline is not said but done.
    pub state: Presence,
}

/// See [`ClientFrame::Command`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// The client's own word for this wish; the reply carries it. At most [`REF_BYTES`](crate::limits::REF_BYTES).
    #[serde(rename = "ref")]
    pub reference: String,
    /// The conversation.
    pub conversation: String,
    /// The wish.
    pub command: Command,
}

/// See [`ClientFrame::Counters`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchCounters {
    /// From now on, or no more.
    pub on: bool,
}
