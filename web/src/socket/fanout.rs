//! Who watches what on one worker thread, and everything that is told to them.
//!
//! Plain state without an actor: the worker's [`Hub`](super::hub::Hub) drives it, its sessions call it. No call blocks, none
//! is made while another runs. What it must never do: tell a position twice, out of order, or over a gap.

mod clock;
mod counters;
mod ephemeral;
mod feed;
mod line;
mod resume;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::{Rc, Weak};
use std::sync::Arc;

use madoguchi_engine::domain::id::{AgentId, WindowId};
use madoguchi_engine::domain::record::Fact;
use madoguchi_engine::domain::window::Event as WindowEvent;
use madoguchi_engine::rows::Update;
use madoguchi_protocol::limits::{SOCKET_MESSAGE_BYTES, SOCKET_WATCHES};
use madoguchi_protocol::server::{Going, Hello, Unwatched};
use madoguchi_protocol::{Close, Code, Problem, SOCKET_PROTOCOL, ServerFrame};

use self::counters::Told;
use self::ephemeral::Hints;
use self::feed::Feed;
use self::line::Line;
use super::cursor::{Mark, Step};
use super::frame;
use super::house::House;
use super::outbox::Shared;
use super::watcher::{Total, Watcher};
use crate::auth::Identity;
use crate::error::{not_found, problem};

/// How long a `typing` is to be shown, in milliseconds.
const TYPING_MS: u64 = 6_000;
/// How long a `viewing` is to be shown, in milliseconds.
const VIEWING_MS: u64 = 20_000;
/// The spread of returning sockets when the server stops: this much for each of them, in milliseconds.
const RETURN_SPREAD_MS: u64 = 5;
/// The spread at most, in milliseconds.
const RETURN_SPREAD_MAX_MS: u64 = 10_000;

/// The state of one worker, shared by its hub and its sessions.
pub(super) struct Fanout<H> {
    house: H,
    /// For the tasks that fetch; they end when the worker's state is gone.
    own: Weak<RefCell<Self>>,
    sockets: HashMap<u64, Entry>,
    feeds: HashMap<WindowId, Feed>,
    /// What readers have still to be given, in bytes.
    backlog: Total,
    fetching: usize,
    /// Watches that wait for their fetch: others are being served.
    waiting: Line,
    typing: Hints,
    viewing: Hints,
    /// People whose `me` may have changed.
    changed: Changed,
    /// The figures that were told last.
    counters: Told,
    seconds: u32,
    /// What waited in outboxes when it was last counted, in bytes.
    waiting_bytes: u64,
}

struct Entry {
    who: Identity,
    outbox: Shared,
    windows: Vec<WindowId>,
    /// Wants the figures of windows.
    wants_counters: bool,
    silent_s: u32,
    stuck_s: u32,
    closing_s: u32,
    /// How long it has had a backlog while others waited for room.
    hoarding_s: u32,
}

#[derive(Default)]
struct Changed {
    agents: HashSet<AgentId>,
    overseers: bool,
    everybody: bool,
}

impl<H: House> Fanout<H> {
    pub(super) fn new(house: H) -> Rc<RefCell<Self>> {
        Rc::new_cyclic(|own| {
            RefCell::new(Self {
                house,
                own: own.clone(),
                sockets: HashMap::new(),
                feeds: HashMap::new(),
                backlog: Rc::new(Cell::new(0)),
                fetching: 0,
                waiting: Line::default(),
                typing: Hints::default(),
                viewing: Hints::default(),
                changed: Changed::default(),
                counters: Told::default(),
                seconds: 0,
                waiting_bytes: 0,
            })
        })
    }

    /// A socket opened.
    pub(super) fn join(&mut self, key: u64, who: Identity, outbox: Shared) {
        let settings = self.house.settings();
        let hello = ServerFrame::Hello(Hello {
            protocol: SOCKET_PROTOCOL,
            at: self.house.now(),
            ping_ms: u64::from(settings.ping_s) * 1_000,
            typing_ms: TYPING_MS,
            viewing_ms: VIEWING_MS,
            message_bytes: SOCKET_MESSAGE_BYTES,
        });
        outbox.borrow_mut().push(frame::text(&hello));
        self.house.opened(who.agent);
        let entry = Entry {
            who,
            outbox,
            windows: Vec::new(),
            wants_counters: false,
            silent_s: 0,
            stuck_s: 0,
            closing_s: 0,
            hoarding_s: 0,
        };
        self.tell_me(&entry);
        self.sockets.insert(key, entry);
    }

