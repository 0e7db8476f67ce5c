//! What a client sends over the socket: JSON text frames with `type`.

use serde::{Deserialize, Serialize};

use crate::api::Command;

/// One frame from a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Wants every update of a window from now on, or from where it stopped.
    Watch {
        /// The window.
        window: String,
        /// The stream that the position belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stream: Option<String>,
        /// Everything up to here is known already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        position: Option<u64>,
    },
    /// Has seen enough of a window.
    Unwatch {
        /// The window.
        window: String,
    },
    /// Is writing an answer.
    Typing {
        /// The conversation.
        conversation: String,
    },
    /// Says how the agent is.
    Presence {
        /// How.
        state: PresenceState,
    },
    /// A wish to a conversation; answered by `reply` with the same `ref`.
    Command {
        /// The client's own mark.
        #[serde(rename = "ref")]
        reference: String,
        /// The conversation.
        conversation: String,
        /// The wish.
        command: Command,
    },
}

/// How an agent is (PRODUCT A1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresenceState {
    /// 待機.
    Available,
    /// 未待機.
    Away,
    /// 後処理.
    WrapUp,
    /// On no desk.
    Offline,
}
