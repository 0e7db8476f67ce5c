//! One window as a worker hears of it: where its stream stands, and who watches.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::web::Bytes;
use madoguchi_engine::domain::id::{AgentId, Position};
use madoguchi_engine::rows::Update;
use madoguchi_protocol::api::{Opening, Presence};
use madoguchi_protocol::server::AccountsNow;

use crate::socket::cursor::{Cursor, Mark, Step};
use crate::socket::watcher::Watcher;

pub(super) struct Feed {
    cursor: Cursor,
    watchers: Vec<Watcher>,
    /// The last snapshot that was encoded, for the others of a storm. Forgotten each second.
    pub(super) snapshot: Option<(Mark, Bytes)>,
    /// How its members were when it was last told.
    pub(super) presence: HashMap<AgentId, Presence>,
    /// How its accounts were when it was last told; `None` while nobody was.
    pub(super) accounts: Option<AccountsNow>,
    /// Whether it was open when that was last told.
    pub(super) opening: Option<Opening>,
    /// Where it stood, a second ago, while the engine was further.
    lagged_at: Option<Mark>,
}

impl Feed {
    /// A window whose updates after `head` are still to come.
    pub(super) fn new(head: Mark) -> Self {
        Self {
            cursor: Cursor::new(head),
            watchers: Vec::new(),
            snapshot: None,
            presence: HashMap::new(),
            accounts: None,
            opening: None,
            lagged_at: None,
        }
    }

    /// A window whose next update is this one.
    pub(super) fn before(update: &Update) -> Self {
        let position = Position(update.position.0.saturating_sub(1));
        Self::new(Mark { stream: update.stream, position })
    }

    pub(super) fn add(&mut self, watcher: Watcher) {
        self.watchers.push(watcher);
    }

    pub(super) fn remove(&mut self, key: u64) {
        self.watchers.retain(|watcher| watcher.key != key);
        if self.watchers.is_empty() {
            self.presence.clear();
            self.accounts = None;
            self.opening = None;
        }
    }

    pub(super) fn watcher(&mut self, key: u64) -> Option<&mut Watcher> {
        self.watchers.iter_mut().find(|watcher| watcher.key == key)
    }

    pub(super) fn watchers(&mut self) -> impl Iterator<Item = &mut Watcher> {
        self.watchers.iter_mut()
    }

    pub(super) fn is_watched(&self) -> bool {
        !self.watchers.is_empty()
    }

    pub(super) fn cursor(&mut self) -> &mut Cursor {
        &mut self.cursor
    }

    /// One update of the live stream. Where nobody watches, nothing needs to be fetched.
    pub(super) fn offer(&mut self, update: &Arc<Update>) -> Step {
        let step = self.cursor.offer(update);
        if step == Step::Fetch && self.watchers.is_empty() {
            self.cursor = Cursor::new(Mark::of(update));
            return Step::Pass;
        }
        step
    }

    /// Whether the stream has stood still for a second while the engine was further: the last update was lost.
    pub(super) fn is_left_behind(&mut self, head: Mark) -> bool {
        let mark = self.cursor.mark();
        let is_behind = head != mark && !self.cursor.is_fetching();
        let since_last = self.lagged_at == Some(mark);
        self.lagged_at = is_behind.then_some(mark);
        is_behind && since_last
    }
}