    /// A socket is gone.
    pub(super) fn leave(&mut self, key: u64) {
        let Some(entry) = self.sockets.remove(&key) else { return };
        for window in &entry.windows {
            if let Some(feed) = self.feeds.get_mut(window) {
                feed.remove(key);
            }
        }
        self.waiting.leave(key, &entry.windows);
        self.house.closed(entry.who.agent);
    }

    /// The person behind a socket as they are now; `None` ends the socket.
    pub(super) fn recognise(&mut self, key: u64) -> Option<Identity> {
        let entry = self.sockets.get_mut(&key)?;
        match self.house.recognise(&entry.who) {
            Some(who) => {
                entry.who = who.clone();
                Some(who)
            }
            None => {
                entry.outbox.borrow_mut().close_at_once(Close::SessionEnded);
                None
            }
        }
    }

    /// A socket wants to watch a window from `from` on, or anew.
    pub(super) fn watch(&mut self, key: u64, window: WindowId, from: Option<Mark>) {
        let Some(entry) = self.sockets.get_mut(&key) else { return };
        if !self.house.may_watch(&entry.who, &window) {
            return refuse(entry, &window, problem(Code::Forbidden));
        }
        let Some(head) = self.house.position(&window) else {
            return refuse(entry, &window, problem(Code::CatchingUp));
        };
        if !entry.windows.contains(&window) {
            if entry.windows.len() >= SOCKET_WATCHES {
                let limit = u64::try_from(SOCKET_WATCHES).unwrap_or(u64::MAX);
                return refuse(entry, &window, problem(Code::LimitReached).limit(limit));
            }
            entry.windows.push(window.clone());
        }
        let from = from.filter(|from| from.stream == head.stream && from.position <= head.position);
        let watcher =
            Watcher::new(key, Rc::clone(&entry.outbox), from.unwrap_or(resume::NOWHERE), self.backlog.clone());
        let feed = self.feeds.entry(window.clone()).or_insert_with(|| Feed::new(head));
        feed.remove(key);
        feed.add(watcher);
        self.enqueue(window, key);
    }

    /// A socket has seen enough of a window.
    pub(super) fn unwatch(&mut self, key: u64, window: &WindowId) {
        self.end_watch(key, window, None);
    }

    /// Committed records, in the order of their windows.
    pub(super) fn updates(&mut self, updates: &[Arc<Update>]) {
        for update in updates {
            self.note_changes(update);
            let feed = self.feeds.entry(update.window.clone()).or_insert_with(|| Feed::before(update));
            match feed.offer(update) {
                Step::Forward => self.forward(update, |watcher, _| watcher.offer(update)),
                Step::Fetch => self.fetch_feed(&update.window),
                Step::Pass => {}
            }
        }
        self.tell_changes();
    }

    /// Tells one record to everybody who watches its window, by `tell`, which learns how much is still to be given.
    fn forward(&mut self, update: &Arc<Update>, tell: impl Fn(&mut Watcher, usize) -> Step) {
        let Some(feed) = self.feeds.get_mut(&update.window) else { return };
        let mut behind = Vec::new();
        for watcher in feed.watchers() {
            if tell(watcher, self.backlog.get()) == Step::Fetch {
                behind.push(watcher.key);
            }
        }
        for key in behind {
            self.enqueue(update.window.clone(), key);
        }
        for fact in &update.record.events {
            match fact {
                Fact::Window(WindowEvent::AgentRemoved { agent }) => self.end_watches_of(*agent, &update.window),
                Fact::Window(WindowEvent::Reset { .. }) => self.end_all_watches(&update.window),
                _ => {}
            }
        }
    }

    /// Who left a window sees no more of it, unless they see every window.
    fn end_watches_of(&mut self, agent: AgentId, window: &WindowId) {
        let leaving: Vec<u64> = self
            .sockets
            .iter()
            .filter(|(_, entry)| entry.who.agent == agent && !self.house.sees_every_window(&entry.who))
            .map(|(key, _)| *key)
            .collect();
        for key in leaving {
            self.end_watch(key, window, Some(problem(Code::NotAMember)));
        }
    }

