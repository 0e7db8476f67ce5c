//! What the journal tells after a commit.

use std::sync::Arc;

use super::DedupeKey;
use crate::domain::conversation::Conversation;
use crate::domain::id::{Position, StreamId, WindowId};
use crate::domain::record::Record;

/// One record that is on disk.
#[derive(Clone, Debug)]
pub struct Committed {
    /// Its stream.
    pub stream: StreamId,
    /// Its place.
    pub position: Position,
    /// The window of the stream; `None` for the organisation's.
    pub window: Option<WindowId>,
    /// What was decided.
    pub record: Arc<Record>,
    /// The outside events it took.
    pub dedupe: Vec<DedupeKey>,
    /// The length of the encoded record, in bytes.
    pub payload_len: usize,
    /// The state of each conversation it moved, after it; empty where the reader must derive it.
    pub after: Vec<Arc<Conversation>>,
}
