//! Committed records on their way to the read models. At the limit the one who pushes waits: a journal's writer that
//! slows down is the promise that rows never lag further (DESIGN 4).
//!
//! Records are gathered for a moment, because rows of many are written for little more than rows of one, and every
//! batch wakes threads. Nobody waits for that: whoever wants rows is in a hurry and says so.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use crate::domain::conversation::{Conversation, Event};
use crate::domain::record::Fact;
use crate::domain::window::{Event as Window, RawBody};
use crate::journal::feed::Committed;

/// How far rows may lag.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    /// Records.
    pub(super) records: usize,
    /// What they weigh in memory, in bytes, about.
    pub(super) bytes: usize,
}

/// The bound of a running engine.
pub(super) const BOUND: Bound = Bound { records: 20_000, bytes: 32 << 20 };

/// How long records are gathered at most before they are taken.
const GATHERED: Duration = Duration::from_millis(10);
/// Records that are enough to be taken at once.
const ENOUGH: usize = 256;

/// Records waiting, and those in the writer's hand.
#[derive(Debug)]
pub(super) struct Queue {
    bound: Bound,
    state: Mutex<State>,
    /// Something to take, or the end.
    filled: Condvar,
    /// Room, or the end.
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<(usize, Committed)>,
    /// Records pushed and not applied, with what they weigh; those in the writer's hand count too.
    records: usize,
    bytes: usize,
    /// Readers that wait for rows, and pushers that wait for room.
    in_a_hurry: usize,
    ended: bool,
}

/// Somebody waits: while it is there, nothing is gathered.
pub(super) struct Hurry<'a>(&'a Queue);

impl Drop for Hurry<'_> {
    fn drop(&mut self) {
        self.0.state.lock().in_a_hurry -= 1;
    }
}

impl Queue {
    pub(super) fn new(bound: Bound) -> Self {
        Self { bound, state: Mutex::default(), filled: Condvar::new(), freed: Condvar::new() }
    }

    /// Puts records at the end; waits while there is no room. After the end it lets them fall: the journal has them.
    pub(super) fn push(&self, records: Vec<Committed>) {
        let mut state = self.state.lock();
        let was_empty = state.waiting.is_empty();
        for record in records {
            let weight = weight(&record);
            // One that is heavier than the bound goes through alone.
            while !state.ended && state.records > 0 && !self.has_room(&state, weight) {
                state.in_a_hurry += 1;
                self.filled.notify_one();
                self.freed.wait(&mut state);
                state.in_a_hurry -= 1;
            }
            if state.ended {
                return;
            }
            state.records += 1;
            state.bytes += weight;
            state.waiting.push_back((weight, record));
        }
        if was_empty || state.is_ripe() {
            self.filled.notify_one();
        }
    }

    /// Has records taken as they come, as long as the answer is held.
    pub(super) fn hurry(&self) -> Hurry<'_> {
        self.state.lock().in_a_hurry += 1;
        self.filled.notify_one();
        Hurry(self)
    }

    /// Waits for the first record, and then until it is worth while to take them.
    pub(super) fn gather(&self) {
        let mut state = self.state.lock();
        while state.waiting.is_empty() && !state.ended {
            self.filled.wait(&mut state);
        }
        while !state.is_ripe() && !self.filled.wait_for(&mut state, GATHERED).timed_out() {}
    }

    fn has_room(&self, state: &State, weight: usize) -> bool {
        state.records < self.bound.records && state.bytes + weight <= self.bound.bytes
    }

    /// Takes up to `most` records; waits for the first. Nothing after the end, once all is taken.
    pub(super) fn take(&self, most: usize) -> Option<Taken> {
        let mut state = self.state.lock();
        while state.waiting.is_empty() {
            if state.ended {
                return None;
            }
            self.filled.wait(&mut state);
        }
        let count = state.waiting.len().min(most);
        let (weights, records): (Vec<_>, Vec<_>) = state.waiting.drain(..count).unzip();
        Some(Taken { records, bytes: weights.iter().sum() })
    }

    /// Whether [`Queue::gather`] would return at once where something waits.
    #[cfg(test)]
    pub(super) fn is_ripe(&self) -> bool {
        self.state.lock().is_ripe()
    }

    /// Whether [`Queue::take`] would wait.
    pub(super) fn is_empty(&self) -> bool {
        self.state.lock().waiting.is_empty()
    }

    /// Says that what was taken is applied; gives its room back.
    pub(super) fn applied(&self, records: usize, bytes: usize) {
        let mut state = self.state.lock();
        state.records -= records;
        state.bytes -= bytes;
        self.freed.notify_all();
    }

    /// Takes nothing more; what waits can still be taken.
    pub(super) fn end(&self) {
        self.state.lock().ended = true;
        self.filled.notify_all();
        self.freed.notify_all();
    }

    /// Whether the end was called.
    pub(super) fn has_ended(&self) -> bool {
        self.state.lock().ended
    }

    /// Records pushed and not applied, and what they weigh in bytes.
    pub(super) fn lag(&self) -> (usize, usize) {
        let state = self.state.lock();
        (state.records, state.bytes)
    }

    /// How far it may grow.
    pub(super) fn bound(&self) -> Bound {
        self.bound
    }
}

impl State {
    /// Whether waiting for more would gain nothing, or keep somebody waiting.
    fn is_ripe(&self) -> bool {
        self.ended || self.in_a_hurry > 0 || self.waiting.len() >= ENOUGH
    }
}

/// What the writer took.
pub(super) struct Taken {
    pub(super) records: Vec<Committed>,
    pub(super) bytes: usize,
}

/// What a record weighs in memory, about: its texts, its states, and a sum for the rest.
fn weight(committed: &Committed) -> usize {
    let facts: usize = committed.record.events.iter().map(fact_weight).sum();
    let states: usize = committed.after.iter().map(|state| state_weight(state)).sum();
    256 + facts + states + 16 * committed.dedupe.len()
}

fn fact_weight(fact: &Fact) -> usize {
    let texts = match fact {
        Fact::Conversation(_, Event::Received(received)) => {
            received.content.weight() + received.raw.as_ref().map_or(0, String::len)
        }
        Fact::Conversation(_, Event::Queued(queued)) => queued.content.weight(),
        Fact::Conversation(_, Event::AutoQueued(queued)) => queued.text.len(),
        Fact::Conversation(_, Event::NoteAdded { text, .. } | Event::NoteEdited { text, .. }) => text.len(),
        Fact::Window(Window::RawAccepted(accepted)) => match &accepted.body {
            RawBody::Inline(bytes) => bytes.len(),
            RawBody::File { .. } | RawBody::Redacted => 0,
        },
        Fact::Conversation(..) | Fact::Window(_) | Fact::Org(_) | Fact::Audit(_) => 0,
    };
    512 + texts
}

fn state_weight(state: &Conversation) -> usize {
    let waiting: usize = state.outbox.iter().map(|item| 256 + item.content.weight()).sum();
    1_024 + waiting + 16 * state.external_ids.len() + 32 * (state.client_ids.len() + state.notes.len())
}
