//! Stored webhook bodies that wait for a person or for room (要確認).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a body was stored whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RawReason {
    /// The window did not answer in time; it is interpreted by itself when there is room.
    Busy,
    /// It, or an event in it, cannot be read.
    Unparsable,
    /// Its conversation is set aside.
    SetAside,
    /// It has come round to where it came from.
    Loop,
    /// A forwarder made a new mail of it, and nobody knows any more who wrote it.
    Forwarder,
}

/// One stored body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RawBody {
    /// Its id.
    pub id: String,
    /// The account it came over.
    pub inbox: String,
    /// When it came.
    pub received_at: String,
    /// Why it was stored whole.
    pub reason: RawReason,
    /// Its length in bytes.
    pub bytes: u64,
}

/// What interpreting a stored body again brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Replayed {
    /// Events recorded now.
    pub recorded: usize,
    /// Events that were recorded before.
    pub duplicates: usize,
    /// It still cannot be read whole, and keeps waiting.
    pub still_waiting: bool,
}
