//! Chance that repeats itself: every choice of a simulated run comes from one seed, and a failing run prints its seed.
//!
//! [`runs`] repeats a scenario over seeds; [`Chooser`] makes its choices; [`Lanes`] decides which of several queues moves
//! next, each in its own order, as mailboxes do. A run must not look at the clock, at a hash map's order or at threads,
//! or its seed is worth nothing.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Runs a scenario once for each seed: 1, 2, 3… up to `MADOGUCHI_SIM_RUNS` (else `default_runs`), or only for
/// `MADOGUCHI_SIM_SEED`.
///
/// # Panics
/// With the scenario's own panic, after printing the seed that brings it back.
pub fn runs(name: &str, default_runs: u64, scenario: impl Fn(&mut Chooser)) {
    match number_from_env("MADOGUCHI_SIM_SEED") {
        Some(seed) => one_run(name, seed, &scenario),
        None => {
            for seed in 1..=number_from_env("MADOGUCHI_SIM_RUNS").unwrap_or(default_runs) {
                one_run(name, seed, &scenario);
            }
        }
    }
}

fn one_run(name: &str, seed: u64, scenario: impl Fn(&mut Chooser)) {
    let mut chooser = Chooser::new(seed);
    let outcome = catch_unwind(AssertUnwindSafe(|| scenario(&mut chooser)));
    if let Err(panic) = outcome {
        let choices = chooser.choices;
        eprintln!("{name} failed after {choices} choices; repeat it with MADOGUCHI_SIM_SEED={seed}");
        resume_unwind(panic);
    }
}

fn number_from_env(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}")))
}

/// The only source of chance in a run.
#[derive(Debug)]
pub struct Chooser {
    rng: StdRng,
    choices: u64,
}

impl Chooser {
    /// The same seed makes the same choices.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { rng: StdRng::seed_from_u64(seed), choices: 0 }
    }

    /// A number below `end`.
    ///
    /// # Panics
    /// There is none: `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        self.choices += 1;
        self.rng.random_range(0..end)
    }

    /// True `percent` times in a hundred.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent as usize
    }

    /// One of several.
    ///
    /// # Panics
    /// There is none to choose from.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// One of several, each as often as its weight says.
    ///
    /// # Panics
    /// All weights are 0.
    pub fn weighted<'a, T>(&mut self, from: &'a [(usize, T)]) -> &'a T {
        let mut at = self.below(from.iter().map(|(weight, _)| weight).sum());
        for (weight, choice) in from {
            match at.checked_sub(*weight) {
                Some(left) => at = left,
                None => return choice,
            }
        }
        unreachable!("a number below the sum falls into one of the parts")
    }

    /// Brings a list into some order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for end in (2..=list.len()).rev() {
            list.swap(end - 1, self.below(end));
        }
    }
}

/// Queues that move one step at a time: each keeps its own order, and which moves next is chance.
#[derive(Debug)]
pub struct Lanes<E> {
    lanes: Vec<VecDeque<E>>,
}

impl<E> Lanes<E> {
    /// So many empty queues, known by their index.
    #[must_use]
    pub fn new(lanes: usize) -> Self {
        Self { lanes: (0..lanes).map(|_| VecDeque::new()).collect() }
    }

    /// Puts something at the end of a queue.
    pub fn push(&mut self, lane: usize, event: E) {
        self.lanes[lane].push_back(event);
    }

    /// Takes the first of some queue that is not empty; `None` when all are.
    pub fn next(&mut self, chooser: &mut Chooser) -> Option<(usize, E)> {
        let ready: Vec<usize> = (0..self.lanes.len()).filter(|lane| !self.lanes[*lane].is_empty()).collect();
        if ready.is_empty() {
            return None;
        }
        let lane = *chooser.pick(&ready);
        self.lanes[lane].pop_front().map(|event| (lane, event))
    }

    /// Loses what a queue held, as a crash does.
    pub fn clear(&mut self, lane: usize) -> VecDeque<E> {
        std::mem::take(&mut self.lanes[lane])
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::HashSet;

    use super::*;

    fn interleaving(seed: u64) -> Vec<(usize, u32)> {
        let mut chooser = Chooser::new(seed);
        let mut lanes = Lanes::new(3);
        for event in 0..12 {
            lanes.push(event as usize % 3, event);
        }
        std::iter::from_fn(|| lanes.next(&mut chooser)).collect()
    }

    #[test]
    fn a_seed_repeats_its_run_and_seeds_differ() {
        assert_eq!(interleaving(5), interleaving(5));
        let distinct: HashSet<_> = (0..50).map(interleaving).collect();
        assert!(distinct.len() > 45, "only {} of 50", distinct.len());
    }

    #[test]
    fn a_lane_keeps_its_order_and_loses_nothing() {
        for seed in 0..50 {
            let run = interleaving(seed);
            assert_eq!(run.len(), 12);
            for lane in 0..3 {
                let events: Vec<_> = run.iter().filter(|step| step.0 == lane).map(|step| step.1).collect();
                assert!(events.is_sorted(), "{events:?} in lane {lane} of seed {seed}");
            }
        }
    }

    #[test]
    fn a_weight_of_nothing_is_never_chosen() {
        let mut chooser = Chooser::new(1);
        let mut counts = [0; 3];
        for _ in 0..4000 {
            counts[*chooser.weighted(&[(1, 0), (0, 1), (3, 2)])] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((800..1200).contains(&counts[0]), "{counts:?}");
    }

    #[test]
    fn a_shuffle_keeps_everything_and_reaches_every_order() {
        let mut chooser = Chooser::new(1);
        let orders: HashSet<_> = (0..200)
            .map(|_| {
                let mut list = [1, 2, 3];
                chooser.shuffle(&mut list);
                list
            })
            .collect();
        assert_eq!(orders.len(), 6);
    }

    #[test]
    fn a_failing_run_stops_the_series_with_its_own_panic() {
        let seen = RefCell::new(0);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            runs("a scenario that fails", 50, |chooser| {
                *seen.borrow_mut() += 1;
                assert!(!chooser.chance(20), "chance struck");
            });
        }));
        let panic = outcome.expect_err("one of fifty seeds fails");
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"chance struck"));
        assert!(*seen.borrow() < 50);
    }
}
