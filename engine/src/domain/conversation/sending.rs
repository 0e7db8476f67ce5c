//! An accepted answer on its way out of the house (PRODUCT L2): which of those that wait go in one call, by which way,
//! and what became of them.
//!
//! The sender proposes a call, because it knows what its channel puts into one; the way is decided here, and recorded
//! before its first byte.

use super::decide::Around;
use super::{Conversation, Event, Outgoing, Plan, Quota, SendOutcome, limits};
use crate::domain::content::Dress;
use crate::domain::message::{Author, Content, Delivery, FailureReason, Route};
use crate::domain::org::{SendMode, WhenQuotaEmpty};
use crate::domain::rejected::Rejected;
use crate::domain::time::Timestamp;

/// How the proposed answers go. Nothing, where they are on their way already and may be sent again as they are.
pub(super) fn begin(state: &Conversation, plan: &Plan, around: Around<'_>) -> Result<Vec<Event>, Rejected> {
    let first = plan.numbers.first().and_then(|number| state.outgoing(*number));
    let first = first.ok_or(Rejected::not_found("message"))?;
    if first.delivery == Delivery::Sending {
        return Ok(resume(state, first, around));
    }
    let stale: Vec<_> = state.outbox.iter().filter(|item| item.is_stale(around.now)).map(lapse).collect();
    if first.is_stale(around.now) {
        return Ok(stale);
    }
    let call: Vec<_> = plan.numbers.iter().filter_map(|number| state.outgoing(*number)).collect();
    let call: Vec<_> = call.into_iter().filter(|item| item.waits() && !item.is_stale(around.now)).collect();
    let budget_ms = around.window.settings.reply_budget_ms;
    let free =
        state.reply.as_ref().filter(|right| !plan.no_reply && around.now.since_ms(right.received_at) < budget_ms);
    let mut events = stale;
    events.extend(match (plan.mode, free) {
        (SendMode::Reply | SendMode::Auto, Some(right)) => {
            start(&call, &Route::Reply { token: right.token.clone() }, plan.joined)
        }
        (SendMode::Reply, None) => hold(state, around.now),
        (SendMode::Auto | SendMode::Push, _) => match plan.quota {
            Quota::Left if plan.recognised => start(&call, &Route::Push, plan.joined),
            Quota::Left => start(&call, &Route::Once, plan.joined),
            Quota::Empty(WhenQuotaEmpty::Hold) => hold(state, around.now),
            Quota::Empty(WhenQuotaEmpty::Fail) => fail(&call, &FailureReason::QuotaEmpty),
        },
    });
    Ok(events)
}

fn lapse(item: &Outgoing) -> Event {
    Event::Lapsed { number: item.number }
}

/// There is no way now: an answer waits for the customer to write again; an automatic one would come at the wrong time.
fn hold_back(item: &Outgoing) -> Event {
    if item.automatic.is_some() { lapse(item) } else { Event::HeldBack { number: item.number } }
}

/// A push that was begun before may be begun again while the platform knows its retry key. What the platform does not
/// know again and was begun and never finished cannot be known, and is never repeated.
fn resume(state: &Conversation, first: &Outgoing, around: Around<'_>) -> Vec<Event> {
    let unrecognised = matches!(first.route, Some(Route::Reply { .. } | Route::Once));
    if unrecognised || around.now.since_ms(first.queued_at) >= limits::REPEATABLE_MS {
        return state.call_of(first.lead).map(|item| Event::Unknown { number: item.number }).collect();
    }
    Vec::new()
}

fn start(call: &[&Outgoing], route: &Route, joined: bool) -> Vec<Event> {
    let lead = call.first().map_or(0, |item| item.number);
    call.iter().map(|i| Event::SendStarted { number: i.number, route: route.clone(), lead, joined }).collect()
}

/// Everything that waits, waits for the customer to write again.
fn hold(state: &Conversation, now: Timestamp) -> Vec<Event> {
    let queued = state.outbox.iter().filter(|item| item.delivery == Delivery::Queued && !item.is_stale(now));
    queued.map(hold_back).collect()
}

fn fail(call: &[&Outgoing], reason: &FailureReason) -> Vec<Event> {
    // Only the first: an answer behind it may still find the quota filled up.
    call.iter().take(1).map(|item| Event::Failed { number: item.number, reason: reason.clone() }).collect()
}

/// How the call with this first answer ended. What is not on its way any more decides to nothing.
pub(super) fn finish(state: &Conversation, lead: u32, outcome: &SendOutcome) -> Vec<Event> {
    let numbers: Vec<u32> = state.call_of(lead).map(|item| item.number).collect();
    if numbers.is_empty() {
        return Vec::new();
    }
    let each = |event: fn(u32) -> Event| numbers.iter().copied().map(event).collect();
    match outcome {
        SendOutcome::Sent { external_ids, free } => numbers
            .iter()
            .map(|number| {
                let ids = external_ids.iter().filter(|(of, _)| of == number).map(|(_, id)| id.clone());
                Event::Sent { number: *number, external_ids: ids.collect(), free: *free }
            })
            .collect(),
        SendOutcome::Failed(reason) => {
            numbers.iter().map(|number| Event::Failed { number: *number, reason: reason.clone() }).collect()
        }
        SendOutcome::Unknown => each(|number| Event::Unknown { number }),
        SendOutcome::Abandoned => each(|number| Event::SendAbandoned { number }),
        SendOutcome::Held => state.call_of(lead).map(hold_back).collect(),
        SendOutcome::Refused { culprits } => refused(state, &numbers, culprits),
    }
}

/// Nothing of the call was sent, because of some of its answers. The others wait again, and a free right is not used up.
fn refused(state: &Conversation, numbers: &[u32], culprits: &[(u32, FailureReason)]) -> Vec<Event> {
    let mut events: Vec<_> = numbers
        .iter()
        .map(|number| match culprits.iter().find(|(culprit, _)| culprit == number) {
            Some((_, reason)) => Event::Failed { number: *number, reason: reason.clone() },
            None => Event::SendAbandoned { number: *number },
        })
        .collect();
    let token = numbers.first().and_then(|number| match &state.outgoing(*number)?.route {
        Some(Route::Reply { token }) => Some(token),
        _ => None,
    });
    if let Some(spent) = state.spent.as_ref().filter(|spent| Some(&spent.token) == token) {
        events.push(Event::TokenReturned { token: spent.token.clone(), received_at: spent.received_at });
    }
    events
}

impl Conversation {
    /// The answers that are on their way in one call, by the number of its first.
    pub fn call_of(&self, lead: u32) -> impl Iterator<Item = &Outgoing> {
        self.outbox.iter().filter(move |item| item.delivery == Delivery::Sending && item.lead == lead)
    }
}

impl Outgoing {
    /// An answer that was just accepted.
    #[must_use]
    pub fn new(number: u32, author: Author, content: Content, retry_key: u128, queued_at: Timestamp) -> Self {
        Self {
            number,
            author,
            content,
            retry_key,
            delivery: Delivery::Queued,
            route: None,
            lead: number,
            joined: false,
            queued_at,
            dress: Dress::default(),
            automatic: None,
        }
    }

    /// It can still be withdrawn, and has no way yet.
    #[must_use]
    pub fn waits(&self) -> bool {
        matches!(self.delivery, Delivery::Queued | Delivery::Unsent)
    }
}
