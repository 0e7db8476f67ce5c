//! Chance as an argument: the machine's, or drawn from a seed so that a simulated run can be repeated.

use std::sync::Arc;

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Where ids, keys and jitter come from. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Chance {
    /// The machine's own.
    System,
    /// The same draws for the same seed. Anybody who knows the seed knows every id: for simulation only.
    Seeded(Arc<Mutex<StdRng>>),
}

impl Chance {
    /// Chance that repeats itself.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// 128 bits.
    #[must_use]
    pub fn bits(&self) -> u128 {
        match self {
            Self::System => rand::random(),
            Self::Seeded(rng) => rng.lock().random(),
        }
    }

    /// A number in 0.0..1.0.
    #[must_use]
    pub fn share(&self) -> f64 {
        match self {
            Self::System => rand::random(),
            Self::Seeded(rng) => rng.lock().random(),
        }
    }
}
