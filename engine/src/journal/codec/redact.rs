//! What a redacted record keeps: positions, times, kinds, ids and numbers. What people said, and what they are called, goes.

use super::{decode, encode};
use crate::domain::conversation::{ClaimHow, Event};
use crate::domain::message::{Content, FailureReason, Route};
use crate::domain::record::{By, Fact, Record};
use crate::domain::time::Timestamp;
use crate::domain::window::{Event as WindowEvent, RawBody};

/// Empties an encoded record of its content. Bytes that are no record lose everything.
#[must_use]
pub fn redact(bytes: &[u8]) -> Vec<u8> {
    let mut record = decode(bytes).unwrap_or(Record { at: Timestamp(0), by: By::Engine, events: Vec::new() });
    for fact in &mut record.events {
        match fact {
            Fact::Conversation(_, event) => empty(event),
            Fact::Window(WindowEvent::RawAccepted(raw)) => raw.body = RawBody::Redacted,
            Fact::Window(WindowEvent::ContactPointSeen { external_id, .. }) => external_id.clear(),
            // Settings, members and logins are no customer's content.
            Fact::Window(_) | Fact::Org(_) => {}
        }
    }
    // A record only gets shorter here, so it still fits.
    encode(&record).map(Vec::from).unwrap_or_default()
}

fn empty(event: &mut Event) {
    match event {
        Event::Received(received) => {
            received.content = Content::Redacted;
            received.reply_token = None;
            received.raw = None;
        }
        Event::Queued(queued) => queued.content = Content::Redacted,
        Event::NoteAdded { text, .. } | Event::NoteEdited { text, .. } => text.clear(),
        Event::NameSeen { name } => name.clear(),
        Event::HandoverOffered(offer) => offer.note = None,
        Event::Claimed(claimed) => {
            if let ClaimHow::TakenOver { reason, .. } = &mut claimed.how {
                *reason = None;
            }
        }
        Event::SendStarted { route: Route::Reply { token }, .. } => token.clear(),
        Event::Failed { reason: FailureReason::Refused { detail, .. }, .. } => detail.clear(),
        _ => {}
    }
}
