//! The disk: nodes and names together, its limits, its counters and the faults that a test plans for it.
//!
//! Everything here is plain data behind one lock; time and the kernel stay outside. `front.rs` is its only caller from
//! the kernel's side, `mod.rs` from the test's.

use std::collections::HashMap;
use std::ffi::OsStr;

use fuser::{Errno, FileType};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::file::Contents;
use super::names::{Names, Place};
use super::{Options, PowerCut};

/// The number of a node.
pub(super) type Ino = u64;
/// The directory at the top.
pub(super) const ROOT: Ino = 1;

type Outcome<T> = Result<T, Errno>;

/// A file, a directory or a socket.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: FileType,
    pub(super) mode: u16,
    pub(super) contents: Contents,
    /// Bytes that `fallocate` set aside beyond the length.
    reserved: usize,
    opens: u32,
}

/// Everything that one mount holds.
#[derive(Debug)]
pub(super) struct Disk {
    options: Options,
    nodes: HashMap<Ino, Node>,
    names: Names,
    last: Ino,
    /// Space taken by what has a name or is open. Exact right after a collection, never too low in between.
    used: u64,
    /// Removals since the last collection.
    loose: u32,
    /// Counts power cuts; handles of an earlier life are dead.
    pub(super) life: u64,
    /// Set by a planned cut: nothing is answered any more.
    pub(super) dead: bool,
    pub(super) calls: u64,
    pub(super) syncs: u64,
    pub(super) ignore_syncs: bool,
    pub(super) dies_at: Option<u64>,
    pub(super) fails_at: Option<(u64, Errno)>,
}

impl Disk {
    pub(super) fn new(options: Options) -> Self {
        let mut disk = Self {
            options,
            nodes: HashMap::new(),
            names: Names::default(),
            last: ROOT,
            used: 0,
            loose: 0,
            life: 0,
            dead: false,
            calls: 0,
            syncs: 0,
            ignore_syncs: false,
            dies_at: None,
            fails_at: None,
        };
        disk.nodes.insert(ROOT, node(FileType::Directory, 0o755));
        disk
    }

    /// Counts one call that changes or syncs something, and lets a planned fault happen to it.
    pub(super) fn count_call(&mut self) -> Outcome<()> {
        self.calls += 1;
        if self.dies_at.is_some_and(|last| self.calls > last) {
            self.dead = true;
            return Err(Errno::EIO);
        }
        match self.fails_at {
            Some((call, errno)) if call == self.calls => Err(errno),
            _ => Ok(()),
        }
    }

    /// As [`Disk::count_call`]. A sync that is made to fail loses what it should have written.
    pub(super) fn count_sync(&mut self, ino: Ino) -> Outcome<()> {
        let counted = self.count_call();
        if counted.is_err()
            && !self.dead
            && let Ok(node) = self.node_mut(ino)
        {
            node.contents.lose_unsynced();
        }
        counted
    }

    pub(super) fn node(&self, ino: Ino) -> Outcome<&Node> {
        self.nodes.get(&ino).ok_or(Errno::ENOENT)
    }

    fn node_mut(&mut self, ino: Ino) -> Outcome<&mut Node> {
        self.nodes.get_mut(&ino).ok_or(Errno::ENOENT)
    }

    pub(super) fn look_up(&self, dir: Ino, name: &OsStr) -> Outcome<Ino> {
        self.names.get(&Place::new(dir, name)).ok_or(Errno::ENOENT)
    }

    /// The entries of a directory as they are now.
    pub(super) fn list(&self, dir: Ino) -> Vec<(Ino, FileType, std::ffi::OsString)> {
        self.names
            .entries(dir)
            .filter_map(|(name, ino)| Some((ino, self.nodes.get(&ino)?.kind, name.to_owned())))
            .collect()
    }

    pub(super) fn make(&mut self, dir: Ino, name: &OsStr, kind: FileType, mode: u16) -> Outcome<Ino> {
        let place = Place::new(dir, name);
        if self.names.get(&place).is_some() {
            return Err(Errno::EEXIST);
        }
        self.last += 1;
        self.nodes.insert(self.last, node(kind, mode));
        self.names.link(place, self.last);
        Ok(self.last)
    }

    pub(super) fn remove(&mut self, dir: Ino, name: &OsStr) -> Outcome<()> {
        let ino = self.look_up(dir, name)?;
        if self.names.entries(ino).next().is_some() {
            return Err(Errno::ENOTEMPTY);
        }
        self.names.unlink(Place::new(dir, name));
        self.loosened();
        Ok(())
    }

    pub(super) fn rename(&mut self, from: Place, to: Place, replace: bool) -> Outcome<()> {
        let ino = self.names.get(&from).ok_or(Errno::ENOENT)?;
        if let Some(there) = self.names.get(&to) {
            if !replace {
                return Err(Errno::EEXIST);
            }
            if self.names.entries(there).next().is_some() {
                return Err(Errno::ENOTEMPTY);
            }
        }
        if from != to {
            self.names.rename(from, to, ino);
            self.loosened();
        }
        Ok(())
    }

    pub(super) fn opened(&mut self, ino: Ino) -> Outcome<()> {
        self.node_mut(ino)?.opens += 1;
        Ok(())
    }

    pub(super) fn closed(&mut self, ino: Ino) {
        if let Ok(node) = self.node_mut(ino) {
            node.opens = node.opens.saturating_sub(1);
        }
    }

    pub(super) fn set_mode(&mut self, ino: Ino, mode: u16) -> Outcome<()> {
        self.node_mut(ino)?.mode = mode;
        Ok(())
    }

