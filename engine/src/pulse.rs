//! How late event loops are: each one that matters has a pulse, and what it is late is what everybody on it waits.
//!
//! One late beat is the machine's doing, two in a row are ours: a pulse counts the smaller of its last two. A loop that
//! does not beat at all counts by the clock, after [`STUCK`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Between two beats.
const PERIOD: Duration = Duration::from_millis(100);
/// A loop that has not beaten for this long is stuck, and as late as the clock says.
const STUCK: Duration = Duration::from_secs(1);

/// The pulses of a process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pulses {
    begun: Instant,
    all: Arc<Mutex<Vec<Arc<Pulse>>>>,
}

#[derive(Debug)]
struct Pulse {
    name: String,
    begun: Instant,
    /// Milliseconds from `begun` to the last beat.
    beat_at_ms: AtomicU64,
    last_late_ms: AtomicU64,
    late_ms: AtomicU64,
}

impl Default for Pulses {
    fn default() -> Self {
        Self { begun: Instant::now(), all: Arc::default() }
    }
}

impl Pulses {
    /// A pulse called `name`; to be spawned on the event loop that it is to watch. Names must come from a small set: they
    /// become labels. A second pulse of one name takes the place of the first.
    pub fn beat(&self, name: String) -> impl Future<Output = ()> + Send + 'static {
        let pulse = Arc::new(Pulse {
            name,
            begun: self.begun,
            beat_at_ms: AtomicU64::new(millis(self.begun.elapsed())),
            last_late_ms: AtomicU64::new(0),
            late_ms: AtomicU64::new(0),
        });
        let mut all = self.all.lock();
        all.retain(|other| other.name != pulse.name);
        all.push(pulse.clone());
        async move {
            loop {
                let begun = Instant::now();
                tokio::time::sleep(PERIOD).await;
                pulse.beaten(begun.elapsed().saturating_sub(PERIOD));
            }
        }
    }

    /// The latest of them, in milliseconds.
    #[must_use]
    pub fn late_ms(&self) -> u64 {
        self.all.lock().iter().map(|pulse| pulse.late_ms(self.begun.elapsed())).max().unwrap_or(0)
    }

    /// Publishes each one.
    pub(crate) fn publish(&self) {
        for pulse in self.all.lock().iter() {
            let late = Duration::from_millis(pulse.late_ms(self.begun.elapsed()));
            metrics::gauge!("madoguchi_arbiter_lag_seconds", "arbiter" => pulse.name.clone()).set(late.as_secs_f64());
        }
    }
}

impl Pulse {
    fn beaten(&self, late: Duration) {
        let late = millis(late);
        let before = self.last_late_ms.swap(late, Ordering::Relaxed);
        self.late_ms.store(late.min(before), Ordering::Relaxed);
        self.beat_at_ms.store(millis(self.begun.elapsed()), Ordering::Relaxed);
    }

    fn late_ms(&self, now: Duration) -> u64 {
        let silent = millis(now).saturating_sub(self.beat_at_ms.load(Ordering::Relaxed));
        let stuck = if silent > millis(STUCK) { silent } else { 0 };
        self.late_ms.load(Ordering::Relaxed).max(stuck)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pulse() -> (Pulses, Arc<Pulse>) {
        let pulses = Pulses::default();
        drop(pulses.beat("window-0".to_owned()));
        let pulse = pulses.all.lock()[0].clone();
        (pulses, pulse)
    }

    #[test]
    fn one_late_beat_is_forgiven_and_two_in_a_row_are_told_until_one_is_in_time() {
        let (_, pulse) = pulse();
        let told = |late| {
            pulse.beaten(Duration::from_millis(late));
            pulse.late_ms(pulse.begun.elapsed())
        };
        assert_eq!([900, 0, 700, 300, 800, 5].map(told), [0, 0, 0, 300, 300, 5]);
    }

    #[test]
    fn a_loop_that_does_not_beat_at_all_does_not_count_as_in_time() {
        let (_, pulse) = pulse();
        pulse.beaten(Duration::ZERO);
        let beat = Duration::from_millis(pulse.beat_at_ms.load(Ordering::Relaxed));
        assert_eq!(pulse.late_ms(beat + STUCK), 0);
        assert_eq!(pulse.late_ms(beat + STUCK + Duration::from_millis(1)), 1_001);
    }

    #[tokio::test]
    async fn what_keeps_an_event_loop_busy_makes_it_late() {
        let pulses = Pulses::default();
        tokio::spawn(pulses.beat("http-0".to_owned()));
        tokio::task::yield_now().await;
        for _ in 0..3 {
            // The fault itself: somebody computes on the loop.
            let begun = Instant::now();
            while begun.elapsed() < PERIOD * 3 {
                std::hint::spin_loop();
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(pulses.late_ms() >= 100, "{pulses:?}");
        drop(pulses.beat("http-0".to_owned()));
        assert_eq!(pulses.all.lock().len(), 1, "one pulse a name");
    }
}
