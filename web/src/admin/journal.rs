//! `journal verify` and `journal import`: on the store itself, with no server running.

use std::path::Path;
use std::process::ExitCode;

use crate::config::Config;

/// `journal verify`.
#[must_use]
pub fn verify(config: Config) -> ExitCode {
    let _ = config;
    ExitCode::FAILURE
}

/// `journal import`.
#[must_use]
pub fn import(config: &Config, from: &Path) -> ExitCode {
    let _ = (config, from);
    ExitCode::FAILURE
}
