//! What lies beside a file: what it is, what it is kept for, and since when.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::domain::content::StoredFile;
use crate::domain::id::{AgentId, ConversationId, InboxId};
use crate::domain::time::Timestamp;

/// A file as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// What records say of it.
    pub file: StoredFile,
    /// What it is kept for: who may read it, and how long it stays.
    pub purpose: Purpose,
    /// Since when it is kept for that.
    pub at: Timestamp,
    /// The name that its sender gave it. Never a path.
    #[serde(default)]
    pub name: Option<String>,
    /// A fingerprint of where it came from, by which a later look knows that it has not changed.
    #[serde(default)]
    pub source: Option<String>,
}

/// What a file is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A message; for whoever may read its conversation, as long as the message names it.
    Message {
        /// Its conversation.
        conversation: ConversationId,
        /// The message.
        number: u32,
    },
    /// The customer's picture; for whoever may read the conversation, as long as it is the newest.
    Picture {
        /// The conversation.
        conversation: ConversationId,
    },
    /// A stored body that is not interpreted yet; for nobody, as long as it waits.
    Body {
        /// The account that it came over.
        inbox: InboxId,
    },
    /// An upload that no message names; for who sent it, a day.
    Upload {
        /// Who sent it.
        agent: AgentId,
    },
    /// The picture of a window; for whoever knows the window, and its customers, as long as one has it.
    WindowPicture,
}

impl Purpose {
    /// The conversation whose readers may read the file.
    #[must_use]
    pub fn conversation(self) -> Option<ConversationId> {
        match self {
            Self::Message { conversation, .. } | Self::Picture { conversation } => Some(conversation),
            Self::Upload { .. } | Self::WindowPicture | Self::Body { .. } => None,
        }
    }
}

pub(super) fn read(path: &Path) -> io::Result<Option<Note>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a note and syncs it.
pub(super) fn write(path: &Path, note: &Note) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(&serde_json::to_vec(note)?)?;
    file.sync_all()
}
