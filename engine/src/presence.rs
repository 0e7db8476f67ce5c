//! Who is there. Not journaled: after a start everybody is away until they come back.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::domain::id::AgentId;
use crate::domain::time::Timestamp;

/// What an agent says of themselves (PRODUCT A1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// 待機.
    Available,
    /// 未待機.
    Away,
    /// 後処理.
    WrapUp,
    /// On no socket, and no request lately.
    #[default]
    Offline,
}

/// Everybody's presence. Cheap to clone; never held over an await.
#[derive(Clone, Debug)]
pub struct Presence {
    agents: Arc<Mutex<HashMap<AgentId, Entry>>>,
    started_at: Timestamp,
    grace_ms: i64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    sockets: u32,
    said: State,
    last_seen: Option<Timestamp>,
}

impl Presence {
    /// Everybody away since `started_at`; a request keeps an agent present for `grace_ms`.
    #[must_use]
    pub fn new(started_at: Timestamp, grace_ms: i64) -> Self {
        Self { agents: Arc::default(), started_at, grace_ms }
    }

    /// A socket opened. Returns whether the agent was offline before.
    pub fn opened(&self, agent: AgentId, now: Timestamp) -> bool {
        let mut agents = self.agents.lock();
        let entry = agents.entry(agent).or_default();
        let came = entry.sockets == 0;
        entry.sockets += 1;
        entry.last_seen = Some(now);
        if came {
            entry.said = State::Available;
        }
        came
    }

    /// A socket closed. Returns whether it was the agent's last.
    pub fn closed(&self, agent: AgentId, now: Timestamp) -> bool {
        let mut agents = self.agents.lock();
        let Some(entry) = agents.get_mut(&agent) else {
            return false;
        };
        entry.sockets = entry.sockets.saturating_sub(1);
        entry.last_seen = Some(now);
        entry.sockets == 0
    }

    /// The agent made a request.
    pub fn seen(&self, agent: AgentId, now: Timestamp) {
        self.agents.lock().entry(agent).or_default().last_seen = Some(now);
    }

    /// The agent says how they are.
    pub fn say(&self, agent: AgentId, state: State) {
        self.agents.lock().entry(agent).or_default().said = state;
    }

    /// How the agent is.
    #[must_use]
    pub fn state(&self, agent: AgentId, now: Timestamp) -> State {
        // The grace after a start is for seats; somebody who was never seen is not at a desk.
        if !self.agents.lock().contains_key(&agent) {
            return State::Offline;
        }
        match self.away_since(agent, now) {
            Some(_) => State::Offline,
            None => match self.agents.lock().get(&agent).map_or(State::Offline, |entry| entry.said) {
                // Present by requests only: nobody said anything else.
                State::Offline => State::Available,
                said => said,
            },
        }
    }

    /// When the seats of those who were at a desk before the start begin to be judged.
    #[must_use]
    pub fn judged_from(&self) -> Timestamp {
        self.started_at.plus_ms(self.grace_ms)
    }

    /// Whether the agent has been seen since the start, and is on a socket or gave a sign of life within the grace. Who
    /// was not seen yet is neither here nor away until the grace after the start is over.
    #[must_use]
    pub fn is_here(&self, agent: AgentId, now: Timestamp) -> bool {
        let agents = self.agents.lock();
        let Some(entry) = agents.get(&agent) else { return false };
        entry.sockets > 0 || entry.last_seen.is_some_and(|seen| now.since_ms(seen) < self.grace_ms)
    }

    /// Since when the agent is away; `None` while on a socket or within the grace after the last sign of life.
    #[must_use]
    pub fn away_since(&self, agent: AgentId, now: Timestamp) -> Option<Timestamp> {
        let agents = self.agents.lock();
        let entry = agents.get(&agent).copied().unwrap_or_default();
        if entry.sockets > 0 {
            return None;
        }
        let since = entry.last_seen.unwrap_or(self.started_at);
        (now.since_ms(since) >= self.grace_ms).then_some(since)
    }
}
