//! An interleaving that nobody thought of: windows, conversations, senders and sockets under schedules drawn from seeds,
//! with crashes, panics, lost sockets, slow readers and a platform that does not answer. See `madoguchi_tests::sim`.

use madoguchi_tests::sim::{Plan, Trace, run, runs};

/// Seeds in an ordinary run of the tests; `TEST_SIM_RUNS` for more.
const SHORT: u64 = 80;

#[test]
fn no_schedule_loses_doubles_or_lies_even_seeds() {
    runs("the simulation", SHORT, (0, 2), |seed, trace| run(seed, Plan::default(), trace));
}

#[test]
fn no_schedule_loses_doubles_or_lies_odd_seeds() {
    runs("the simulation", SHORT, (1, 2), |seed, trace| run(seed, Plan::default(), trace));
}

#[test]
fn a_seed_of_the_simulation_repeats_its_run_to_the_last_line() {
    for seed in [3, 7, 11] {
        let trace_of = || {
            let trace = Trace::default();
            run(seed, Plan::default(), &trace);
            trace.lines()
        };
        let (first, second) = (trace_of(), trace_of());
        assert!(first.len() > 100, "something happened: {}", first.len());
        for (line, again) in first.iter().zip(&second) {
            assert_eq!(line, again, "seed {seed}");
        }
        assert_eq!(first.len(), second.len(), "seed {seed}");
    }
}
