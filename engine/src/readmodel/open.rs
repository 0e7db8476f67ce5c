//! Opening, closing, and when a store is thrown away. Nothing is lost with it: the caller applies the journal again
//! ([`ReadModels::catch_up`]).

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;

use super::fault::{OpenFault, ReadFault};
use super::key::{self, Fields};
use super::seen::Seen;
use super::stamp::{self, SCHEMA, Stamp};
use super::{ReadModels, Standing};
use crate::domain::id::StreamId;

/// Memory that sled may keep rows in, in bytes. Its default is a gigabyte.
const CACHE: u64 = 16 << 20;
/// How often sled hands its buffers to the kernel, in milliseconds. What a kill takes with it is applied again.
const FLUSH_EVERY_MS: u64 = 500;

/// Read models, ready to catch up.
#[derive(Debug)]
pub struct Opened {
    /// The read models.
    pub models: ReadModels,
    /// Why they are empty, if they were made anew.
    pub made_anew: Option<MadeAnew>,
}

/// Why a store begins empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeAnew {
    /// There was none.
    First,
    /// Another release wrote it in another schema.
    Schema {
        /// The schema found.
        found: u32,
    },
    /// The machine stopped while it was open; sled promises nothing then.
    PowerLost,
    /// It failed while it was open.
    Distrusted,
    /// sled cannot open it, or its rows do not read back.
    Unopenable,
}

impl ReadModels {
    /// Opens the store in `dir`, which holds nothing else. A store that cannot be believed is removed and made anew.
    ///
    /// # Errors
    /// Another process has it, or not even an empty one can be made.
    pub fn open(dir: &Path) -> Result<Opened, OpenFault> {
        Self::open_since(dir, &boot())
    }

    /// As [`ReadModels::open`], with the name of the machine's present start; a simulated power cut gives another one.
    ///
    /// # Errors
    /// As [`ReadModels::open`].
    pub fn open_since(dir: &Path, boot: &str) -> Result<Opened, OpenFault> {
        fs::create_dir_all(dir).map_err(failed("making a folder", dir))?;
        let lock = lock(dir)?;
        let store = dir.join("sled");
        let mut made_anew = verdict(dir, &store, boot);
        if made_anew.is_some() {
            remove(&store)?;
        }
        // Before the first byte of the store changes: from here on a power cut makes it worthless.
        stamp::write(dir, &Stamp::Open { boot: boot.to_owned() }).map_err(failed("writing the stamp", dir))?;
        let (db, streams) = match open_store(&store) {
            Ok(opened) => opened,
            Err(fault) if made_anew.is_none() => {
                tracing::warn!(error = %fault, "the read models cannot be opened and are made anew");
                made_anew = Some(MadeAnew::Unopenable);
                // A stop in the middle of the removal must not leave half a store that is believed.
                stamp::write(dir, &Stamp::Distrusted).map_err(failed("writing the stamp", dir))?;
                remove(&store)?;
                stamp::write(dir, &Stamp::Open { boot: boot.to_owned() }).map_err(failed("writing the stamp", dir))?;
                open_store(&store).map_err(|source| OpenFault::Store { path: store.clone(), source })?
            }
            Err(source) => return Err(OpenFault::Store { path: store, source }),
        };
        let models = Self {
            db,
            dir: dir.to_owned(),
            seen: RwLock::new(if streams.is_empty() { Seen::whole() } else { Seen::default() }),
            streams: RwLock::new(streams),
            writing: Mutex::default(),
            gate: RwLock::default(),
            moved: Notify::new(),
            removal_due: Notify::new(),
            ended: AtomicBool::new(false),
            distrusted: AtomicBool::new(false),
            _lock: lock,
        };
        models.finish_forgetting().map_err(|source| OpenFault::Store { path: store, source })?;
        Ok(Opened { models, made_anew })
    }

    /// Closes the store so that the next start believes it whatever happens to the machine. Applies nothing after that.
    ///
    /// # Errors
    /// The file system failed; then the next start may have to make the store anew.
    pub fn close(&self) -> Result<(), OpenFault> {
        let _one = self.writing.lock();
        if self.ended.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        self.moved.notify_waiters();
        if self.is_distrusted() {
            return Ok(());
        }
        let store = self.dir.join("sled");
        self.db.flush().map_err(|source| OpenFault::Store { path: store.clone(), source: source.into() })?;
        stamp::sync_all_in(&store).map_err(failed("syncing the store", &store))?;
        stamp::write(&self.dir, &Stamp::Closed).map_err(failed("writing the stamp", &self.dir))
    }

    /// Has the next start make the store anew, whatever else happens to it. Until then it goes on: one row that does not
    /// read back must not take every list along. [`ReadModels::reading`] calls it for whoever reads.
    pub fn distrust(&self) {
        if self.distrusted.swap(true, Ordering::AcqRel) {
            return;
        }
        tracing::error!("the read models cannot be trusted; they are made anew at the next start");
        metrics::counter!("madoguchi_readmodel_faults_total").increment(1);
        if let Err(error) = stamp::write(&self.dir, &Stamp::Distrusted) {
            tracing::error!(%error, "the read models' stamp cannot be written");
        }
    }
}

/// Why the store that lies here is not to be opened, if so.
fn verdict(dir: &Path, store: &Path, boot: &str) -> Option<MadeAnew> {
    if !store.exists() {
        return Some(MadeAnew::First);
    }
    match stamp::read(dir) {
        None | Some((SCHEMA, Stamp::Distrusted)) => Some(MadeAnew::Distrusted),
        Some((found, _)) if found != SCHEMA => Some(MadeAnew::Schema { found }),
        Some((_, Stamp::Open { boot: then })) if then != boot => Some(MadeAnew::PowerLost),
        Some(_) => None,
    }
}

fn open_store(store: &Path) -> Result<(sled::Db, HashMap<StreamId, Standing>), ReadFault> {
    let config = sled::Config::new().path(store).cache_capacity(CACHE).flush_every_ms(Some(FLUSH_EVERY_MS));
    // A damaged store makes sled assert rather than answer.
    catch_unwind(AssertUnwindSafe(|| {
        let mut tries = 0;
        let db = loop {
            match config.open() {
                // Threads of a database that was closed just now in this process may hold its lock a moment longer.
                Err(sled::Error::Io(error)) if error.to_string().contains("acquire lock") && tries < 100 => {
                    tries += 1;
                    std::thread::sleep(Duration::from_millis(10));
                }
                opened => break opened?,
            }
        };
        let mut streams = HashMap::new();
        for row in db.scan_prefix([key::STREAM]) {
            let (key, value) = row?;
            let stream = Fields(&key[1..]).stream().ok_or(ReadFault::Row { model: "streams" })?;
            streams.insert(stream, Standing::read(&value)?);
        }
        if streams.is_empty() && db.iter().next().is_some() {
            return Err(ReadFault::Row { model: "streams" });
        }
        Ok((db, streams))
    }))
    .unwrap_or(Err(ReadFault::Panicked))
}

fn remove(store: &Path) -> Result<(), OpenFault> {
    match fs::remove_dir_all(store) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("removing the store", store)(error)),
        _ => Ok(()),
    }
}

fn lock(dir: &Path) -> Result<File, OpenFault> {
    let path = dir.join("lock");
    let file = File::create(&path).map_err(failed("making the lock", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenFault::Busy { path: dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(failed("locking", &path)(source)),
    }
}

/// The kernel's name for the machine's present start; empty where it gives none, and then every start is the same.
pub(super) fn boot() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    name.trim().to_owned()
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenFault {
    let path = PathBuf::from(path);
    move |source| OpenFault::Io { what, path, source }
}
