//! How hard the engine is pressed. What 100 % means stands here; who is refused at which pressure, in `web::admission`.

/// An event loop that is this late no longer answers webhooks in time: their bodies begin to be stored whole.
const LATE_MS: u64 = 800;
/// Submissions waiting for the disk: more than one batch takes.
const JOURNAL: usize = 4_096;
/// Records on disk and not yet told.
const FEED: usize = 4_096;

/// How full the parts of the engine are, each in percent of what it bears, at most 100.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pressure {
    /// The latest event loop.
    pub loops: u8,
    /// The queue before the disk.
    pub journal: u8,
    /// What is on disk and not yet told.
    pub feed: u8,
    /// Read models behind the journal, in records or bytes.
    pub read_models: u8,
    /// Reads that wait for a thread.
    pub store_reads: u8,
}

/// What [`Pressure`] is made of, as found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found {
    pub(crate) late_ms: u64,
    pub(crate) journal: usize,
    pub(crate) feed: usize,
    /// How far read models may lag and do, in records and in bytes.
    pub(crate) lag: [(usize, usize); 2],
    /// Reads that wait, and how many may.
    pub(crate) store_reads: (usize, usize),
}

impl Pressure {
    /// The fullest part, in percent: one of them full is enough to make everybody wait.
    #[must_use]
    pub fn percent(self) -> u8 {
        self.loops.max(self.journal).max(self.feed).max(self.read_models).max(self.store_reads)
    }

    /// The same pressure everywhere.
    pub(crate) fn even(percent: u8) -> Self {
        Self { loops: percent, journal: percent, feed: percent, read_models: percent, store_reads: percent }
    }
}

impl From<Found> for Pressure {
    fn from(found: Found) -> Self {
        Self {
            loops: share(usize::try_from(found.late_ms).unwrap_or(usize::MAX), LATE_MS as usize),
            journal: share(found.journal, JOURNAL),
            feed: share(found.feed, FEED),
            read_models: found.lag.into_iter().map(|(lag, bound)| share(lag, bound)).max().unwrap_or(0),
            store_reads: share(found.store_reads.0, found.store_reads.1),
        }
    }
}

fn share(part: usize, whole: usize) -> u8 {
    let percent = part.saturating_mul(100) / whole.max(1);
    u8::try_from(percent.min(100)).expect("at most 100")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_alone_can_raise_the_pressure_and_none_goes_over_a_hundred() {
        let calm = Found { lag: [(0, 20_000), (0, 32 << 20)], store_reads: (0, 1_024), ..Found::default() };
        assert_eq!(Pressure::from(calm).percent(), 0);
        for (found, percent) in [
            (Found { late_ms: 399, ..calm }, 49),
            (Found { late_ms: 400, ..calm }, 50),
            (Found { late_ms: u64::MAX, ..calm }, 100),
            (Found { journal: 1_024, ..calm }, 25),
            (Found { feed: 3_072, ..calm }, 75),
            (Found { lag: [(10_000, 20_000), (0, 1)], ..calm }, 50),
            (Found { lag: [(0, 20_000), (24 << 20, 32 << 20)], ..calm }, 75),
            (Found { store_reads: (256, 1_024), ..calm }, 25),
        ] {
            assert_eq!(Pressure::from(found).percent(), percent, "{found:?}");
        }
    }
}
