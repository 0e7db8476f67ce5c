//! The scenarios: each file is named after the fear it removes.
#![expect(clippy::unwrap_used, reason = "a scenario ends where something is not as it must be")]

mod accounts;
mod backed_up;
mod bots;
mod channel_secrets;
mod claim_race;
mod contract;
mod demo;
mod documents;
mod ends;
mod every_kind;
mod full_disk;
mod half_done;
mod inner_faults;
mod killed;
mod lineworks;
mod lost_answers;
mod media;
mod missed_updates;
mod moved_store;
mod no_way_out;
mod odd_webhooks;
mod own_words;
mod passed_deadlines;
mod power_cut;
mod refused;
mod reply_mode;
mod simulated;
mod stored_bodies;
mod stuck_reader;
mod taken_back;
mod under_load;
mod windows;
mod windows_cut;
