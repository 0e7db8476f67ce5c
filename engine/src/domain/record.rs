//! One decision as it stands in the journal: its events, who made it and when.

use serde::{Deserialize, Serialize};

use super::id::{AgentId, ConversationId};
use super::time::Timestamp;
use super::{audit, conversation, org, window};

/// One decision. Its position is the writer's to give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When it was decided.
    pub at: Timestamp,
    /// Whose wish it was.
    pub by: By,
    /// What follows from it, in order.
    pub events: Vec<Fact>,
}

/// Whose wish a decision was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum By {
    /// A person at a desk.
    Agent(AgentId),
    /// The customer, through a channel.
    Customer,
    /// The engine: a deadline, a sender's result, a recovery.
    Engine,
    /// The operator at the command line.
    Operator,
    /// The bot in front of the window.
    Bot,
}

/// One event and the thing it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    /// Of a conversation.
    Conversation(ConversationId, conversation::Event),
    /// Of the window whose stream this is.
    Window(window::Event),
    /// Of the organisation; in the stream `org` only.
    Org(org::Event),
    /// Of the audit log; in its own stream only.
    Audit(audit::Event),
}

/// What a version is counted for: the unit of "nobody else decided meanwhile".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Entity {
    /// The stream's own thing: the window, or the organisation.
    Stream,
    /// A conversation of it.
    Conversation(ConversationId),
}

impl Fact {
    /// The thing whose version this event moves.
    #[must_use]
    pub fn entity(&self) -> Entity {
        match self {
            Self::Conversation(id, _) => Entity::Conversation(*id),
            Self::Window(_) | Self::Org(_) | Self::Audit(_) => Entity::Stream,
        }
    }

    /// The line of a timeline whose words this event holds, of those whose words can be taken back.
    #[must_use]
    pub fn words_of(&self) -> Option<(ConversationId, u32)> {
        use conversation::Event as Talk;
        match self {
            Self::Conversation(id, Talk::Received(received)) => Some((*id, received.number)),
            Self::Conversation(
                id,
                Talk::NoteAdded { number, .. }
                | Talk::NoteEdited { number, .. }
                | Talk::Edited { number, .. }
                | Talk::BotNoteAdded { number, .. },
            ) => Some((*id, *number)),
            _ => None,
        }
    }

    /// The line of a timeline whose words are gone from here on: the customer or the author took them back.
    #[must_use]
    pub fn takes_back(&self) -> Option<(ConversationId, u32)> {
        use conversation::Event as Talk;
        match self {
            Self::Conversation(id, Talk::Unsent { number: Some(number), .. } | Talk::NoteDeleted { number }) => {
                Some((*id, *number))
            }
            _ => None,
        }
    }
}
