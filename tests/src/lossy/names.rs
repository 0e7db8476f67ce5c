//! Directory entries, twice: what programs see, and what would survive a power cut.
//!
//! Every create, unlink and rename moves `current` and goes into one log for the whole file system. Syncing a directory
//! replays what concerns it into `durable`. A rename is one change, wherever its two ends lie. Must never know contents.
//! Next: `disk.rs` joins names and contents.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::{OsStr, OsString};

use rand::Rng;
use rand::rngs::StdRng;

use super::disk::Ino;

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) dir: Ino,
    pub(super) name: OsString,
}

impl Place {
    pub(super) fn new(dir: Ino, name: &OsStr) -> Self {
        Self { dir, name: name.to_owned() }
    }
}

/// One change that no sync has covered yet.
#[derive(Clone, Debug)]
enum Change {
    Link(Place, Ino),
    Unlink(Place),
    Rename { from: Place, to: Place, node: Ino },
}

impl Change {
    fn dirs(&self) -> [Ino; 2] {
        match self {
            Self::Link(place, _) | Self::Unlink(place) => [place.dir; 2],
            Self::Rename { from, to, .. } => [from.dir, to.dir],
        }
    }
}

type Tree = BTreeMap<Place, Ino>;

/// All names of one disk.
#[derive(Debug, Default)]
pub(super) struct Names {
    current: Tree,
    durable: Tree,
    unsynced: Vec<Change>,
}

impl Names {
    /// What a name stands for.
    pub(super) fn get(&self, place: &Place) -> Option<Ino> {
        self.current.get(place).copied()
    }

    /// The entries of a directory, by name.
    pub(super) fn entries(&self, dir: Ino) -> impl Iterator<Item = (&OsStr, Ino)> {
        self.current
            .range(Place::new(dir, OsStr::new(""))..)
            .take_while(move |(place, _)| place.dir == dir)
            .map(|(place, node)| (place.name.as_os_str(), *node))
    }

    /// Gives a node a name.
    pub(super) fn link(&mut self, place: Place, node: Ino) {
        self.change(Change::Link(place, node));
    }

    /// Takes a name away.
    pub(super) fn unlink(&mut self, place: Place) {
        self.change(Change::Unlink(place));
    }

    /// Moves a name, over whatever bears the new one.
    pub(super) fn rename(&mut self, from: Place, to: Place, node: Ino) {
        self.change(Change::Rename { from, to, node });
    }

    fn change(&mut self, change: Change) {
        apply(&mut self.current, &change);
        self.unsynced.push(change);
    }

    /// Makes durable what concerns `dir`, and with it whatever earlier change of another directory a rename rests on.
    pub(super) fn sync(&mut self, dir: Ino) {
        let mut dirs = BTreeSet::from([dir]);
        let mut concerned = vec![false; self.unsynced.len()];
        for (change, concerned) in self.unsynced.iter().zip(&mut concerned).rev() {
            if change.dirs().iter().any(|dir| dirs.contains(dir)) {
                dirs.extend(change.dirs());
                *concerned = true;
            }
        }
        let log = std::mem::take(&mut self.unsynced);
        for (change, concerned) in log.into_iter().zip(concerned) {
            if concerned {
                apply(&mut self.durable, &change);
            } else {
                self.unsynced.push(change);
            }
        }
    }

    /// Makes everything durable, as the one journal of ext4 does at any sync.
    pub(super) fn sync_all(&mut self) {
        for change in self.unsynced.drain(..) {
            apply(&mut self.durable, &change);
        }
    }

    /// Power cut: names that were not synced never were.
    pub(super) fn cut_clean(&mut self) {
        self.unsynced.clear();
        self.current.clone_from(&self.durable);
    }

    /// Power cut in the middle of writing back: the file system journals names in order, so that some number of the
    /// oldest changes survive.
    pub(super) fn cut_torn(&mut self, rng: &mut StdRng) {
        let surviving = rng.random_range(0..=self.unsynced.len());
        for change in self.unsynced.drain(..surviving) {
            apply(&mut self.durable, &change);
        }
        self.cut_clean();
    }

    /// Nodes that have a name.
    pub(super) fn visible(&self) -> HashSet<Ino> {
        self.current.values().copied().collect()
    }

    /// Nodes that have a name, or would get one back by a cut or by a sync.
    pub(super) fn named(&self) -> HashSet<Ino> {
        let pending = self.unsynced.iter().filter_map(|change| match change {
            Change::Link(_, node) | Change::Rename { node, .. } => Some(*node),
            Change::Unlink(_) => None,
        });
        self.current.values().chain(self.durable.values()).copied().chain(pending).collect()
    }
}

fn apply(tree: &mut Tree, change: &Change) {
    match change {
        Change::Link(place, node) => {
            tree.insert(place.clone(), *node);
        }
        Change::Unlink(place) => {
            tree.remove(place);
        }
        Change::Rename { from, to, node } => {
            tree.remove(from);
            tree.insert(to.clone(), *node);
        }
    }
}
