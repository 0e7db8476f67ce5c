//! A log with a limit: the newest entries by number, and a count of those forgotten.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

/// Entries in the order of their numbers; bounded in number and weight.
#[derive(Debug)]
pub(crate) struct Log<T> {
    inner: Mutex<Inner<T>>,
    most: usize,
    most_bytes: usize,
    weigh: fn(&T) -> usize,
}

#[derive(Debug)]
struct Inner<T> {
    entries: VecDeque<Arc<T>>,
    bytes: usize,
    next: u64,
}

impl<T> Log<T> {
    /// Keeps at most `most` entries that weigh at most `most_bytes` together.
    pub(crate) fn new(most: usize, most_bytes: usize, weigh: fn(&T) -> usize) -> Self {
        let inner = Inner { entries: VecDeque::new(), bytes: 0, next: 0 };
        Self { inner: Mutex::new(inner), most, most_bytes, weigh }
    }

    /// Adds the entry that `make` makes of its number.
    pub(crate) fn add(&self, make: impl FnOnce(u64) -> T) -> Arc<T> {
        let mut inner = self.inner.lock();
        let entry = Arc::new(make(inner.next));
        inner.next += 1;
        inner.bytes += (self.weigh)(&entry);
        inner.entries.push_back(Arc::clone(&entry));
        while inner.entries.len() > self.most || inner.bytes > self.most_bytes {
            let Some(oldest) = inner.entries.pop_front() else { break };
            inner.bytes -= (self.weigh)(&oldest);
        }
        entry
    }

    /// What is kept from number `from` on.
    pub(crate) fn since(&self, from: u64) -> Vec<Arc<T>> {
        let inner = self.inner.lock();
        let forgotten = inner.next - inner.entries.len() as u64;
        let skip = usize::try_from(from.saturating_sub(forgotten)).unwrap_or(usize::MAX);
        inner.entries.iter().skip(skip).cloned().collect()
    }

    /// How many entries were forgotten.
    pub(crate) fn forgotten(&self) -> u64 {
        let inner = self.inner.lock();
        inner.next - inner.entries.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::Log;

    #[test]
    fn a_long_run_does_not_grow_the_log() {
        let log = Log::new(10, 50, |bytes: &Vec<u8>| bytes.len());
        for _ in 0..1_000 {
            log.add(|_| vec![0; 4]);
        }
        assert_eq!((log.since(0).len(), log.forgotten()), (10, 990));
        log.add(|_| vec![0; 45]);
        assert_eq!((log.since(0).len(), log.forgotten()), (2, 999));
        assert_eq!(log.since(1_000).len(), 1);
        log.add(|_| vec![0; 51]);
        assert_eq!(log.since(0).len(), 0, "an entry over the limit is not kept");
    }
}
