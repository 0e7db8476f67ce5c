//! Where a reader stands in a window's stream, and the one rule of live updates: what follows is the next position, or
//! it waits until what is missing was fetched. Pure.

use std::collections::VecDeque;
use std::sync::Arc;

use madoguchi_engine::domain::id::{Position, StreamId};
use madoguchi_engine::rows::Update;

/// Updates that wait for what is missing before them. Further ones are let go, and fetched after it.
pub(super) const PENDING: usize = 1_024;

/// A place in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) stream: StreamId,
    pub(super) position: Position,
}

impl Mark {
    /// The place of an update.
    pub(super) fn of(update: &Update) -> Self {
        Self { stream: update.stream, position: update.position }
    }
}

/// Where a reader stands.
#[derive(Debug)]
pub(super) struct Cursor {
    mark: Mark,
    /// What came while something before it is being fetched.
    pending: Option<VecDeque<Arc<Update>>>,
}

/// What to do with an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is the next one: tell it.
    Forward,
    /// It is known, or will be fetched: nothing to do.
    Pass,
    /// Something before it is missing: fetch what comes after the mark. Told once until the fetch has ended.
    Fetch,
}

impl Cursor {
    pub(super) fn new(mark: Mark) -> Self {
        Self { mark, pending: None }
    }

    /// A reader whose missing part is being fetched.
    pub(super) fn fetching(mark: Mark) -> Self {
        Self { mark, pending: Some(VecDeque::new()) }
    }

    pub(super) fn mark(&self) -> Mark {
        self.mark
    }

    pub(super) fn is_fetching(&self) -> bool {
        self.pending.is_some()
    }

    /// One update of the live stream.
    pub(super) fn offer(&mut self, update: &Arc<Update>) -> Step {
        if let Some(pending) = &mut self.pending {
            if pending.len() < PENDING {
                pending.push_back(Arc::clone(update));
            }
            return Step::Pass;
        }
        if self.follows(update) {
            self.mark = Mark::of(update);
            return Step::Forward;
        }
        if update.stream == self.mark.stream && update.position <= self.mark.position {
            return Step::Pass;
        }
        self.pending = Some(VecDeque::from([Arc::clone(update)]));
        Step::Fetch
    }

    /// The same for a reader who cannot be given it now: it is fetched when its turn comes.
    pub(super) fn postpone(&mut self, update: &Arc<Update>) -> Step {
        if self.pending.is_none() && self.follows(update) {
            self.pending = Some(VecDeque::new());
            return Step::Fetch;
        }
        self.offer(update)
    }

    /// The stream is known to stand at `head`; whether something must be fetched.
    pub(super) fn compare(&mut self, head: Mark) -> Step {
        let is_behind = head.stream != self.mark.stream || head.position > self.mark.position;
        if self.pending.is_some() || !is_behind {
            return Step::Pass;
        }
        self.pending = Some(VecDeque::new());
        Step::Fetch
    }

    /// What was fetched: what to tell now, in order, and whether something is missing still.
    pub(super) fn fetched(&mut self, updates: Vec<Arc<Update>>) -> (Vec<Arc<Update>>, Step) {
        let pending = self.pending.take().unwrap_or_default();
        let mut told = self.advance(updates);
        let step = self.settle(pending, &mut told);
        (told, step)
    }

    /// A part of what is missing was fetched: what to tell of it. The rest is being fetched still.
    pub(super) fn advance(&mut self, updates: Vec<Arc<Update>>) -> Vec<Arc<Update>> {
        let mut told = Vec::with_capacity(updates.len());
        for update in updates {
            if self.follows(&update) {
                self.mark = Mark::of(&update);
                told.push(update);
            }
        }
        told
    }

    /// A snapshot was fetched instead: the reader stands at `mark`, and what to tell after it.
    pub(super) fn jump(&mut self, mark: Mark) -> (Vec<Arc<Update>>, Step) {
        let pending = self.pending.take().unwrap_or_default();
        self.mark = mark;
        let mut told = Vec::new();
        let step = self.settle(pending, &mut told);
        (told, step)
    }

    /// The fetch failed: what waited is let go, and fetched with the next try.
    pub(super) fn give_up(&mut self) {
        self.pending = None;
    }

    fn settle(&mut self, pending: VecDeque<Arc<Update>>, told: &mut Vec<Arc<Update>>) -> Step {
        let mut step = Step::Pass;
        for update in pending {
            match self.offer(&update) {
                Step::Forward => told.push(update),
                Step::Fetch => step = Step::Fetch,
                Step::Pass => {}
            }
        }
        step
    }

    fn follows(&self, update: &Update) -> bool {
        update.stream == self.mark.stream && update.position == self.mark.position.next()
    }
}

#[cfg(test)]
mod tests;
