//! What the lossy disk promises to lose and to keep. Each test is skipped, visibly, where nothing can be mounted.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, Flock, FlockArg, fallocate};

use super::{Lossy, Options, PowerCut, SECTOR};

fn sync_dir(path: &Path) {
    File::open(path).unwrap().sync_all().unwrap();
}

/// A file whose name and first contents are durable.
fn durable_file(lossy: &Lossy, name: &str, contents: &[u8]) -> File {
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(lossy.path().join(name)).unwrap();
    file.write_all(contents).unwrap();
    file.sync_all().unwrap();
    sync_dir(lossy.path());
    file
}

fn read(lossy: &Lossy, name: &str) -> Vec<u8> {
    fs::read(lossy.path().join(name)).unwrap()
}

#[test]
fn unsynced_bytes_are_lost_and_synced_ones_kept() {
    let Some(lossy) = Lossy::mount() else { return };
    let file = durable_file(&lossy, "log", b"kept ");
    file.write_all_at(b"lost", 5).unwrap();
    assert_eq!(read(&lossy, "log"), b"kept lost");
    lossy.power_cut(PowerCut::Clean);
    assert_eq!(read(&lossy, "log"), b"kept ");

    let file = OpenOptions::new().append(true).open(lossy.path().join("log")).unwrap();
    (&file).write_all(b"again").unwrap();
    let before = lossy.syncs();
    file.sync_data().unwrap();
    assert_eq!(lossy.syncs(), before + 1);
    lossy.power_cut(PowerCut::Clean);
    assert_eq!(read(&lossy, "log"), b"kept again");
}

#[test]
fn a_range_sync_or_a_close_saves_nothing() {
    let Some(lossy) = Lossy::mount() else { return };
    let file = durable_file(&lossy, "log", b"");
    file.write_all_at(b"lost", 0).unwrap();
    #[expect(unsafe_code, reason = "nix does not wrap this call; it takes no pointer")]
    // SAFETY: the descriptor is open and the call reads no memory of ours.
    let answer = unsafe { nix::libc::sync_file_range(file.as_raw_fd(), 0, 4, 7) };
    assert_eq!(answer, 0);
    drop(file);
    lossy.power_cut(PowerCut::Clean);
    assert_eq!(read(&lossy, "log"), b"");
}

#[test]
fn a_write_through_o_dsync_is_kept() {
    let Some(lossy) = Lossy::mount() else { return };
    durable_file(&lossy, "log", b"");
    let path = lossy.path().join("log");
    let mut file = OpenOptions::new().write(true).custom_flags(nix::libc::O_DSYNC).open(path).unwrap();
    file.write_all(b"kept").unwrap();
    lossy.power_cut(PowerCut::Clean);
    assert_eq!(read(&lossy, "log"), b"kept");
}

#[test]
fn a_torn_cut_mixes_old_and_new_sectors_and_tears_nowhere_else() {
    let Some(lossy) = Lossy::mount() else { return };
    let mut outcomes = HashSet::new();
    for seed in 0..20 {
        let name = format!("log{seed}");
        let file = durable_file(&lossy, &name, &[b'0'; 4 * SECTOR]);
        file.write_all_at(&[b'1'; 4 * SECTOR], 0).unwrap();
        file.write_all_at(&[b'2'; SECTOR], 0).unwrap();
        lossy.power_cut(PowerCut::Torn { seed });
        let left = read(&lossy, &name);
        assert_eq!(left.len(), 4 * SECTOR);
        for sector in left.chunks(SECTOR) {
            assert!(sector.iter().all(|byte| *byte == sector[0]), "seed {seed} tore a sector");
        }
        outcomes.insert(left.chunks(SECTOR).map(|sector| sector[0]).collect::<Vec<_>>());
    }
    assert!(outcomes.len() > 8, "twenty seeds gave only {outcomes:?}");
    assert!(outcomes.iter().any(|sectors| sectors[0] == b'2' && sectors[1] == b'0'), "never reordered");
    assert!(outcomes.iter().any(|sectors| sectors[0] == b'1'), "an older write never won over a newer one");
}

#[test]
fn the_same_seed_leaves_the_same_bytes() {
    let outcome = |seed| {
        let lossy = Lossy::mount()?;
        let file = durable_file(&lossy, "log", b"");
        for at in 0..64 {
            file.write_all_at(&[at; 700], u64::from(at) * 700).unwrap();
        }
        lossy.power_cut(PowerCut::Torn { seed });
        Some(read(&lossy, "log"))
    };
    let Some(first) = outcome(7) else { return };
    assert_eq!(Some(&first), outcome(7).as_ref());
    assert_ne!(Some(&first), outcome(8).as_ref());
}

