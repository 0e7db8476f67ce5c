//! What travels between Madoguchi and everybody else: bodies, codes and limits.
//!
//! Plain data with serde and a schema; no clock, no actor, no policy. Nothing here knows the engine: `web/src/convert/`
//! is the only place where the two meet, so the wire can grow old without freezing the domain.
//! Read [`api`] for REST, [`client`], [`server`] and [`event`] for the socket, [`problem`] for refusals.

pub mod api;
pub mod client;
pub mod close;
pub mod code;
pub mod event;
pub mod limits;
pub mod problem;
pub mod server;

pub use code::Code;
pub use problem::Problem;
