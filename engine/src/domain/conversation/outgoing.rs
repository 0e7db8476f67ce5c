//! Answers and memos: accepting and withdrawing them. How an answer leaves the house stands in `sending`.

use std::hash::{Hash, Hasher};

use sha2::{Digest, Sha256};

use super::decide::holds;
use super::{Conversation, Event, Queued, limits};
use crate::domain::content::Dress;
use crate::domain::id::AgentId;
use crate::domain::message::{Author, Content};
use crate::domain::rejected::Rejected;

/// What a client id is remembered by. No agent has the id 0, under which the bot's are kept.
pub(super) fn known_key(author: Author, client_id: &str) -> u64 {
    let author = match author {
        Author::Agent(agent) => agent.0,
        Author::Bot | Author::Window => 0,
    };
    let mut hash = Sha256::new();
    hash.update(author.to_be_bytes());
    hash.update(client_id.as_bytes());
    first_eight(&hash.finalize())
}

/// What content is compared by.
pub(super) fn content_hash(bytes: &[u8]) -> u64 {
    first_eight(&Sha256::digest(bytes))
}

/// What a message is remembered by under its platform id.
pub(super) fn external_key(external_id: &str) -> u64 {
    content_hash(external_id.as_bytes())
}

fn first_eight(digest: &[u8]) -> u64 {
    digest.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

impl Content {
    /// A hash by which two contents are the same; stable across runs.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        match self {
            Self::Text(text) => content_hash(text.as_bytes()),
            Self::Other { kind, summary } => content_hash(format!("\u{0}{kind}\u{0}{summary}").as_bytes()),
            Self::Redacted => 0,
            other => hash_of(other),
        }
    }
}

/// By what an answer is the same; stable across runs. The name that it appears under is not its author's choice, and
/// may have changed before a repetition comes.
pub(super) fn fingerprint(content: &Content, dress: &Dress) -> u64 {
    if dress.quick_replies.is_empty() { content.fingerprint() } else { hash_of(&(content, &dress.quick_replies)) }
}

/// A hash of plain data that does not change from run to run, as the standard library's may.
fn hash_of(value: &impl Hash) -> u64 {
    struct Feed(Sha256);
    impl Hasher for Feed {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }

        fn finish(&self) -> u64 {
            first_eight(&self.0.clone().finalize())
        }
    }
    let mut feed = Feed(Sha256::new());
    value.hash(&mut feed);
    feed.finish()
}

impl Conversation {
    /// The message or memo that this client id made before, if it is remembered.
    #[must_use]
    pub fn number_of(&self, author: Author, client_id: &str) -> Option<u32> {
        let key = known_key(author, client_id);
        self.client_ids.iter().rev().find(|known| known.key == key).map(|known| known.number)
    }

    /// Whether the client id is new (`None`), a repetition of the same content, or reused for other content.
    fn repetition(&self, author: Author, client_id: &str, content: u64) -> Option<Result<(), Rejected>> {
        let key = known_key(author, client_id);
        let known = self.client_ids.iter().rev().find(|known| known.key == key)?;
        // Of content that was removed nobody can say that it was another.
        let same = known.content == content || known.content == 0;
        Some(if same { Ok(()) } else { Err(Rejected::ClientIdReused) })
    }
}

fn check_client_id(client_id: &str) -> Result<(), Rejected> {
    if client_id.is_empty() || client_id.len() > limits::CLIENT_ID_BYTES {
        return Err(Rejected::invalid("client_id", "1 to 64 bytes"));
    }
    Ok(())
}

/// An answer that somebody wrote.
pub(super) struct Draft<'a> {
    pub(super) client_id: &'a str,
    pub(super) content: &'a Content,
    pub(super) dress: &'a Dress,
    pub(super) retry_key: u128,
}

