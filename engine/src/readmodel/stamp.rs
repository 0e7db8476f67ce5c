//! A line beside the store that says whether its rows may be believed. It is written before the store is opened and
//! after it is closed, and synced, because sled syncs nothing: a power cut can leave it readable and wrong.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// The shapes of keys and values. Raised with every change of either; a store of another schema is made anew.
pub(super) const SCHEMA: u32 = 14;

const NAME: &str = "stamp";

/// What the line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    /// Open since the machine's start of this name. Believed while the machine is the same: what a process wrote,
    /// the kernel keeps when the process is killed.
    Open { boot: String },
    /// Closed with everything synced.
    Closed,
    /// It failed; not to be believed.
    Distrusted,
}

/// The line as found: its schema, and what it says. `None` where there is none, or none that can be read.
pub(super) fn read(dir: &Path) -> Option<(u32, Stamp)> {
    let text = fs::read_to_string(dir.join(NAME)).ok()?;
    let mut words = text.split_whitespace();
    let schema = words.next()?.parse().ok()?;
    let stamp = match (words.next()?, words.next()) {
        ("open", boot) => Stamp::Open { boot: boot.unwrap_or_default().to_owned() },
        ("closed", None) => Stamp::Closed,
        ("distrusted", None) => Stamp::Distrusted,
        _ => return None,
    };
    Some((schema, stamp))
}

/// Puts the line in place, durable on return.
pub(super) fn write(dir: &Path, stamp: &Stamp) -> io::Result<()> {
    let text = match stamp {
        Stamp::Open { boot } => format!("{SCHEMA} open {boot}\n"),
        Stamp::Closed => format!("{SCHEMA} closed\n"),
        Stamp::Distrusted => format!("{SCHEMA} distrusted\n"),
    };
    let fresh = dir.join("stamp.new");
    let mut file = File::create(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(fresh, dir.join(NAME))?;
    File::open(dir)?.sync_all()
}

/// Syncs every file in a folder, and the folder.
pub(super) fn sync_all_in(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_all_in(&entry.path())?;
        } else {
            File::open(entry.path())?.sync_all()?;
        }
    }
    File::open(dir)?.sync_all()
}
