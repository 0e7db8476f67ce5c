//! Answers and memos: accepting them, and following an answer out of the house.

use sha2::{Digest, Sha256};

use super::decide::{Around, holds};
use super::{Conversation, Event, Queued, SendOutcome, limits};
use crate::domain::id::AgentId;
use crate::domain::message::{Author, Content, Delivery, Route};
use crate::domain::rejected::Rejected;

/// What a client id is remembered by.
pub(super) fn known_key(agent: AgentId, client_id: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(agent.0.to_be_bytes());
    hash.update(client_id.as_bytes());
    first_eight(&hash.finalize())
}

/// What content is compared by.
pub(super) fn content_hash(bytes: &[u8]) -> u64 {
    first_eight(&Sha256::digest(bytes))
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
        }
    }
}

impl Conversation {
    /// The message or memo that this client id made before, if it is remembered.
    #[must_use]
    pub fn number_of(&self, agent: AgentId, client_id: &str) -> Option<u32> {
        let key = known_key(agent, client_id);
        self.client_ids.iter().rev().find(|known| known.key == key).map(|known| known.number)
    }

    /// Whether the client id is new (`None`), a repetition of the same content, or reused for other content.
    fn repetition(&self, agent: AgentId, client_id: &str, content: u64) -> Option<Result<(), Rejected>> {
        let key = known_key(agent, client_id);
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

pub(super) fn send(
    state: &Conversation,
    agent: AgentId,
    seat_epoch: u64,
    client_id: &str,
    content: &Content,
    retry_key: u128,
) -> Result<Vec<Event>, Rejected> {
    check_client_id(client_id)?;
    let Content::Text(text) = content else {
        return Err(Rejected::invalid("content", "text"));
    };
    let too_long = content.utf16_len() > limits::TEXT_UTF16 || text.len() > limits::TEXT_BYTES;
    if text.trim().is_empty() || too_long {
        let rule = "1 to 24,996 UTF-16 code units and 49,152 bytes, not only white space";
        return Err(Rejected::invalid("content.text", rule));
    }
    if let Some(known) = state.repetition(agent, client_id, content.fingerprint()) {
        return known.map(|()| Vec::new());
    }
    holds(state, agent, seat_epoch)?;
    if state.outbox.len() >= limits::OUTBOX {
        return Err(Rejected::LimitReached { what: "messages waiting to go out", limit: limits::OUTBOX as u64 });
    }
    Ok(vec![Event::Queued(Queued {
        number: state.next_number(),
        author: Author::Agent(agent),
        client_id: client_id.to_owned(),
        content: content.clone(),
        retry_key,
    })])
}

pub(super) fn cancel(
    state: &Conversation,
    agent: AgentId,
    seat_epoch: u64,
    number: u32,
) -> Result<Vec<Event>, Rejected> {
    holds(state, agent, seat_epoch)?;
    match state.outgoing(number) {
        Some(item) if item.delivery == Delivery::Queued => Ok(vec![Event::Cancelled { number, by: agent }]),
        Some(_) => Err(Rejected::NotWaiting),
        None if number <= state.last_number => Err(Rejected::NotWaiting),
        None => Err(Rejected::not_found("message")),
    }
}

/// Which way a message goes, recorded before its first byte. A push that was begun before may be begun again: its retry
/// key makes it one. A reply that was begun and never finished cannot be known, and is never repeated.
pub(super) fn begin(
    state: &Conversation,
    number: u32,
    push_only: bool,
    around: Around<'_>,
) -> Result<Vec<Event>, Rejected> {
    let item = state.outgoing(number).ok_or(Rejected::not_found("message"))?;
    match (item.delivery, &item.route) {
        (Delivery::Sending, Some(Route::Reply { .. })) => return Ok(vec![Event::Unknown { number }]),
        (Delivery::Sending, _) => return Ok(Vec::new()),
        _ => {}
    }
    let budget_ms = around.window.settings.reply_budget_ms;
    let alive = state.reply.as_ref().filter(|right| !push_only && around.now.since_ms(right.received_at) < budget_ms);
    let route = alive.map_or(Route::Push, |right| Route::Reply { token: right.token.clone() });
    Ok(vec![Event::SendStarted { number, route }])
}

/// How a send ended. What is not on its way any more decides to nothing.
pub(super) fn finish(state: &Conversation, number: u32, outcome: &SendOutcome) -> Vec<Event> {
    if state.outgoing(number).is_none_or(|item| item.delivery != Delivery::Sending) {
        return Vec::new();
    }
    vec![match outcome.clone() {
        SendOutcome::Sent { external_ids, free } => Event::Sent { number, external_ids, free },
        SendOutcome::Failed(reason) => Event::Failed { number, reason },
        SendOutcome::Unknown => Event::Unknown { number },
        SendOutcome::Abandoned => Event::SendAbandoned { number },
    }]
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
    if let Some(known) = state.repetition(agent, client_id, content_hash(text.as_bytes())) {
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
