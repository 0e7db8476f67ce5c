//! What travels between Madoguchi and everybody else: bodies, codes and limits.
//!
//! Plain data with serde and a schema; no clock, no actor, no policy. Nothing here knows the engine: `web/src/convert/`
//! is the only place where the two meet, so the wire can grow old without freezing the domain.
//! Read [`api`] for REST, [`problem`] for refusals.

pub mod api;
pub mod code;
pub mod limits;
pub mod problem;

pub use code::Code;
pub use problem::Problem;
