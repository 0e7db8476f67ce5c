//! Bot channels (PRODUCT B3): customers who write through another system, which speaks to us by a contract of ours instead
//! of one of its own. docs/bots.md is that contract.
//!
//! In: [`adapter`] proves and reads signed webhooks, `event` says what they mean. Out: [`answer`] makes deliveries of answers,
//! `account` signs and sends them. An answer has one delivery id, by which the other side knows it again, so that a send
//! whose end nobody knows is repeated. Nothing here knows the bot in front of a window, which is no channel.

pub mod adapter;
pub mod answer;
pub mod event;

pub(crate) mod account;

#[cfg(test)]
mod answer_test;
#[cfg(test)]
mod event_test;
