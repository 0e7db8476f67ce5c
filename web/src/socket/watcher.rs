//! One socket that watches one window: where it stands, and what it still has to be given.
//!
//! A returning reader may have missed more than its outbox holds. The rest stays here as a backlog and is handed over as
//! the peer takes it; live updates queue behind it. A backlog has a limit of its own, and all backlogs of a worker are
//! counted together, so that a storm of returning readers is served a few at a time. What was missed may come in parts:
//! the next one is fetched when the peer has taken the one before, so that no amount of it is too much.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::web::Bytes;
use madoguchi_engine::rows::Update;
use madoguchi_protocol::Close;

use super::cursor::{Cursor, Mark, Step};
use super::outbox::Shared;

/// Bytes that one watch may have to catch up on. Beyond this the socket ends as slow.
pub(super) const BACKLOG_BYTES: usize = 32 << 20;

/// Bytes of all backlogs of a worker.
pub(super) type Total = Rc<Cell<usize>>;

pub(super) struct Watcher {
    /// The socket.
    pub(super) key: u64,
    outbox: Shared,
    cursor: Cursor,
    backlog: Backlog,
    /// What was fetched is a part, and the next one has not been asked for.
    has_more: bool,
}

impl Watcher {
    /// A reader who stands at `mark`, and for whom what follows is being fetched.
    pub(super) fn new(key: u64, outbox: Shared, mark: Mark, total: Total) -> Self {
        Self { key, outbox, cursor: Cursor::fetching(mark), backlog: Backlog::new(total), has_more: false }
    }

    pub(super) fn mark(&self) -> Mark {
        self.cursor.mark()
    }

    pub(super) fn is_fetching(&self) -> bool {
        self.cursor.is_fetching()
    }

    /// Whether it has still to be given something that it missed.
    pub(super) fn is_behind(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// Its socket has ended: gives back what it would have been given.
    pub(super) fn let_go(&mut self) {
        self.backlog.clear();
    }

    /// One update of the live stream.
    pub(super) fn offer(&mut self, update: &Arc<Update>) -> Step {
        let step = self.cursor.offer(update);
        if step == Step::Forward {
            if self.backlog.is_empty() {
                self.outbox.borrow_mut().push(update.frame.clone());
            } else {
                self.keep(update.frame.clone());
            }
        }
        step
    }

    /// One update that the whole worker missed: for its readers too it is catching up, and not falling behind. Who cannot
    /// be given it now, as there is no room for what they would still have to take, fetches it when their turn comes.
    pub(super) fn make_up(&mut self, update: &Arc<Update>, has_room: bool) -> Step {
        if !has_room && !self.outbox.borrow().wants_bulk() {
            return self.cursor.postpone(update);
        }
        let step = self.cursor.offer(update);
        if step == Step::Forward {
            self.keep(update.frame.clone());
            self.feed();
        }
        step
    }

    /// Something that is told and not kept. A reader who is behind does without.
    pub(super) fn hint(&mut self, frame: Bytes) {
        if self.backlog.is_empty() && !self.cursor.is_fetching() {
            self.outbox.borrow_mut().push(frame);
        }
    }

    /// See [`Cursor::compare`].
    pub(super) fn compare(&mut self, head: Mark) -> Step {
        self.cursor.compare(head)
    }

    /// What was missed.
    pub(super) fn fetched(&mut self, updates: Vec<Arc<Update>>) -> Step {
        let (told, step) = self.cursor.fetched(updates);
        self.tell(told, step)
    }

    /// A part of what was missed.
    pub(super) fn fetched_part(&mut self, updates: Vec<Arc<Update>>) {
        let told = self.cursor.advance(updates);
        if told.is_empty() {
            // It did not help. The next try is the clock's, so that this cannot spin.
            return self.cursor.give_up();
        }
        for update in told {
            self.keep(update.frame.clone());
        }
        self.has_more = true;
        self.feed();
    }

    /// Whether the next part is due: the peer has taken the one before. Says so once.
    pub(super) fn wants_part(&mut self) -> bool {
        self.backlog.is_empty() && self.cursor.is_fetching() && std::mem::take(&mut self.has_more)
    }

    /// Too much was missed: a snapshot, and what followed it.
    pub(super) fn jump(&mut self, mark: Mark, snapshot: Bytes) -> Step {
        let (told, step) = self.cursor.jump(mark);
        // What it had still to be given is in the snapshot.
        self.backlog.clear();
        self.keep(snapshot);
        self.tell(told, step)
    }

    /// See [`Cursor::give_up`].
    pub(super) fn give_up(&mut self) {
        self.cursor.give_up();
    }

    /// Hands over as much of the backlog as the outbox takes now.
    pub(super) fn feed(&mut self) {
        let mut outbox = self.outbox.borrow_mut();
        while outbox.wants_bulk()
            && let Some(frame) = self.backlog.pop()
        {
            outbox.push_bulk(frame);
        }
        outbox.is_owed |= !self.backlog.is_empty();
    }

    fn tell(&mut self, updates: Vec<Arc<Update>>, step: Step) -> Step {
        let made_progress = !updates.is_empty();
        for update in updates {
            self.keep(update.frame.clone());
        }
        self.feed();
        if step == Step::Fetch && !made_progress {
            // What was fetched did not help. The next try is the clock's, so that this cannot spin.
            self.cursor.give_up();
            return Step::Pass;
        }
        step
    }

    fn keep(&mut self, frame: Bytes) {
        if self.backlog.bytes + frame.len() > BACKLOG_BYTES {
            self.backlog.clear();
            self.outbox.borrow_mut().close_at_once(Close::Slow);
            return;
        }
        self.backlog.push(frame);
    }
}

struct Backlog {
    frames: VecDeque<Bytes>,
    bytes: usize,
    total: Total,
}

impl Backlog {
    fn new(total: Total) -> Self {
        Self { frames: VecDeque::new(), bytes: 0, total }
    }

    fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    fn push(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.total.set(self.total.get() + frame.len());
        self.frames.push_back(frame);
    }

    fn pop(&mut self) -> Option<Bytes> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        self.total.set(self.total.get() - frame.len());
        if self.frames.is_empty() {
            self.frames = VecDeque::new();
        }
        Some(frame)
    }

    fn clear(&mut self) {
        self.total.set(self.total.get() - self.bytes);
        self.bytes = 0;
        self.frames = VecDeque::new();
    }
}

impl Drop for Backlog {
    fn drop(&mut self) {
        self.clear();
    }
}
