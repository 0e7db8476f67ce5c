//! The harness of the whole-system tests: everything that a scenario needs and no product may contain.
//!
//! [`lossy`] is a disk that forgets, [`smalldisk`] one that fills up; [`powercut`] kills and cuts a writer, or the whole
//! server, and checks what is left. [`world`] starts the built server and speaks to it as agents do, [`house`] furnishes
//! it and [`mailhouse`] one for mail; [`peers`] are mail programs of others; [`contract`] is what every channel promises; [`inside`] runs an engine in the test's own process. [`promises`] keeps what was acknowledged, to be held against
//! what is found. [`history`] judges who held which seat. [`sim`] runs the engine under schedules drawn from seeds.
//! The scenarios are in `scenarios/`, one file for one fear. Nothing outside this package may depend on it.

pub mod contract;
pub mod history;
pub mod house;
pub mod inside;
pub mod lossy;
pub mod mailhouse;
pub mod peers;
pub mod powercut;
pub mod prefix;
pub mod promises;
pub mod sim;
pub mod smalldisk;
pub mod world;
