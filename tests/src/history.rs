//! Who held the seat: judges what agents were told against the one rule, at most one holder at a time.
//!
//! Each call is an interval from its start to its answer. A history is sound when some order of the calls, each at a
//! moment within its interval, gives exactly the answers that were given (Wing, Gong and Lowe). Conversations are
//! independent and judged one by one. Calls that change nothing are put in place at once, wherever they fit: that is
//! without loss, and keeps the search short with a hundred contenders.

use std::collections::{BTreeMap, HashSet};

/// What an agent asked for, and what they were told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A claim that won, with the epoch it was given.
    Claimed(u64),
    /// A claim that lost to the named holder.
    Taken(u32),
    /// A take-over that won, with its epoch.
    TookOver(u64),
    /// A release, completion or hand-back under an epoch, accepted.
    Released(u64),
    /// A message under an epoch, accepted.
    Sent(u64),
    /// A message or release under an epoch, refused.
    Refused(u64),
    /// A claim whose answer never came: it may have won, now or later, or not.
    ClaimUnknown,
    /// A release under an epoch whose answer never came; also a release by the system that is only known to be possible.
    ReleaseUnknown(u64),
}

/// One call of a history.
#[derive(Clone, Debug)]
pub struct Entry<C> {
    /// The conversation.
    pub conversation: C,
    /// Who called.
    pub agent: u32,
    /// When it began, on one clock for the whole history.
    pub start: u64,
    /// When the answer came; anything for a call without an answer.
    pub end: u64,
    /// What it was.
    pub call: Call,
}

/// A conversation whose answers no order of calls explains.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no order of its {calls} calls explains conversation {conversation}; the furthest order stops before {stuck_at}"
)]
pub struct Unsound {
    /// The conversation.
    pub conversation: String,
    /// How many calls it has.
    pub calls: usize,
    /// The first call, by its start, that the longest order found could not place.
    pub stuck_at: String,
}

/// Judges a whole history.
///
/// # Errors
/// The first conversation, in the order of their names, that is not sound.
pub fn check<C: Ord + Clone + std::fmt::Debug>(history: &[Entry<C>]) -> Result<(), Unsound> {
    let mut conversations: BTreeMap<&C, Vec<&Entry<C>>> = BTreeMap::new();
    for entry in history {
        conversations.entry(&entry.conversation).or_default().push(entry);
    }
    for (conversation, mut calls) in conversations {
        calls.sort_by_key(|entry| entry.start);
        let mut search = Search { seen: HashSet::new(), furthest: (0, None), calls };
        let start = Seat { epoch: 0, holder: None };
        if !search.explains(&mut vec![false; search.calls.len()], start) {
            return Err(Unsound {
                conversation: format!("{conversation:?}"),
                calls: search.calls.len(),
                stuck_at: format!("{:?}", search.furthest.1.map(|at| search.calls[at])),
            });
        }
    }
    Ok(())
}

/// The object: what a seat is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Seat {
    epoch: u64,
    holder: Option<u32>,
}

impl Seat {
    /// The seat after a call of `agent` that got this answer; `None` where this seat would not have given it.
    fn after(self, agent: u32, call: Call) -> Option<Self> {
        let holds = |epoch| self.holder == Some(agent) && self.epoch == epoch;
        let free = Self { holder: None, ..self };
        let won = Self { epoch: self.epoch + 1, holder: Some(agent) };
        match call {
            Call::Claimed(epoch) if holds(epoch) => Some(self),
            Call::Claimed(epoch) => (self.holder.is_none() && epoch == won.epoch).then_some(won),
            Call::Taken(by) => (by != agent && self.holder == Some(by)).then_some(self),
            Call::TookOver(epoch) => (self.holder != Some(agent) && epoch == won.epoch).then_some(won),
            Call::Released(epoch) => holds(epoch).then_some(free),
            Call::Sent(epoch) => holds(epoch).then_some(self),
            Call::Refused(epoch) => (!holds(epoch)).then_some(self),
            Call::ClaimUnknown => self.holder.is_none().then_some(won),
            Call::ReleaseUnknown(epoch) => holds(epoch).then_some(free),
        }
    }
}

impl Call {
    /// Without an answer it may never have happened.
    fn is_open(self) -> bool {
        matches!(self, Self::ClaimUnknown | Self::ReleaseUnknown(_))
    }
}

struct Search<'a, C> {
    calls: Vec<&'a Entry<C>>,
    seen: HashSet<(Vec<bool>, Seat)>,
    /// The longest order so far, and the first call it left out.
    furthest: (usize, Option<usize>),
}

impl<C> Search<'_, C> {
    /// Whether the calls not yet placed can follow, in some order, on `seat`.
    fn explains(&mut self, placed: &mut Vec<bool>, mut seat: Seat) -> bool {
        let before = placed.clone();
        let mut movers = self.place_idle(placed, seat);
        let first_left = (0..placed.len()).find(|at| !placed[*at] && !self.calls[*at].call.is_open());
        let count = placed.iter().filter(|placed| **placed).count();
        if count >= self.furthest.0 {
            self.furthest = (count, first_left);
        }
        let mut explained = first_left.is_none();
        if !explained && self.seen.insert((placed.clone(), seat)) {
            let here = seat;
            // Certain moves first: a call without an answer need not have happened at all.
            movers.sort_by_key(|at| self.calls[*at].call.is_open());
            for at in movers {
                seat = here.after(self.calls[at].agent, self.calls[at].call).expect("place_idle lists only what fits");
                placed[at] = true;
                if self.explains(placed, seat) {
                    explained = true;
                    break;
                }
                placed[at] = false;
            }
        }
        *placed = before;
        explained
    }

    /// Places every call that may come next and changes nothing; lists those that may come next and change the seat.
    fn place_idle(&self, placed: &mut [bool], seat: Seat) -> Vec<usize> {
        loop {
            let mut movers = Vec::new();
            let mut progress = false;
            for at in self.next_calls(placed) {
                let entry = self.calls[at];
                match seat.after(entry.agent, entry.call) {
                    Some(after) if after == seat => {
                        placed[at] = true;
                        progress = true;
                    }
                    Some(_) => movers.push(at),
                    None => {}
                }
            }
            if !progress {
                return movers;
            }
        }
    }

    /// Calls that began before every other call that is left had its answer.
    fn next_calls(&self, placed: &[bool]) -> Vec<usize> {
        let left = || (0..placed.len()).filter(|at| !placed[*at]);
        let first_end =
            left().filter(|at| !self.calls[*at].call.is_open()).map(|at| self.calls[at].end).min().unwrap_or(u64::MAX);
        left().filter(|at| self.calls[*at].start <= first_end).collect()
    }
}

#[cfg(test)]
mod tests;
