//! The subcommands, one a file.

pub(crate) mod demo;
pub(crate) mod line_double;
pub(crate) mod lineworks_double;
pub(crate) mod run;
