//! The rules of the contact centre, pure: state + command + now → events, or a rejection.
//!
//! Nothing here does IO, reads a clock, draws a random number or knows an actor. Time, ids and chance come
//! as arguments, so that every rule can be tested by a table. Read [`conversation`] first, then [`window`].

pub mod audit;
pub mod bot;
pub mod content;
pub mod conversation;
pub mod hours;
pub mod id;
pub mod message;
pub mod org;
pub mod record;
pub mod rejected;
pub mod seat;
pub mod secret;
pub mod time;
pub mod window;
