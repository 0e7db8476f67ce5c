//! `loadtest demo`: a window with lively customers, for people who try the product out.
//!
//! Everything goes the public way: REST of the server, webhooks and API calls of the LINE double that runs in this
//! process. What people do follows from the seed and from what they are answered; when it happens follows from `pace`.
//! Begin with `play.rs` (from beginning to end); `customer.rs` is one customer, `talk.rs` what is said, `colleague.rs`
//! the agent that the demo plays itself, `stage.rs` what is set up, `keys.rs` what is remembered between two runs.

mod colleague;
mod customer;
mod house;
mod keys;
mod options;
mod people;
mod play;
mod stage;
mod talk;
mod topics;
mod welcome;

pub use options::Options;
pub use play::run;
