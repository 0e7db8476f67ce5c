//! Fetching what readers missed, a few at a time: a storm of them must not take the memory of everybody.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::web::Bytes;
use madoguchi_engine::domain::id::{Position, StreamId, WindowId};
use madoguchi_engine::rows::{CatchUp, Snapshot, Update};
use madoguchi_protocol::server::{AgentPresence, OpeningNow, PresenceNow, Unwatched};
use madoguchi_protocol::{Close, Problem, ServerFrame};

use super::Fanout;
use crate::socket::cursor::{Mark, Step};
use crate::socket::frame;
use crate::socket::house::House;

/// Readers whose missing part is fetched at one time, for each worker.
const FETCHES: usize = 4;
/// While readers of a worker have this much still to be given, further ones wait, in bytes.
pub(super) const BACKLOG_BYTES: usize = 32 << 20;
/// While others wait for room, a reader may have a backlog for this long, in seconds. Then it ends as slow.
const HOARDING_S: u32 = 30;

/// Where a reader stands who has nothing: in no stream, so that a snapshot comes.
pub(super) const NOWHERE: Mark = Mark { stream: StreamId(0), position: Position(0) };

impl<H: House> Fanout<H> {
    /// Puts a watch in the queue for its fetch.
    pub(super) fn enqueue(&mut self, window: WindowId, key: u64) {
        self.waiting.join(window, key);
        self.fetch_waiting();
    }

    /// Serves the queue as far as there is room.
    pub(super) fn fetch_waiting(&mut self) {
        while self.fetching < FETCHES && self.has_room() {
            let Some((window, key)) = self.waiting.next() else { return };
            let Some(mark) = self.fetching_at(&window, key) else { continue };
            self.fetching += 1;
            self.fetch(&window, mark, move |fanout, window, missed| {
                fanout.fetching -= 1;
                fanout.fetched(window, key, mark, missed);
                fanout.fetch_waiting();
            });
        }
    }

    /// Whether one more reader can be given what it missed.
    fn has_room(&self) -> bool {
        self.backlog.get() < BACKLOG_BYTES
    }

    /// While others wait for room, nobody keeps it for long: a reader on a poor line ends as slow and comes back with
    /// the places that it has reached, behind those who waited.
    pub(super) fn end_hoarding(&mut self) {
        let is_crowded = !self.waiting.is_empty() && !self.has_room();
        for (key, entry) in &mut self.sockets {
            if !is_crowded {
                entry.hoarding_s = 0;
                continue;
            }
            let mut is_behind = false;
            for window in &entry.windows {
                is_behind |=
                    self.feeds.get_mut(window).and_then(|feed| feed.watcher(*key)).is_some_and(|w| w.is_behind());
            }
            entry.hoarding_s = if is_behind { entry.hoarding_s + 1 } else { 0 };
            if entry.hoarding_s < HOARDING_S {
                continue;
            }
            entry.outbox.borrow_mut().close_at_once(Close::Slow);
            for window in &entry.windows {
                if let Some(watcher) = self.feeds.get_mut(window).and_then(|feed| feed.watcher(*key)) {
                    watcher.let_go();
                }
            }
        }
    }

    /// Where the reader stands, if it is still there and waits.
    fn fetching_at(&mut self, window: &WindowId, key: u64) -> Option<Mark> {
        let watcher = self.feeds.get_mut(window)?.watcher(key)?;
        watcher.is_fetching().then(|| watcher.mark())
    }

    /// Fetches what the whole worker missed of a window.
    pub(super) fn fetch_feed(&mut self, window: &WindowId) {
        let Some(feed) = self.feeds.get_mut(window) else { return };
        metrics::counter!("madoguchi_socket_gaps_total").increment(1);
        let mark = feed.cursor().mark();
        self.fetch(window, mark, move |fanout, window, missed| fanout.fetched_feed(window, missed));
    }

    fn fetch(
        &self,
        window: &WindowId,
        mark: Mark,
        then: impl FnOnce(&mut Self, &WindowId, Result<CatchUp, Problem>) + 'static,
    ) {
        let missed = self.house.catch_up(window.clone(), mark.stream, mark.position);
        let (own, window) = (self.own.clone(), window.clone());
        actix_web::rt::spawn(async move {
            let missed = missed.await;
            if let Some(fanout) = own.upgrade() {
                then(&mut fanout.borrow_mut(), &window, missed);
            }
        });
    }

    /// What one reader missed has come.
    fn fetched(&mut self, window: &WindowId, key: u64, asked: Mark, missed: Result<CatchUp, Problem>) {
        let snapshot = self.encoded_snapshot(window, &missed);
        let Some(watcher) = self.feeds.get_mut(window).and_then(|feed| feed.watcher(key)) else { return };
        if !watcher.is_fetching() || watcher.mark() != asked {
            // It began anew meanwhile, and its own fetch is on its way.
            return;
        }
        let step = match (missed, snapshot) {
            (Ok(CatchUp::Updates(updates)), _) => watcher.fetched(updates),
            (Ok(CatchUp::Part(updates)), _) => {
                watcher.fetched_part(updates);
                if watcher.wants_part() {
                    self.enqueue(window.clone(), key);
                }
                return;
            }
            (Ok(CatchUp::Snapshot(_)), Some((mark, snapshot))) => watcher.jump(mark, snapshot),
            (Err(why), _) => return self.cannot_fetch(window, key, asked, why),
            (Ok(CatchUp::Snapshot(_)), None) => Step::Pass,
        };
        if step == Step::Fetch {
            return self.enqueue(window.clone(), key);
        }
        self.tell_presence_to(window, key);
        self.tell_accounts_to(window, key);
        self.tell_opening_to(window, key);
    }

