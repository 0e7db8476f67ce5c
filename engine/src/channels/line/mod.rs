//! The LINE Official Account over its Messaging API.
//!
//! In: [`signature`] over the raw bytes, then [`webhook`], which takes a body apart into events that cannot harm each
//! other. Out: [`capabilities`] say what can be sent, [`render`] makes bubbles of answers ([`text`] cuts long ones), [`client`] makes the calls.
//! One-to-one talks only: what comes from groups and rooms is ignored, and a conversation is unique by the user's id.

pub mod capabilities;
pub mod client;
pub mod console;
pub mod content;
pub mod render;
pub mod signature;
pub mod stickers;
pub mod text;
pub mod webhook;

pub(crate) mod account;
pub(crate) mod adapter;
mod answer;
pub(crate) mod credential;
mod event;
mod event_id;
pub(crate) mod flex;
mod kinds;
mod message;

#[cfg(test)]
mod client_test;
#[cfg(test)]
mod content_test;
#[cfg(test)]
mod tokens_test;
#[cfg(test)]
mod webhook_odd_test;
#[cfg(test)]
mod webhook_test;
