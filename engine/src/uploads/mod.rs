//! Files that agents upload, made ready to be sent, and kept until a message names them.
//!
//! A file comes in whole first, is then looked at by its bytes and never by its name, and converted where platforms
//! would not take it. What is ready lies in the content store, durable: a message may name it. A file that no message
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

use std::path::PathBuf;

use crate::content::Refused;
use crate::domain::content::{MediaKind, StoredFile};

pub use store::{Incoming, Sender, Uploads};

/// The longest upload, in bytes: what LINE takes of films.
pub const MOST_BYTES: u64 = 200 << 20;
/// Uploads at a time. One more is answered "overloaded".
pub const AT_ONCE: usize = 8;
/// A file that may be named in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    #[error("the picture has more than {} pixels", crate::content::picture::MOST_PIXELS)]
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
    /// The content store did not take it.
    #[error("the file could not be kept")]
    NotKept(#[from] Refused),
}
