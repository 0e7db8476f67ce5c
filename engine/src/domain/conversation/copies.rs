//! Copies: on channels where each recipient of an answer gets a message of their own, what became of each (M1).
//!
//! An answer is on its way until every copy has come to an end, and then is what became of the worst of them. A copy whose
//! end was said and not answered for is unknown, and never goes again by itself.

use serde::{Deserialize, Serialize};

use super::{Conversation, Event, limits};
use crate::domain::message::{Delivery, FailureReason, Route};
use crate::domain::rejected::Rejected;
use crate::domain::time::Timestamp;

/// The copies of one answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copies {
    /// The answer.
    pub number: u32,
    /// One a recipient, in the order of the answer's content.
    pub each: Vec<CopyOut>,
}

/// One recipient's copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyOut {
    /// Whose.
    pub to: String,
    /// Where it stands.
    pub state: CopyState,
    /// The other side's last code; 0 where it gave none.
    pub code: u16,
    /// The other side's last words, at most [`limits::COPY_DETAIL_CHARS`].
    pub detail: String,
    /// Tries that came to an end.
    pub tries: u16,
    /// When it is tried again, while it waits for that.
    pub next_at: Option<Timestamp>,
}

/// Where a copy stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CopyState {
    /// Waits its turn.
    Queued,
    /// Its end may have been said; recorded before it is.
    Begun,
    /// Not taken yet: by the next hop, when it is tried again, or by one behind it, which tries itself.
    Delayed,
    /// The next hop took it.
    Sent,
    /// The recipient's side said that it has it.
    Delivered,
    /// Refused for good, at once or later.
    Failed,
    /// Nobody can know.
    Unknown,
}

/// How a try ended, or what was heard of a copy later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyEnd {
    /// Where it stands now.
    pub state: CopyState,
    /// The other side's code; 0 where it gave none.
    pub code: u16,
    /// The other side's words.
    pub detail: String,
    /// When it is tried again.
    pub next_at: Option<Timestamp>,
}

impl CopyEnd {
    /// An end without words.
    #[must_use]
    pub fn bare(state: CopyState) -> Self {
        Self { state, code: 0, detail: String::new(), next_at: None }
    }
}

impl CopyOut {
    /// A copy that waits its turn.
    #[must_use]
    pub fn waiting(to: &str) -> Self {
        Self { to: to.to_owned(), state: CopyState::Queued, code: 0, detail: String::new(), tries: 0, next_at: None }
    }

    /// Whether we have still to do with it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self.state {
            CopyState::Queued | CopyState::Begun => true,
            CopyState::Delayed => self.next_at.is_some(),
            CopyState::Sent | CopyState::Delivered | CopyState::Failed | CopyState::Unknown => false,
        }
    }

    /// Whether it is to be tried now.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.is_open() && self.next_at.is_none_or(|at| at <= now)
    }
}

/// A copy is about to go. Recorded before its end is said.
pub(super) fn begin(state: &Conversation, number: u32, copy: u16) -> Result<Vec<Event>, Rejected> {
    let item = state.outgoing(number).ok_or(Rejected::not_found("message"))?;
    let mut copies = state.copies_of(number).ok_or(Rejected::not_found("message"))?.clone();
    let mine = copies.each.get_mut(usize::from(copy)).filter(|mine| mine.is_open() && mine.state != CopyState::Begun);
    mine.ok_or(Rejected::NotWaiting)?.state = CopyState::Begun;
    let start = Event::SendStarted { number, route: Route::Once, lead: number, joined: false };
    let first = (item.delivery != Delivery::Sending).then_some(start);
    Ok(first.into_iter().chain([Event::CopiesChanged(copies)]).collect())
}

