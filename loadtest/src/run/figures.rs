//! What is measured: times into HDR histograms, and counts. Times run from the moment that was due.

use hdrhistogram::Histogram;
use serde::Serialize;

/// Longest time that is told apart, in microseconds; longer ones count as this.
const LONGEST_US: u64 = 120_000_000;

/// A time that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timed {
    /// Webhook → 200.
    Webhook,
    /// Customer's message → update at each watching socket.
    UpdateEach,
    /// Customer's message → update at the last of all watching sockets.
    UpdateLast,
    /// Claim → reply.
    Claim,
    /// Answer → reply.
    Answer,
    /// Answer → phone.
    Phone,
    /// Customer's message → the bot's answer on the phone.
    Bot,
    /// Anything due → begun: the load's own lateness, contained in the others.
    Own,
}

impl Timed {
    pub(crate) const ALL: [(Self, &'static str, &'static str); 8] = [
        (Self::Webhook, "webhook_to_200", "customer POST → 200"),
        (Self::UpdateEach, "post_to_each_socket", "customer POST → update, each socket"),
        (Self::UpdateLast, "post_to_last_socket", "customer POST → update, last socket"),
        (Self::Claim, "claim_to_reply", "claim → reply"),
        (Self::Answer, "answer_to_reply", "answer → reply"),
        (Self::Phone, "answer_to_phone", "answer → phone"),
        (Self::Bot, "post_to_bot_answer", "customer POST → bot's answer, phone"),
        (Self::Own, "own_lateness", "the load's own lateness, in all these"),
    ];
}

/// One set of histograms. Sets are kept apart while running and put together at the end.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    times: [Histogram<u64>; 8],
    /// Only what was due from here on is measured.
    from_us: u64,
}

impl Figures {
    pub(crate) fn new(from_us: u64) -> Self {
        let empty = || Histogram::new_with_bounds(1, LONGEST_US, 3).expect("the bounds are right");
        Self { times: std::array::from_fn(|_| empty()), from_us }
    }

    /// Something that was due at `due_us` is there at `now_us`.
    pub(crate) fn took(&mut self, what: Timed, due_us: u64, now_us: u64) {
        if due_us >= self.from_us {
            self.times[what as usize].saturating_record(now_us.saturating_sub(due_us).max(1));
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (mine, other) in self.times.iter_mut().zip(&other.times) {
            mine.add(other).expect("all have the same bounds");
        }
    }

    pub(crate) fn spread(&self, what: Timed) -> Spread {
        Spread::of(&self.times[what as usize])
    }
}

/// How times are spread, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// How many were measured.
    pub count: u64,
    /// Half of them took at most this.
    pub p50_us: u64,
    /// 90 %.
    pub p90_us: u64,
    /// 99 %.
    pub p99_us: u64,
    /// 99.9 %.
    pub p999_us: u64,
    /// All of them.
    pub max_us: u64,
}

impl Spread {
    fn of(times: &Histogram<u64>) -> Self {
        let at = |quantile| times.value_at_quantile(quantile);
        Self {
            count: times.len(),
            p50_us: at(0.5),
            p90_us: at(0.9),
            p99_us: at(0.99),
            p999_us: at(0.999),
            max_us: times.max(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Figures, Timed};

    #[test]
    fn time_that_was_spent_waiting_for_a_turn_counts() {
        let mut figures = Figures::new(1_000);
        figures.took(Timed::Webhook, 999, 5_000);
        figures.took(Timed::Webhook, 1_000, 51_000);
        let mut all = Figures::new(0);
        all.merge(&figures);
        let spread = all.spread(Timed::Webhook);
        assert_eq!(spread.count, 1, "what was due before the measuring began is left out");
        assert!(spread.max_us.abs_diff(50_000) < 100, "{spread:?}");
    }
}
