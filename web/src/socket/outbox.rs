//! What waits to go out on one socket: frames made once, counted in bytes, written in as few pieces as may be.
//!
//! Live frames are bounded by [`Outbox::limit`]: a peer that falls behind further is ended with [`Close::Slow`] and comes
//! back with its positions. Bulk (snapshots, what a returning reader missed) is only taken while little waits, see
//! [`Outbox::wants_bulk`]. Belongs to one worker thread; fan-out pushes, the connection's task takes.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::Waker;

use actix_web::web::{Bytes, BytesMut};
use madoguchi_protocol::Close;

use super::frame;
use super::wire::Wire;

/// What is handed to the connection in one piece, in bytes.
pub(super) const CHUNK_BYTES: usize = 64 * 1024;
/// While less than this waits, bulk is taken, in bytes.
pub(super) const BULK_BELOW_BYTES: usize = 128 * 1024;

/// An outbox, shared by the fan-out and the connection of one worker thread.
pub(super) type Shared = Rc<RefCell<Outbox>>;

pub(super) struct Outbox {
    queue: VecDeque<Item>,
    bytes: usize,
    live_bytes: usize,
    /// Live bytes that may wait.
    limit: usize,
    /// The first frame is partly out; what comes between its pieces would destroy it.
    front_begun: bool,
    state: State,
    waker: Option<Waker>,
    wire: Option<Wire>,
    signs: Signs,
    /// The peer has said its last word.
    peer_ended: bool,
    /// Somebody has more bulk for it.
    pub(super) is_owed: bool,
}

struct Item {
    frame: Bytes,
    live: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Takes frames.
    Open,
    /// A close frame is the last in the queue; takes nothing more.
    Closing(Option<Close>),
    /// The connection is gone.
    Gone,
}

/// What happened since somebody last looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Signs {
    /// Something came from the peer.
    pub(super) heard: bool,
    /// The connection took something.
    pub(super) took: bool,
}

