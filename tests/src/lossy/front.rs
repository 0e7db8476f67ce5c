//! The kernel's side: FUSE requests in, the disk's answers out.
//!
//! Nothing is cached in the kernel: no page (direct IO, so that there is nothing to drop at a cut, and no shared
//! writable mapping either), no name, no attribute. Links, extended attributes and device files are not offered.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fuser::{
    BsdFileFlags, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, LockOwner,
    OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyOpen,
    ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};
use nix::libc;
use parking_lot::{Mutex, MutexGuard};

use super::Shared;
use super::disk::{Allocate, Disk, Ino};
use super::names::Place;

const NO_CACHE: Duration = Duration::ZERO;
const BLOCK: u32 = 4096;

type Listing = Vec<(Ino, FileType, OsString)>;

/// One life of the mount, from one power cut to the next.
pub(super) struct Front {
    shared: Arc<Shared>,
    life: u64,
    listings: Mutex<HashMap<u64, Listing>>,
    last_listing: AtomicU64,
}

impl Front {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let life = shared.disk.lock().life;
        Self { shared, life, listings: Mutex::default(), last_listing: AtomicU64::new(0) }
    }

    /// The disk, as long as the power is on and this is still its life.
    fn disk(&self) -> Result<MutexGuard<'_, Disk>, Errno> {
        let disk = self.shared.disk.lock();
        if disk.dead || disk.life != self.life {
            return Err(Errno::EIO);
        }
        Ok(disk)
    }

    /// The disk, for a call that changes something: counted, and the point where planned faults strike.
    fn change<T>(&self, act: impl FnOnce(&mut Disk) -> Result<T, Errno>) -> Result<T, Errno> {
        self.counted(|disk| disk.count_call().and_then(|()| act(disk)))
    }

    fn counted<T>(&self, act: impl FnOnce(&mut Disk) -> Result<T, Errno>) -> Result<T, Errno> {
        let mut disk = self.disk()?;
        let outcome = act(&mut disk);
        if disk.dead {
            self.shared.died.notify_all();
        }
        outcome
    }

    fn sync(&self, ino: INodeNo, reply: ReplyEmpty) {
        done(reply, self.counted(|disk| disk.count_sync(ino.0).and_then(|()| disk.sync(ino.0))));
    }

    fn make(&self, parent: INodeNo, name: &OsStr, kind: FileType, mode: u32, open: bool) -> Result<FileAttr, Errno> {
        if name.len() > 255 {
            return Err(Errno::ENAMETOOLONG);
        }
        self.change(|disk| {
            let ino = disk.make(parent.0, name, kind, permissions(mode))?;
            if open {
                disk.opened(ino)?;
            }
            attributes(disk, ino)
        })
    }
}

impl Filesystem for Front {
    fn lookup(&self, _req: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let found = self.disk().and_then(|disk| attributes(&disk, disk.look_up(parent.0, name)?));
        entry(reply, found);
    }

    fn getattr(&self, _req: &Request, ino: INodeNo, _fh: Option<FileHandle>, reply: ReplyAttr) {
        attr(reply, self.disk().and_then(|disk| attributes(&disk, ino.0)));
    }

    fn setattr(
        &self,
        _req: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        _uid: Option<u32>,
        _gid: Option<u32>,
        size: Option<u64>,
        _atime: Option<TimeOrNow>,
        _mtime: Option<TimeOrNow>,
        _ctime: Option<SystemTime>,
        _fh: Option<FileHandle>,
        _crtime: Option<SystemTime>,
        _chgtime: Option<SystemTime>,
        _bkuptime: Option<SystemTime>,
        _flags: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let outcome = self.change(|disk| {
            if let Some(mode) = mode {
                disk.set_mode(ino.0, permissions(mode))?;
            }
            if let Some(size) = size {
                disk.set_len(ino.0, size)?;
            }
            attributes(disk, ino.0)
        });
        attr(reply, outcome);
    }

    fn mknod(
        &self,
        _req: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _umask: u32,
        _rdev: u32,
        reply: ReplyEntry,
    ) {
        let made = match mode & libc::S_IFMT {
            libc::S_IFREG => self.make(parent, name, FileType::RegularFile, mode, false),
            libc::S_IFSOCK => self.make(parent, name, FileType::Socket, mode, false),
            _ => Err(Errno::EPERM),
        };
        entry(reply, made);
    }

    fn mkdir(&self, _req: &Request, parent: INodeNo, name: &OsStr, mode: u32, _umask: u32, reply: ReplyEntry) {
        entry(reply, self.make(parent, name, FileType::Directory, mode, false));
    }

    fn create(
        &self,
        _req: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _umask: u32,
        _flags: i32,
        reply: ReplyCreate,
    ) {
        match self.make(parent, name, FileType::RegularFile, mode, true) {
            Ok(attr) => reply.created(&NO_CACHE, &attr, Generation(0), FileHandle(0), FopenFlags::FOPEN_DIRECT_IO),
            Err(errno) => reply.error(errno),
        }
    }

    fn unlink(&self, _req: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        done(reply, self.change(|disk| disk.remove(parent.0, name)));
    }

    fn rmdir(&self, _req: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        done(reply, self.change(|disk| disk.remove(parent.0, name)));
    }

    fn rename(
        &self,
        _req: &Request,
        parent: INodeNo,
        name: &OsStr,
        newparent: INodeNo,
        newname: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        if !(flags - RenameFlags::RENAME_NOREPLACE).is_empty() {
            return reply.error(Errno::EINVAL);
        }
        let replace = flags.is_empty();
        let (from, to) = (Place::new(parent.0, name), Place::new(newparent.0, newname));
        done(reply, self.change(|disk| disk.rename(from, to, replace)));
    }

