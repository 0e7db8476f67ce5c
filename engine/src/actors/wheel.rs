//! One wheel a window: which conversation has a deadline next. The deadlines themselves are part of each state; this
//! only knows when to wake whom, and is rebuilt at the start.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::domain::id::ConversationId;
use crate::domain::time::Timestamp;

/// Conversations woken at a time; after an outage the rest follows in the next round.
const ROUND: usize = 100;

/// The wheel of one window; lives on its thread.
#[derive(Default)]
pub(crate) struct Wheel {
    due: RefCell<BTreeSet<(Timestamp, ConversationId)>>,
    of: RefCell<HashMap<ConversationId, Timestamp>>,
    changed: Notify,
}

impl Wheel {
    /// Sets when a conversation is due next; `None` for never.
    pub(crate) fn set(&self, id: ConversationId, at: Option<Timestamp>) {
        let before = match at {
            Some(at) => self.of.borrow_mut().insert(id, at),
            None => self.of.borrow_mut().remove(&id),
        };
        let mut due = self.due.borrow_mut();
        if let Some(before) = before {
            due.remove(&(before, id));
        }
        let Some(at) = at else { return };
        due.insert((at, id));
        if due.first() == Some(&(at, id)) {
            self.changed.notify_one();
        }
    }

    /// Waits until something is due, and takes it out.
    pub(crate) async fn next(&self, clock: &Clock) -> Vec<ConversationId> {
        loop {
            let first = self.due.borrow().first().map(|(at, _)| *at);
            match first {
                None => self.changed.notified().await,
                Some(at) => tokio::select! {
                    biased;
                    () = clock.sleep_until(at) => {}
                    () = self.changed.notified() => {}
                },
            }
            let due = self.take(clock.now());
            if !due.is_empty() {
                return due;
            }
        }
    }

    fn take(&self, now: Timestamp) -> Vec<ConversationId> {
        let mut due = self.due.borrow_mut();
        let mut taken = Vec::new();
        while taken.len() < ROUND {
            match due.first() {
                Some((at, id)) if *at <= now => {
                    taken.push(*id);
                    self.of.borrow_mut().remove(id);
                    due.pop_first();
                }
                _ => break,
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_deadline_that_moved_fires_once_at_its_new_time() {
        let clock = Clock::manual(Timestamp(0));
        let wheel = Wheel::default();
        let id = ConversationId(7);
        wheel.set(id, Some(Timestamp(10)));
        wheel.set(id, Some(Timestamp(30)));
        clock.advance_ms(20);
        assert!(wheel.take(clock.now()).is_empty(), "the old time is forgotten");
        clock.advance_ms(10);
        assert_eq!(wheel.next(&clock).await, [id]);
        assert!(wheel.take(Timestamp(1_000)).is_empty(), "taken is taken");
    }

    #[tokio::test]
    async fn a_nearer_deadline_is_noticed_while_a_far_one_is_waited_for() {
        let clock = Clock::manual(Timestamp(0));
        let wheel = Wheel::default();
        wheel.set(ConversationId(1), Some(Timestamp(1_000)));
        let mut next = std::pin::pin!(wheel.next(&clock));
        assert!(next.as_mut().now_or_never().is_none());
        wheel.set(ConversationId(2), Some(Timestamp(10)));
        assert!(next.as_mut().now_or_never().is_none());
        clock.advance_ms(10);
        assert_eq!(next.now_or_never(), Some(vec![ConversationId(2)]), "the nearer one sleeps on");
    }

    #[test]
    fn an_outage_wakes_a_round_at_a_time() {
        let wheel = Wheel::default();
        for n in 0..250 {
            wheel.set(ConversationId(n), Some(Timestamp(1)));
        }
        let rounds: Vec<usize> = (0..4).map(|_| wheel.take(Timestamp(2)).len()).collect();
        assert_eq!(rounds, [100, 100, 50, 0]);
    }
}
