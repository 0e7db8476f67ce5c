//! The budgets of the design as figures: each beside the machine's own limit or a peer, in the same run on the same core.
//!
//! The program `budgets` (main.rs) runs them; `measure/` has one file a measurement, `peers/` what stands beside us, the
//! rest is what they share. Nothing here judges in a test: figures belong to a machine, and a ratio to one run.

pub mod disk;
pub mod figure;
pub mod house;
pub mod machine;
pub mod measure;
pub mod openloop;
pub mod peers;
pub mod server;
pub mod sockets;
pub mod store;
pub mod webhook;
pub mod wire;

/// What a measurement gives, or why there is none.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The `target` folder that this program was built into: where peers and figures lie.
#[must_use]
pub fn target_folder() -> std::path::PathBuf {
    let target = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../target"));
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| target.to_owned(), Into::into)
}

/// The program `budgets`, as built beside whatever runs now (itself, or a test of it).
///
/// # Errors
/// It is not built.
pub fn own_program() -> Outcome<std::path::PathBuf> {
    let own = std::env::current_exe()?;
    let mut beside = own.ancestors().skip(1).map(|folder| folder.join("budgets"));
    beside.find(|path| path.is_file()).ok_or_else(|| "budgets is not built".into())
}
