//! The checks that every journal makes before it writes: who owns a stream, which version a thing has, what was taken already.
//!
//! Pure and in memory. [`Ledger::stage`] changes nothing, so that heads and keys become visible only after the sync,
//! with [`Ledger::commit`]. It must never know how or where records are stored. `memory` and `segment` build on it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};

use super::{Append, DedupeKey, MAX_RECORD, Refused, Touch};
use crate::domain::id::{Position, StreamId};
use crate::domain::record::Entity;

/// The most things that one record may move, and the most dedupe keys that it may carry. More is [`Refused::TooLong`].
pub const MAX_MARKS: usize = 4096;

/// What is known of every stream. About 25 bytes a bucket for a conversation, so 30–57 bytes each in a filled table.
#[derive(Debug, Default)]
pub struct Ledger {
    streams: HashMap<StreamId, Stream>,
    /// The place of each key that no other store answers for yet.
    keys: HashMap<Packed, (StreamId, Position)>,
    /// Chains of which an append was refused, and the order in which they broke.
    broken: HashSet<u64>,
    broke: VecDeque<u64>,
}

/// Broken chains that are remembered: more than appends can be under way, so that none is forgotten while one of it may come.
const BROKEN: usize = 65_536;

/// 128 bits without the alignment of `u128`, which would make each row a third longer.
type Packed = [u32; 4];

#[derive(Debug, Default)]
struct Stream {
    epoch: u64,
    head: Position,
    own_version: Option<u64>,
    conversations: HashMap<Packed, [u32; 2]>,
    /// In the order of positions, so that giving back is a walk from the front.
    keys: VecDeque<(Position, DedupeKey)>,
}

/// A checked batch: the answers, and what becomes true once the accepted ones are durable.
#[derive(Debug, Default)]
pub struct Staged {
    /// One answer an append, in the order of the batch.
    pub answers: Vec<Result<Position, Refused>>,
    heads: HashMap<StreamId, Position>,
    versions: HashMap<(StreamId, Entity), u64>,
    keys: HashMap<DedupeKey, Position>,
    /// The same keys in the order in which they were recorded.
    order: Vec<(StreamId, Position, DedupeKey)>,
    /// Chains that broke in this batch, in order.
    broken: Vec<u64>,
}

impl Staged {
    /// Whether anything of the batch is to be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }
}

impl Ledger {
    /// Makes a stream known as it was found at an opening.
    pub fn restore(&mut self, stream: StreamId, epoch: u64, head: Position) {
        let state = self.streams.entry(stream).or_default();
        state.epoch = epoch;
        state.head = head;
    }

    /// The epoch that the next owner of a stream gets: 1 for a new one.
    #[must_use]
    pub fn next_epoch(&self, stream: StreamId) -> u64 {
        self.streams.get(&stream).map_or(0, |s| s.epoch) + 1
    }

    /// Puts an epoch in force; every one before it is fenced from now on.
    pub fn owned(&mut self, stream: StreamId, epoch: u64) {
        self.streams.entry(stream).or_default().epoch = epoch;
    }

    /// The newest position of a stream; 0 when it is empty or unknown.
    #[must_use]
    pub fn head(&self, stream: StreamId) -> Position {
        self.streams.get(&stream).map_or(Position(0), |state| state.head)
    }

    /// Every stream with its newest position, in the order of their ids.
    #[must_use]
    pub fn streams(&self) -> Vec<(StreamId, Position)> {
        let mut all: Vec<_> = self.streams.iter().map(|(id, s)| (*id, s.head)).collect();
        all.sort_unstable();
        all
    }

    /// Where a key was recorded, if it is kept here.
    #[must_use]
    pub fn known(&self, key: DedupeKey) -> Option<(StreamId, Position)> {
        self.keys.get(&pack(key.0)).copied()
    }

    /// Checks and numbers a batch. Each append sees what the accepted ones before it will have changed.
    #[must_use]
    pub fn stage(&self, batch: &[Append]) -> Staged {
        let mut staged = Staged::default();
        for append in batch {
            let answer = self.check(append, &staged);
            if let Ok(position) = answer {
                staged.heads.insert(append.stream, position);
                for touch in &append.touches {
                    let after = touch.version.saturating_add(1);
                    staged.versions.insert((append.stream, touch.entity), after);
                }
                for &key in &append.dedupe {
                    staged.keys.insert(key, position);
                    staged.order.push((append.stream, position, key));
                }
            }
            if answer.is_err() {
                staged.broken.extend(append.touches.iter().map(|touch| touch.chain).filter(|chain| *chain != 0));
            }
            staged.answers.push(answer);
        }
        staged
    }

