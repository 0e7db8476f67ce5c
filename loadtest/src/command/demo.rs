//! `loadtest demo`: a server with customers on it, to try the product out.

use std::error::Error;

use madoguchi_loadtest::demo::{self, Options};

/// Plays until it is told to stop.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    Ok(demo::run(options)?)
}
