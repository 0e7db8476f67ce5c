//! The file of keys: a line each, the newest first: its id in hex, a space, the key in base64. Lines that begin with `#`
//! are for people.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{KEY_BYTES, Key, VaultError};

/// Longest file, in bytes: some thousand keys.
const MOST_BYTES: u64 = 256 * 1024;

pub(super) fn read(path: &Path) -> Result<Vec<Key>, VaultError> {
    let failed = |source| VaultError::File { path: path.to_owned(), source };
    let text = match std::fs::metadata(path) {
        Ok(meta) if meta.len() > MOST_BYTES => return Err(failed(io::Error::other("too long for a file of keys"))),
        Ok(_) => Zeroizing::new(std::fs::read_to_string(path).map_err(failed)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut keys: Vec<Key> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let key = key(line.trim()).filter(|key| keys.iter().all(|known| known.id != key.id));
        keys.push(key.ok_or_else(|| VaultError::NoKey { path: path.to_owned(), line: index + 1 })?);
    }
    if keys.is_empty() { Err(VaultError::NoKey { path: path.to_owned(), line: 1 }) } else { Ok(keys) }
}

fn key(line: &str) -> Option<Key> {
    let (id, text) = line.split_once(' ')?;
    let decoded = Zeroizing::new(STANDARD.decode(text).ok()?);
    let bytes: [u8; KEY_BYTES] = decoded.as_slice().try_into().ok()?;
    Some(Key { id: u64::from_str_radix(id, 16).ok()?, bytes: Zeroizing::new(bytes) })
}

/// Writes the file anew; whatever happens, either all of the former or all of the new keys are there.
pub(super) fn write(path: &Path, keys: &[Key]) -> Result<(), VaultError> {
    let failed = |source| VaultError::File { path: path.to_owned(), source };
    let mut text = Zeroizing::new(String::from(
        "# Keys of channel secrets, the newest first. Without them every secret must be entered again.\n",
    ));
    for key in keys {
        let encoded = Zeroizing::new(STANDARD.encode(*key.bytes));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:016x} {}", key.id, *encoded);
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let temporary = path.with_file_name(name);
    let put = || {
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::File::open(folder)?.sync_all()
    };
    put().map_err(failed)
}
