//! What may happen to a conversation.

use super::{Command, Conversation, Event};
use crate::domain::rejected::Rejected;
use crate::domain::time::Timestamp;
use crate::domain::window::Window;

/// What a decision may look at besides the conversation.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The window it runs in: members and settings.
    pub window: &'a Window,
    /// Now.
    pub now: Timestamp,
}

/// What follows from a wish.
///
/// # Errors
/// The rule that the wish breaks.
pub fn decide(
    state: &Conversation,
    command: &Command,
    around: Around<'_>,
) -> Result<Vec<Event>, Rejected> {
    let _ = (state, command, around);
    Ok(Vec::new())
}
