//! Every open socket of the process: how many there may be, and what the hubs tell each other.
//!
//! A hub serves one worker thread. What is not journaled (who is writing, that a right was withdrawn) goes to all of them
//! over bounded queues; a hub whose queue is full misses it, and that is allowed: typing is a hint, rights are looked at
//! again by the clock.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use madoguchi_engine::domain::id::{AgentId, ConversationId, WindowId};
use madoguchi_protocol::{Code, Problem};
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc};

use crate::error::problem;

/// Notes that may wait for one hub.
const NOTES: usize = 1_024;

/// What one hub tells all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// Somebody is writing.
    Typing { window: WindowId, conversation: ConversationId, agent: AgentId },
    /// Somebody has a conversation before their eyes.
    Viewing { window: WindowId, conversation: ConversationId, agent: AgentId },
    /// Somebody's session, token or right has ended: look at once.
    Recheck,
}

/// Every open socket of the process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sockets(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limit: usize,
    limit_per_agent: usize,
    open: Mutex<Open>,
    emptied: Notify,
    hubs: Mutex<Vec<mpsc::Sender<Note>>>,
    next_key: AtomicU64,
    /// What waits in all outboxes, as the hubs counted it last.
    waiting_bytes: AtomicU64,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_agent: HashMap<AgentId, usize>,
}

impl Sockets {
    /// No sockets yet, and at most so many: in all, and of one agent.
    #[must_use]
    pub fn new(limit: usize, limit_per_agent: usize) -> Self {
        Self(Arc::new(Inner {
            limit,
            limit_per_agent,
            open: Mutex::default(),
            emptied: Notify::new(),
            hubs: Mutex::default(),
            next_key: AtomicU64::new(0),
            waiting_bytes: AtomicU64::new(0),
        }))
    }

    /// Open sockets.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.open.lock().total
    }

    /// Looks again, at once, whether everybody who has a socket may have it. To be called when a session, a token or a
    /// person's right ends; without the call it is noticed within seconds.
    pub fn recheck(&self) {
        self.tell(&Note::Recheck);
    }

    /// Returns when no socket is open any more, or after `patience`; then with how many are left.
    pub async fn drained(&self, patience: Duration) -> usize {
        let drained = async {
            loop {
                let emptied = self.0.emptied.notified();
                if self.count() == 0 {
                    return;
                }
                emptied.await;
            }
        };
        let _ = tokio::time::timeout(patience, drained).await;
        self.count()
    }

    /// Lets one more in.
    pub(super) fn admit(&self, agent: AgentId) -> Result<Permit, Problem> {
        let mut open = self.0.open.lock();
        if open.total >= self.0.limit {
            return Err(problem(Code::Overloaded).detail("too many sockets are open"));
        }
        let own = open.by_agent.entry(agent).or_default();
        if *own >= self.0.limit_per_agent {
            let limit = u64::try_from(self.0.limit_per_agent).unwrap_or(u64::MAX);
            let refused = problem(Code::RateLimited).detail("too many sockets of this person are open");
            return Err(refused.limit(limit).retry_after_ms(10_000));
        }
        *own += 1;
        open.total += 1;
        metrics::gauge!("madoguchi_sockets_open").increment(1);
        let key = self.0.next_key.fetch_add(1, Ordering::Relaxed);
        Ok(Permit { key, agent, sockets: self.clone() })
    }

    /// A hub counted what waits for its sockets: `before` the last time, `now` this time, in bytes.
    #[expect(clippy::cast_precision_loss, reason = "a gauge")]
    pub(super) fn count_waiting(&self, before: u64, now: u64) {
        let change = now.wrapping_sub(before);
        let all = self.0.waiting_bytes.fetch_add(change, Ordering::Relaxed).wrapping_add(change);
        metrics::gauge!("madoguchi_socket_outbox_bytes").set(all as f64);
    }

    /// The notes of all hubs, for a new one.
    pub(super) fn listen(&self) -> mpsc::Receiver<Note> {
        let (tell, notes) = mpsc::channel(NOTES);
        let mut hubs = self.0.hubs.lock();
        hubs.retain(|hub| !hub.is_closed());
        hubs.push(tell);
        notes
    }

    /// Tells every hub.
    pub(super) fn tell(&self, note: &Note) {
        for hub in self.0.hubs.lock().iter() {
            // Full or gone: see the head of this file.
            let _ = hub.try_send(note.clone());
        }
    }
}

/// The right to one open socket; it ends with the drop.
#[derive(Debug)]
pub(super) struct Permit {
    /// The socket's name in this process.
    pub(super) key: u64,
    agent: AgentId,
    sockets: Sockets,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.sockets.0.open.lock();
        open.total -= 1;
        if let Some(own) = open.by_agent.get_mut(&self.agent) {
            *own -= 1;
            if *own == 0 {
                open.by_agent.remove(&self.agent);
            }
        }
        metrics::gauge!("madoguchi_sockets_open").decrement(1);
        if open.total == 0 {
            self.sockets.0.emptied.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_agent_cannot_take_everybodys_sockets() {
        let sockets = Sockets::new(3, 2);
        let first = sockets.admit(AgentId(1)).expect("room");
        let _second = sockets.admit(AgentId(1)).expect("room");
        assert_eq!(sockets.admit(AgentId(1)).expect_err("own limit").code, Code::RateLimited);
        let _other = sockets.admit(AgentId(2)).expect("room");
        assert_eq!(sockets.admit(AgentId(3)).expect_err("limit in all").code, Code::Overloaded);
        drop(first);
        assert_eq!(sockets.count(), 2);
        assert!(sockets.admit(AgentId(1)).is_ok());
    }

    #[actix_web::test]
    async fn a_hub_that_does_not_listen_stops_nobody() {
        let sockets = Sockets::new(1, 1);
        let _deaf = sockets.listen();
        let mut hub = sockets.listen();
        for _ in 0..2 * NOTES {
            sockets.recheck();
        }
        assert_eq!(hub.recv().await, Some(Note::Recheck));
    }
}
