//! What the server sends over the socket: JSON text frames with `type`.

use serde::{Deserialize, Serialize};

use crate::api::{CommandDone, Conversation};
use crate::client::PresenceState;
use crate::event::Event;
use crate::problem::Problem;

/// One frame from the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The first frame: who the reader is, and where they work.
    Me {
        /// The agent's id.
        agent: String,
        /// Their role.
        role: String,
        /// The windows they may watch.
        windows: Vec<String>,
    },
    /// A window at one position.
    Snapshot {
        /// The window.
        window: String,
        /// Its stream.
        stream: String,
        /// Everything up to here is in it.
        position: u64,
        /// Who works in it.
        members: Vec<String>,
        /// Open conversations, the longest waiting first; at most 1,000.
        open: Vec<Conversation>,
        /// How many are open in all.
        open_total: usize,
    },
    /// One record of a window; every position comes, in order, without a gap.
    Update {
        /// The window.
        window: String,
        /// Its stream.
        stream: String,
        /// The record's place.
        position: u64,
        /// When it was decided.
        at: String,
        /// What happened; empty where the reader may see nothing.
        events: Vec<Event>,
    },
    /// The answer to a command.
    Reply {
        /// The mark of the command.
        #[serde(rename = "ref")]
        reference: String,
        /// What it did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ok: Option<Box<CommandDone>>,
        /// Why it did nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        problem: Option<Problem>,
    },
    /// A colleague is writing.
    Typing {
        /// The window.
        window: String,
        /// The conversation.
        conversation: String,
        /// Who.
        agent: String,
    },
    /// How a colleague is.
    Presence {
        /// Who.
        agent: String,
        /// How.
        state: PresenceState,
    },
    /// A watch ended: the right is gone, or the window.
    Unwatched {
        /// The window.
        window: String,
    },
    /// A frame of the client's could not be used.
    Problem {
        /// Why.
        problem: Problem,
    },
    /// The server is going down: come back after this time, with your positions.
    Going {
        /// Spread over the clients, in milliseconds.
        retry_after_ms: u64,
    },
}
