//! What an inbound event of a channel means here. Never a rejection: the customer has written, and that is a fact.

use super::bot;
use super::decide::{Around, end_offer, see_name};
use super::outgoing::external_key;
use super::{
    Conversation, EndHow, Event, HandoverEnd, Inbound, InboundKind, KnownExternalId, Opened, Received, Status,
    automatic, limits,
};
use crate::domain::content::{CONTEXT_BYTES, MediaLoss, StoredFile};
use crate::domain::message::Content;
use crate::domain::seat::Holder;

/// The number of a message that is known and was not taken back.
fn number_of(state: &Conversation, external_id: &str) -> Option<u32> {
    known(state, external_id).filter(|known| !known.unsent).map(|known| known.number)
}

/// The events of one inbound event, in order.
pub(super) fn take(state: &Conversation, inbound: &Inbound, around: Around<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    if let InboundKind::CopyTold { number, copy, end } = &inbound.what {
        let told = super::copies::tell(state, *number, *copy, end);
        let is_lost = told.iter().any(|event| matches!(event, Event::Failed { .. }));
        // Somebody thought that it was answered.
        events.extend((is_lost && state.status == Status::Done).then_some(Event::Reopened));
        events.extend(told);
        return events;
    }
    if !state.is_born() && state.thread.is_empty() {
        events.push(Event::Opened(Opened {
            channel: inbound.channel,
            inbox: inbound.inbox,
            contact_point: inbound.contact_point,
            external_id: inbound.external_id.clone(),
            thread: inbound.thread.clone(),
        }));
    }
    events.extend(context(state, inbound));
    events.extend(named(state, inbound));
    match &inbound.what {
        InboundKind::Message { external_id, content, reply_token, read_token, raw } => {
            if state.status == Status::Done && content.awaits_answer() {
                events.push(Event::Reopened);
            }
            events.extend(automatic::overtaken(state));
            let behind = bot::falls_behind(state);
            let by_machine = content.may_be_answered_by_machine();
            let begun = if by_machine { bot::gets(state, inbound.inbox, true, around) } else { None };
            let is_bots = begun.is_some() || (state.seat.holder == Holder::Bot && behind.is_none());
            events.extend(behind);
            events.extend(begun);
            events.extend(no_room_for(state, content));
            let number = state.next_number();
            let taken_back = external_id.as_ref().is_some_and(|id| is_taken_back(state, id));
            events.push(Event::Received(Received {
                number,
                event_id: inbound.event_id.clone(),
                external_id: external_id.clone(),
                content: if taken_back { Content::Redacted } else { content.clone() },
                sent_at: inbound.at,
                received_at: inbound.received_at,
                reply_token: reply_token.clone(),
                late: inbound.at < state.newest_sent_at,
                raw: if taken_back { None } else { raw.clone() },
                read_token: read_token.clone(),
            }));
            if let (true, Some(external_id)) = (taken_back, external_id.clone()) {
                events.push(Event::Unsent { external_id, number: Some(number) });
            } else if inbound.channel.is_chat() && automatic::is_end(content, around) {
                events.extend(ended(state, around));
            } else if !is_bots && by_machine {
                // While the bot answers, somebody does; that nobody is there is said when it leaves.
                events.extend(automatic::to_message(state, number + 1, around));
            }
        }
        InboundKind::Edit { external_id, content } => {
            // An edit of a message that never came, or came too long ago to be known, has nothing to change; changes
            // come in any order, and the newest counts.
            let newest = |number: &u32| !state.edits.iter().any(|(known, at)| known == number && *at > inbound.at);
            events.extend(number_of(state, external_id).filter(newest).map(|number| Event::Edited {
                number,
                content: content.clone(),
                edited_at: inbound.at,
            }));
        }
        InboundKind::Follow { unblocked, reply_token } => {
            events.push(Event::Followed {
                unblocked: *unblocked,
                reply_token: reply_token.clone(),
                received_at: inbound.received_at,
            });
            if inbound.channel.greets() {
                events.extend(automatic::to_friend(state, around));
            }
            events.extend(bot::gets(state, inbound.inbox, false, around));
        }
        InboundKind::CopyTold { .. } => {}
        InboundKind::Unfollow if state.blocked => {}
        InboundKind::Unfollow => events.push(Event::Unfollowed),
        InboundKind::Unsend { external_id } => {
            if !is_taken_back(state, external_id) {
                let number = known(state, external_id).map(|known| known.number);
                events.push(Event::Unsent { external_id: external_id.clone(), number });
            }
        }
    }
    events
}

/// The customer's message, the next of the conversation, ends the chat. Said to one that is over it only keeps it so.
fn ended(state: &Conversation, around: Around<'_>) -> Vec<Event> {
    let mut events = end_offer(state, HandoverEnd::Overtaken);
    events.push(Event::Ended { how: EndHow::Customer });
    if state.status != Status::Done {
        events.extend(automatic::at_end(state, state.next_number() + 1, around));
    }
    events
}

/// What the channel keeps beside the conversation, where that is news. Too much of it is left out.
fn context(state: &Conversation, inbound: &Inbound) -> Option<Event> {
    let context = inbound.context.as_ref().filter(|context| state.context.as_ref() != Some(context))?;
    (context.weight() <= CONTEXT_BYTES).then(|| Event::ContextSeen { context: context.clone() })
}

/// What the customer calls themselves in the message, where messages say so. Whoever else writes here names nobody.
fn named(state: &Conversation, inbound: &Inbound) -> Vec<Event> {
    let is_customer = state.external_id.is_empty() || state.external_id == inbound.external_id;
    let InboundKind::Message { content, .. } = &inbound.what else { return Vec::new() };
    // The bare id is better than no name, and no better than a name.
    let is_better = |name: &&str| is_customer && (state.name.is_none() || *name != inbound.external_id);
    let name = content.name_of(&inbound.external_id).filter(is_better);
    name.map_or_else(Vec::new, |name| see_name(state, name))
}

/// The oldest medium that is waited for makes room for a new one, and says so.
fn no_room_for(state: &Conversation, content: &Content) -> Option<Event> {
    let more = matches!(content, Content::Media(media) if media.is_awaited());
    let oldest = state.awaited.front().filter(|_| more && state.awaited.len() >= limits::AWAITED_MEDIA)?;
    Some(Event::MediaLost { number: oldest.number, why: MediaLoss::Refused })
}

/// What became of awaited media. What nobody waits for any more (taken back meanwhile) changes nothing.
pub(super) fn keep_media(state: &Conversation, number: u32, outcome: &Result<StoredFile, MediaLoss>) -> Vec<Event> {
    if !state.awaited.iter().any(|awaited| awaited.number == number) {
        return Vec::new();
    }
    vec![match outcome {
        Ok(file) => Event::MediaStored { number, file: file.clone() },
        Err(why) => Event::MediaLost { number, why: *why },
    }]
}

/// What follows when a message that was taken back is found further back than the state remembers.
pub(super) fn settle_unsend(state: &Conversation, external_id: &str, number: u32) -> Vec<Event> {
    if !state.tombstones.iter().any(|id| id == external_id) {
        return Vec::new();
    }
    vec![Event::Unsent { external_id: external_id.to_owned(), number: Some(number) }]
}

fn known<'a>(state: &'a Conversation, external_id: &str) -> Option<&'a KnownExternalId> {
    let key = external_key(external_id);
    state.external_ids.iter().find(|known| known.key == key)
}

fn is_taken_back(state: &Conversation, external_id: &str) -> bool {
    state.tombstones.iter().any(|id| id == external_id) || known(state, external_id).is_some_and(|known| known.unsent)
}
