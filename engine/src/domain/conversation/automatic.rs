//! What a window says by itself in one conversation (PRODUCT H2–H5, V6), and that it says it once.
//!
//! An automatic answer is accepted in the record of its cause, be that a message or a deadline, and its record is its mark:
//! a crash can neither forget nor double it. Which answer fits a moment is the window's to say; whether it was said
//! already is said here.

use serde::{Deserialize, Serialize};

use super::decide::Around;
use super::{Conversation, Event, Outgoing, limits};
use crate::domain::hours::{Automatic, Standing, Wording, describe};
use crate::domain::message::{Author, Content};
use crate::domain::time::Timestamp;

/// An automatic answer on its way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoQueued {
    /// The order in the conversation.
    pub number: u32,
    /// Which one.
    pub what: Automatic,
    /// Its words, all but the customer's name.
    pub text: String,
    /// The name that the customer had, where the words hold one. Apart, because it is all of them that is somebody's own.
    pub name: Option<String>,
    /// The key under which the platform recognises a repeated push.
    pub retry_key: u128,
}

/// An automatic answer that was given here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Which one.
    pub what: Automatic,
    /// When.
    pub at: Timestamp,
}

/// How a chat ended that no agent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndHow {
    /// Its customer was silent for the time that the window sets.
    Silence,
    /// Its customer ended it.
    Customer,
}

/// How late an automatic answer may go out, in milliseconds. Later it says what is not so any more, and is withdrawn.
const STALE_MS: i64 = 3_600_000;

impl AutoQueued {
    /// What the customer reads.
    #[must_use]
    pub fn content(&self) -> Content {
        Content::Text(Wording::address(&self.text, self.name.as_deref()))
    }
}

/// To a message that becomes number `number` less one.
pub(super) fn to_message(state: &Conversation, number: u32, around: Around<'_>) -> Option<Event> {
    let (what, text) = around.window.answer_to_message(around.now, around.anybody_here)?;
    if is_said(state, what, around) { None } else { queue(state, number, (what, text), around) }
}

/// To who adds the window as a friend.
pub(super) fn to_friend(state: &Conversation, around: Around<'_>) -> Option<Event> {
    if is_said(state, Automatic::Greeting, around) {
        return None;
    }
    queue(state, state.next_number(), (Automatic::Greeting, &around.window.answers.greeting), around)
}

/// To whose chat has ended.
pub(super) fn at_end(state: &Conversation, number: u32, around: Around<'_>) -> Option<Event> {
    if state.blocked || !state.channel.is_chat() || is_said(state, Automatic::End, around) {
        return None;
    }
    queue(state, number, (Automatic::End, &around.window.answers.end.notice), around)
}

/// Whether the customer ends the chat with this message.
pub(super) fn is_end(content: &Content, around: Around<'_>) -> bool {
    matches!(content, Content::Text(text) if around.window.answers.end.is_said_by(text))
}

fn queue(state: &Conversation, number: u32, (what, text): (Automatic, &str), around: Around<'_>) -> Option<Event> {
    // A platform that takes nothing leaves no room: what people wrote goes before.
    if text.is_empty() || state.outbox.len() >= limits::OUTBOX {
        return None;
    }
    let hours = describe(&around.window.hours);
    let text = Wording { window: &around.window.name, hours: &hours }.fill(text);
    let name = state.name.clone().filter(|_| Wording::names_the_customer(&text));
    Some(Event::AutoQueued(AutoQueued { number, what, text, name, retry_key: around.draw }))
}

fn is_said(state: &Conversation, what: Automatic, around: Around<'_>) -> bool {
    let calendar = around.window.calendar();
    let has_opened = |since| calendar.opens_at(since).is_some_and(|opened| opened <= around.now);
    state.said.iter().filter(|said| said.what == what).any(|said| match what {
        // The end: until somebody takes part again, or a customer could order notices that cost.
        Automatic::Greeting | Automatic::ClosedPeriod(_) | Automatic::End => true,
        Automatic::Absence => !has_opened(said.at),
        Automatic::Maintenance => around.window.maintenance.since.is_none_or(|since| since <= said.at),
        // Within the hours once in a case; outside them once until the window has opened.
        Automatic::Offline => calendar.standing(around.now) == Standing::Open || !has_opened(said.at),
    })
}

/// What a waiting notice of the end becomes when its customer writes on: withdrawn.
pub(super) fn overtaken(state: &Conversation) -> impl Iterator<Item = Event> {
    let waits = |item: &&Outgoing| item.automatic == Some(Automatic::End) && item.waits();
    state.outbox.iter().filter(waits).map(|item| Event::Lapsed { number: item.number })
}

impl Conversation {
    pub(super) fn queue_automatic(&mut self, queued: &AutoQueued, at: Timestamp) {
        self.last_number = queued.number;
        let same = |said: &Said| std::mem::discriminant(&said.what) == std::mem::discriminant(&queued.what);
        self.said.retain(|said| !same(said));
        self.said.push(Said { what: queued.what, at });
        self.outbox.push_back(Outgoing {
            automatic: Some(queued.what),
            ..Outgoing::new(queued.number, Author::Window, queued.content(), queued.retry_key, at)
        });
        self.await_copies(queued.number, &queued.content());
    }

    /// What was said may be said again: in another case, or because a person takes part.
    pub(super) fn may_say_again(&mut self, what: Automatic) {
        self.said.retain(|said| said.what != what);
    }
}

impl Outgoing {
    /// It waits, and says what is not so any more.
    pub(super) fn is_stale(&self, now: Timestamp) -> bool {
        self.automatic.is_some() && self.waits() && now.since_ms(self.queued_at) >= STALE_MS
    }
}
