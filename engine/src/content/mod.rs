//! The content store: files that messages and people name, under names that nobody can guess.
//!
//! A file is written under a temporary name, synced, given its name, and its folder synced, before anybody hears of it;
//! what a stop leaves half-written goes at the next start. Beside each file lies a note of what it is and what it is kept
//! for. Media types come from the bytes. Must never trust a name from outside, nor be asked on a thread that may not block.

mod kind;
mod note;
pub(crate) mod picture;
#[cfg(test)]
mod tests;
pub(crate) mod window_picture;
mod writer;

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::domain::id::FileId;
use crate::domain::time::Timestamp;

pub use kind::{is_plain_picture, mime_of};
pub use note::{Note, Purpose};
pub use window_picture::{NoPicture, PICTURE_BYTES};
pub use writer::{Keep, Refused, Writer};

/// The folder of files in the folder of content. Beside it lie stored bodies, named by their hash.
const FOLDER: &str = "files";
/// What a file that is not finished is called.
const PART: &str = "part";
/// What the note beside a file is called.
const NOTE: &str = "note";

/// The files of an installation. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ContentStore {
    dir: Arc<Path>,
}

impl ContentStore {
    /// Opens the store in this data folder, and removes what a stop left half-written.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn open(data_dir: &Path) -> io::Result<Self> {
        let above = data_dir.join("content");
        let dir = above.join(FOLDER);
        fs::create_dir_all(&dir)?;
        sync(&above)?;
        sync(data_dir)?;
        let store = Self { dir: dir.into() };
        for entry in fs::read_dir(&store.dir)? {
            let path = entry?.path();
            // Bytes without a note were on their way out: nobody can read them, nor find them again.
            let is_alone = if has_extension(&path, NOTE) {
                !path.with_extension("").exists()
            } else {
                !path.with_extension(NOTE).exists()
            };
            if has_extension(&path, PART) || is_alone {
                remove(&path)?;
            }
        }
        sync(&store.dir)?;
        Ok(store)
    }

    /// Begins a file that is to have this name and at most `cap` bytes. Draw the name at random as a whole.
    ///
    /// # Errors
    /// The disk refuses, or the name is in use.
    pub fn create(&self, id: FileId, cap: u64) -> io::Result<Writer> {
        Writer::begin(self, id, cap)
    }

    /// What a file is, and its bytes; `None` where there is none.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn read(&self, id: FileId) -> io::Result<Option<(Note, File)>> {
        let Some(note) = self.note(id)? else { return Ok(None) };
        match File::open(self.path(id)) {
            Ok(file) => Ok(Some((note, file))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What a file is; `None` where there is none.
    ///
    /// # Errors
    /// The disk refuses, or the note is damaged.
    pub fn note(&self, id: FileId) -> io::Result<Option<Note>> {
        note::read(&self.note_path(id))
    }

    /// Keeps a file, and its preview, for something else from now on, which is `at`: an upload that a message is about to
    /// name. Durable on return.
    ///
    /// # Errors
    /// There is none, or the disk refuses.
    pub fn keep_for(&self, id: FileId, purpose: Purpose, at: Timestamp) -> io::Result<()> {
        let mut note = self.note(id)?.ok_or(ErrorKind::NotFound)?;
        if let Some(preview) = note.file.preview {
            self.keep_for(preview, purpose, at)?;
        }
        (note.purpose, note.at) = (purpose, at);
        self.put_note(&note)?;
        sync(&self.dir)
    }

    /// Removes a file and its preview. Durable on return; one that is not there was removed before.
    ///
    /// # Errors
    /// The disk refuses. Then it is to be tried again.
    pub fn remove(&self, id: FileId) -> io::Result<()> {
        let preview = self.note(id).ok().flatten().and_then(|note| note.file.preview);
        for id in [preview, Some(id)].into_iter().flatten() {
            // The bytes first: as long as they are there, their note says what they are.
            remove(&self.path(id))?;
            remove(&self.note_path(id))?;
        }
        sync(&self.dir)
    }

    /// The names of all files.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn ids(&self) -> io::Result<Vec<FileId>> {
        let mut ids = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            ids.extend(entry?.file_name().to_str().and_then(|name| name.parse::<FileId>().ok()));
        }
        Ok(ids)
    }

    fn path(&self, id: FileId) -> PathBuf {
        self.dir.join(id.to_string())
    }

    fn note_path(&self, id: FileId) -> PathBuf {
        self.path(id).with_extension(NOTE)
    }

    fn part_path(&self, id: FileId) -> PathBuf {
        self.path(id).with_extension(PART)
    }

    /// Writes a note under its name. The folder is still to be synced.
    fn put_note(&self, note: &Note) -> io::Result<()> {
        let path = self.note_path(note.file.id);
        let part = path.with_extension(format!("{NOTE}.{PART}"));
        note::write(&part, note)?;
        fs::rename(&part, &path)
    }
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
