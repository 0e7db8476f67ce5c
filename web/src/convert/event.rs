//! A record on the wire. Pure in record and position: a resume encodes old records again and must give the same bytes.
//! Reply tokens, retry keys, raw bodies and secrets never get here.

use madoguchi_engine::domain::conversation::{ClaimHow as DomainHow, Event as DomainEvent, HandoverEnd as DomainEnd};
use madoguchi_engine::domain::id::{AgentId, ConversationId};
use madoguchi_engine::domain::message::Delivery;
use madoguchi_engine::domain::record::{Fact, Record};
use madoguchi_engine::domain::seat::ReleaseCause as DomainCause;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::domain::window::Event as WindowEvent;
use madoguchi_engine::rows::{MessageKind, MessageRow};
use madoguchi_protocol::api::{Away, Failure, MessageState, Offer};
use madoguchi_protocol::event::{ClaimHow, Event, HandoverEnd, ReleaseCause};
use ulid::Ulid;

use super::{message, time};

/// What the readers of a window hear of a record.
#[must_use]
pub fn events(record: &Record) -> Vec<Event> {
    record
        .events
        .iter()
        .filter_map(|fact| match fact {
            Fact::Conversation(id, event) => of_conversation(*id, event, record.at),
            Fact::Window(event) => of_window(event),
            Fact::Org(_) => None,
        })
        .collect()
}

fn of_conversation(id: ConversationId, event: &DomainEvent, at: Timestamp) -> Option<Event> {
    let conversation = id.to_string();
    Some(match event {
        DomainEvent::Opened(opened) => Event::Opened {
            conversation,
            inbox: opened.inbox.to_string(),
            contact_point: opened.contact_point.to_string(),
        },
        DomainEvent::Received(_) | DomainEvent::Queued(_) | DomainEvent::NoteAdded { .. } => {
            Event::Message { conversation, message: message::message(&line(id, event, at)?) }
        }
        DomainEvent::Reopened => Event::Reopened { conversation },
        DomainEvent::Claimed(claimed) => {
            let (how, from, reason) = claim(&claimed.how);
            Event::Claimed { conversation, agent: claimed.agent.to_string(), epoch: claimed.epoch, how, from, reason }
        }
        DomainEvent::Released { agent, cause } => {
            Event::Released { conversation, agent: agent.to_string(), cause: release(*cause) }
        }
        DomainEvent::Completed { by } => Event::Completed { conversation, by: name(*by) },
        DomainEvent::HandoverOffered(offer) => Event::HandoverOffered {
            conversation,
            offer: Offer {
                from: offer.from.to_string(),
                to: offer.to.to_string(),
                expires_at: time(offer.expires_at),
                note: offer.note.clone(),
            },
        },
        DomainEvent::HandoverEnded { how } => Event::HandoverEnded { conversation, how: end(*how) },
        DomainEvent::Assigned { assignee, by } => {
            Event::Assigned { conversation, assignee: name(*assignee), by: name(*by) }
        }
        DomainEvent::SendStarted { number, .. } => state(conversation, *number, Delivery::Sending, false, None),
        DomainEvent::SendAbandoned { number } => state(conversation, *number, Delivery::Queued, false, None),
        DomainEvent::Sent { number, free, .. } => state(conversation, *number, Delivery::Sent, *free, None),
        DomainEvent::Failed { number, reason } => {
            state(conversation, *number, Delivery::Failed, false, Some(message::failure(reason)))
        }
        DomainEvent::Unknown { number } => state(conversation, *number, Delivery::Unknown, false, None),
        DomainEvent::Cancelled { number, .. } => state(conversation, *number, Delivery::Cancelled, false, None),
        DomainEvent::NoteEdited { number, text } => {
            Event::NoteEdited { conversation, number: *number, text: text.clone() }
        }
        DomainEvent::NoteDeleted { number } => Event::NoteDeleted { conversation, number: *number },
        DomainEvent::HolderAway(away) => Event::HolderAway {
            conversation,
            away: Away {
                since: time(away.since),
                claimable_at: time(away.claimable_at),
                expires_at: time(away.expires_at),
            },
        },
        DomainEvent::HolderReturned => Event::HolderReturned { conversation },
        DomainEvent::SeatClaimable => Event::SeatClaimable { conversation },
        DomainEvent::Unsent { number, .. } => Event::TakenBack { conversation, number: (*number)? },
        DomainEvent::NameSeen { name } => Event::Named { conversation, name: name.clone() },
        DomainEvent::SetAside => Event::SetAside { conversation },
        DomainEvent::TakenBack { .. } => Event::PutBack { conversation },
    })
}

