//! The line of watches that wait for their fetch. Each stands in it once, however often its client asks, and leaves it with
//! its socket, so that it is at most about twice as long as there are watches.

use std::collections::{HashSet, VecDeque};

use madoguchi_engine::domain::id::WindowId;

/// A watch: whose window, and the socket's key.
type Place = (WindowId, u64);

/// Places of sockets that are gone which may lie in the line before it is tidied.
const GONE: usize = 64;

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
        while let Some(place) = self.order.pop_front() {
            if self.standing.remove(&place) {
                return Some(place);
            }
        }
        None
    }

    /// A socket that watched `windows` is gone; its key never comes again. Tidied now and then only: in a storm of sockets
    /// that go, each of them must be cheap.
    pub(super) fn leave(&mut self, key: u64, windows: &[WindowId]) {
        for window in windows {
            self.standing.remove(&(window.clone(), key));
        }
        if self.order.len() > 2 * self.standing.len() + GONE {
            self.order.retain(|place| self.standing.contains(place));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.standing.is_empty()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(name: &str) -> WindowId {
        WindowId::new(name).expect("an id")
    }

    #[test]
    fn everybody_is_served_once_and_in_turn() {
        let mut line = Line::default();
        for (name, key) in [("a", 1), ("b", 1), ("a", 1), ("a", 2)] {
            line.join(window(name), key);
        }
        let mut served = Vec::new();
        while let Some(place) = line.next() {
            served.push(place);
        }
        assert_eq!(served, [(window("a"), 1), (window("b"), 1), (window("a"), 2)]);
        line.join(window("a"), 1);
        assert_eq!(line.next(), Some((window("a"), 1)), "who was served may ask again");
    }

    #[test]
    fn sockets_that_come_and_go_do_not_lengthen_the_line() {
        let mut line = Line::default();
        line.join(window("a"), 0);
        for key in 1..10_000 {
            line.join(window("a"), key);
            line.leave(key, &[window("a")]);
            assert!(line.len() <= 2 + GONE, "{}", line.len());
        }
        assert_eq!(line.next(), Some((window("a"), 0)));
        assert!(line.is_empty() && line.next().is_none());
    }
}
