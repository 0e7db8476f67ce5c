//! Content that is to be removed from the journal: what a record took back, until the removal is durable.
//!
//! The rows follow from the journal like all others. So a stop between the record and the removal loses nothing: the
//! row is there at the next start, and a store that is made anew has every row again, for removals that do nothing.

use std::sync::atomic::Ordering;

use serde::{Deserialize, Serialize};

use super::batch::Batch;
use super::key::{self, Fields};
use super::{ReadFault, ReadModels, row};
use crate::domain::id::{ConversationId, Position, StreamId};

/// What is to be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Due {
    /// The content of the record that stands there.
    Record,
    /// Every text of a memo, from the record that stands there to its last one.
    Note {
        /// Its conversation.
        conversation: ConversationId,
        /// Its number.
        number: u32,
        /// The record that holds its last text.
        last: Position,
    },
    /// A message that was taken back and that its conversation does not remember; it may be older, or still to come.
    Search {
        /// Its conversation.
        conversation: ConversationId,
        /// The platform's id of the message.
        external_id: String,
    },
    /// The files that the record there names. Its words stay.
    Files,
}

/// One removal and the record that it stands at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueRow {
    /// The stream.
    pub stream: StreamId,
    /// The record.
    pub position: Position,
    /// What is to be removed.
    pub due: Due,
}

impl Due {
    /// Keeps two removals at one record apart.
    fn kind(&self) -> u8 {
        match self {
            Self::Record => 0,
            Self::Note { .. } => 1,
            Self::Search { .. } => 2,
            Self::Files => 3,
        }
    }
}

pub(super) fn stage(batch: &mut Batch<'_>, stream: StreamId, position: Position, due: &Due) {
    batch.put(key::due(stream, position, due.kind()), row::write(due));
    batch.leaves_due();
}

impl ReadModels {
    /// Removals that are due, the oldest of each stream first; at most `most`.
    ///
    /// # Errors
    /// The store failed.
    pub fn due(&self, most: usize) -> Result<Vec<DueRow>, ReadFault> {
        let rows = self.db.scan_prefix([key::DUE]).take(most).map(|row| {
            let (entry, value) = row?;
            let mut fields = Fields(&entry[1..]);
            let place = fields.stream().zip(fields.u64());
            let (stream, position) = place.ok_or(ReadFault::Row { model: "removals" })?;
            Ok(DueRow { stream, position: Position(position), due: row::read(&value, "removals")? })
        });
        rows.collect()
    }

    /// Takes a removal off the list. To be called once it is durable.
    ///
    /// # Errors
    /// The store failed, or is closed; then it is done again at the next start.
    pub fn removed(&self, done: &DueRow) -> Result<(), ReadFault> {
        let _one = self.writing.lock();
        if self.ended.load(Ordering::Acquire) {
            return Err(ReadFault::Closed);
        }
        self.db.remove(key::due(done.stream, done.position, done.due.kind()))?;
        Ok(())
    }

    /// Returns when a removal came to be due since the last call.
    pub async fn removal_due(&self) {
        self.removal_due.notified().await;
    }
}