    /// There is nothing more to see of a window that was reset, for nobody.
    fn end_all_watches(&mut self, window: &WindowId) {
        let watching: Vec<u64> =
            self.sockets.iter().filter(|(_, entry)| entry.windows.contains(window)).map(|(key, _)| *key).collect();
        for key in watching {
            self.end_watch(key, window, Some(not_found("window")));
        }
        self.feeds.remove(window);
    }

    fn end_watch(&mut self, key: u64, window: &WindowId, why: Option<Problem>) {
        let Some(entry) = self.sockets.get_mut(&key) else { return };
        let Some(place) = entry.windows.iter().position(|watched| watched == window) else { return };
        entry.windows.swap_remove(place);
        if let Some(feed) = self.feeds.get_mut(window) {
            feed.remove(key);
        }
        let ended = ServerFrame::Unwatched(Unwatched { window: window.to_string(), problem: why });
        entry.outbox.borrow_mut().push(frame::text(&ended));
    }

    /// The peer took something: it can be given more.
    pub(super) fn feed(&mut self, key: u64) {
        let Some(entry) = self.sockets.get(&key) else { return };
        entry.outbox.borrow_mut().is_owed = false;
        for window in &entry.windows {
            if let Some(watcher) = self.feeds.get_mut(window).and_then(|feed| feed.watcher(key)) {
                watcher.feed();
                if watcher.wants_part() {
                    self.waiting.join(window.clone(), key);
                }
            }
        }
        self.fetch_waiting();
    }

    /// The server is stopping: tells everybody when to come back, and ends every socket.
    pub(super) fn going(&mut self) {
        let sockets = u64::try_from(self.house.sockets().count()).unwrap_or(u64::MAX);
        let spread_ms = sockets.saturating_mul(RETURN_SPREAD_MS).clamp(RETURN_SPREAD_MS, RETURN_SPREAD_MAX_MS);
        for entry in self.sockets.values() {
            let retry_after_ms = rand::random_range(0..=spread_ms);
            let mut outbox = entry.outbox.borrow_mut();
            outbox.push(frame::text(&ServerFrame::Going(Going { retry_after_ms })));
            outbox.close(Close::Going);
        }
    }

    /// Nobody drives this state any more: every socket comes back with its positions, to another.
    pub(super) fn abandon(&mut self) {
        self.house.sockets().count_waiting(std::mem::take(&mut self.waiting_bytes), 0);
        for entry in self.sockets.values() {
            entry.outbox.borrow_mut().close_at_once(Close::Interrupted);
        }
    }

    /// Notes whose rights a record changes. Lost updates are caught by the clock, which then asks everybody.
    fn note_changes(&mut self, update: &Update) {
        for fact in &update.record.events {
            match fact {
                Fact::Window(WindowEvent::AgentAdded { agent } | WindowEvent::AgentRemoved { agent }) => {
                    self.changed.agents.insert(*agent);
                }
                Fact::Window(WindowEvent::Opened { .. }) => self.changed.overseers = true,
                // Everybody's list has its name, or has it no more.
                Fact::Window(WindowEvent::Described(_) | WindowEvent::Reset { .. }) => self.changed.everybody = true,
                _ => {}
            }
        }
    }

    fn tell_changes(&mut self) {
        let changed = std::mem::take(&mut self.changed);
        if changed.agents.is_empty() && !changed.overseers && !changed.everybody {
            return;
        }
        for entry in self.sockets.values() {
            let concerned = changed.everybody
                || changed.agents.contains(&entry.who.agent)
                || (changed.overseers && self.house.sees_every_window(&entry.who));
            if concerned {
                self.tell_me(entry);
            }
        }
    }

    fn tell_me(&self, entry: &Entry) {
        if let Some(me) = self.house.me(&entry.who) {
            entry.outbox.borrow_mut().push(frame::text(&ServerFrame::Me(me)));
        }
    }
}

fn refuse(entry: &Entry, window: &WindowId, why: Problem) {
    let refused = ServerFrame::Unwatched(Unwatched { window: window.to_string(), problem: Some(why) });
    entry.outbox.borrow_mut().push(frame::text(&refused));
}

#[cfg(test)]
mod tests;
