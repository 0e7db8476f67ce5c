//! A record as a desk is told it: a pure function of its place and its content.
//!
//! Purity is a promise: a resume encodes old records again, and must give the same bytes. Nothing here may look at a
//! clock, the organisation or the state of a conversation. What nobody at a desk needs to know stays behind: reply
//! tokens, retry keys, the platform's ids, raw bodies.

use madoguchi_engine::domain::conversation::{self as domain, ClaimHow as DomainHow, Event as Fact};
use madoguchi_engine::domain::id::{AgentId, ConversationId, Position, StreamId, WindowId};
use madoguchi_engine::domain::message::{Author, Content, Delivery, Route};
use madoguchi_engine::domain::record::{self, Record};
use madoguchi_engine::domain::seat::ReleaseCause as DomainCause;
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::domain::window;
use madoguchi_engine::rows::{MessageKind, MessageRow};
use madoguchi_protocol::api::{ContactPoint, RawReason};
use madoguchi_protocol::event::{ClaimHow, EndHow, Event, HandoverEnd, RawEnd, ReleaseCause};
use madoguchi_protocol::server::Update;

use super::inbox::channel;
use super::{bot, conversation as seats, hours, media, message, org, time, window as windows};

/// One record as one frame, whatever is in it: a reader counts positions.
#[must_use]
pub fn update(window: &WindowId, stream: StreamId, position: Position, record: &Record) -> Update {
    Update {
        window: window.to_string(),
        stream: stream.to_string(),
        position: position.0,
        at: time(record.at),
        events: record.events.iter().filter_map(|fact| event(window, fact, record.at)).collect(),
    }
}

/// One fact; `None` where a desk has nothing to see.
fn event(window: &WindowId, fact: &record::Fact, at: Timestamp) -> Option<Event> {
    match fact {
        record::Fact::Conversation(id, fact) => of_conversation(*id, fact, at),
        record::Fact::Window(fact) => of_window(window, fact),
        record::Fact::Org(_) | record::Fact::Audit(_) => None,
    }
}

fn of_conversation(id: ConversationId, fact: &Fact, at: Timestamp) -> Option<Event> {
    let conversation = id.to_string();
    Some(match fact {
        Fact::TokenReturned { received_at, token: _ } => {
            Event::FreeAnswerBack { conversation, received_at: time(*received_at) }
        }
        Fact::Opened(opened) => Event::Opened {
            conversation,
            inbox: opened.inbox.to_string(),
            channel: channel(opened.channel),
            contact_point: ContactPoint {
                id: opened.contact_point.to_string(),
                name: None,
                picture_url: None,
                blocked: false,
            },
        },
        Fact::Received(received) => Event::Received {
            conversation,
            message: message::message(&inbound(id, received)),
            received_at: time(received.received_at),
            free_answer: received.reply_token.is_some(),
        },
        Fact::Reopened => Event::Reopened { conversation },
        Fact::Claimed(claimed) => Event::Claimed {
            conversation,
            agent: claimed.agent.to_string(),
            epoch: claimed.epoch,
            how: claim_how(&claimed.how),
        },
        Fact::Released { agent, cause } => {
            Event::Released { conversation, agent: agent.to_string(), cause: release_cause(*cause) }
        }
        Fact::Completed { by } => Event::Completed { conversation, by: person(*by) },
        Fact::HandoverOffered(offer) => Event::HandoverOffered { conversation, offer: seats::offer(offer) },
        Fact::HandoverEnded { how } => Event::HandoverEnded { conversation, how: handover_end(*how) },
        Fact::Assigned { assignee, by } => {
            Event::Assigned { conversation, assignee: person(*assignee), by: person(*by) }
        }
        Fact::HolderAway(away) => Event::HolderAway { conversation, away: seats::away(*away) },
        Fact::HolderReturned => Event::HolderReturned { conversation },
        Fact::SeatClaimable => Event::SeatClaimable { conversation },
        Fact::Unsent { number, external_id: _ } => Event::Unsent { conversation, number: *number },
        Fact::NameSeen { name } => Event::NameSeen { conversation, name: name.clone() },
        Fact::PictureSeen { picture } => Event::PictureSeen { conversation, picture_url: picture.map(media::url) },
        Fact::MediaStored { number, file } => {
            Event::MediaStored { conversation, number: *number, file: media::file(file) }
        }
        Fact::MediaLost { number, why } => Event::MediaLost { conversation, number: *number, why: media::loss(*why) },
        Fact::Edited { number, content, edited_at: _ } => {
            Event::Edited { conversation, number: *number, content: message::content(content) }
        }
        Fact::Followed { unblocked, received_at, reply_token } => Event::Followed {
            conversation,
            unblocked: *unblocked,
            received_at: time(*received_at),
            free_answer: reply_token.is_some(),
        },
        Fact::Unfollowed => Event::Unfollowed { conversation },
        Fact::SetAside => Event::SetAside { conversation },
        Fact::TakenBack { by } => Event::TakenBack { conversation, by: by.to_string() },
        Fact::ContextSeen { context } => Event::SubjectSeen { conversation, subject: context.subject.clone() },
        Fact::Ended { how } => Event::Ended {
            conversation,
            how: match how {
                domain::EndHow::Silence => EndHow::Silence,
                domain::EndHow::Customer => EndHow::Customer,
            },
        },
        Fact::Queued(_)
        | Fact::AutoQueued(_)
        | Fact::Lapsed { .. }
        | Fact::SendStarted { .. }
        | Fact::HeldBack { .. }
        | Fact::SendAbandoned { .. }
        | Fact::Sent { .. }
        | Fact::Failed { .. }
        | Fact::Unknown { .. }
        | Fact::Cancelled { .. } => of_answer(id, fact, at),
        Fact::NoteAdded { .. } | Fact::NoteEdited { .. } | Fact::NoteDeleted { .. } | Fact::BotNoteAdded { .. } => {
            of_note(id, fact, at)
        }
        Fact::BotSeated { epoch, how, answer_within_ms: _ } => {
            Event::BotSeated { conversation, epoch: *epoch, how: bot::seating(how) }
        }
        Fact::BotReleased { cause } => Event::BotReleased { conversation, cause: bot::leaving(*cause) },
        Fact::BotCompleted => Event::BotCompleted { conversation },
        // How a bot takes what it is told is between it and its administrators.
        Fact::BotTold { .. } | Fact::LetterDied { .. } | Fact::LettersReplayed { .. } | Fact::LettersDropped { .. } => {
            return None;
        }
    })
}

