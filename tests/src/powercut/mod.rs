//! Kills and power cuts at random moments, round after round: nothing acknowledged may be lost, no number may be missing,
//! and the store must open every time.
//!
//! A child process opens the store, appends numbers and prints each one that is durable; the parent kills it, or stops the
//! disk at a random call and cuts the power, and has a second child list what is there. What a listing showed counts as
//! acknowledged from then on. A store joins in by [`Store`] and one line in the writer program. [`run_server`] does the same to the whole
//! server. Next: `run.rs`, `server.rs`.

mod run;
mod server;
mod store;

pub use run::{Plan, Report, Violation, run};
pub use server::{ServerPlan, ServerReport, run_server};
pub use store::{Failure, Store, as_child, number_in, payload};
