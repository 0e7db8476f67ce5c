//! The scenarios: each file is named after the fear it removes.

mod claim_race;
mod killed;
mod missed_updates;
mod odd_webhooks;
mod power_cut;
mod stuck_reader;
