//! The desk store: what is cheap to lose and nice to keep, such as sessions (sled, `DIR/desk`).
//!
//! Writes go to a thread of its own and are synced when they are acknowledged (sled's own flush syncs nothing): a session
//! or token that was withdrawn must not come back with the power. A store that does not open is put aside and begun anew,
//! never repaired.

use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};

use tokio::sync::oneshot;

/// Writes that may wait for the thread. At the limit a write is refused, and its caller says "overloaded".
const QUEUE: usize = 4_096;
/// What sled may keep in memory, in bytes.
const CACHE_BYTES: u64 = 8 << 20;

/// The store cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the desk store in {path} cannot be opened")]
pub struct CannotOpen {
    path: std::path::PathBuf,
    #[source]
    source: sled::Error,
}

/// A write was not taken: too many wait, or the disk refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the desk store did not take the write")]
pub struct NotWritten;

/// The open store. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    db: sled::Db,
    writes: SyncSender<Write>,
}

struct Write {
    tree: sled::Tree,
    changes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    done: Option<oneshot::Sender<bool>>,
}

impl Desk {
    /// Opens the store in `dir`, or begins a new one where the old one is damaged.
    ///
    /// # Errors
    /// Another process has it open, or the disk refuses.
    pub fn open(dir: &Path) -> Result<Self, CannotOpen> {
        let db = match open(dir) {
            Ok(db) => db,
            Err(source) if is_io(&source) => {
                return Err(CannotOpen { path: dir.to_path_buf(), source });
            }
            Err(damage) => {
                let aside = dir.with_extension(format!("damaged-{}", ulid::Ulid::new()));
                tracing::error!(error = %damage, "the desk store is damaged and begins anew; everybody logs in again");
                std::fs::rename(dir, &aside)
                    .map_err(sled::Error::from)
                    .and_then(|()| open(dir))
                    .map_err(|source| CannotOpen { path: dir.to_path_buf(), source })?
            }
        };
        sync_name(dir).map_err(|error| CannotOpen { path: dir.to_path_buf(), source: error.into() })?;
        let (writes, queue) = sync_channel::<Write>(QUEUE);
        let (store, folder) = (db.clone(), dir.to_path_buf());
        std::thread::Builder::new()
            .name("desk".to_owned())
            .spawn(move || write_all(&store, &folder, &queue))
            .expect("a thread can be started at boot");
        Ok(Self { db, writes })
    }

    /// A part of the store with its own keys.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn tree(&self, name: &str) -> Result<Tree, CannotOpen> {
        let tree = self.db.open_tree(name).map_err(|source| CannotOpen { path: name.into(), source })?;
        Ok(Tree { tree, writes: self.writes.clone() })
    }
}

/// A part of the store. Cheap to clone.
#[derive(Clone)]
pub struct Tree {
    tree: sled::Tree,
    writes: SyncSender<Write>,
}

impl Tree {
    /// Everything in it; for the start, before anything else runs. What cannot be read is left out.
    #[must_use]
    pub fn load(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.tree.iter().filter_map(Result::ok).map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
    }

    /// Writes (or, with `None`, removes) and answers when the disk has it.
    ///
    /// # Errors
    /// Too many writes wait, or the disk refused.
    pub async fn change(&self, changes: Vec<(Vec<u8>, Option<Vec<u8>>)>) -> Result<(), NotWritten> {
        let (done, written) = oneshot::channel();
        self.queue(changes, Some(done))?;
        match written.await {
            Ok(true) => Ok(()),
            _ => Err(NotWritten),
        }
    }

    /// Writes some time soon; may be forgotten when too much waits.
    pub fn change_soon(&self, changes: Vec<(Vec<u8>, Option<Vec<u8>>)>) {
        let _ = self.queue(changes, None);
    }

    fn queue(
        &self,
        changes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
        done: Option<oneshot::Sender<bool>>,
    ) -> Result<(), NotWritten> {
        let write = Write { tree: self.tree.clone(), changes, done };
        self.writes.try_send(write).map_err(|error| match error {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => NotWritten,
        })
    }
}

fn open(dir: &Path) -> sled::Result<sled::Db> {
    // A damaged store makes sled assert rather than answer.
    catch_unwind(AssertUnwindSafe(|| {
        sled::Config::new().path(dir).cache_capacity(CACHE_BYTES).flush_every_ms(None).open()
    }))
    .unwrap_or_else(|_| Err(sled::Error::ReportableBug("it panicked while opening".to_owned())))
}