/// A new line as the timeline will show it.
fn line(id: ConversationId, event: &DomainEvent, at: Timestamp) -> Option<MessageRow> {
    use madoguchi_engine::domain::message::Content;
    let (number, content, at, kind) = match event {
        DomainEvent::Received(received) => {
            let kind = MessageKind::Inbound { late: received.late, unsent: false };
            (received.number, received.content.clone(), received.sent_at, kind)
        }
        DomainEvent::Queued(queued) => {
            let kind = MessageKind::Outbound {
                author: queued.author,
                client_id: queued.client_id.clone(),
                delivery: Delivery::Queued,
                failure: None,
                free: false,
            };
            (queued.number, queued.content.clone(), at, kind)
        }
        DomainEvent::NoteAdded { number, author, text, client_id } => {
            let client_id = client_id.clone();
            let kind = MessageKind::Note { author: *author, client_id, edited: false, deleted: false };
            (*number, Content::Text(text.clone()), at, kind)
        }
        _ => return None,
    };
    Some(MessageRow { conversation: id, number, kind, content, at })
}

fn state(conversation: String, number: u32, delivery: Delivery, free: bool, failure: Option<Failure>) -> Event {
    let state: MessageState = message::state(delivery);
    Event::MessageState { conversation, number, state, free, failure }
}

fn of_window(event: &WindowEvent) -> Option<Event> {
    Some(match event {
        WindowEvent::AgentAdded { agent } => Event::MemberAdded { agent: agent.to_string() },
        WindowEvent::AgentRemoved { agent } => Event::MemberRemoved { agent: agent.to_string() },
        WindowEvent::SettingsChanged(_) => Event::SettingsChanged,
        WindowEvent::RawAccepted(raw) => Event::RawWaits { raw: Ulid(raw.raw).to_string() },
        WindowEvent::RawSettled { raw, .. } => Event::RawSettled { raw: Ulid(*raw).to_string() },
        WindowEvent::Opened { .. } | WindowEvent::ContactPointSeen { .. } => return None,
    })
}

fn name(agent: Option<AgentId>) -> Option<String> {
    agent.map(|agent| agent.to_string())
}

fn claim(how: &DomainHow) -> (ClaimHow, Option<String>, Option<String>) {
    match how {
        DomainHow::Started => (ClaimHow::Started, None, None),
        DomainHow::Resumed => (ClaimHow::Resumed, None, None),
        DomainHow::HandedOver { from } => (ClaimHow::HandedOver, Some(from.to_string()), None),
        DomainHow::TakenOver { from, reason } => (ClaimHow::TakenOver, name(*from), reason.clone()),
    }
}

fn release(cause: DomainCause) -> ReleaseCause {
    match cause {
        DomainCause::Returned => ReleaseCause::Returned,
        DomainCause::Away => ReleaseCause::Away,
        DomainCause::LoggedOut => ReleaseCause::LoggedOut,
        DomainCause::LeftWindow => ReleaseCause::LeftWindow,
    }
}

fn end(how: DomainEnd) -> HandoverEnd {
    match how {
        DomainEnd::Declined => HandoverEnd::Declined,
        DomainEnd::TimedOut => HandoverEnd::TimedOut,
        DomainEnd::Withdrawn => HandoverEnd::Withdrawn,
        DomainEnd::Overtaken => HandoverEnd::Overtaken,
    }
}
