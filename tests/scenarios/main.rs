//! The scenarios: each file is named after the fear it removes.

mod power_cut;
