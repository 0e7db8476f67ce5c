//! What the clock does once a second, for all sockets of a worker: signs of life, rights, gaps.

use madoguchi_engine::domain::id::WindowId;
use madoguchi_protocol::Close;

use super::feed::Feed;
use super::resume::NOWHERE;
use super::{Entry, Fanout};
use crate::socket::cursor::Step;
use crate::socket::frame;
use crate::socket::house::{House, Settings};
use crate::socket::outbox::State;

/// Each socket's rights are looked at once in so many seconds, besides at every message of its client.
const RIGHTS_EVERY_S: u64 = 5;

impl<H: House> Fanout<H> {
    /// A second has passed.
    pub(in crate::socket) fn second(&mut self) {
        self.seconds = self.seconds.wrapping_add(1);
        let settings = self.house.settings();
        let ping = frame::ping();
        let (mut gone, mut lost) = (Vec::new(), Vec::new());
        for (key, entry) in &mut self.sockets {
            let turn = |every: u64| (u64::from(self.seconds) + key) % every.max(1) == 0;
            if turn(u64::from(settings.ping_s)) {
                entry.outbox.borrow_mut().push_control(ping.clone());
            }
            if turn(RIGHTS_EVERY_S) {
                lost.extend(entry.lost_rights(&self.house).into_iter().map(|window| (*key, window)));
            }
            if entry.look(settings) {
                gone.push(*key);
            }
        }
        for key in gone {
            self.leave(key);
        }
        self.count_waiting();
        self.end_lost(lost);
        self.end_hoarding();
        self.close_gaps();
        self.tell_presence();
        self.tell_accounts();
        self.tell_opening();
        self.tell_counters();
        self.tell_changes();
        self.fetch_waiting();
    }

    fn count_waiting(&mut self) {
        let now = self.sockets.values().map(|entry| entry.outbox.borrow().bytes() as u64).sum();
        self.house.sockets().count_waiting(std::mem::replace(&mut self.waiting_bytes, now), now);
    }

    /// A session, a token or a right has ended somewhere: looks at everybody.
    pub(in crate::socket) fn recheck(&mut self) {
        let mut lost = Vec::new();
        for (key, entry) in &self.sockets {
            lost.extend(entry.lost_rights(&self.house).into_iter().map(|window| (*key, window)));
        }
        self.end_lost(lost);
    }

    fn end_lost(&mut self, lost: Vec<(u64, WindowId)>) {
        for (key, window) in lost {
            let why = crate::error::problem(madoguchi_protocol::Code::NotAMember);
            self.end_watch(key, &window, Some(why));
        }
    }

    /// Finds windows whose last update was lost, and readers whose fetch failed.
    fn close_gaps(&mut self) {
        for window in self.house.windows() {
            let Some(head) = self.house.position(&window) else { continue };
            let feed = self.feeds.entry(window.clone()).or_insert_with(|| Feed::new(head));
            feed.snapshot = None;
            if feed.is_left_behind(head) {
                if feed.is_watched() {
                    if feed.cursor().compare(head) == Step::Fetch {
                        self.fetch_feed(&window);
                    }
                } else {
                    // Nobody watches, but somebody's rights may have changed in what was lost.
                    *feed = Feed::new(head);
                    self.changed.everybody = true;
                }
                continue;
            }
            let mark = feed.cursor().mark();
            let mut behind = Vec::new();
            for watcher in feed.watchers() {
                let is_behind = watcher.mark() != NOWHERE && watcher.mark().position < mark.position;
                if is_behind && watcher.compare(mark) == Step::Fetch {
                    behind.push(watcher.key);
                }
            }
            for key in behind {
                self.enqueue(window.clone(), key);
            }
        }
    }
}

impl Entry {
    /// Ends the socket where its person may not be here any more; else which windows they may not watch any more.
    fn lost_rights(&self, house: &impl House) -> Vec<WindowId> {
        if !house.still_valid(&self.who) {
            self.outbox.borrow_mut().close_at_once(Close::SessionEnded);
            return Vec::new();
        }
        self.windows.iter().filter(|window| !house.may_watch(&self.who, window)).cloned().collect()
    }

    /// Looks at the signs of one socket; true when it is gone.
    fn look(&mut self, settings: Settings) -> bool {
        let mut outbox = self.outbox.borrow_mut();
        let signs = outbox.signs();
        let waits = outbox.bytes() > 0;
        self.silent_s = if signs.heard { 0 } else { self.silent_s + 1 };
        self.stuck_s = if signs.took || !waits { 0 } else { self.stuck_s + 1 };
        match outbox.state() {
            State::Gone => return true,
            State::Closing(_) => {
                self.closing_s += 1;
                if self.closing_s > settings.closing_s {
                    outbox.cut();
                }
            }
            State::Open if self.stuck_s >= settings.stuck_s => outbox.close_at_once(Close::Slow),
            State::Open if self.silent_s >= settings.silent_s => outbox.close_at_once(Close::Silent),
            State::Open => {}
        }
        false
    }
}
