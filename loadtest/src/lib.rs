//! What stands outside the engine in tests and measurements: simulated customers and agents, and the doubles of the
//! platforms they come through.
//!
//! Never part of the product that is served, and never aimed at anything but this machine. Read next: `double`, the
//! LINE platform; `lineworks`, the LINE WORKS platform; `mail`, the outside world of mail; `run`, load that checks what it measures; `demo`, a lively window to try the product on; the program `loadtest` is `main.rs`.

pub mod bot;
pub mod demo;
pub mod double;
pub mod lineworks;
pub mod mail;
pub mod run;
