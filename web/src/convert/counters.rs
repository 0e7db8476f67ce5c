//! The figures of windows on the wire.

use std::collections::BTreeSet;

use madoguchi_engine::Handle;
use madoguchi_engine::domain::id::{AgentId, WindowId};
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_protocol::api::{AgentCounters, WindowCounters};

use super::org::presence;
use super::time;

/// The figures of a window now; none where there is no such window.
#[must_use]
pub fn counters(engine: &Handle, now: Timestamp, id: &WindowId) -> Option<WindowCounters> {
    let figures = engine.figures(id)?;
    let window = engine.window(id)?;
    let people: BTreeSet<AgentId> = window.members.iter().chain(figures.held.keys()).copied().collect();
    let agents = people.into_iter().map(|agent| AgentCounters {
        agent: agent.to_string(),
        held: figures.held.get(&agent).copied().unwrap_or_default(),
        presence: presence(engine.presence().state(agent, now)),
    });
    Some(WindowCounters {
        window: id.to_string(),
        new: figures.new,
        waiting: figures.waiting,
        oldest_waiting_since: figures.oldest_waiting_since.map(time),
        in_progress: figures.in_progress,
        agents: agents.collect(),
    })
}
