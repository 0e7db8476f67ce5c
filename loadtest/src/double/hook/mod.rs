//! Webhooks: what a user does becomes an event, events become a signed body, a body is posted and its answer timed.
//!
//! Never posts anywhere but to this machine. In reading order: `event`, `place` (ids, tokens, what it does to the
//! world), `render` (the bytes), `signature`, `post`, `deliver` (records, duplicates, redeliveries).

mod deliver;
mod event;
mod place;
mod post;
mod render;
mod signature;

pub use deliver::{Delivered, Delivery, Placed, Redelivery};
pub use event::Event;
pub use post::Reason;
pub use signature::sign;

pub(crate) use place::Sent;
pub(crate) use post::Poster;
