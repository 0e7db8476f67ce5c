//! LINE WORKS bots over the Bot API 2.0: the members of one tenant write to them (PRODUCT B1).
//!
//! In: [`adapter`] proves and reads callbacks. The platform sends each of them once, so that a body is kept whatever
//! happens, and known again by its bytes. Out: [`content`] makes content objects of answers, [`client`] makes the calls,
//! `attachments` carries files up and down, `pace` keeps to the tenant's limits, `bots` makes and removes bots of ours. The
//! platform knows no repetition of a send: one try, and what nobody knows of it stays unknown.
//! One-to-one talks only. What people outside of the tenant write never comes here: a bot cannot be in their rooms.

pub mod adapter;
pub mod callback;
pub mod capabilities;
pub mod client;
pub mod content;

pub(crate) mod account;
mod answer;
mod attachments;
mod bots;
mod credential;
mod examine;
mod pace;

#[cfg(test)]
mod callback_test;
#[cfg(test)]
mod content_test;