/// An answer on its way out.
fn of_answer(id: ConversationId, fact: &Fact, at: Timestamp) -> Event {
    let conversation = id.to_string();
    match fact {
        Fact::Queued(queued) => Event::Queued { conversation, message: message::message(&outbound(id, queued, at)) },
        Fact::AutoQueued(queued) => {
            Event::Queued { conversation, message: message::message(&automatic(id, queued, at)) }
        }
        Fact::Lapsed { number } => Event::Lapsed { conversation, number: *number },
        Fact::HeldBack { number } => Event::HeldBack { conversation, number: *number },
        Fact::SendStarted { number, route, lead: _, joined: _ } => {
            Event::SendStarted { conversation, number: *number, free: matches!(route, Route::Reply { .. }) }
        }
        Fact::SendAbandoned { number } => Event::SendAbandoned { conversation, number: *number },
        Fact::Sent { number, free, external_ids: _ } => Event::Sent { conversation, number: *number, free: *free },
        Fact::Failed { number, reason } => {
            Event::Failed { conversation, number: *number, failure: message::failure(reason) }
        }
        Fact::Unknown { number } => Event::Unknown { conversation, number: *number },
        Fact::Cancelled { number, by } => Event::Cancelled { conversation, number: *number, by: by.to_string() },
        other => unreachable!("{other:?} is no step of an answer"),
    }
}

/// A memo's life.
fn of_note(id: ConversationId, fact: &Fact, at: Timestamp) -> Event {
    let conversation = id.to_string();
    match fact {
        Fact::NoteAdded { number, author, text, client_id } => {
            let row = note(id, *number, Author::Agent(*author), text, client_id, at);
            Event::NoteAdded { conversation, message: message::message(&row) }
        }
        Fact::BotNoteAdded { number, text } => {
            let row = note(id, *number, Author::Bot, text, "", at);
            Event::NoteAdded { conversation, message: message::message(&row) }
        }
        Fact::NoteEdited { number, text } => {
            Event::NoteEdited { conversation, number: *number, content: message::content(&memo(text)) }
        }
        Fact::NoteDeleted { number } => Event::NoteDeleted { conversation, number: *number },
        other => unreachable!("{other:?} is no step of a memo"),
    }
}

fn of_window(id: &WindowId, fact: &window::Event) -> Option<Event> {
    Some(match fact {
        window::Event::Opened { id: _, name, places } => Event::WindowOpened { name: name.clone(), places: *places },
        window::Event::AgentAdded { agent } => Event::AgentAdded { agent: agent.to_string() },
        window::Event::AgentRemoved { agent } => Event::AgentRemoved { agent: agent.to_string() },
        window::Event::SettingsChanged(settings) => Event::SettingsChanged { settings: org::settings(settings) },
        window::Event::ContactPointSeen { contact_point, inbox, external_id: _ } => {
            Event::ContactPointSeen { contact_point: contact_point.to_string(), inbox: inbox.to_string() }
        }
        window::Event::RawAccepted(raw) => Event::RawAccepted {
            raw: org::raw_id(raw.raw),
            inbox: raw.inbox.to_string(),
            received_at: time(raw.received_at),
            reason: raw_reason(raw.why),
        },
        window::Event::HoursChanged(now) => Event::HoursChanged { hours: hours::hours(now) },
        window::Event::AnswersChanged(now) => Event::AnswersChanged { answers: hours::answers(now) },
        window::Event::ClosedPeriodAdded(period) => Event::ClosedPeriodAdded { period: hours::closed_period(period) },
        window::Event::ClosedPeriodRemoved { id } => Event::ClosedPeriodRemoved { period: hours::period_id(*id) },
        window::Event::MaintenanceChanged(now) => Event::MaintenanceChanged { maintenance: hours::maintenance(now) },
        window::Event::RawSettled { raw, how } => Event::RawSettled { raw: org::raw_id(*raw), how: raw_end(*how) },
        window::Event::BotChanged { bot: rules } => Event::BotChanged { bot: bot::of_window(rules.as_ref()) },
        window::Event::Described(profile) => Event::WindowChanged {
            name: profile.name.clone(),
            description: profile.description.clone(),
            picture: profile.picture.as_ref().map(|picture| windows::picture(id, picture)),
        },
        window::Event::PlacesChanged { places } => Event::PlacesChanged { places: *places },
        // The link is the administrators' to give.
        window::Event::Invited { .. } => return None,
        window::Event::Reset { .. } => Event::WindowReset,
    })
}

