//! What travels between Madoguchi and everybody else: bodies, codes and limits.
//!
//! Plain data with serde and a schema; no clock, no actor, no policy. Nothing here knows the engine: `web/src/convert/`
//! is the only place where the two meet, so the wire can grow old without freezing the domain.
//! Read [`api`] for REST, [`client`] and [`server`] for the socket, [`event`] for what happened, [`problem`] for refusals.

pub mod api;
pub mod client;
pub mod close;
pub mod code;
pub mod event;
pub mod limits;
pub mod problem;
pub mod server;

pub use client::ClientFrame;
pub use close::Close;
pub use code::Code;
pub use event::Event;
pub use problem::Problem;
pub use server::ServerFrame;

/// The version of the socket protocol; see [`server::Hello`].
pub const SOCKET_PROTOCOL: u32 = 1;

/// A flag that is left out where it is not set.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference to every field")]
pub(crate) fn is_false(value: &bool) -> bool {
    !value
}
