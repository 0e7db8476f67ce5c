//! A disk in memory whose power can be cut, whose n-th call can fail, and whose syncs are counted.
//!
//! Like the real one it promises nothing that was not synced: a cut keeps any subset of the 512-byte sectors written
//! since a file's last sync, and any beginning of the list of name changes since the folder's last sync. After a failed
//! sync the content reads back as written and will never reach the disk by another sync: that is what Linux does.

use std::any::Any;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier};

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::journal::segment::disk::{Disk, DiskFile};

const SECTOR: usize = 512;

#[derive(Clone, Default)]
pub(super) struct SimDisk(Arc<Mutex<State>>);

#[derive(Clone, Default)]
struct State {
    inodes: Vec<Inode>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    renames: Vec<Change>,
    /// Counted calls that change something or make it durable.
    calls: u64,
    fail: Option<Fail>,
    syncs: BTreeMap<PathBuf, u64>,
    /// No long run of zeros finds room: the disk is nearly full.
    tight: bool,
    /// Where the next sync of a segment stands still: once when it came, once until it may go on.
    gate: Option<Arc<Barrier>>,
    seed: u64,
}

#[derive(Clone, Default)]
struct Inode {
    current: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<(usize, Vec<u8>)>,
}

#[derive(Clone)]
enum Change {
    Name(PathBuf, usize),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
}

/// Which call fails, and whether the disk works again after it.
#[derive(Clone, Copy)]
struct Fail {
    at: u64,
    for_ever: bool,
}

struct SimFile {
    disk: SimDisk,
    inode: usize,
    path: PathBuf,
}

impl SimDisk {
    /// The same disk with a life of its own.
    pub(super) fn fork(&self) -> Self {
        Self(Arc::new(Mutex::new(self.0.lock().clone())))
    }

    pub(super) fn fail_at(&self, call: u64, for_ever: bool) {
        let mut state = self.0.lock();
        let at = state.calls + call;
        state.fail = Some(Fail { at, for_ever });
    }

    pub(super) fn heal(&self) {
        self.0.lock().fail = None;
    }

    pub(super) fn hold_next_sync(&self, gate: Arc<Barrier>) {
        self.0.lock().gate = Some(gate);
    }

    pub(super) fn make_tight(&self) {
        self.0.lock().tight = true;
    }

    pub(super) fn calls(&self) -> u64 {
        self.0.lock().calls
    }

    pub(super) fn syncs(&self, path: &Path) -> u64 {
        self.0.lock().syncs.get(path).copied().unwrap_or(0)
    }

    /// The content of a file as the page cache has it.
    pub(super) fn bytes(&self, path: &Path) -> Vec<u8> {
        let state = self.0.lock();
        state.inodes[state.names[path]].current.clone()
    }

    /// Whether names changed since the last sync of their folder.
    pub(super) fn has_unsynced_names(&self) -> bool {
        !self.0.lock().renames.is_empty()
    }

    /// Puts bytes into a file, durable at once: damage, or the remains of a power cut.
    pub(super) fn poke(&self, path: &Path, at: usize, bytes: &[u8]) {
        let mut state = self.0.lock();
        let inode = state.names[path];
        let inode = &mut state.inodes[inode];
        put(&mut inode.current, at, bytes);
        put(&mut inode.durable, at, bytes);
    }

    pub(super) fn truncate(&self, path: &Path, length: usize) {
        let mut state = self.0.lock();
        let inode = state.names[path];
        state.inodes[inode].current.truncate(length);
        state.inodes[inode].durable.truncate(length);
    }

    pub(super) fn names(&self) -> Vec<PathBuf> {
        self.0.lock().names.keys().cloned().collect()
    }

    /// Cuts the power: only what was synced is certain, each sector besides it is kept with `keep` in 8.
    pub(super) fn cut(&self, seed: u64, keep: u32) {
        let mut state = self.0.lock();
        let state = &mut *state;
        let mut chance = StdRng::seed_from_u64(seed);
        for inode in &mut state.inodes {
            persist_some(inode, &mut chance, keep);
            inode.current = inode.durable.clone();
        }
        let kept = chance.random_range(0..=state.renames.len());
        for change in state.renames.drain(..).take(kept) {
            apply(&mut state.durable_names, change);
        }
        state.names = state.durable_names.clone();
        state.fail = None;
    }

