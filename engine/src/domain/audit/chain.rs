//! The chain: how an entry is linked to all before it, and how a reader finds that one was altered, removed or moved.
//!
//! `hash(n) = SHA-256(TAG, hash(n-1), position, everything of the entry that stays, digest)`, every part with its length
//! before it, so that no two entries give the same bytes. This layout is kept for ever: another one gets another tag.

use sha2::{Digest, Sha256};

use super::{Act, Actor, Begun, Entry, Hash, Outcome, Words};
use crate::domain::id::Position;
use crate::domain::time::Timestamp;

const TAG: &str = "madoguchi audit 1";

/// Where the chain stands. It names everything up to there: whoever keeps it elsewhere finds a cut end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The newest entry; 0 before the first.
    pub position: Position,
    /// Its hash.
    pub hash: Hash,
}

impl Head {
    /// The entry that comes next, and where the chain stands after it.
    #[must_use]
    pub fn link(
        &self,
        at: Timestamp,
        begun: Option<Begun>,
        act: Act,
        outcome: Outcome,
        salt: [u8; 16],
    ) -> (Entry, Self) {
        let Act { actor, token, from, action, objects, changes } = act;
        let words = Words { salt, from, changes };
        let digest = digest(&words);
        let mut entry =
            Entry { hash: [0; 32], at, begun, actor, token, action, objects, outcome, digest, words: Some(words) };
        let position = self.position.next();
        entry.hash = hash(self.hash, position, &entry);
        let head = Self { position, hash: entry.hash };
        (entry, head)
    }
}

/// Why the chain does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The entry is not what was written after the one before it: altered, moved, or others around it are gone.
    #[error("entry {0} does not follow from those before it: it was altered or moved, or one before it is gone")]
    Altered(Position),
    /// The words of an entry are not those that were written.
    #[error("the words of entry {0} were altered")]
    Words(Position),
    /// Entries are missing.
    #[error("entry {found} follows {after}: what lay between is gone")]
    Gap {
        /// The last sound one.
        after: Position,
        /// What came instead of the next.
        found: Position,
    },
    /// The end is gone.
    #[error("the log ends at {found}, and entry {wanted} was written once")]
    Cut {
        /// Where it ends.
        found: Position,
        /// What there was.
        wanted: Position,
    },
    /// A record that no release wrote.
    #[error("entry {0} cannot be read")]
    Unreadable(Position),
}

/// Reads the chain from its beginning.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    head: Head,
    erased: u64,
}

impl Walk {
    /// The next entry; `at` is what its record says.
    ///
    /// # Errors
    /// It is not what was written here.
    pub fn step(&mut self, position: Position, at: Timestamp, entry: &Entry) -> Result<(), Broken> {
        if position != self.head.position.next() {
            return Err(Broken::Gap { after: self.head.position, found: position });
        }
        if entry.hash != hash(self.head.hash, position, entry) || entry.at != at {
            return Err(Broken::Altered(position));
        }
        match &entry.words {
            Some(words) if digest(words) != entry.digest => return Err(Broken::Words(position)),
            Some(_) => {}
            None => self.erased += 1,
        }
        self.head = Head { position, hash: entry.hash };
        Ok(())
    }

    /// Where it stands.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head
    }

    /// Entries whose words were erased.
    #[must_use]
    pub fn erased(&self) -> u64 {
        self.erased
    }
}

fn digest(words: &Words) -> Hash {
    let mut parts = Parts::new("words");
    parts.bytes(&words.salt);
    parts.maybe(words.from.as_deref());
    parts.number(words.changes.len() as u64);
    for change in &words.changes {
        parts.bytes(change.field.as_bytes());
        parts.maybe(change.before.as_deref());
        parts.maybe(change.after.as_deref());
    }
    parts.end()
}

fn hash(before: Hash, position: Position, entry: &Entry) -> Hash {
    let mut parts = Parts::new("entry");
    parts.bytes(&before);
    parts.number(position.0);
    parts.time(entry.at);
    match entry.begun {
        None => parts.number(0),
        Some(Begun { position, at }) => {
            parts.number(position.0);
            parts.time(at);
        }
    }
    let (kind, id) = match entry.actor {
        Actor::Agent(id) => ("agent", id.0),
        Actor::Operator => ("operator", 0),
        Actor::Invited => ("invited", 0),
    };
    parts.bytes(kind.as_bytes());
    parts.bytes(&id.to_be_bytes());
    match entry.token {
        None => parts.bytes(b""),
        Some(token) => parts.bytes(&token.to_be_bytes()),
    }
    parts.bytes(entry.action.as_bytes());
    parts.number(entry.objects.len() as u64);
    entry.objects.iter().for_each(|object| parts.bytes(object.as_bytes()));
    let (how, why) = match &entry.outcome {
        Outcome::Begun => ("begun", ""),
        Outcome::Done => ("done", ""),
        Outcome::Refused(why) => ("refused", why.as_str()),
        Outcome::Unknown => ("unknown", ""),
    };
    parts.bytes(how.as_bytes());
    parts.bytes(why.as_bytes());
    parts.bytes(&entry.digest);
    parts.end()
}

/// Bytes for a hash, each part with its length before it.
struct Parts(Sha256);

impl Parts {
    fn new(what: &str) -> Self {
        let mut parts = Self(Sha256::new());
        parts.bytes(TAG.as_bytes());
        parts.bytes(what.as_bytes());
        parts
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    fn number(&mut self, number: u64) {
        self.bytes(&number.to_be_bytes());
    }

    fn time(&mut self, at: Timestamp) {
        self.bytes(&at.0.to_be_bytes());
    }

    fn maybe(&mut self, text: Option<&str>) {
        self.number(u64::from(text.is_some()));
        self.bytes(text.unwrap_or_default().as_bytes());
    }

    fn end(self) -> Hash {
        self.0.finalize().into()
    }
}
