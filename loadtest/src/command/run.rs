//! `loadtest run`: load on a server of this machine, measured and checked.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use madoguchi_loadtest::run::{self, Options};

/// The server did something it must not do; what, is in the report.
const VIOLATED: u8 = 2;

/// Runs, prints the report and writes its JSON. Exit code 0: measured and nothing wrong; 2: something was wrong;
/// 1: it could not be measured.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Box<dyn Error>> {
    let report = run::run(options)?;
    if let Some(path) = &options.json {
        std::fs::write(path, serde_json::to_vec_pretty(&report)?)?;
    }
    let mut out = std::io::stdout();
    write!(out, "{}", report.table())?;
    out.flush()?;
    Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::from(VIOLATED) })
}
