//! Where one socket stands in one window. The one rule that keeps the stream whole: only the next position is ever
//! forwarded; what is older is dropped, and anything newer means that something is missing.

use madoguchi_engine::domain::id::{Position, StreamId};

/// A reader's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Watch {
    /// The stream it reads.
    pub(crate) stream: StreamId,
    /// Everything up to here was forwarded.
    pub(crate) last: Position,
    /// What is missing is being fetched; nothing live is forwarded meanwhile.
    pub(crate) catching_up: bool,
}

/// What to do with an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the next one: forward it.
    Forward,
    /// It was forwarded before, or is being fetched.
    Drop,
    /// Something before it is missing: fetch.
    Gap,
}

impl Watch {
    /// Judges a live update.
    pub(crate) fn live(&mut self, stream: StreamId, position: Position) -> Verdict {
        if self.catching_up || (stream == self.stream && position <= self.last) {
            return Verdict::Drop;
        }
        if stream == self.stream && position == self.last.next() {
            self.last = position;
            return Verdict::Forward;
        }
        Verdict::Gap
    }

    /// Judges an update that was fetched.
    pub(crate) fn fetched(&mut self, position: Position) -> bool {
        let is_next = position == self.last.next();
        if is_next {
            self.last = position;
        }
        is_next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: StreamId = StreamId(9);

    /// Whatever order the live updates come in, with whatever left out, each position is forwarded once and in order.
    #[test]
    fn drops_doubles_and_reordering_never_reach_the_reader() {
        let mut seed = 7_u64;
        let mut chance = move |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for _ in 0..500 {
            let mut watch = Watch { stream: STREAM, last: Position(0), catching_up: false };
            let (mut forwarded, mut head) = (Vec::new(), 0);
            for _ in 0..60 {
                head += chance(3);
                let offered = Position(head.saturating_sub(chance(4)).max(1));
                match watch.live(STREAM, offered) {
                    Verdict::Forward => forwarded.push(offered.0),
                    Verdict::Drop => {}
                    Verdict::Gap => {
                        watch.catching_up = true;
                        assert_eq!(watch.live(STREAM, watch.last.next()), Verdict::Drop, "not while fetching");
                        for position in 1..=offered.0 {
                            if watch.fetched(Position(position)) {
                                forwarded.push(position);
                            }
                        }
                        watch.catching_up = false;
                    }
                }
            }
            assert!(forwarded.iter().copied().eq(1..=watch.last.0), "{forwarded:?}");
        }
    }

    #[test]
    fn another_life_of_the_stream_is_a_gap() {
        let mut watch = Watch { stream: STREAM, last: Position(5), catching_up: false };
        assert_eq!(watch.live(StreamId(10), Position(6)), Verdict::Gap);
    }
}