    fn open(&self, _req: &Request, ino: INodeNo, _flags: OpenFlags, reply: ReplyOpen) {
        match self.disk().and_then(|mut disk| disk.opened(ino.0)) {
            Ok(()) => reply.opened(FileHandle(0), FopenFlags::FOPEN_DIRECT_IO),
            Err(errno) => reply.error(errno),
        }
    }

    fn release(
        &self,
        _req: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        _flush: bool,
        reply: ReplyEmpty,
    ) {
        if let Ok(mut disk) = self.disk() {
            disk.closed(ino.0);
        }
        reply.ok();
    }

    fn read(
        &self,
        _req: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        offset: u64,
        size: u32,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        match self.disk() {
            Ok(disk) => match disk.node(ino.0) {
                Ok(node) => reply.data(node.contents.read(offset, size as usize)),
                Err(errno) => reply.error(errno),
            },
            Err(errno) => reply.error(errno),
        }
    }

    fn write(
        &self,
        _req: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        offset: u64,
        data: &[u8],
        _write_flags: WriteFlags,
        flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let outcome = self.change(|disk| {
            let written = disk.write(ino.0, offset, data)?;
            // O_SYNC contains O_DSYNC.
            if flags.0 & libc::O_DSYNC != 0 {
                disk.sync(ino.0)?;
            }
            Ok(written)
        });
        match outcome {
            Ok(written) => reply.written(u32::try_from(written).expect("a request is at most 16 MiB")),
            Err(errno) => reply.error(errno),
        }
    }

    fn fallocate(
        &self,
        _req: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        let punches = mode & libc::FALLOC_FL_PUNCH_HOLE != 0;
        let how = Allocate {
            grows: !punches,
            keeps_len: mode & libc::FALLOC_FL_KEEP_SIZE != 0,
            zeroes: punches || mode & libc::FALLOC_FL_ZERO_RANGE != 0,
        };
        done(reply, self.change(|disk| disk.allocate(ino.0, offset, length, how)));
    }

    /// Data and metadata are one here: the length always comes with the data that needs it.
    fn fsync(&self, _req: &Request, ino: INodeNo, _fh: FileHandle, _datasync: bool, reply: ReplyEmpty) {
        self.sync(ino, reply);
    }

    fn fsyncdir(&self, _req: &Request, ino: INodeNo, _fh: FileHandle, _datasync: bool, reply: ReplyEmpty) {
        self.sync(ino, reply);
    }

    /// A listing shows the directory as it was when it was opened, so that removing while reading skips nothing.
    fn opendir(&self, _req: &Request, ino: INodeNo, _flags: OpenFlags, reply: ReplyOpen) {
        match self.disk() {
            Ok(disk) => {
                let handle = self.last_listing.fetch_add(1, Ordering::Relaxed);
                self.listings.lock().insert(handle, disk.list(ino.0));
                reply.opened(FileHandle(handle), FopenFlags::empty());
            }
            Err(errno) => reply.error(errno),
        }
    }

    fn readdir(&self, _req: &Request, _ino: INodeNo, fh: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let listings = self.listings.lock();
        let listing = listings.get(&fh.0).map(Vec::as_slice).unwrap_or_default();
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        for (at, (ino, kind, name)) in listing.iter().enumerate().skip(from) {
            if reply.add(INodeNo(*ino), at as u64 + 1, *kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn releasedir(&self, _req: &Request, _ino: INodeNo, fh: FileHandle, _flags: OpenFlags, reply: ReplyEmpty) {
        self.listings.lock().remove(&fh.0);
        reply.ok();
    }

    fn statfs(&self, _req: &Request, _ino: INodeNo, reply: ReplyStatfs) {
        match self.disk() {
            Ok(mut disk) => {
                let block = u64::from(BLOCK);
                let (all, free) = disk.space();
                let free = free / block;
                reply.statfs(all.div_ceil(block), free, free, 1 << 20, 1 << 20, BLOCK, 255, BLOCK);
            }
            Err(errno) => reply.error(errno),
        }
    }
}

fn permissions(mode: u32) -> u16 {
    u16::try_from(mode & 0o7777).expect("twelve bits fit")
}

fn attributes(disk: &Disk, ino: Ino) -> Result<FileAttr, Errno> {
    let node = disk.node(ino)?;
    let size = node.contents.len() as u64;
    Ok(FileAttr {
        ino: INodeNo(ino),
        size,
        blocks: size.div_ceil(512),
        atime: UNIX_EPOCH,
        mtime: UNIX_EPOCH,
        ctime: UNIX_EPOCH,
        crtime: UNIX_EPOCH,
        kind: node.kind,
        perm: node.mode,
        nlink: 1,
        uid: nix::unistd::getuid().as_raw(),
        gid: nix::unistd::getgid().as_raw(),
        rdev: 0,
        blksize: BLOCK,
        flags: 0,
    })
}

fn done(reply: ReplyEmpty, outcome: Result<(), Errno>) {
    match outcome {
        Ok(()) => reply.ok(),
        Err(errno) => reply.error(errno),
    }
}

fn entry(reply: ReplyEntry, outcome: Result<FileAttr, Errno>) {
    match outcome {
        Ok(attr) => reply.entry(&NO_CACHE, &attr, Generation(0)),
        Err(errno) => reply.error(errno),
    }
}

fn attr(reply: ReplyAttr, outcome: Result<FileAttr, Errno>) {
    match outcome {
        Ok(attr) => reply.attr(&NO_CACHE, &attr),
        Err(errno) => reply.error(errno),
    }
}
