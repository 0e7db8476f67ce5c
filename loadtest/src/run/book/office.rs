//! Who does what next: agents who start what is new, answer what was written and complete what was answered. A function
//! of the seed and of what was told, so that every socket of a window comes to the same end.

use std::sync::Arc;

use super::Book;
use crate::run::chance::draw;

/// How agents behave; see the options of the same names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    pub(crate) seed: u64,
    pub(crate) racers: u32,
    pub(crate) answers: f64,
    pub(crate) complete: f64,
    pub(crate) think_ms: u32,
}

/// What an agent wants of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Start it.
    Claim,
    /// Answer, under this epoch.
    Answer(u64),
    /// Complete it, under this epoch.
    Complete(u64),
}

/// One thing for one agent to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Act {
    pub(crate) agent: u32,
    pub(crate) chat: u32,
    pub(crate) conversation: Arc<str>,
    pub(crate) deed: Deed,
    /// How long the agent thinks first, from hearing of it.
    pub(crate) think_ms: u32,
}

impl Book {
    /// Several agents go for a conversation that nobody holds, all at the same moment.
    pub(super) fn race(&mut self, at: usize, acts: &mut Vec<Act>) {
        let (members, manner) = (&self.setting.members, self.setting.manner);
        let case = &mut self.cases[at];
        if case.awaited || case.bot || case.bot_comes || case.holder.is_some() || members.is_empty() {
            return;
        }
        let Some(conversation) = case.conversation.clone() else { return };
        case.awaited = true;
        let turn = case.lines.len() as u64;
        let think_ms = think(manner, case.chat, turn, 0);
        let first = (draw(manner.seed, &[1, u64::from(case.chat), turn]) * members.len() as f64) as usize;
        for step in 0..(manner.racers as usize).min(members.len()) {
            let agent = members[(first + step) % members.len()];
            acts.push(Act { agent, chat: case.chat, conversation: conversation.clone(), deed: Deed::Claim, think_ms });
        }
    }

    /// The holder may answer what the customer wrote; at the start of a case always.
    pub(super) fn consider_answer(&self, at: usize, always: bool, acts: &mut Vec<Act>) {
        self.consider(at, if always { 1.0 } else { self.setting.manner.answers }, 2, Deed::Answer, acts);
    }

    /// The holder may complete what they have answered.
    pub(super) fn consider_complete(&self, at: usize, acts: &mut Vec<Act>) {
        self.consider(at, self.setting.manner.complete, 3, Deed::Complete, acts);
    }

    fn consider(&self, at: usize, share: f64, kind: u64, deed: fn(u64) -> Deed, acts: &mut Vec<Act>) {
        let (case, manner) = (&self.cases[at], self.setting.manner);
        let (Some(agent), Some(conversation)) = (case.holder, case.conversation.clone()) else { return };
        let turn = case.lines.len() as u64;
        if draw(manner.seed, &[kind, u64::from(case.chat), turn]) < share {
            let think_ms = think(manner, case.chat, turn, kind);
            acts.push(Act { agent, chat: case.chat, conversation, deed: deed(case.epoch), think_ms });
        }
    }
}

fn think(manner: Manner, chat: u32, turn: u64, kind: u64) -> u32 {
    let part = 0.5 + draw(manner.seed, &[4 + kind, u64::from(chat), turn]);
    (f64::from(manner.think_ms) * part) as u32
}