/// Whether the disk or another process is in the way, and not what the files hold.
fn is_io(error: &sled::Error) -> bool {
    let damage = [io::ErrorKind::UnexpectedEof, io::ErrorKind::InvalidData];
    matches!(error, sled::Error::Io(error) if !damage.contains(&error.kind()))
}

/// Makes the name of a folder durable.
fn sync_name(dir: &Path) -> io::Result<()> {
    dir.parent().map_or(Ok(()), |above| File::open(above)?.sync_all())
}

/// Syncs every file in a folder, and the folder.
fn sync_all_in(dir: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_all_in(&entry.path())?;
        } else {
            match File::open(entry.path()) {
                // sled removes what it has replaced.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                file => file?.sync_all()?,
            }
        }
    }
    File::open(dir)?.sync_all()
}

fn write_all(db: &sled::Db, dir: &Path, queue: &std::sync::mpsc::Receiver<Write>) {
    while let Ok(first) = queue.recv() {
        let mut waiting = Vec::new();
        for write in std::iter::once(first).chain(queue.try_iter().take(256)) {
            let ok = write.changes.into_iter().all(|(key, value)| {
                match value {
                    Some(value) => write.tree.insert(key, value),
                    None => write.tree.remove(key),
                }
                .is_ok()
            });
            waiting.extend(write.done.map(|done| (done, ok)));
        }
        let flushed = db.flush().map_err(io::Error::from).and_then(|_| sync_all_in(dir));
        if let Err(error) = &flushed {
            tracing::error!(%error, "the desk store cannot write");
        }
        for (done, ok) in waiting {
            // Whoever no longer waits does not need the answer.
            let _ = done.send(ok && flushed.is_ok());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn what_was_acknowledged_is_there_after_a_restart() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        {
            let desk = Desk::open(&dir.path().join("desk")).expect("a new store");
            let tree = desk.tree("t").expect("a new tree");
            tree.change(vec![(b"a".to_vec(), Some(b"1".to_vec()))]).await.expect("written");
            tree.change(vec![(b"b".to_vec(), Some(b"2".to_vec())), (b"a".to_vec(), None)]).await.expect("written");
        }
        let desk = reopen(&dir.path().join("desk"));
        let rows = desk.tree("t").expect("there").load();
        assert_eq!(rows, vec![(b"b".to_vec(), b"2".to_vec())]);
    }

    /// sled lets go of its lock on a thread of its own.
    fn reopen(path: &Path) -> Desk {
        for _ in 0..1_000 {
            if let Ok(desk) = Desk::open(path) {
                return desk;
            }
            std::thread::yield_now();
            std::thread::park_timeout(std::time::Duration::from_millis(5));
        }
        panic!("the first store never let go");
    }

    #[actix_web::test]
    async fn a_damaged_store_begins_anew_and_stops_nobody() {
        for damage in ["db", "conf"] {
            for (from, len) in [(0, 64), (100, 4_000), (0, 1 << 20)] {
                let dir = tempfile::tempdir().expect("a temporary folder");
                let path = dir.path().join("desk");
                {
                    let desk = Desk::open(&path).expect("a new store");
                    let tree = desk.tree("t").expect("a new tree");
                    let rows = (0..200_u32).map(|n| (n.to_be_bytes().to_vec(), Some(vec![7; 100]))).collect();
                    tree.change(rows).await.expect("written");
                }
                drop(reopen(&path));
                let mut bytes = std::fs::read(path.join(damage)).expect("sled's own file");
                let end = bytes.len().min(from + len);
                bytes[from.min(end)..end].fill(0xA5);
                std::fs::write(path.join(damage), bytes).expect("writable");
                let tree = reopen(&path).tree("t").expect("a tree, the old one or a new one");
                tree.change(vec![(b"a".to_vec(), Some(b"1".to_vec()))]).await.expect("it takes writes");
            }
        }
    }

    #[actix_web::test]
    async fn two_processes_never_share_the_store() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("desk");
        let _first = Desk::open(&path).expect("a new store");
        assert!(Desk::open(&path).is_err());
        assert!(path.exists(), "a lock is no damage");
    }
}
