//! What the platform remembers: channels, the people in them, tokens and keys. Plain data with rules, no IO.
//!
//! Everything stands behind one lock ([`World`]), so each call is one step and two calls with one retry key cannot both
//! be first. Nothing here waits. Next: `sending`, the one place where a message is accepted.

mod channel;
mod chat;
mod contact;
mod content;
mod group;
mod link_token;
mod reply_token;
mod retry_key;
mod sending;
mod token;
mod world;

pub use channel::{Account, Channel, Quota};
pub use chat::{Author, Shown, Via};
pub use contact::{Profile, Relation};
pub use content::Readiness;
pub use token::TokenKind;

pub(crate) use channel::ChannelState;
pub(crate) use content::{Content, Found, Part};
pub(crate) use group::Group;
pub(crate) use sending::{Send, Target, is_source};
pub(crate) use token::{MONTH_MS, STATELESS_MS};
pub(crate) use world::World;
