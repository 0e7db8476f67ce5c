//! A file on its way into the store. Dropped before it is finished, it leaves nothing behind.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

use super::{ContentStore, Note, Purpose, kind, picture, remove, sync};
use crate::domain::content::StoredFile;
use crate::domain::id::FileId;
use crate::domain::time::Timestamp;

/// A file that comes in.
#[derive(Debug)]
pub struct Writer {
    store: ContentStore,
    id: FileId,
    file: File,
    bytes: u64,
    cap: u64,
}

/// Why a file was not taken. Nothing of it is left.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It has more bytes than it may have.
    #[error("more bytes than are kept")]
    TooLong,
    /// A picture that unpacks to more than is safe.
    #[error("a picture of more than {} pixels", picture::MOST_PIXELS)]
    TooManyPixels,
    /// The disk did not take it.
    #[error("the file could not be stored")]
    Disk(#[from] io::Error),
}

impl Writer {
    pub(super) fn begin(store: &ContentStore, id: FileId, cap: u64) -> io::Result<Self> {
        if store.path(id).exists() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = File::options().read(true).write(true).create_new(true).open(store.part_path(id))?;
        Ok(Self { store: store.clone(), id, file, bytes: 0, cap })
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// Too many of them, or the disk refuses. Drop the writer then.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        let after = self.bytes + bytes.len() as u64;
        if after > self.cap {
            return Err(Refused::TooLong);
        }
        self.file.write_all(bytes)?;
        self.bytes = after;
        Ok(())
    }

    /// Looks at what came and gives it its name, and a picture its small one, which is called `preview_id`. Durable on
    /// return: a record may name it.
    ///
    /// # Errors
    /// A picture that is not safe to unpack, or the disk refuses.
    pub fn finish(mut self, preview_id: FileId, keep: Keep) -> Result<StoredFile, Refused> {
        let mut head = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        Read::by_ref(&mut self.file).take(kind::HEAD as u64).read_to_end(&mut head)?;
        let mime = kind::mime_of(&head);
        let mut seen = picture::Seen::default();
        if mime.starts_with("image/") {
            self.file.seek(SeekFrom::Start(0))?;
            seen = picture::look(BufReader::new(&self.file), self.bytes)?;
        }
        let preview = seen.small.map(|small| self.put_preview(preview_id, &small, &keep)).transpose()?;
        let file = StoredFile { id: self.id, mime: mime.to_owned(), bytes: self.bytes, size: seen.size, preview };
        let note = keep.note(file);
        self.file.sync_all()?;
        self.store.put_note(&note)?;
        fs::rename(self.store.part_path(self.id), self.store.path(self.id))?;
        sync(&self.store.dir)?;
        Ok(note.file)
    }

    /// Gives the file its name with what somebody else found it to be; bytes that were made here, or were looked at
    /// before. Durable on return.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn finish_as(
        self,
        mime: &str,
        size: Option<(u32, u32)>,
        preview: Option<FileId>,
        keep: &Keep,
    ) -> Result<StoredFile, Refused> {
        let note = keep.note(StoredFile { id: self.id, mime: mime.to_owned(), bytes: self.bytes, size, preview });
        self.file.sync_all()?;
        self.store.put_note(&note)?;
        fs::rename(self.store.part_path(self.id), self.store.path(self.id))?;
        sync(&self.store.dir)?;
        Ok(note.file)
    }

    /// The small picture, complete under its own name; it goes with the file, or with the next sweep.
    fn put_preview(&self, id: FileId, small: &[u8], keep: &Keep) -> Result<FileId, Refused> {
        let mut writer = Self::begin(&self.store, id, u64::MAX)?;
        writer.write(small)?;
        let keep = Keep { name: None, source: None, ..keep.clone() };
        let mime = kind::mime_of(small).to_owned();
        let file = StoredFile { id, mime, bytes: writer.bytes, size: None, preview: None };
        writer.file.sync_all()?;
        self.store.put_note(&keep.note(file))?;
        fs::rename(self.store.part_path(id), self.store.path(id))?;
        Ok(id)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // After `finish` there is none. What cannot be removed now goes at the next start.
        let _ = remove(&self.store.part_path(self.id));
    }
}

/// What a finished file is kept for.
#[derive(Clone, Debug)]
pub struct Keep {
    /// Who may read it, and how long it stays.
    pub purpose: Purpose,
    /// Now.
    pub at: Timestamp,
    /// The name that its sender gave it.
    pub name: Option<String>,
    /// A fingerprint of where it came from.
    pub source: Option<String>,
}

impl Keep {
    fn note(&self, file: StoredFile) -> Note {
        Note { file, purpose: self.purpose, at: self.at, name: self.name.clone(), source: self.source.clone() }
    }
}
