//! Whether anything may leave the house, kept in `sending.json` of the data folder, so that it outlives a restart.
//!
//! A restored store is held: what waits in it may have been sent by the store that it was copied from. When an operator
//! lets go, what was accepted before the restore becomes unknown (不明) instead of going out a second time, unless they
//! say that the other store never sent it.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};

use crate::domain::time::Timestamp;

/// The file's name in the data folder.
pub(crate) const NAME: &str = "sending.json";

/// Where sending stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sending {
    /// Nothing goes out until somebody lets go.
    pub held: bool,
    /// Answers accepted before this are not sent: nobody knows whether they were.
    pub unsure_before: Option<Timestamp>,
}

/// The gate before every call that a customer would notice.
#[derive(Debug)]
pub(crate) struct Gate {
    path: PathBuf,
    /// Held by the settings, whatever the file says.
    by_settings: bool,
    state: RwLock<Sending>,
}

impl Gate {
    /// Of the store in this folder; open where nothing else was said.
    pub(crate) fn open(data_dir: &Path, by_settings: bool) -> io::Result<Self> {
        let path = data_dir.join(NAME);
        let state = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == ErrorKind::NotFound => Sending::default(),
            Err(error) => return Err(error),
        };
        Ok(Self { path, by_settings, state: RwLock::new(state) })
    }

    /// Whether nothing may go out now.
    pub(crate) fn is_held(&self) -> bool {
        self.by_settings || self.state.read().held
    }

    /// Whether an answer accepted then may have been sent by another store.
    pub(crate) fn is_unsure(&self, queued_at: Timestamp) -> bool {
        self.state.read().unsure_before.is_some_and(|before| queued_at < before)
    }

    /// Where it stands, and whether the settings hold it.
    pub(crate) fn state(&self) -> (Sending, bool) {
        (*self.state.read(), self.by_settings)
    }

    /// Changes it, durable on return.
    pub(crate) fn change(&self, change: impl FnOnce(Sending) -> Sending) -> io::Result<()> {
        let mut state = self.state.write();
        let next = change(*state);
        if next != *state {
            write(&self.path, next)?;
            *state = next;
        }
        Ok(())
    }
}

/// What the file of a store says, with no server on it; and changes it where `change` gives something.
///
/// # Errors
/// The disk refuses, or the file is damaged.
pub fn offline(data_dir: &Path, change: impl FnOnce(Sending) -> Sending) -> io::Result<Sending> {
    let gate = Gate::open(data_dir, false)?;
    gate.change(change)?;
    Ok(gate.state().0)
}

impl Sending {
    /// Nothing goes out any more.
    #[must_use]
    pub fn hold(self) -> Self {
        Self { held: true, ..self }
    }

    /// Sending goes on; `send_waiting` says that what waited at a restore was never sent by the other store.
    #[must_use]
    pub fn release(self, send_waiting: bool) -> Self {
        Self { held: false, unsure_before: self.unsure_before.filter(|_| !send_waiting) }
    }
}

fn write(path: &Path, state: Sending) -> io::Result<()> {
    let part = path.with_extension("part");
    let mut file = File::create(&part)?;
    file.write_all(&serde_json::to_vec(&state)?)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_held_is_held_after_a_restart_and_doubt_stays_after_the_release() {
        let dir = tempfile::tempdir().expect("a folder");
        let restored = Sending { held: true, unsure_before: Some(Timestamp(10)) };
        offline(dir.path(), |_| restored).expect("writable");
        let gate = Gate::open(dir.path(), false).expect("readable");
        assert!(gate.is_held());
        gate.change(|now| now.release(false)).expect("writable");
        let again = Gate::open(dir.path(), false).expect("readable");
        assert!(!again.is_held() && again.is_unsure(Timestamp(9)) && !again.is_unsure(Timestamp(10)));
        again.change(|now| now.release(true)).expect("writable");
        assert!(!Gate::open(dir.path(), false).expect("readable").is_unsure(Timestamp(9)));
    }

    #[test]
    fn a_file_that_cannot_be_read_opens_no_gate() {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join(NAME), "{").expect("writable");
        assert!(Gate::open(dir.path(), false).is_err());
    }
}
