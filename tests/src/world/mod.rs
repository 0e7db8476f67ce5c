//! A whole system for a test: the built server as a child process, and clients that speak to it as programs and agents do.
//!
//! The server is the program `madoguchi` (`MADOGUCHI_BIN`, else the one beside the test's own folder); build it first
//! with `cargo build -p madoguchi-web`, cargo does not know that a test needs it. Nothing in here sleeps for a fixed
//! time: [`wait_until`] asks until a deadline. Next: `server.rs`, `api.rs`, `desk.rs`, `wire.rs`.

mod api;
mod desk;
mod server;
#[cfg(test)]
mod tests;
mod wait;
mod wire;

pub use api::{Answer, Api};
pub use desk::Desk;
pub use server::{Port, Server, SpawnOptions, built_program};
pub use wait::wait_until;
pub use wire::{Heard, Wire, frame_bytes};

use std::time::Duration;

/// How long a test waits for what must come: generous, because only failing tests wait for it.
pub const PATIENCE: Duration = Duration::from_secs(30);
