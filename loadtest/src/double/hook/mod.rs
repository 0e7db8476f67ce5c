//! Webhooks: what a user does becomes an event, events become a signed body, a body is posted and its answer timed.
//!
//! Never posts anywhere but to this machine. In reading order: `event` and `kinds`, `act` (the same from JSON), `place` (ids, tokens, what it does to the
//! world), `render` (the bytes), `signature`, `post`, `deliver` (records, duplicates, redeliveries).

mod act;
mod deliver;
mod delivery;
mod event;
mod kinds;
mod place;
mod post;
mod render;
mod signature;

pub use delivery::{Delivered, Delivery, Placed, Redelivery};
pub use event::Event;
pub use post::Reason;
pub use signature::sign;

pub(crate) use act::Act;
pub(crate) use place::Sent;
pub(crate) use post::{Poster, local};
