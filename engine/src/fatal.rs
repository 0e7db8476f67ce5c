//! What the process must not outlive: the threads that write the journal, tell it, and write read models.
//!
//! Nothing can be promised after one of them is gone, and a half-living server is worse than one that is started again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::JoinHandle;

/// Our mistake: a vital thread panicked.
const BUG: i32 = 70;
/// The disk failed: what its cache holds can no longer be believed.
const DISK: i32 = 74;

/// Starts a thread whose panic ends the process, with its name in the log and exit code 70.
///
/// # Errors
/// The machine has no thread left.
pub(crate) fn vital_thread(name: &'static str, run: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        if catch_unwind(AssertUnwindSafe(run)).is_err() {
            tracing::error!(thread = name, "a thread that nothing works without panicked; the process ends");
            std::process::exit(BUG);
        }
    })
}

/// Ends the process with 74.
pub(crate) fn disk(what: &'static str, error: &dyn std::error::Error) -> ! {
    tracing::error!(error = %chain(error), "{what}; the process ends");
    std::process::exit(DISK);
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
