//! Madoguchi over HTTP: the REST interface, webhooks, the operator's commands, and the life of the process.
//!
//! In reading order: [`router`] (every address in one table), [`gate`] (who comes in), [`authorize`] (who may do what), [`admission`] (who is refused
//! when too much is going on),
//! [`commands`] (every wish to a conversation), `routes` (the handlers), [`error`] (the only map to HTTP status),
//! [`boot`] and [`shutdown`] (from the first byte to the last).

pub mod admin;
pub mod admission;
pub mod app;
pub mod args;
mod audit;
pub mod auth;
pub mod authorize;
pub mod boot;
pub mod commands;
pub mod config;
mod console;
pub mod convert;
pub mod desk;
pub mod error;
mod extract;
mod figures;
pub mod gate;
mod observe;
pub mod openapi;
mod peer;
pub mod router;
mod routes;
pub mod shutdown;
pub mod socket;
pub mod telemetry;

pub use app::App;
pub use config::Config;
