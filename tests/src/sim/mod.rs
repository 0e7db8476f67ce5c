//! The simulator: whole runs of the engine on one thread, in which a seed decides what happens next.
//!
//! What runs is the product: inbox, window, conversation and sender actors, the writer's batches, the feed, the read
//! models, and fan-out, cursor and outbox of live sockets. What is simulated is the world around it: customers and their
//! platform ([`phones`]), agents with several tabs ([`calls`], [`socket`]), the disk's sync (over the journal in memory), time and chance.
//! [`run`] holds one run and its lives between crashes; `steps` says what may happen next; [`truth`] folds the journal
//! and judges every record; `rest` brings a run to rest and judges the whole.
//!
//! Not simulated: torn writes (the lossy disk does that), HTTP and TCP, several threads.

pub mod calls;
pub mod chance;
pub mod phones;
mod rest;
mod rules;
pub mod run;
pub mod socket;
mod steps;
pub mod truth;

pub use chance::{Chooser, Trace, runs};
pub use run::{Plan, run};
