//! The audit log: who did what with an administrative or supervisory right, as a chain that shows every tampering.
//!
//! An act is written down when it begins and once more when it has ended, so that none is done unseen. Each record holds
//! the hash of everything before it. What is personal is hashed with a salt of its own first, and only that digest is
//! part of the chain: the words and the salt can be erased, and the chain still holds.

mod chain;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use chain::{Broken, Head, Walk};

use super::id::{AgentId, Position};
use super::time::Timestamp;

/// A SHA-256.
pub type Hash = [u8; 32];

/// Facts of the audit log; in its own stream only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// One link of the chain.
    Entry(Entry),
}

/// One link of the chain: an act that begins, or has ended. The second says everything once more, so that it can be read
/// alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Covers this entry and, through the one before, all others.
    pub hash: Hash,
    /// When it was written.
    pub at: Timestamp,
    /// The record that began the act; none where this is it.
    pub begun: Option<Begun>,
    /// Who acts.
    pub actor: Actor,
    /// The API token that they use.
    pub token: Option<u128>,
    /// What is done: the row of docs/rights.md.
    pub action: String,
    /// What it is done to, as `kind:id`. Ids say nothing about a person.
    pub objects: Vec<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// The digest of salt and words.
    pub digest: Hash,
    /// What can be erased.
    pub words: Option<Words>,
}

/// Where an act began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// Its first record.
    pub position: Position,
    /// When.
    pub at: Timestamp,
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    /// A person.
    Agent(AgentId),
    /// The operator at the server's own command line.
    Operator,
    /// Somebody with the link of an invitation, who is nobody yet.
    Invited,
}

/// How an act ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It has only begun.
    Begun,
    /// Done.
    Done,
    /// Refused, with the word of the wire for why.
    Refused(String),
    /// Nobody can say: the process ended, or the caller was lost, in the middle of it.
    Unknown,
}

/// What may be personal. Erased with its salt, it leaves a digest that tells nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// Keeps the digest from being guessed.
    pub salt: [u8; 16],
    /// The caller's address.
    pub from: Option<String>,
    /// What changed.
    pub changes: Vec<Change>,
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Words").field("changes", &self.changes.len()).finish_non_exhaustive()
    }
}

/// One thing that changed. Never a secret, never a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Which field.
    pub field: String,
    /// What it was.
    pub before: Option<String>,
    /// What it is.
    pub after: Option<String>,
}

/// An act as its caller tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Who acts.
    pub actor: Actor,
    /// The API token that they use.
    pub token: Option<u128>,
    /// From which address.
    pub from: Option<String>,
    /// What is done.
    pub action: String,
    /// What it is done to, as `kind:id`.
    pub objects: Vec<String>,
    /// What changed.
    pub changes: Vec<Change>,
}

/// Bytes of all objects, and of all changes, of one entry. Further ones are counted, not told.
const PART_BYTES: usize = 16 * 1024;
/// Longest name of an object, of a field, and of an action, in characters. The rest is cut off.
const NAME_CHARS: usize = 100;
/// Longest value before or after a change, in characters. The rest is cut off.
const VALUE_CHARS: usize = 500;

impl Act {
    /// Within the limits of one record.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        cut(&mut self.action, NAME_CHARS);
        self.objects.iter_mut().for_each(|object| cut(object, NAME_CHARS));
        let more = keep(&mut self.objects, String::len);
        if more > 0 {
            self.objects.push(format!("more:{more}"));
        }
        for change in &mut self.changes {
            cut(&mut change.field, NAME_CHARS);
            change.before.iter_mut().chain(&mut change.after).for_each(|value| cut(value, VALUE_CHARS));
        }
        let more = keep(&mut self.changes, |change| {
            let length = |value: &Option<String>| value.as_ref().map_or(0, String::len);
            change.field.len() + length(&change.before) + length(&change.after)
        });
        if more > 0 {
            self.changes.push(Change { field: "more".to_owned(), before: None, after: Some(more.to_string()) });
        }
        self
    }
}

/// Keeps what fits into [`PART_BYTES`]; answers with how many did not.
fn keep<T>(parts: &mut Vec<T>, length: impl Fn(&T) -> usize) -> usize {
    let mut bytes = 0;
    let fits = parts.iter().take_while(|part| {
        bytes += length(part) + 16;
        bytes <= PART_BYTES
    });
    let fits = fits.count();
    let more = parts.len() - fits;
    parts.truncate(fits);
    more
}

fn cut(text: &mut String, chars: usize) {
    if let Some((end, _)) = text.char_indices().nth(chars) {
        text.truncate(end);
    }
}

impl Entry {
    /// Removes what may be personal. The chain holds without it.
    pub fn erase(&mut self) {
        self.words = None;
    }
}
