//! What the platform remembers: channels, the people in them, tokens and keys. Plain data with rules, no IO.
//!
//! Everything stands behind one lock ([`World`]), so each call is one step and two calls with one retry key cannot both
//! be first. Nothing here waits. Next: `sending`, the one place where a message is accepted.

mod channel;
mod contact;
mod reply_token;
mod retry_key;
mod sending;
mod world;

pub use channel::{Channel, Quota};
pub use contact::{Author, Relation, Shown, Via};

pub(crate) use channel::ChannelState;
pub(crate) use contact::Contact;
pub(crate) use sending::{Send, Target, is_source};
pub(crate) use world::World;
