//! Uploads on their way in, and what becomes of them in the content store: kept for their sender, then for the message
//! that names them. What no message names within a day, its sweep removes.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::prepare::{Prepared, duration_ms, kind_of, prepare};
use super::{AT_ONCE, MOST_BYTES, Tools, Unusable, Upload};
#[cfg(test)]
use crate::content::Note;
use crate::content::{ContentStore, Keep, Purpose};
use crate::domain::id::{AgentId, ConversationId, FileId};
use crate::domain::time::Timestamp;

/// Files that are converted at a time.
const CONVERTED_AT_ONCE: usize = 2;
/// Bytes that are copied at a time.
const COPIED: usize = 256 * 1024;

/// The uploads of an installation. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Uploads {
    store: ContentStore,
    /// Where files come in, one folder each.
    coming_in: Arc<Path>,
    tools: Arc<Tools>,
    coming: Arc<Semaphore>,
    converting: Arc<Semaphore>,
}

/// A file that comes in. Dropped before it is finished, it leaves nothing behind.
#[derive(Debug)]
pub struct Incoming {
    uploads: Uploads,
    /// A folder of its own: the file, and what programs make of it.
    folder: tempfile::TempDir,
    file: File,
    bytes: u64,
    _place: OwnedSemaphorePermit,
}

/// Whose upload it is, and when it came.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Who sent it.
    pub agent: AgentId,
    /// Now.
    pub at: Timestamp,
    /// The name that it came with.
    pub name: Option<String>,
}

impl Uploads {
    /// The uploads of `store`, which come in through `dir`. What was coming in when the process ended is gone.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn open(store: ContentStore, dir: &Path, tools: Tools) -> io::Result<Self> {
        match fs::remove_dir_all(dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir_all(dir)?,
        }
        Ok(Self {
            store,
            coming_in: dir.into(),
            tools: Arc::new(tools),
            coming: Arc::new(Semaphore::new(AT_ONCE)),
            converting: Arc::new(Semaphore::new(CONVERTED_AT_ONCE)),
        })
    }

    /// A place for one more file; `None` while too many come in.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn begin(&self) -> io::Result<Option<Incoming>> {
        let Ok(place) = self.coming.clone().try_acquire_owned() else { return Ok(None) };
        let folder = tempfile::TempDir::new_in(&self.coming_in)?;
        let file = File::create(folder.path().join("in"))?;
        Ok(Some(Incoming { uploads: self.clone(), folder, file, bytes: 0, _place: place }))
    }

    /// What a file is, if this agent may name it in a message of this conversation: their own upload, or one that was
    /// named there before. From `at`, which is now, it is kept for that conversation. `number` is what the message is expected to get;
    /// [`Uploads::sent`] says what it got.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn name(
        &self,
        id: FileId,
        agent: AgentId,
        conversation: ConversationId,
        number: u32,
        at: Timestamp,
    ) -> io::Result<Option<Upload>> {
        let Some((note, file)) = self.store.read(id)? else { return Ok(None) };
        match note.purpose {
            Purpose::Upload { agent: by } if by == agent => {
                self.store.keep_for(id, Purpose::Message { conversation, number }, at)?;
            }
            Purpose::Message { conversation: of, .. } if of == conversation => {}
            Purpose::Upload { .. }
            | Purpose::Message { .. }
            | Purpose::Picture { .. }
            | Purpose::WindowPicture
            | Purpose::Body { .. } => {
                return Ok(None);
            }
        }
        let duration_ms = duration_ms(&note.file.mime, file)?;
        Ok(Some(Upload { kind: kind_of(&note.file.mime), name: note.name, duration_ms, file: note.file }))
    }

    /// The message that names a file was accepted under this number.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn sent(&self, id: FileId, conversation: ConversationId, number: u32, at: Timestamp) -> io::Result<()> {
        let purpose = Purpose::Message { conversation, number };
        match self.store.note(id)? {
            Some(note) if note.purpose != purpose => self.store.keep_for(id, purpose, at),
            Some(_) | None => Ok(()),
        }
    }

    #[cfg(test)]
    pub(super) fn read(&self, id: FileId) -> io::Result<Option<(Note, File)>> {
        self.store.read(id)
    }

    /// Puts a prepared file into the store. Durable on return.
    fn put(&self, came: &Path, prepared: &Prepared, sender: Sender) -> Result<Upload, Unusable> {
        let purpose = Purpose::Upload { agent: sender.agent };
        let keep = Keep { purpose, at: sender.at, name: sender.name, source: None };
        let preview = match &prepared.preview {
            Some(bytes) => {
                let mut writer = self.store.create(FileId(rand::random()), u64::MAX)?;
                writer.write(bytes)?;
                let keep = Keep { name: None, ..keep.clone() };
                Some(writer.finish_as("image/jpeg", None, None, &keep)?.id)
            }
            None => None,
        };
        let mut writer = self.store.create(FileId(rand::random()), MOST_BYTES)?;
        if let Some(instead) = &prepared.instead {
            writer.write(instead)?;
        } else {
            let mut file = File::open(came)?;
            let mut piece = vec![0; COPIED];
            loop {
                let read = file.read(&mut piece)?;
                if read == 0 {
                    break;
                }
                writer.write(&piece[..read])?;
            }
        }
        let file = writer.finish_as(prepared.mime, prepared.size, preview, &keep)?;
        Ok(Upload { file, kind: prepared.kind, name: keep.name, duration_ms: prepared.duration_ms })
    }
}

impl Incoming {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// Too many of them, or the disk refuses.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Unusable> {
        self.bytes += bytes.len() as u64;
        if self.bytes > MOST_BYTES {
            return Err(Unusable::TooLong);
        }
        let mut file = self.file.try_clone()?;
        aside(move || file.write_all(&bytes)).await??;
        Ok(())
    }

    /// Makes the file ready to be sent.
    ///
    /// # Errors
    /// It cannot be used, or the disk refuses.
    pub async fn finish(self, sender: Sender) -> Result<Upload, Unusable> {
        let turn = self.uploads.converting.clone().acquire_owned().await;
        let work = move || {
            let _turn = turn;
            let came = self.folder.path().join("in");
            let scratch = self.folder.path().join("scratch");
            fs::create_dir(&scratch)?;
            let prepared = prepare(&came, &scratch, &self.uploads.tools)?;
            self.uploads.put(&came, &prepared, sender)
        };
        aside(work).await?
    }
}

/// Runs what may block on a thread of its own.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| io::Error::other("the work was interrupted"))
}