pub(super) fn send(
    state: &Conversation,
    author: Author,
    draft: &Draft<'_>,
    holds: impl FnOnce(&Conversation) -> Result<(), Rejected>,
) -> Result<Vec<Event>, Rejected> {
    let Draft { client_id, content, dress, retry_key } = *draft;
    check_client_id(client_id)?;
    check_content(content, dress)?;
    if let Some(known) = state.repetition(author, client_id, fingerprint(content, dress)) {
        return known.map(|()| Vec::new());
    }
    holds(state)?;
    if state.outbox.len() >= limits::OUTBOX {
        return Err(Rejected::LimitReached { what: "messages waiting to go out", limit: limits::OUTBOX as u64 });
    }
    Ok(vec![Event::Queued(Queued {
        number: state.next_number(),
        author,
        client_id: client_id.to_owned(),
        content: content.clone(),
        retry_key,
        dress: dress.clone(),
    })])
}

/// What is true on every channel. What one channel cannot do was refused by its adapter before.
fn check_content(content: &Content, dress: &Dress) -> Result<(), Rejected> {
    match content {
        Content::Text(text) => {
            let too_long = content.utf16_len() > limits::TEXT_UTF16 || text.len() > limits::TEXT_BYTES;
            if text.trim().is_empty() || too_long {
                let rule = "1 to 24,996 UTF-16 code units and 49,152 bytes, not only white space";
                return Err(Rejected::invalid("content.text", rule));
            }
        }
        Content::Media(media) if media.file().is_none() => {
            return Err(Rejected::invalid("content.file", "a file that was uploaded"));
        }
        Content::Other { .. } | Content::Redacted => return Err(Rejected::invalid("content", "something to send")),
        Content::Sticker(_) | Content::Media(_) | Content::Location(_) | Content::Cards(_) | Content::Native(_) => {}
    }
    if content.weight() + dress.weight() > limits::CONTENT_BYTES {
        return Err(Rejected::invalid("content", "at most 57,344 bytes with all that goes with it"));
    }
    Ok(())
}

pub(super) fn cancel(
    state: &Conversation,
    agent: AgentId,
    seat_epoch: u64,
    number: u32,
) -> Result<Vec<Event>, Rejected> {
    holds(state, agent, seat_epoch)?;
    match state.outgoing(number) {
        Some(item) if item.waits() => Ok(vec![Event::Cancelled { number, by: agent }]),
        Some(_) => Err(Rejected::NotWaiting),
        None if number <= state.last_number => Err(Rejected::NotWaiting),
        None => Err(Rejected::not_found("message")),
    }
}

fn check_note(text: &str) -> Result<(), Rejected> {
    if text.trim().is_empty() || text.chars().count() > limits::NOTE_CHARS {
        return Err(Rejected::invalid("text", "1 to 5,000 characters, not only white space"));
    }
    Ok(())
}

pub(super) fn add_note(
    state: &Conversation,
    agent: AgentId,
    client_id: &str,
    text: &str,
) -> Result<Vec<Event>, Rejected> {
    check_client_id(client_id)?;
    check_note(text)?;
    if let Some(known) = state.repetition(Author::Agent(agent), client_id, content_hash(text.as_bytes())) {
        return known.map(|()| Vec::new());
    }
    Ok(vec![Event::NoteAdded {
        number: state.next_number(),
        author: agent,
        text: text.to_owned(),
        client_id: client_id.to_owned(),
    }])
}

fn own_note(state: &Conversation, agent: AgentId, number: u32) -> Result<(), Rejected> {
    match state.notes.iter().find(|note| note.number == number) {
        Some(note) if note.author == agent => Ok(()),
        Some(_) => Err(Rejected::NotTheAuthor),
        None => Err(Rejected::not_found("note")),
    }
}

pub(super) fn edit_note(state: &Conversation, agent: AgentId, number: u32, text: &str) -> Result<Vec<Event>, Rejected> {
    own_note(state, agent, number)?;
    check_note(text)?;
    Ok(vec![Event::NoteEdited { number, text: text.to_owned() }])
}

pub(super) fn delete_note(state: &Conversation, agent: AgentId, number: u32) -> Result<Vec<Event>, Rejected> {
    own_note(state, agent, number)?;
    Ok(vec![Event::NoteDeleted { number }])
}
