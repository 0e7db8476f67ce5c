//! The engine of Madoguchi: windows, conversations and seats as actors over a journal.
//!
//! In reading order: [`domain`] (the rules, pure), [`journal`] (where facts live), [`readmodel`] (what lists and timelines
//! read), [`channels`] (outside traffic in and out), [`actors`] (who owns which state), [`handle`] (the way in for `web`).

pub mod accounts;
pub mod actors;
pub mod audit;
pub mod backup;
pub mod bots;
pub mod chance;
pub mod channels;
pub mod clock;
pub mod config;
pub mod content;
pub mod counters;
pub mod domain;
pub mod failure;
mod fatal;
pub mod faults;
pub mod handle;
pub mod journal;
pub mod presence;
pub mod pressure;
pub mod pulse;
pub mod readmodel;
pub mod rows;
pub mod sending;
pub mod stepped;
pub mod tally;
pub mod uploads;
pub mod vault;
pub mod views;

pub use clock::Clock;
pub use config::Config;
pub use failure::Failure;
pub use handle::Handle;
