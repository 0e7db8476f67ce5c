//! How an event moves the state. Total: what was recorded is true.

use super::{Conversation, Event};
use crate::domain::time::Timestamp;

impl Conversation {
    /// Moves the state by one event.
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        let _ = (event, at);
    }
}
