//! What waits to be written to one socket: whole frames, bounded in bytes. It lies outside of the socket's actor, which
//! stands still while its peer does not read.

use std::collections::VecDeque;
use std::task::Waker;

use bytes::{Bytes, BytesMut};

/// The most bytes handed over in one go.
const CHUNK: usize = 64 * 1024;

/// The frames of one socket.
#[derive(Debug)]
pub(crate) struct Outbox {
    frames: VecDeque<Bytes>,
    bytes: usize,
    limit: usize,
    ending: bool,
    waker: Option<Waker>,
    room: Option<Waker>,
}

/// The socket's peer reads too slowly: nothing more is taken, and the socket is to be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Outbox {
    pub(crate) fn new(limit: usize) -> Self {
        Self { frames: VecDeque::new(), bytes: 0, limit, ending: false, waker: None, room: None }
    }

    /// Takes a frame, or says that the limit is reached.
    pub(crate) fn push(&mut self, frame: Bytes) -> Result<(), Full> {
        if self.ending {
            return Ok(());
        }
        if self.bytes + frame.len() > self.limit && !self.frames.is_empty() {
            return Err(Full);
        }
        self.bytes += frame.len();
        self.frames.push_back(frame);
        self.wake();
        Ok(())
    }

    /// Writes `last` after what waits, and then nothing more.
    pub(crate) fn end(&mut self, last: Option<Bytes>) {
        if !self.ending {
            self.frames.extend(last);
            self.ending = true;
            self.wake();
        }
    }

    /// Forgets what waits, and ends.
    pub(crate) fn cut(&mut self) {
        self.frames.clear();
        self.bytes = 0;
        self.ending = true;
        self.wake();
    }

    /// Everything that waits, joined, up to 64 KiB; a longer frame alone. `None` when nothing waits.
    pub(crate) fn take(&mut self) -> Option<Bytes> {
        let first = self.frames.pop_front()?;
        let fits = |outbox: &Self, len: usize| outbox.frames.front().is_some_and(|next| len + next.len() <= CHUNK);
        let chunk = if fits(self, first.len()) {
            let mut joined = BytesMut::with_capacity(CHUNK.min(self.bytes));
            joined.extend_from_slice(&first);
            while fits(self, joined.len()) {
                if let Some(next) = self.frames.pop_front() {
                    joined.extend_from_slice(&next);
                }
            }
            joined.freeze()
        } else {
            first
        };
        self.bytes = self.bytes.saturating_sub(chunk.len());
        if self.has_room()
            && let Some(waker) = self.room.take()
        {
            waker.wake();
        }
        if self.frames.is_empty() && self.frames.capacity() > 16 {
            self.frames = VecDeque::new();
        }
        Some(chunk)
    }

    /// Whether it has ended and everything is handed over.
    pub(crate) fn is_finished(&self) -> bool {
        self.ending && self.frames.is_empty()
    }

    /// Whether a reader who catches up may be given more.
    pub(crate) fn has_room(&self) -> bool {
        self.bytes < self.limit / 4 || self.ending
    }

    pub(crate) fn wake_when_filled(&mut self, waker: &Waker) {
        self.waker = Some(waker.clone());
    }

    pub(crate) fn wake_when_roomy(&mut self, waker: &Waker) {
        self.room = Some(waker.clone());
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
        if self.ending
            && let Some(waker) = self.room.take()
        {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(len: usize) -> Bytes {
        Bytes::from(vec![7; len])
    }

    #[test]
    fn a_peer_that_does_not_read_costs_no_more_than_the_limit() {
        let mut outbox = Outbox::new(1_000);
        let taken = (0..100).take_while(|_| outbox.push(frame(300)).is_ok()).count();
        assert_eq!(taken, 3);
        assert_eq!(outbox.push(frame(300)), Err(Full));
        outbox.cut();
        assert!(outbox.is_finished());
        assert_eq!(outbox.push(frame(1)), Ok(()), "and nothing more is kept");
        assert_eq!(outbox.take(), None);
    }

    #[test]
    fn what_waits_leaves_in_one_go_in_order() {
        let mut outbox = Outbox::new(1 << 20);
        for byte in 0..200_u8 {
            outbox.push(Bytes::from(vec![byte; 500])).unwrap();
        }
        let first = outbox.take().unwrap();
        assert_eq!(first.len(), 131 * 500, "whole frames, up to 64 KiB");
        let second = outbox.take().unwrap();
        let all = [first, second].concat();
        assert!(all.chunks(500).enumerate().all(|(index, chunk)| usize::from(chunk[0]) == index));
        assert_eq!(outbox.take(), None);
    }

    #[test]
    fn a_close_frame_comes_last_and_ends_it() {
        let mut outbox = Outbox::new(100);
        outbox.push(frame(10)).unwrap();
        outbox.end(Some(frame(4)));
        outbox.push(frame(10)).unwrap();
        assert!(!outbox.is_finished());
        assert_eq!(outbox.take().map(|chunk| chunk.len()), Some(14));
        assert!(outbox.is_finished());
    }
}
