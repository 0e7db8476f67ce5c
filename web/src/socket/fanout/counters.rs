//! The figures of windows, to whoever asked for them: all once, then those that changed, at most once a second.
//!
//! Made once a worker and second, however many look at them, and only for windows in which something moved.

use std::collections::HashMap;

use madoguchi_engine::domain::id::{AgentId, WindowId};
use madoguchi_protocol::ServerFrame;
use madoguchi_protocol::api::{Presence, WindowCounters};
use madoguchi_protocol::server::CountersNow;

use super::{Entry, Fanout};
use crate::socket::frame;
use crate::socket::house::House;

/// What was told last of each window, and what it was made of.
pub(super) type Told = HashMap<WindowId, (Basis, WindowCounters)>;

/// What figures are made of. Where it stands still, so do they.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Basis {
    version: u64,
    people: Vec<(AgentId, Presence)>,
}

impl<H: House> Fanout<H> {
    /// A socket wants the figures of every window that it may read, or no more.
    pub(in crate::socket) fn watch_counters(&mut self, key: u64, on: bool) {
        self.look_at_counters();
        let Some(entry) = self.sockets.get_mut(&key) else { return };
        entry.wants_counters = on;
        if on {
            let all: Vec<&WindowId> = self.counters.keys().collect();
            tell(&self.house, entry, &all, &self.counters, true);
        }
    }

    /// Tells the figures that changed since the last second.
    pub(super) fn tell_counters(&mut self) {
        if !self.sockets.values().any(|entry| entry.wants_counters) {
            self.counters.clear();
            return;
        }
        let changed = self.look_at_counters();
        if changed.is_empty() {
            return;
        }
        let changed: Vec<&WindowId> = changed.iter().collect();
        for entry in self.sockets.values().filter(|entry| entry.wants_counters) {
            tell(&self.house, entry, &changed, &self.counters, false);
        }
    }

    /// Makes the figures anew where something moved; answers with the windows whose figures changed.
    fn look_at_counters(&mut self) -> Vec<WindowId> {
        let windows = self.house.windows();
        self.counters.retain(|window, _| windows.contains(window));
        let mut changed = Vec::new();
        for window in windows {
            let basis = Basis { version: self.house.counters_version(&window), people: self.house.presence(&window) };
            if self.counters.get(&window).is_some_and(|(before, _)| *before == basis) {
                continue;
            }
            let Some(now) = self.house.counters(&window) else { continue };
            let before = self.counters.insert(window.clone(), (basis, now.clone()));
            if before.is_none_or(|(_, before)| before != now) {
                changed.push(window);
            }
        }
        changed
    }
}

/// One frame with those of the windows that the socket may read. The first one comes even where there are none.
fn tell<H: House>(house: &H, entry: &Entry, windows: &[&WindowId], told: &Told, is_first: bool) {
    let may = windows.iter().filter(|window| house.may_watch(&entry.who, window));
    let mut windows: Vec<WindowCounters> =
        may.filter_map(|window| told.get(*window)).map(|(_, counters)| counters.clone()).collect();
    if windows.is_empty() && !is_first {
        return;
    }
    windows.sort_unstable_by(|a, b| a.window.cmp(&b.window));
    entry.outbox.borrow_mut().push(frame::text(&ServerFrame::Counters(CountersNow { windows })));
}
