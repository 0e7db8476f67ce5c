//! Why the engine did not do what it was asked. Three families: rejected, for now, and gone.

use crate::domain::id::WindowId;
use crate::domain::rejected::Rejected;

/// An answer that is not the wished one. Nothing was changed, except where `Interrupted` says that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The domain said no.
    #[error("rejected")]
    Rejected(#[from] Rejected),
    /// No such conversation, window, inbox or agent.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The conversation went to another window.
    #[error("moved to another window")]
    Moved {
        /// Where it is.
        window: WindowId,
    },
    /// Too much is waiting; worth another try after `retry_after_ms`.
    #[error("overloaded: {what}")]
    Overloaded {
        /// Which queue is full.
        what: &'static str,
        /// When to try again, in milliseconds.
        retry_after_ms: u64,
    },
    /// The disk is nearly full: no new work, reading and completing go on.
    #[error("the disk is nearly full")]
    DiskFull,
    /// Read models have not reached the head in time.
    #[error("read models are catching up")]
    CatchingUp,
    /// The actor ended before it could answer. The command may or may not have been recorded; the same client id tells.
    #[error("interrupted")]
    Interrupted,
    /// The engine is stopping.
    #[error("stopping")]
    Stopping,
}