    /// A reader who stands nowhere is told to try again; one with a place is served by the clock.
    fn cannot_fetch(&mut self, window: &WindowId, key: u64, asked: Mark, why: Problem) {
        if asked != NOWHERE {
            if let Some(watcher) = self.feeds.get_mut(window).and_then(|feed| feed.watcher(key)) {
                watcher.give_up();
            }
            return;
        }
        let Some(entry) = self.sockets.get_mut(&key) else { return };
        entry.windows.retain(|watched| watched != window);
        if let Some(feed) = self.feeds.get_mut(window) {
            feed.remove(key);
        }
        let ended = ServerFrame::Unwatched(Unwatched { window: window.to_string(), problem: Some(why) });
        entry.outbox.borrow_mut().push(frame::text(&ended));
    }

    /// What the worker missed has come.
    fn fetched_feed(&mut self, window: &WindowId, missed: Result<CatchUp, Problem>) {
        if matches!(missed, Ok(CatchUp::Snapshot(_))) {
            // Rights may have ended in what is skipped, and nobody without one is to see what follows.
            self.recheck();
            self.changed.everybody = true;
        }
        let snapshot = self.encoded_snapshot(window, &missed);
        let Some(feed) = self.feeds.get_mut(window) else { return };
        let (told, step): (Vec<Arc<Update>>, Step) = match (missed, snapshot) {
            (Ok(CatchUp::Updates(updates)), _) => feed.cursor().fetched(updates),
            (Ok(CatchUp::Part(updates)), _) => (feed.cursor().advance(updates), Step::Fetch),
            (Ok(CatchUp::Snapshot(_)), Some((mark, snapshot))) => {
                let behind: Vec<u64> = feed.watchers().filter_map(|w| (!w.is_fetching()).then_some(w.key)).collect();
                for key in behind {
                    if let Some(watcher) = feed.watcher(key) {
                        // Anything still missing after it is fetched by the clock.
                        let _ = watcher.jump(mark, snapshot.clone());
                    }
                }
                feed.cursor().jump(mark)
            }
            (Ok(CatchUp::Snapshot(_)), None) => return,
            (Err(why), _) => {
                tracing::warn!(window.id = %window, code = why.code.as_str(), "missed updates cannot be fetched yet");
                return feed.cursor().give_up();
            }
        };
        let made_progress = !told.is_empty();
        for update in &told {
            self.note_changes(update);
            self.forward(update, |watcher, backlog| watcher.make_up(update, backlog < BACKLOG_BYTES));
        }
        self.tell_changes();
        match self.feeds.get_mut(window) {
            Some(_) if step == Step::Fetch && made_progress => self.fetch_feed(window),
            Some(feed) if step == Step::Fetch => feed.cursor().give_up(),
            _ => {}
        }
    }

    /// The frame of a snapshot, shared by all who get it at the same position.
    fn encoded_snapshot(&mut self, window: &WindowId, missed: &Result<CatchUp, Problem>) -> Option<(Mark, Bytes)> {
        let Ok(CatchUp::Snapshot(snapshot)) = missed else { return None };
        let snapshot: &Snapshot = snapshot;
        let mark = Mark { stream: snapshot.stream, position: snapshot.position };
        let feed = self.feeds.get_mut(window)?;
        if let Some((known, bytes)) = &feed.snapshot
            && *known == mark
        {
            return Some((mark, bytes.clone()));
        }
        let shown = self.house.describe(window, snapshot);
        let bytes = frame::text(&ServerFrame::Snapshot(Box::new(shown)));
        feed.snapshot = Some((mark, bytes.clone()));
        Some((mark, bytes))
    }

    /// How everybody is, for a reader whose watch has begun.
    fn tell_presence_to(&mut self, window: &WindowId, key: u64) {
        let agents = self.house.presence(window);
        let Some(entry) = self.sockets.get(&key) else { return };
        if let Some(feed) = self.feeds.get_mut(window)
            && feed.presence.is_empty()
        {
            // The first to watch: changes are told from here on.
            feed.presence = agents.iter().copied().collect();
        }
        let agents = agents.iter().map(|(agent, state)| AgentPresence { agent: agent.to_string(), state: *state });
        let now = ServerFrame::Presence(PresenceNow { window: window.to_string(), agents: agents.collect() });
        Rc::clone(&entry.outbox).borrow_mut().push(frame::text(&now));
    }

    /// Whether the window is open, for a reader whose watch has begun: who resumes gets no snapshot that says it.
    fn tell_opening_to(&mut self, window: &WindowId, key: u64) {
        let Some(opening) = self.house.opening(window) else { return };
        let Some(entry) = self.sockets.get(&key) else { return };
        if let Some(feed) = self.feeds.get_mut(window) {
            // The first to watch: changes are told from here on.
            feed.opening.get_or_insert_with(|| opening.clone());
        }
        let now = ServerFrame::Opening(OpeningNow { window: window.to_string(), opening });
        Rc::clone(&entry.outbox).borrow_mut().push(frame::text(&now));
    }

    /// How accounts stand, for a reader whose watch has begun. Nothing where there are none.
    fn tell_accounts_to(&mut self, window: &WindowId, key: u64) {
        let now = self.house.accounts(window);
        let Some(entry) = self.sockets.get(&key).filter(|_| !now.accounts.is_empty()) else { return };
        if let Some(feed) = self.feeds.get_mut(window) {
            // The first to watch: changes are told from here on.
            feed.accounts.get_or_insert_with(|| now.clone());
        }
        Rc::clone(&entry.outbox).borrow_mut().push(frame::text(&ServerFrame::Accounts(now)));
    }
}