    /// A duplicate is told before a conflict: what came twice has usually moved the version itself.
    fn check(&self, append: &Append, staged: &Staged) -> Result<Position, Refused> {
        if append.payload.len() > MAX_RECORD || append.touches.len() > MAX_MARKS || append.dedupe.len() > MAX_MARKS {
            return Err(Refused::TooLong);
        }
        let state = self.streams.get(&append.stream);
        let current = state.map_or(0, |s| s.epoch);
        let Some(state) = state.filter(|_| current == append.owner_epoch && current > 0) else {
            return Err(Refused::Fenced { current });
        };
        for key in &append.dedupe {
            let earlier = staged.keys.get(key).copied();
            if let Some(position) = earlier.or_else(|| self.known(*key).map(|(_, at)| at)) {
                return Err(Refused::Duplicate(position));
            }
        }
        let is_broken = |touch: &Touch| self.broken.contains(&touch.chain) || staged.broken.contains(&touch.chain);
        if append.touches.iter().any(is_broken) {
            return Err(Refused::Broken);
        }
        if let Some(current) = moved_on(append, state, staged) {
            return Err(Refused::Conflict { current });
        }
        let head = staged.heads.get(&append.stream).unwrap_or(&state.head);
        Ok(head.next())
    }

    /// Takes over what [`Ledger::stage`] found, now that it is durable.
    pub fn commit(&mut self, staged: Staged) -> Vec<Result<Position, Refused>> {
        for (stream, head) in staged.heads {
            self.streams.entry(stream).or_default().head = head;
        }
        for ((stream, entity), version) in staged.versions {
            let state = self.streams.entry(stream).or_default();
            match entity {
                Entity::Stream => state.own_version = Some(version),
                Entity::Conversation(id) => {
                    state.conversations.insert(pack(id.0), [version as u32, (version >> 32) as u32]);
                }
            }
        }
        for (stream, position, key) in staged.order {
            self.keys.insert(pack(key.0), (stream, position));
            let state = self.streams.entry(stream).or_default();
            state.keys.push_back((position, key));
        }
        for chain in staged.broken {
            if self.broken.insert(chain) {
                self.broke.push_back(chain);
            }
            if self.broke.len() > BROKEN
                && let Some(oldest) = self.broke.pop_front()
            {
                self.broken.remove(&oldest);
            }
        }
        staged.answers
    }

    /// Makes keys known that were recorded before the opening. One that is known already stays where it is.
    pub fn remember(&mut self, stream: StreamId, keys: &[(Position, DedupeKey)]) {
        let state = self.streams.entry(stream).or_default();
        for &(position, key) in keys {
            if let Entry::Vacant(place) = self.keys.entry(pack(key.0)) {
                place.insert((stream, position));
                state.keys.push_back((position, key));
            }
        }
        state.keys.make_contiguous().sort_unstable();
    }

    /// Forgets the keys of `stream` up to `upto` and gives their memory back.
    pub fn release(&mut self, stream: StreamId, upto: Position) {
        let Some(state) = self.streams.get_mut(&stream) else {
            return;
        };
        while state.keys.front().is_some_and(|(at, _)| *at <= upto) {
            if let Some((at, key)) = state.keys.pop_front()
                && self.keys.get(&pack(key.0)) == Some(&(stream, at))
            {
                self.keys.remove(&pack(key.0));
            }
        }
        shrink(&mut state.keys);
        if self.keys.capacity() > 4 * self.keys.len().max(1024) {
            self.keys.shrink_to(2 * self.keys.len());
        }
    }
}

/// The version of the first thing that is not at the version it was decided on. A thing that a record names twice
/// moves once, and both touches must name the same version.
fn moved_on(append: &Append, state: &Stream, staged: &Staged) -> Option<u64> {
    let mut named: HashMap<Entity, u64> = HashMap::new();
    for Touch { entity, version, .. } in &append.touches {
        let earlier = staged.versions.get(&(append.stream, *entity)).copied();
        let current = earlier.or_else(|| state.version(*entity));
        if let Some(current) = current.filter(|v| v != version) {
            return Some(current);
        }
        if append.touches.len() > 1
            && let Some(other) = named.insert(*entity, *version)
            && other != *version
        {
            return Some(other);
        }
    }
    None
}

impl Stream {
    /// The version in force; `None` for a thing not met since the opening, which is taken at its word.
    fn version(&self, entity: Entity) -> Option<u64> {
        match entity {
            Entity::Stream => self.own_version,
            Entity::Conversation(id) => {
                self.conversations.get(&pack(id.0)).map(|[low, high]| u64::from(*low) | u64::from(*high) << 32)
            }
        }
    }
}

fn pack(id: u128) -> Packed {
    [id as u32, (id >> 32) as u32, (id >> 64) as u32, (id >> 96) as u32]
}

fn shrink(keys: &mut VecDeque<(Position, DedupeKey)>) {
    if keys.capacity() > 4 * keys.len().max(256) {
        keys.shrink_to(2 * keys.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_a_million_conversations_is_no_longer_than_24_bytes() {
        assert_eq!(size_of::<(Packed, [u32; 2])>(), 24);
    }
}