#[test]
fn a_torn_cut_leaves_the_synced_alone() {
    let Some(lossy) = Lossy::mount() else { return };
    let file = durable_file(&lossy, "log", &[b'k'; 10 * SECTOR]);
    for seed in 0..10 {
        OpenOptions::new()
            .write(true)
            .open(lossy.path().join("log"))
            .unwrap()
            .write_all_at(&[b'x'; 3 * SECTOR], 10 * SECTOR as u64)
            .unwrap();
        lossy.power_cut(PowerCut::Torn { seed });
        assert_eq!(&read(&lossy, "log")[..10 * SECTOR], [b'k'; 10 * SECTOR]);
    }
    let error = file.write_all_at(b"x", 0).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(Errno::EIO as i32), "a handle outlived the power");
}

#[test]
fn a_new_file_is_lost_until_its_directory_is_synced() {
    let Some(lossy) = Lossy::mount() else { return };
    let file = File::create(lossy.path().join("new")).unwrap();
    (&file).write_all(b"synced").unwrap();
    file.sync_all().unwrap();
    lossy.power_cut(PowerCut::Clean);
    assert!(!lossy.path().join("new").exists());

    let options = Options { names_follow_files: true, ..Options::default() };
    let lossy = Lossy::mount_with(options).expect("the first one could be mounted");
    let file = File::create(lossy.path().join("new")).unwrap();
    file.sync_all().unwrap();
    lossy.power_cut(PowerCut::Clean);
    assert!(lossy.path().join("new").exists(), "ext4 saves the name with the file");
}

#[test]
fn a_rename_is_lost_without_a_directory_sync_and_whole_with_it() {
    let Some(lossy) = Lossy::mount() else { return };
    let at = |name: &str| lossy.path().join(name);
    durable_file(&lossy, "conf", b"old");
    durable_file(&lossy, "conf.tmp", b"new");
    fs::rename(at("conf.tmp"), at("conf")).unwrap();
    assert_eq!(read(&lossy, "conf"), b"new");
    lossy.power_cut(PowerCut::Clean);
    assert_eq!((read(&lossy, "conf"), read(&lossy, "conf.tmp")), (b"old".to_vec(), b"new".to_vec()));

    fs::rename(at("conf.tmp"), at("conf")).unwrap();
    sync_dir(lossy.path());
    lossy.power_cut(PowerCut::Clean);
    assert_eq!(read(&lossy, "conf"), b"new");
    assert!(!at("conf.tmp").exists());
}

#[test]
fn a_rename_between_directories_never_leaves_two_names_or_none() {
    let Some(lossy) = Lossy::mount() else { return };
    let at = |name: &str| lossy.path().join(name);
    for dir in ["a", "b"] {
        fs::create_dir(at(dir)).unwrap();
    }
    sync_dir(lossy.path());
    for (round, synced) in [Some("a"), Some("b"), None].into_iter().enumerate() {
        let (from, to) = (at(&format!("a/{round}")), at(&format!("b/{round}")));
        File::create(&from).unwrap();
        sync_dir(&at("a"));
        fs::rename(&from, &to).unwrap();
        if let Some(dir) = synced {
            sync_dir(&at(dir));
        }
        lossy.power_cut(PowerCut::Clean);
        assert_eq!((from.exists(), to.exists()), (synced.is_none(), synced.is_some()));
    }
}

#[test]
fn a_removed_file_comes_back_until_its_directory_is_synced() {
    let Some(lossy) = Lossy::mount() else { return };
    durable_file(&lossy, "old", b"here");
    fs::remove_file(lossy.path().join("old")).unwrap();
    lossy.power_cut(PowerCut::Clean);
    assert_eq!(read(&lossy, "old"), b"here");
    fs::remove_file(lossy.path().join("old")).unwrap();
    sync_dir(lossy.path());
    lossy.power_cut(PowerCut::Clean);
    assert!(!lossy.path().join("old").exists());
}

#[test]
fn a_full_disk_says_so_and_has_room_again_after_a_removal() {
    let options = Options { size_limit: Some(1 << 20), ..Options::default() };
    let Some(lossy) = Lossy::mount_with(options) else {
        return;
    };
    let mut file = File::create(lossy.path().join("big")).unwrap();
    assert_eq!(file.write(&vec![1; 2 << 20]).unwrap(), 1 << 20, "a short write comes first");
    let error = file.write_all(b"x").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    let free = nix::sys::statvfs::statvfs(lossy.path()).unwrap();
    assert_eq!(free.blocks_available(), 0);
    let second = File::create(lossy.path().join("second")).unwrap();
    let allocated = fallocate(&second, FallocateFlags::empty(), 0, 4096);
    assert_eq!(allocated, Err(Errno::ENOSPC));

    fs::remove_file(lossy.path().join("big")).unwrap();
    assert_eq!(fallocate(&second, FallocateFlags::empty(), 0, 4096), Err(Errno::ENOSPC), "still open");
    drop(file);
    // The kernel closes behind the program's back; the next answers come after it.
    let end = std::time::Instant::now() + Duration::from_secs(5);
    while fallocate(&second, FallocateFlags::empty(), 0, 4096).is_err() {
        assert!(std::time::Instant::now() < end, "the space never came back");
        std::thread::yield_now();
    }
}

