//! Chance that repeats itself: every choice of a simulated run comes from one seed, and a failing run prints its seed and
//! the last of what it did.
//!
//! [`runs`] repeats a scenario over seeds; [`Chooser`] makes its choices; [`Trace`] keeps what happened. A run must not
//! look at the clock, at a hash map's order or at threads, or its seed is worth nothing.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Lines of the trace that a failing run prints.
const SHOWN: usize = 80;

/// Runs a scenario once for each seed: 1, 2, 3… up to `TEST_SIM_RUNS` (else `default_runs`), or only for
/// `TEST_SIM_SEED`. `every` and `place` leave some to others, so that the cores share a series.
///
/// # Panics
/// With the scenario's own panic, after printing the seed that brings it back and the end of its trace.
pub fn runs(name: &str, default_runs: u64, (place, every): (u64, u64), scenario: impl Fn(u64, &Trace)) {
    match number_from_env("TEST_SIM_SEED") {
        Some(seed) if seed % every == place => one_run(name, seed, &scenario),
        Some(_) => {}
        None => {
            let last = number_from_env("TEST_SIM_RUNS").unwrap_or(default_runs);
            (1..=last).filter(|seed| seed % every == place).for_each(|seed| one_run(name, seed, &scenario));
        }
    }
}

fn one_run(name: &str, seed: u64, scenario: impl Fn(u64, &Trace)) {
    let trace = Trace::default();
    let outcome = catch_unwind(AssertUnwindSafe(|| scenario(seed, &trace)));
    if let Err(panic) = outcome {
        eprintln!("{}", trace.end());
        eprintln!("{name} failed with seed {seed}; repeat it with TEST_SIM_SEED={seed}");
        resume_unwind(panic);
    }
}

fn number_from_env(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}")))
}

/// What happened in a run, a line each. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Trace(Rc<RefCell<VecDeque<String>>>);

impl Trace {
    /// Adds a line.
    pub fn say(&self, line: String) {
        self.0.borrow_mut().push_back(line);
    }

    /// All of it.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.0.borrow().iter().cloned().collect()
    }

    /// The last lines, for people.
    #[must_use]
    pub fn end(&self) -> String {
        let lines = self.0.borrow();
        let left_out = lines.len().saturating_sub(SHOWN);
        let shown: Vec<&str> = lines.iter().skip(left_out).map(String::as_str).collect();
        format!("({left_out} steps before)\n{}", shown.join("\n"))
    }
}

/// The only source of chance in a run.
#[derive(Debug)]
pub struct Chooser(StdRng);

impl Chooser {
    /// The same seed makes the same choices.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// A number below `end`.
    ///
    /// # Panics
    /// There is none: `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn choices(seed: u64) -> Vec<usize> {
        let mut chooser = Chooser::new(seed);
        (0..12).map(|_| chooser.below(3)).collect()
    }

    #[test]
    fn a_seed_repeats_its_choices_and_seeds_differ() {
        assert_eq!(choices(5), choices(5));
        let distinct: HashSet<_> = (0..50).map(choices).collect();
        assert!(distinct.len() > 45, "only {} of 50", distinct.len());
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
            runs("a scenario that fails", 50, (0, 1), |seed, trace| {
                *seen.borrow_mut() += 1;
                trace.say(format!("seed {seed}"));
                assert!(!Chooser::new(seed).chance(20), "chance struck");
            });
        }));
        let panic = outcome.expect_err("one of fifty seeds fails");
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"chance struck"));
        assert!(*seen.borrow() < 50);
    }
}
