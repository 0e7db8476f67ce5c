//! Files that agents upload, made ready to be sent, and kept until a message names them.
//!
//! A file comes in whole first, is then looked at by its bytes and never by its name, and converted where platforms
//! would not take it. What stands here under an id is synced to the disk: a message may name it. A file that no message
//! named within a day goes; one that was named stays as long as its message.

mod boxes;
mod picture;
mod prepare;
mod probe;
mod program;
mod sound;
mod store;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::content::{MediaKind, StoredFile};

pub use store::{Incoming, Uploads};

/// The longest upload, in bytes: what LINE takes of films.
pub const MOST_BYTES: u64 = 200 << 20;
/// Uploads at a time. One more is answered "overloaded".
pub const AT_ONCE: usize = 8;
/// Files that no message names yet. One more upload is refused.
pub const WAITING: usize = 2_000;
/// A file that no message named for this long goes, in milliseconds.
pub const KEPT_MS: i64 = 24 * 3_600_000;

/// A file that may be named in a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// As it will be sent.
    pub file: StoredFile,
    /// As what it can be sent.
    pub kind: MediaKind,
    /// The name that it came with.
    pub name: Option<String>,
    /// How long it plays, in milliseconds.
    pub duration_ms: Option<u32>,
}

/// Programs of the machine that convert what this one does not read; `None` where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tools {
    /// `heif-convert` or `heif-dec`, called with the two files.
    pub heif: Option<PathBuf>,
    /// `ffmpeg`.
    pub ffmpeg: Option<PathBuf>,
}

/// Opens a stored file; with it comes its media type by its bytes.
///
/// # Errors
/// It is gone, or the disk refuses.
pub fn open(path: &Path) -> io::Result<(File, &'static str)> {
    let mut file = File::open(path)?;
    let mut head = Vec::new();
    file.by_ref().take(probe::HEAD as u64).read_to_end(&mut head)?;
    let len = file.metadata()?.len();
    let has_film = boxes::facts(&mut BufReader::new(&mut file), len)?.has_film;
    file.seek(SeekFrom::Start(0))?;
    Ok((file, probe::mime_of(&head, has_film)))
}

/// Why a file cannot be used. The text is for the agent.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It has no bytes.
    #[error("the file is empty")]
    Empty,
    /// It is longer than [`MOST_BYTES`].
    #[error("the file has more than {MOST_BYTES} bytes")]
    TooLong,
    /// It looks like a picture and cannot be read as one.
    #[error("the picture cannot be read")]
    BrokenPicture(#[source] image::ImageError),
    /// A picture that unpacks to more than is safe.
    #[error("the picture has more than {} pixels", picture::MOST_PIXELS)]
    TooManyPixels,
    /// The machine lacks the program for it.
    #[error("pictures of this kind (HEIC) cannot be converted here; send it as JPEG or PNG")]
    NoHeif,
    /// The program for it failed or took too long.
    #[error("the picture could not be converted")]
    NotConverted,
    /// The disk did not take it.
    #[error("the file could not be stored")]
    Disk(#[from] std::io::Error),
}
