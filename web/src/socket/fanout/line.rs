//! The line of watches that wait for their fetch. Each stands in it once, however often its client asks, so that it is
//! never longer than there are watches.

use std::collections::{HashSet, VecDeque};

use madoguchi_engine::domain::id::WindowId;

/// A watch: whose window, and the socket's key.
type Place = (WindowId, u64);

#[derive(Default)]
pub(super) struct Line {
    order: VecDeque<Place>,
    standing: HashSet<Place>,
}

impl Line {
    /// Puts a watch at the end, unless it stands here already.
    pub(super) fn join(&mut self, window: WindowId, key: u64) {
        let place = (window, key);
        if self.standing.insert(place.clone()) {
            self.order.push_back(place);
        }
    }

    /// The watch whose turn it is.
    pub(super) fn next(&mut self) -> Option<Place> {
        let place = self.order.pop_front()?;
        self.standing.remove(&place);
        Some(place)
    }

    /// Keeps only those for whom `stays` holds.
    pub(super) fn retain(&mut self, stays: impl Fn(&WindowId, u64) -> bool) {
        self.order.retain(|(window, key)| stays(window, *key));
        self.standing.retain(|(window, key)| stays(window, *key));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }
}
