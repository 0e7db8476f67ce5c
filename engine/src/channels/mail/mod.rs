//! Mail: customers who write mail are answered from the same desk.
//!
//! Everything here that reads a mail is a pure function of its bytes, its envelope and the settings; what it cannot read
//! it says so about and leaves as it came. Never trusts one parser, a header for routing, or a file's name.

pub(crate) mod account;
pub(crate) mod adapter;
pub mod address;
pub(crate) mod auto;
mod body;
pub mod bounce;
pub mod calendar;
pub mod charset;
pub mod compose;
pub mod config;
pub mod dkim;
pub mod dns;
pub mod header;
pub mod html;
pub mod ids;
mod names;
pub mod out;
pub mod parts;
pub mod prove;
pub mod quote;
pub mod read;
pub mod relay;
pub mod schedule;
pub mod setup;
pub mod smtp;
pub mod text;
pub mod thread;

#[cfg(test)]
mod mutated_test;