#[test]
fn allocating_truncating_and_punching_behave_like_a_disk() {
    let Some(lossy) = Lossy::mount() else { return };
    let file = durable_file(&lossy, "segment", b"");
    fallocate(&file, FallocateFlags::empty(), 0, 1 << 20).unwrap();
    assert_eq!(file.metadata().unwrap().len(), 1 << 20);
    file.write_all_at(b"abcdef", 1000).unwrap();
    let hole = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
    fallocate(&file, hole, 1002, 2).unwrap();
    let mut bytes = [1; 6];
    file.read_exact_at(&mut bytes, 1000).unwrap();
    assert_eq!(&bytes, b"ab\0\0ef");
    file.set_len(1003).unwrap();
    file.sync_data().unwrap();
    file.set_len(0).unwrap();
    lossy.power_cut(PowerCut::Clean);
    let left = read(&lossy, "segment");
    assert_eq!((left.len(), &left[1000..]), (1003, &b"ab\0"[..]));
}

#[test]
fn an_ignored_sync_is_answered_counted_and_not_done() {
    let Some(lossy) = Lossy::mount() else { return };
    let file = durable_file(&lossy, "log", b"kept");
    lossy.ignore_syncs(true);
    file.write_all_at(b"lost", 0).unwrap();
    let before = lossy.syncs();
    file.sync_data().unwrap();
    assert_eq!(lossy.syncs(), before + 1);
    lossy.power_cut(PowerCut::Clean);
    assert_eq!(read(&lossy, "log"), b"kept");
}

#[test]
fn a_failed_sync_loses_its_bytes_even_when_the_next_one_succeeds() {
    let Some(lossy) = Lossy::mount() else { return };
    let file = durable_file(&lossy, "log", b"old");
    lossy.fail_after(1, Errno::EIO);
    file.write_all_at(b"new", 0).unwrap();
    assert_eq!(file.sync_data().unwrap_err().raw_os_error(), Some(Errno::EIO as i32));
    file.sync_data().unwrap();
    assert_eq!(read(&lossy, "log"), b"new");
    lossy.power_cut(PowerCut::Clean);
    assert_eq!(read(&lossy, "log"), b"old");
}

#[test]
fn a_planned_cut_strikes_at_its_call_and_nothing_happens_after_it() {
    let Some(lossy) = Lossy::mount() else { return };
    let file = durable_file(&lossy, "log", b"");
    lossy.die_after(3);
    file.write_all_at(b"a", 0).unwrap();
    file.sync_data().unwrap();
    file.write_all_at(b"b", 1).unwrap();
    assert!(!lossy.wait_dead(Duration::ZERO));
    file.sync_data().unwrap_err();
    assert!(lossy.wait_dead(Duration::ZERO));
    File::open(lossy.path()).unwrap_err();
    lossy.power_cut(PowerCut::Clean);
    assert_eq!(read(&lossy, "log"), b"a");
}

#[test]
fn locks_appends_and_listings_work_as_programs_expect() {
    let Some(lossy) = Lossy::mount() else { return };
    let path = lossy.path().join("lock");
    let first = Flock::lock(File::create(&path).unwrap(), FlockArg::LockExclusiveNonblock).unwrap();
    let (_, refused) = Flock::lock(File::open(&path).unwrap(), FlockArg::LockExclusiveNonblock).unwrap_err();
    assert_eq!(refused, Errno::EWOULDBLOCK);
    drop(first);

    for _ in 0..3 {
        let mut log = OpenOptions::new().create(true).append(true).open(lossy.path().join("log")).unwrap();
        log.write_all(b"ab").unwrap();
    }
    let mut log = File::open(lossy.path().join("log")).unwrap();
    log.seek(SeekFrom::End(-3)).unwrap();
    let mut tail = String::new();
    log.read_to_string(&mut tail).unwrap();
    assert_eq!(tail, "bab");

    let folder = lossy.path().join("many");
    fs::create_dir(&folder).unwrap();
    for number in 0..2000 {
        File::create(folder.join(format!("a file with a rather long name {number}"))).unwrap();
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2000);
    fs::remove_dir(&folder).unwrap_err();
    fs::remove_dir_all(&folder).unwrap();
    assert!(!folder.exists());
    std::os::unix::net::UnixListener::bind(lossy.path().join("admin.sock")).unwrap();
}
