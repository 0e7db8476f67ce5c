//! What was committed, on its way to everybody who follows: the window's feed and the read models.

use std::sync::Arc;

use super::codec::{self, CodecError};
use super::{DedupeKey, Stored};
use crate::domain::conversation::Conversation;
use crate::domain::id::{Position, StreamId, WindowId};
use crate::domain::record::Record;

/// One record that is on disk. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Committed {
    /// Its stream.
    pub stream: StreamId,
    /// Its place.
    pub position: Position,
    /// The window whose stream it is; `None` for the organisation's, and where only the journal was asked.
    pub window: Option<WindowId>,
    /// What was decided.
    pub record: Arc<Record>,
    /// Keys of outside events that it took.
    pub dedupe: Vec<DedupeKey>,
    /// Each conversation it touched, as it is after this record. May be empty: then followers work it out themselves.
    pub after: Vec<Arc<Conversation>>,
}

impl Committed {
    /// A record as the journal gives it back.
    ///
    /// # Errors
    /// The payload is damaged, or of a newer release.
    pub fn from_stored(stored: &Stored) -> Result<Self, CodecError> {
        Ok(Self {
            stream: stored.stream,
            position: stored.position,
            window: None,
            record: Arc::new(codec::decode(&stored.payload)?),
            dedupe: stored.dedupe.clone(),
            after: Vec::new(),
        })
    }
}
