//! The figures of a window: who waits, since when, who holds how much. Moved by the feed, one change at a time, so that
//! looking at them costs nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::conversation::{Conversation, Status};
use crate::domain::id::{AgentId, ConversationId};
use crate::domain::time::Timestamp;

/// The figures of one window at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Conversations that are new.
    pub new: usize,
    /// Conversations that are in progress.
    pub in_progress: usize,
    /// Conversations whose customer waits for a person's answer.
    pub waiting: usize,
    /// Since when the one waits who has waited longest.
    pub oldest_waiting_since: Option<Timestamp>,
    /// Seats that each person holds; nobody is named who holds none.
    pub held: BTreeMap<AgentId, usize>,
}

/// What is counted of one window.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters {
    new: usize,
    in_progress: usize,
    held: BTreeMap<AgentId, usize>,
    /// The longest waiting first.
    waiting: BTreeSet<(Timestamp, ConversationId)>,
    /// Moves with every change, so that whoever tells it looks no further when it stands still.
    pub(crate) version: u64,
}

impl Counters {
    pub(crate) fn figures(&self) -> Figures {
        Figures {
            new: self.new,
            in_progress: self.in_progress,
            waiting: self.waiting.len(),
            oldest_waiting_since: self.waiting.first().map(|(since, _)| *since),
            held: self.held.clone(),
        }
    }

    /// A conversation stood so `before` and stands so `after`; `None` for not there.
    pub(crate) fn moved(&mut self, before: Option<&Conversation>, after: Option<&Conversation>) {
        let seen = |state: Option<&Conversation>| {
            state.map(|state| (state.status, state.seat.holder.agent(), state.waiting_since))
        };
        if seen(before) == seen(after) {
            return;
        }
        self.version += 1;
        if let Some(state) = before {
            self.take(state);
        }
        if let Some(state) = after {
            self.put(state);
        }
    }

    fn put(&mut self, state: &Conversation) {
        match state.status {
            Status::New => self.new += 1,
            Status::InProgress => self.in_progress += 1,
            Status::Done => {}
        }
        if let Some(holder) = state.seat.holder.agent() {
            *self.held.entry(holder).or_default() += 1;
        }
        if let Some(since) = waiting_since(state) {
            self.waiting.insert((since, state.id));
        }
    }

    fn take(&mut self, state: &Conversation) {
        match state.status {
            Status::New => self.new = self.new.saturating_sub(1),
            Status::InProgress => self.in_progress = self.in_progress.saturating_sub(1),
            Status::Done => {}
        }
        if let Some(holder) = state.seat.holder.agent() {
            let held = self.held.entry(holder).or_default();
            *held = held.saturating_sub(1);
            if *held == 0 {
                self.held.remove(&holder);
            }
        }
        if let Some(since) = waiting_since(state) {
            self.waiting.remove(&(since, state.id));
        }
    }
}

/// A done conversation waits for nobody.
fn waiting_since(state: &Conversation) -> Option<Timestamp> {
    state.waiting_since.filter(|_| state.status != Status::Done)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::seat::Holder;

    fn state(id: u128, status: u8, holder: Option<u128>, since: Option<i64>) -> Conversation {
        let mut state = Conversation::unborn(ConversationId(id));
        state.status = [Status::New, Status::InProgress, Status::Done][usize::from(status)];
        state.seat.holder = holder.map_or(Holder::None, |id| Holder::Agent(AgentId(id)));
        state.waiting_since = since.map(Timestamp);
        state
    }

    proptest! {
        /// However conversations move, the figures are those of a count of all of them.
        #[test]
        fn a_window_is_never_counted_wrong(moves in prop::collection::vec(
            (0_u128..6, 0_u8..3, prop::option::of(0_u128..3), prop::option::of(0_i64..5), any::<bool>()), 0..60))
        {
            let mut counters = Counters::default();
            let mut live: BTreeMap<u128, Conversation> = BTreeMap::new();
            for (id, status, holder, since, stays) in moves {
                let before = live.remove(&id);
                let after = stays.then(|| state(id, status, holder, since));
                counters.moved(before.as_ref(), after.as_ref());
                live.extend(after.map(|after| (id, after)));
            }
            let mut anew = Counters::default();
            live.values().for_each(|state| anew.moved(None, Some(state)));
            prop_assert_eq!(counters.figures(), anew.figures());
            let count = |status| live.values().filter(|state| state.status == status).count();
            prop_assert_eq!((anew.new, anew.in_progress), (count(Status::New), count(Status::InProgress)));
            let waits = live.values().filter(|state| state.status != Status::Done).filter_map(|state| state.waiting_since);
            prop_assert_eq!(anew.figures().oldest_waiting_since, waits.clone().min());
            prop_assert_eq!(anew.waiting.len(), waits.count());
        }
    }

    #[test]
    fn what_changes_no_figure_wakes_nobody() {
        let mut counters = Counters::default();
        let before = state(1, 0, None, Some(5));
        counters.moved(None, Some(&before));
        let version = counters.version;
        let mut after = before.clone();
        after.name = Some("花子".to_owned());
        counters.moved(Some(&before), Some(&after));
        assert_eq!(counters.version, version);
        counters.moved(Some(&after), None);
        assert_ne!(counters.version, version);
        assert_eq!(counters.figures(), Figures::default());
    }
}