/// A try ended. What has come to an end before decides to nothing.
pub(super) fn end(state: &Conversation, number: u32, copy: u16, end: &CopyEnd) -> Vec<Event> {
    let (Some(item), Some(copies)) = (state.outgoing(number), state.copies_of(number)) else { return Vec::new() };
    let mut copies = copies.clone();
    let Some(mine) = copies.each.get_mut(usize::from(copy)).filter(|mine| mine.is_open()) else { return Vec::new() };
    mine.tries = mine.tries.saturating_add(1);
    put(mine, end);
    let waits = copies.each.iter().all(|one| matches!(one.state, CopyState::Queued | CopyState::Delayed));
    let back = (waits && item.delivery == Delivery::Sending).then_some(Event::SendAbandoned { number });
    let whole = summary(&copies);
    [Event::CopiesChanged(copies)].into_iter().chain(back).chain(whole).collect()
}

/// Something was heard of a copy after it had gone.
pub(super) fn tell(state: &Conversation, number: u32, copy: u16, told: &CopyEnd) -> Vec<Event> {
    if number == 0 || number > state.last_number {
        return Vec::new();
    }
    let mut events = Vec::new();
    if let Some(copies) = state.copies_of(number) {
        let mut copies = copies.clone();
        let Some(mine) = copies.each.get_mut(usize::from(copy)) else { return Vec::new() };
        // What was refused or has arrived is not late any more.
        let known = matches!(mine.state, CopyState::Failed | CopyState::Delivered);
        if known && told.state != CopyState::Failed || mine.state == told.state && mine.state == CopyState::Failed {
            return Vec::new();
        }
        put(mine, told);
        let whole = summary(&copies).filter(|_| told.state == CopyState::Failed || state.outgoing(number).is_some());
        events.push(Event::CopiesChanged(copies));
        events.extend(whole);
    } else if told.state == CopyState::Failed {
        events.push(Event::Failed { number, reason: reason(told.code, &told.detail) });
    }
    events
}

fn put(copy: &mut CopyOut, end: &CopyEnd) {
    copy.state = end.state;
    copy.code = end.code;
    copy.detail = end.detail.chars().take(limits::COPY_DETAIL_CHARS).collect();
    copy.next_at = end.next_at.filter(|_| end.state == CopyState::Delayed);
}

/// What the whole answer is once every copy has come to an end.
fn summary(copies: &Copies) -> Option<Event> {
    let number = copies.number;
    if copies.each.iter().any(CopyOut::is_open) {
        return None;
    }
    if copies.each.iter().any(|copy| copy.state == CopyState::Unknown) {
        return Some(Event::Unknown { number });
    }
    Some(match copies.each.iter().find(|copy| copy.state == CopyState::Failed) {
        Some(failed) => Event::Failed { number, reason: reason(failed.code, &failed.detail) },
        None => Event::Sent { number, external_ids: Vec::new(), free: false },
    })
}

fn reason(code: u16, detail: &str) -> FailureReason {
    match code {
        0 => FailureReason::GaveUp,
        status => FailureReason::Refused { status, detail: detail.chars().take(500).collect() },
    }
}

impl Conversation {
    /// The copies of an answer, while they are known: until it is done with, and of the last ones after.
    #[must_use]
    pub fn copies_of(&self, number: u32) -> Option<&Copies> {
        self.copies.iter().find(|copies| copies.number == number)
    }

    /// The first copy that is to be tried now, in the order of the answers.
    #[must_use]
    pub fn due_copy(&self, now: Timestamp) -> Option<(u32, u16)> {
        self.outbox.iter().find_map(|item| {
            let copies = self.copies_of(item.number)?;
            let place = copies.each.iter().position(|copy| copy.is_due(now))?;
            Some((item.number, u16::try_from(place).ok()?))
        })
    }

    pub(super) fn keep_copies(&mut self, copies: Copies) {
        match self.copies.iter_mut().find(|known| known.number == copies.number) {
            Some(known) => *known = copies,
            None => self.copies.push_back(copies),
        }
        let waiting = |number: u32| self.outbox.iter().any(|item| item.number == number);
        while self.copies.len() > limits::COPIES {
            let Some(oldest) = self.copies.iter().position(|copies| !waiting(copies.number)) else { break };
            self.copies.remove(oldest);
        }
    }
}