/// The line that a customer's message is in the timeline.
fn inbound(conversation: ConversationId, received: &domain::Received) -> MessageRow {
    MessageRow {
        conversation,
        number: received.number,
        kind: MessageKind::Inbound { late: received.late, unsent: false, edited: false },
        content: received.content.clone(),
        at: received.sent_at,
    }
}

/// The line that an accepted answer is in the timeline.
fn outbound(conversation: ConversationId, queued: &domain::Queued, at: Timestamp) -> MessageRow {
    MessageRow {
        conversation,
        number: queued.number,
        kind: MessageKind::Outbound {
            author: queued.author,
            client_id: queued.client_id.clone(),
            delivery: Delivery::Queued,
            failure: None,
            free: false,
            quick_replies: queued.dress.quick_replies.clone(),
            automatic: None,
        },
        content: queued.content.clone(),
        at,
    }
}

/// The line that an automatic answer is in the timeline.
fn automatic(conversation: ConversationId, queued: &domain::AutoQueued, at: Timestamp) -> MessageRow {
    MessageRow {
        conversation,
        number: queued.number,
        kind: MessageKind::Outbound {
            author: Author::Window,
            client_id: String::new(),
            delivery: Delivery::Queued,
            failure: None,
            free: false,
            quick_replies: Vec::new(),
            automatic: Some(queued.what),
        },
        content: queued.content(),
        at,
    }
}

/// The line that a memo is in the timeline.
fn note(
    conversation: ConversationId,
    number: u32,
    author: Author,
    text: &str,
    client_id: &str,
    at: Timestamp,
) -> MessageRow {
    MessageRow {
        conversation,
        number,
        kind: MessageKind::Note { author, client_id: client_id.to_owned(), edited: false, deleted: false },
        content: memo(text),
        at,
    }
}

/// A memo is never empty: an empty one was redacted.
fn memo(text: &str) -> Content {
    if text.is_empty() { Content::Redacted } else { Content::Text(text.to_owned()) }
}

fn person(agent: Option<AgentId>) -> Option<String> {
    agent.as_ref().map(AgentId::to_string)
}

fn claim_how(how: &DomainHow) -> ClaimHow {
    match how {
        DomainHow::Started => ClaimHow::Started,
        DomainHow::Resumed => ClaimHow::Resumed,
        DomainHow::HandedOver { from } => ClaimHow::HandedOver { from: from.to_string() },
        DomainHow::TakenOver { from, reason } => ClaimHow::TakenOver { from: person(*from), reason: reason.clone() },
    }
}

fn release_cause(cause: DomainCause) -> ReleaseCause {
    match cause {
        DomainCause::Returned => ReleaseCause::Returned,
        DomainCause::Away => ReleaseCause::Away,
        DomainCause::LoggedOut => ReleaseCause::LoggedOut,
        DomainCause::LeftWindow => ReleaseCause::LeftWindow,
    }
}

fn handover_end(how: domain::HandoverEnd) -> HandoverEnd {
    match how {
        domain::HandoverEnd::Declined => HandoverEnd::Declined,
        domain::HandoverEnd::TimedOut => HandoverEnd::TimedOut,
        domain::HandoverEnd::Withdrawn => HandoverEnd::Withdrawn,
        domain::HandoverEnd::Overtaken => HandoverEnd::Overtaken,
    }
}

fn raw_reason(why: window::RawReason) -> RawReason {
    match why {
        window::RawReason::Busy => RawReason::Busy,
        window::RawReason::Unparsable => RawReason::Unparsable,
        window::RawReason::SetAside => RawReason::SetAside,
    }
}

fn raw_end(how: window::RawEnd) -> RawEnd {
    match how {
        window::RawEnd::Interpreted => RawEnd::Interpreted,
        window::RawEnd::Dismissed => RawEnd::Dismissed,
    }
}

#[cfg(test)]
mod sufficiency_test;
#[cfg(test)]
mod tests;
