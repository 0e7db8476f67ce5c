//! Chance that can be repeated: every choice is a function of the seed and of what is chosen about, whatever the order
//! in which a run comes to it.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

/// A number from 0 to below 1, drawn for these keys.
pub(crate) fn draw(seed: u64, keys: &[u64]) -> f64 {
    let mut state = mix(seed);
    for key in keys {
        state = mix(state ^ *key);
    }
    (state >> 11) as f64 / (1_u64 << 53) as f64
}

/// SplitMix64.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// How long until the next of many independent events, `mean` apart on average.
pub(crate) fn gap(chance: &mut StdRng, mean: f64) -> f64 {
    -mean * (1.0 - chance.random::<f64>()).ln()
}

/// When which customer writes: independent moments (a Poisson process) that wait for nobody. Every customer writes once
/// before anybody writes again, in a new order each time.
#[derive(Debug)]
pub(crate) struct Schedule {
    chance: StdRng,
    mean_s: f64,
    end_s: f64,
    now_s: f64,
    round: Vec<u32>,
    left: usize,
}

impl Schedule {
    /// `rate` messages a second of so many chats until `end_s`.
    pub(crate) fn new(seed: u64, chats: u32, rate: f64, end_s: f64) -> Self {
        Self {
            chance: StdRng::seed_from_u64(seed),
            mean_s: 1.0 / rate,
            end_s,
            now_s: 0.0,
            round: (0..chats).collect(),
            left: 0,
        }
    }
}

impl Iterator for Schedule {
    /// Microseconds since the beginning, and the chat.
    type Item = (u64, u32);

    fn next(&mut self) -> Option<Self::Item> {
        self.now_s += gap(&mut self.chance, self.mean_s);
        if self.now_s >= self.end_s {
            return None;
        }
        if self.left == 0 {
            self.round.shuffle(&mut self.chance);
            self.left = self.round.len();
        }
        self.left -= 1;
        Some(((self.now_s * 1e6) as u64, self.round[self.left]))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_day() {
        let day = |seed| Schedule::new(seed, 50, 100.0, 10.0).collect::<Vec<_>>();
        assert_eq!(day(3), day(3));
        assert_ne!(day(3), day(4));
        assert!(draw(1, &[2, 3]) == draw(1, &[2, 3]) && draw(1, &[2, 3]) != draw(1, &[3, 2]));
    }

    #[test]
    fn everybody_writes_once_before_anybody_writes_again() {
        let day: Vec<(u64, u32)> = Schedule::new(1, 100, 500.0, 10.0).collect();
        assert!(day.windows(2).all(|pair| pair[0].0 <= pair[1].0));
        assert!((4_500..5_500).contains(&day.len()), "{} messages", day.len());
        for round in day.chunks_exact(100) {
            assert_eq!(round.iter().map(|(_, chat)| chat).collect::<HashSet<_>>().len(), 100);
        }
    }

    #[test]
    fn draws_fill_their_range_evenly() {
        let mut tenths = [0; 10];
        for key in 0..10_000 {
            tenths[(draw(7, &[key]) * 10.0) as usize] += 1;
        }
        assert!(tenths.iter().all(|count| (850..1_150).contains(count)), "{tenths:?}");
    }
}