    /// Writes as much as there is room for; the length written may be short, as on any full disk.
    pub(super) fn write(&mut self, ino: Ino, offset: u64, bytes: &[u8]) -> Outcome<usize> {
        let offset = length(offset)?;
        let end = offset.checked_add(bytes.len()).ok_or(Errno::EFBIG)?;
        let fits = self.make_room(ino, end)?.saturating_sub(offset).min(bytes.len());
        if fits == 0 && !bytes.is_empty() {
            return Err(Errno::ENOSPC);
        }
        self.change(ino, |node| node.contents.write(offset, &bytes[..fits]))?;
        Ok(fits)
    }

    pub(super) fn set_len(&mut self, ino: Ino, len: u64) -> Outcome<()> {
        let len = length(len)?;
        if self.make_room(ino, len)? < len {
            return Err(Errno::ENOSPC);
        }
        self.change(ino, |node| {
            node.contents.set_len(len);
            node.reserved = 0;
        })
    }

    pub(super) fn allocate(&mut self, ino: Ino, offset: u64, len: u64, how: Allocate) -> Outcome<()> {
        let (offset, len) = (length(offset)?, length(len)?);
        let end = offset.checked_add(len).ok_or(Errno::EFBIG)?;
        if how.grows && self.make_room(ino, end)? < end {
            return Err(Errno::ENOSPC);
        }
        self.change(ino, |node| {
            if how.zeroes {
                node.contents.zero(offset, len);
            }
            if how.grows {
                node.reserved = node.reserved.max(end);
                if !how.keeps_len && end > node.contents.len() {
                    node.contents.set_len(end);
                }
            }
        })
    }

    /// How far the file may reach, up to `end`, before the disk is full.
    fn make_room(&mut self, ino: Ino, end: usize) -> Outcome<usize> {
        let held = self.node(ino)?.held();
        let Some(limit) = self.options.size_limit else {
            return Ok(end);
        };
        if held + limit.saturating_sub(self.used) < end as u64 {
            self.collect();
        }
        let most = held + limit.saturating_sub(self.used);
        Ok(end.min(usize::try_from(most).unwrap_or(usize::MAX)))
    }

    /// Changes a node and keeps count of the space it takes.
    fn change(&mut self, ino: Ino, act: impl FnOnce(&mut Node)) -> Outcome<()> {
        let node = self.node_mut(ino)?;
        let before = node.held();
        act(node);
        let after = node.held();
        self.used = (self.used + after).saturating_sub(before);
        Ok(())
    }

    /// Bytes in all and bytes still free. Without a limit the disk says that it has 64 GiB free.
    pub(super) fn space(&mut self) -> (u64, u64) {
        self.collect();
        match self.options.size_limit {
            Some(limit) => (limit, limit.saturating_sub(self.used)),
            None => (self.used + (64 << 30), 64 << 30),
        }
    }

    pub(super) fn sync(&mut self, ino: Ino) -> Outcome<()> {
        self.syncs += 1;
        if self.ignore_syncs {
            return Ok(());
        }
        let node = self.nodes.get_mut(&ino).ok_or(Errno::ENOENT)?;
        node.contents.sync();
        if node.kind == FileType::Directory {
            self.names.sync(ino);
        } else if self.options.names_follow_files {
            self.names.sync_all();
        }
        Ok(())
    }

    /// Cuts the power and switches it on again. Planned faults are over.
    pub(super) fn cut(&mut self, how: PowerCut) {
        match how {
            PowerCut::Clean => {
                self.names.cut_clean();
                for node in self.nodes.values_mut() {
                    node.contents.cut_clean();
                }
            }
            PowerCut::Torn { seed } => {
                let mut rng = StdRng::seed_from_u64(seed);
                self.names.cut_torn(&mut rng);
                let mut inos: Vec<_> = self.nodes.keys().copied().collect();
                inos.sort_unstable();
                for ino in inos {
                    if let Some(node) = self.nodes.get_mut(&ino) {
                        node.contents.cut_torn(&mut rng);
                    }
                }
            }
        }
        for node in self.nodes.values_mut() {
            node.opens = 0;
            node.reserved = 0;
        }
        self.life += 1;
        self.dead = false;
        self.dies_at = None;
        self.fails_at = None;
        self.loose += 1;
        self.collect();
    }

    /// Something lost its name. Collecting looks at every name, so that it waits until some have gathered.
    fn loosened(&mut self) {
        self.loose += 1;
        if self.loose >= 64 {
            self.collect();
        }
    }

    /// Gives back what nobody can reach: no name now, none to come back, not open. What a cut could bring back stays, but
    /// takes no space any more.
    fn collect(&mut self) {
        if self.loose == 0 {
            return;
        }
        let visible = self.names.visible();
        let named = self.names.named();
        self.nodes.retain(|ino, node| *ino == ROOT || node.opens > 0 || named.contains(ino));
        let counted = |(ino, node): (&Ino, &Node)| {
            let counts = node.opens > 0 || visible.contains(ino);
            if counts { node.held() } else { 0 }
        };
        self.used = self.nodes.iter().map(counted).sum();
        self.loose = u32::from(self.nodes.len() > visible.len() + 1);
    }
}

/// What an allocation does beside setting space aside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allocate {
    pub(super) grows: bool,
    pub(super) keeps_len: bool,
    pub(super) zeroes: bool,
}

impl Node {
    /// The space it takes. Holes count as if they were full.
    fn held(&self) -> u64 {
        self.contents.len().max(self.reserved) as u64
    }
}

fn node(kind: FileType, mode: u16) -> Node {
    Node { kind, mode, contents: Contents::default(), reserved: 0, opens: 0 }
}

/// A length in memory; files are bounded to what fits there.
fn length(len: u64) -> Outcome<usize> {
    usize::try_from(len).ok().filter(|len| *len <= 1 << 32).ok_or(Errno::EFBIG)
}