impl Outbox {
    pub(super) fn new(limit: usize, wire: Option<Wire>) -> Self {
        Self {
            queue: VecDeque::new(),
            bytes: 0,
            live_bytes: 0,
            limit,
            front_begun: false,
            state: State::Open,
            waker: None,
            wire,
            signs: Signs::default(),
            peer_ended: false,
            is_owed: false,
        }
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    /// Bytes that wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a live frame. Over the limit the socket ends as slow, and everything that waited is dropped.
    pub(super) fn push(&mut self, frame: Bytes) {
        if self.state != State::Open {
            return;
        }
        if self.live_bytes + frame.len() > self.limit {
            self.close_at_once(Close::Slow);
            return;
        }
        self.add(Item { frame, live: true });
    }

    /// Adds a frame of bulk; only when [`Outbox::wants_bulk`]. One frame may be longer than the limit.
    pub(super) fn push_bulk(&mut self, frame: Bytes) {
        if self.state == State::Open {
            self.add(Item { frame, live: false });
        }
    }

    /// Whether so little waits that bulk may follow.
    pub(super) fn wants_bulk(&self) -> bool {
        self.state == State::Open && self.bytes < BULK_BELOW_BYTES
    }

    /// Adds a control frame before everything else that can still wait.
    pub(super) fn push_control(&mut self, frame: Bytes) {
        if self.state != State::Open {
            return;
        }
        self.bytes += frame.len();
        self.live_bytes += frame.len();
        let place = usize::from(self.front_begun);
        self.queue.insert(place, Item { frame, live: true });
        self.wake();
    }

    /// Ends the socket after what waits.
    pub(super) fn close(&mut self, why: Close) {
        if self.state == State::Open {
            self.add(Item { frame: frame::close(why), live: true });
            self.state = State::Closing(Some(why));
            count(why);
        }
    }

    /// Ends the socket and drops what waits, except a frame that is partly out.
    pub(super) fn close_at_once(&mut self, why: Close) {
        if self.state == State::Open {
            self.drop_waiting();
            self.close(why);
        }
    }

    /// The peer has said its last word: answers it, unless it was the answer.
    pub(super) fn farewell(&mut self) {
        self.peer_ended = true;
        if self.state == State::Open {
            self.add(Item { frame: frame::farewell(), live: true });
            self.state = State::Closing(None);
        }
    }

    /// Resets the connection: its task sees the end even where it waits for the peer.
    pub(super) fn cut(&mut self) {
        if let Some(wire) = &self.wire {
            wire.cut();
        }
        self.wake();
    }

    /// Ends the connection in order; nothing may be waiting.
    pub(super) fn finish(&mut self) {
        if let Some(wire) = &self.wire {
            wire.finish();
        }
    }

    /// Whether the peer has said its last word.
    pub(super) fn peer_ended(&self) -> bool {
        self.peer_ended
    }

    /// The connection is gone: gives everything back.
    pub(super) fn gone(&mut self) {
        self.state = State::Gone;
        self.queue = VecDeque::new();
        self.bytes = 0;
        self.live_bytes = 0;
        self.wire = None;
        self.waker = None;
    }

    /// The next piece for the connection: many small frames joined, or a slice of a long one, at most [`CHUNK_BYTES`].
    pub(super) fn take(&mut self) -> Option<Bytes> {
        let first = self.queue.front_mut()?;
        self.signs.took = true;
        if first.frame.len() > CHUNK_BYTES {
            let piece = first.frame.split_to(CHUNK_BYTES);
            let live = first.live;
            self.front_begun = true;
            self.count_out(piece.len(), live);
            return Some(piece);
        }
        let mut piece = self.pop()?;
        if self.next_fits(piece.len()) {
            let mut joined = BytesMut::with_capacity(self.bytes.saturating_add(piece.len()).min(CHUNK_BYTES));
            joined.extend_from_slice(&piece);
            while self.next_fits(joined.len()) {
                if let Some(frame) = self.pop() {
                    joined.extend_from_slice(&frame);
                }
            }
            piece = joined.freeze();
        }
        if self.queue.is_empty() && self.queue.capacity() > 16 {
            self.queue = VecDeque::new();
        }
        Some(piece)
    }

    /// Remembers whom to wake when something comes.
    pub(super) fn wait(&mut self, waker: &Waker) {
        if !self.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            self.waker = Some(waker.clone());
        }
    }

    /// Something came from the peer.
    pub(super) fn heard(&mut self) {
        self.signs.heard = true;
    }

    /// What happened since the last look.
    pub(super) fn signs(&mut self) -> Signs {
        std::mem::take(&mut self.signs)
    }

    fn next_fits(&self, joined: usize) -> bool {
        self.queue.front().is_some_and(|next| joined + next.frame.len() <= CHUNK_BYTES)
    }

    fn pop(&mut self) -> Option<Bytes> {
        let item = self.queue.pop_front()?;
        self.front_begun = false;
        self.count_out(item.frame.len(), item.live);
        Some(item.frame)
    }

    fn count_out(&mut self, bytes: usize, live: bool) {
        self.bytes -= bytes;
        if live {
            self.live_bytes -= bytes;
        }
    }

    fn add(&mut self, item: Item) {
        self.bytes += item.frame.len();
        if item.live {
            self.live_bytes += item.frame.len();
        }
        self.queue.push_back(item);
        self.wake();
    }

    fn drop_waiting(&mut self) {
        let begun = if self.front_begun { self.queue.pop_front() } else { None };
        self.queue = VecDeque::new();
        self.bytes = 0;
        self.live_bytes = 0;
        if let Some(item) = begun {
            self.add(item);
        }
    }

    fn wake(&mut self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }
}

fn count(why: Close) {
    metrics::counter!("madoguchi_sockets_closed_total", "reason" => why.reason()).increment(1);
}

#[cfg(test)]
mod tests;
