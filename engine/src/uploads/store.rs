//! Where uploads lie: `new/` while they come in, then the file under its id, and beside it what it is.
//!
//! `ID.waiting` says what a file is that no message names yet, `ID.named` of one that a message may name. The step from
//! one to the other is on the disk before the message is.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::prepare::{Prepared, prepare};
use super::{AT_ONCE, MOST_BYTES, Tools, Unusable, Upload, WAITING};
use crate::domain::content::StoredFile;
use crate::domain::id::FileId;
use crate::domain::time::Timestamp;

/// Files that are converted at a time.
const CONVERTED_AT_ONCE: usize = 2;

/// The uploads of an installation. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Uploads {
    dir: Arc<Path>,
    tools: Arc<Tools>,
    coming: Arc<Semaphore>,
    converting: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
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

impl Uploads {
    /// The uploads in `dir`. What was coming in when the process ended is gone.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn open(dir: &Path, tools: Tools) -> io::Result<Self> {
        let coming = dir.join("new");
        match fs::remove_dir_all(&coming) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir_all(&coming)?,
        }
        let waiting = entries(dir, "waiting")?.len();
        Ok(Self {
            dir: dir.into(),
            tools: Arc::new(tools),
            coming: Arc::new(Semaphore::new(AT_ONCE)),
            converting: Arc::new(Semaphore::new(CONVERTED_AT_ONCE)),
            waiting: Arc::new(AtomicUsize::new(waiting)),
        })
    }

    /// Whether as many files wait for a message as may.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) >= WAITING
    }

    /// A place for one more file; `None` while too many come in.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn begin(&self) -> io::Result<Option<Incoming>> {
        let Ok(place) = self.coming.clone().try_acquire_owned() else { return Ok(None) };
        let folder = tempfile::TempDir::new_in(self.dir.join("new"))?;
        let file = File::create(folder.path().join("in"))?;
        Ok(Some(Incoming { uploads: self.clone(), folder, file, bytes: 0, _place: place }))
    }

    /// What a file is, if it was uploaded here; from now on it stays, because a message may name it.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn name(&self, id: FileId) -> io::Result<Option<Upload>> {
        let named = self.about(id, "named");
        match fs::rename(self.about(id, "waiting"), &named) {
            Ok(()) => {
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                File::open(&self.dir)?.sync_all()?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        read(&named)
    }

    /// Where the bytes of a file are, if there is one.
    #[must_use]
    pub fn path(&self, id: FileId) -> Option<PathBuf> {
        let path = self.dir.join(id.to_string());
        path.is_file().then_some(path)
    }

    /// Removes files that came before `before` and that no message named.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn sweep(&self, before: Timestamp) -> io::Result<usize> {
        let mut gone = 0;
        for about in entries(&self.dir, "waiting")? {
            let modified = fs::metadata(&about)?.modified()?.duration_since(std::time::UNIX_EPOCH);
            let at = i64::try_from(modified.map_or(0, |since| since.as_millis())).unwrap_or(i64::MAX);
            if at >= before.0 {
                continue;
            }
            // First what says that there is one: a file without it cannot be named.
            let upload = read(&about)?;
            match fs::remove_file(&about) {
                // Named meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                removed => removed?,
            }
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            for id in upload.iter().flat_map(|upload| [Some(upload.file.id), upload.file.preview]).flatten() {
                let _ = fs::remove_file(self.dir.join(id.to_string()));
            }
            gone += 1;
        }
        Ok(gone)
    }

    fn about(&self, id: FileId, state: &str) -> PathBuf {
        self.dir.join(format!("{id}.{state}"))
    }

    /// Puts a prepared file in its place. Synced on return.
    fn put(&self, came: &Path, len: u64, prepared: Prepared, name: Option<String>) -> Result<Upload, Unusable> {
        let (id, preview_id) = (FileId(rand::random()), FileId(rand::random()));
        let mut bytes = len;
        if let Some(instead) = &prepared.instead {
            bytes = instead.len() as u64;
            write(&self.dir.join(id.to_string()), instead)?;
        } else {
            File::open(came)?.sync_all()?;
            fs::rename(came, self.dir.join(id.to_string()))?;
        }
        if let Some(preview) = &prepared.preview {
            write(&self.dir.join(preview_id.to_string()), preview)?;
        }
        let file = StoredFile {
            id,
            mime: prepared.mime.to_owned(),
            bytes,
            size: prepared.size,
            preview: prepared.preview.as_ref().map(|_| preview_id),
        };
        let upload = Upload { file, kind: prepared.kind, name, duration_ms: prepared.duration_ms };
        let about = serde_json::to_vec(&upload).map_err(io::Error::from)?;
        // Complete before it has its name: a half-written one would be no upload for ever.
        let unfinished = self.about(id, "unfinished");
        write(&unfinished, &about)?;
        fs::rename(&unfinished, self.about(id, "waiting"))?;
        File::open(&self.dir)?.sync_all()?;
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Ok(upload)
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

    /// Makes the file ready to be sent. `name` is the one that it came with.
    ///
    /// # Errors
    /// It cannot be used, or the disk refuses.
    pub async fn finish(self, name: Option<String>) -> Result<Upload, Unusable> {
        let turn = self.uploads.converting.clone().acquire_owned().await;
        let work = move || {
            let _turn = turn;
            let came = self.folder.path().join("in");
            let scratch = self.folder.path().join("scratch");
            fs::create_dir(&scratch)?;
            let prepared = prepare(&came, &scratch, &self.uploads.tools)?;
            self.uploads.put(&came, self.bytes, prepared, name)
        };
        aside(work).await?
    }
}

/// Runs what may block on a thread of its own.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| io::Error::other("the work was interrupted"))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn read(path: &Path) -> io::Result<Option<Upload>> {
    match fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn entries(dir: &Path, state: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == state) {
            found.push(path);
        }
    }
    Ok(found)
}
