//! The subcommands, one a file.

pub(crate) mod line_double;
pub(crate) mod run;
