//! Faults that tests switch on in a running engine. Without a test every switch is off and costs one relaxed load.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Notify;

/// The switches.
#[derive(Debug, Default)]
pub struct Faults {
    /// Conversation actors panic right after their next commits: how many panics are still to come.
    pub panics_after_commit: AtomicU64,
    /// Conversation actors panic before deciding: how many panics are still to come.
    pub panics_before_decide: AtomicU64,
    /// Window actors panic before a decision about themselves: how many panics are still to come.
    pub panics_in_window: AtomicU64,
    /// The journal's writer panics at its next batches: how many panics are still to come.
    pub panics_in_writer: AtomicU64,
    /// The feed panics at its next batches: how many panics are still to come.
    pub panics_in_feed: AtomicU64,
    /// The pressure as the engine reports it, in percent; 0 for what it measures.
    pub pressure: AtomicU64,
    /// The read-model writer stands still while this is set.
    pub hold_read_models: AtomicBool,
    /// Content that was taken back stays on the disk while this is set.
    pub hold_removals: AtomicBool,
    /// Windows do not answer while this is set, so that webhooks are stored whole.
    pub hold_windows: AtomicBool,
    /// The journal's writer takes this many milliseconds more before each sync.
    pub slow_sync_ms: AtomicU64,
    /// Free space as the engine sees it, in bytes; 0 for what the disk says.
    pub free_space: AtomicU64,
    /// Rung when a switch is taken back.
    pub changed: Notify,
}

impl Faults {
    /// Takes one of a number of planned faults; false when there are none left.
    pub fn take(counter: &AtomicU64) -> bool {
        if counter.load(Ordering::Relaxed) == 0 {
            return false;
        }
        counter.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1)).is_ok()
    }
}
