//! `loadtest run`: simulated customers and agents on one server, measured and checked at the same time.
//!
//! Open-loop: customers write when the schedule says, whatever the server does, and every time is counted from the moment
//! that was due. What every socket, agent, customer and phone saw goes into a [`book`] for each window, which says what
//! cannot be true. Only ever on this machine. Next: `drive.rs`, the run from beginning to end; `book/`, the judge.

mod agent;
pub(crate) mod api;
mod book;
mod chance;
mod clockwork;
mod customers;
mod drive;
mod error;
mod figures;
mod frame;
mod hall;
mod host;
mod metrics;
mod options;
mod report;
mod robot;
mod scene;
mod side;
mod words;

pub use book::{Checked, Faults, Found, Kind};
pub use drive::run;
pub use error::RunError;
pub use figures::Spread;
pub use options::Options;
pub use report::Report;
pub use side::{BadMix, Kind as Side, Mix};