    /// Counts a call; an error when its time has come.
    fn call(&self) -> io::Result<parking_lot::MutexGuard<'_, State>> {
        let mut state = self.0.lock();
        state.calls += 1;
        match state.fail {
            Some(f) if state.calls == f.at || (f.for_ever && state.calls > f.at) => Err(broken()),
            _ => Ok(state),
        }
    }
}

fn broken() -> io::Error {
    io::Error::other("the disk failed, as planned")
}

fn put(bytes: &mut Vec<u8>, at: usize, new: &[u8]) {
    if bytes.len() < at + new.len() {
        bytes.resize(at + new.len(), 0);
    }
    bytes[at..at + new.len()].copy_from_slice(new);
}

/// Any subset of the sectors that wait for a sync.
fn persist_some(inode: &mut Inode, chance: &mut StdRng, keep: u32) {
    for (at, bytes) in std::mem::take(&mut inode.pending) {
        let mut from = 0;
        while from < bytes.len() {
            let to = ((at + from) / SECTOR * SECTOR + SECTOR - at).min(bytes.len());
            if chance.random_ratio(keep, 8) {
                put(&mut inode.durable, at + from, &bytes[from..to]);
            }
            from = to;
        }
    }
}

fn apply(names: &mut BTreeMap<PathBuf, usize>, change: Change) {
    match change {
        Change::Name(path, inode) => {
            names.insert(path, inode);
        }
        Change::Rename(from, to) => {
            if let Some(inode) = names.remove(&from) {
                names.insert(to, inode);
            }
        }
        Change::Remove(path) => {
            names.remove(&path);
        }
    }
}

impl State {
    fn change(&mut self, change: Change) {
        apply(&mut self.names, change.clone());
        self.renames.push(change);
    }

    fn chance(&mut self) -> StdRng {
        self.seed += 1;
        StdRng::seed_from_u64(self.seed)
    }
}

impl DiskFile for SimFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.disk.0.lock();
        let bytes = &state.inodes[self.inode].current;
        let rest = bytes.get(offset as usize..).unwrap_or_default();
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let answer = self.disk.call().map(drop);
        let mut state = self.disk.0.lock();
        if state.tight && bytes.len() > 1024 && bytes.iter().all(|b| *b == 0) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let mut written = bytes.len();
        if answer.is_err() {
            // A full disk takes a part.
            written = state.chance().random_range(0..=bytes.len());
        }
        let inode = &mut state.inodes[self.inode];
        put(&mut inode.current, offset as usize, &bytes[..written]);
        inode.pending.push((offset as usize, bytes[..written].to_vec()));
        answer
    }

    fn sync(&self) -> io::Result<()> {
        if self.path.extension().is_some_and(|e| e == "log") {
            let gate = self.disk.0.lock().gate.take();
            if let Some(gate) = gate {
                gate.wait();
                gate.wait();
            }
        }
        let answer = self.disk.call().map(drop);
        let mut state = self.disk.0.lock();
        let mut chance = state.chance();
        let inode = &mut state.inodes[self.inode];
        match &answer {
            Ok(()) => {
                // What an earlier sync failed to write is clean to the cache and stays off the disk.
                persist_some(inode, &mut chance, 8);
                *state.syncs.entry(self.path.clone()).or_default() += 1;
            }
            Err(_) => persist_some(inode, &mut chance, 4),
        }
        answer
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.0.lock().inodes[self.inode].current.len() as u64)
    }
}

impl Disk for SimDisk {
    fn create_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self, _: &Path) -> io::Result<Box<dyn Any + Send + Sync>> {
        Ok(Box::new(()))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let state = self.0.lock();
        let inside = state.names.keys().filter(|path| path.parent() == Some(dir));
        let names = inside.filter_map(|path| Some(path.file_name()?.to_string_lossy().into()));
        Ok(names.collect())
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.call()?;
        let inode = state.inodes.len();
        state.inodes.push(Inode::default());
        state.change(Change::Name(path.to_path_buf(), inode));
        drop(state);
        self.open(path)
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let state = self.0.lock();
        let inode = *state.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(SimFile { disk: self.clone(), inode, path: path.to_path_buf() }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.call()?;
        state.change(Change::Rename(from.to_path_buf(), to.to_path_buf()));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.call()?;
        state.change(Change::Remove(path.to_path_buf()));
        Ok(())
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        let mut state = self.call()?;
        state.renames.clear();
        state.durable_names = state.names.clone();
        Ok(())
    }
}
