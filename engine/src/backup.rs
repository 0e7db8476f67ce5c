//! A copy of the whole store in a folder, and the way back.
//!
//! A copy holds the journal as of one moment, then every file that it may name (content is durable before the record
//! that names it, so files copied afterwards are enough), then what else lies in the data folder. Left out is what can be
//! made anew. `SHA256SUMS` lists every file, `backup.json` comes last: without it a copy is not whole.

use std::fs::{self, DirBuilder, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::id::StreamId;
use crate::domain::time::Timestamp;
use crate::journal::segment::{self, Report};
use crate::journal::{Fault, Journal};
use crate::sending::{self, Sending};

/// The layout of a copy.
const FORMAT: u32 = 1;
const MANIFEST: &str = "backup.json";
const SUMS: &str = "SHA256SUMS";
const JOURNAL: &str = "journal";
/// Folders of the data folder that belong to it besides the journal. Read models are made anew; logins and tokens must not
/// come back with an old copy; what is being uploaded belongs to nothing yet.
const FOLDERS: [&str; 1] = ["content"];
/// Files of the data folder that no copy holds: a restored store has its own.
const LEFT_OUT: [&str; 3] = [sending::NAME, crate::audit::MARK, UNFINISHED];
/// Lies in a data folder whose restoring was not finished.
const UNFINISHED: &str = "restore.unfinished";
/// What a process was still writing.
const PART: &str = "part";
const PIECE: usize = 1 << 20;

/// What a copy holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    format: u32,
    /// When it was begun.
    pub taken_at: Timestamp,
    /// The release that wrote it.
    pub version: String,
    /// Records of the journal.
    pub records: u64,
    /// Streams of the journal.
    pub streams: u64,
    /// Files, the journal's segments included.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
}

/// Why there is no copy, or no store from it.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The folder is to be filled and is not empty.
    #[error("{} is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// The folder holds no whole copy that this release can read.
    #[error("{} is no backup: {why}", folder.display())]
    NoBackup {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A file is not what was written.
    #[error("{} is not what was backed up", .0.display())]
    Altered(PathBuf),
    /// The disk refuses.
    #[error("{} cannot be copied", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The journal refuses.
    #[error("the journal cannot be copied")]
    Journal(#[from] Fault),
}

/// Writes a copy into `to`, which is empty or missing. The store may be in use meanwhile.
///
/// # Errors
/// [`BackupError`]; what was written until then is no backup.
pub fn write(journal: &dyn Journal, data_dir: &Path, to: &Path, now: Timestamp) -> Result<Manifest, BackupError> {
    make_empty(to)?;
    let mut sums = Sums::default();
    journal.copy_to(&to.join(JOURNAL))?;
    let report = verified(&to.join(JOURNAL))?;
    for name in names(&to.join(JOURNAL))? {
        let path = Path::new(JOURNAL).join(name);
        let mut file = File::open(to.join(&path)).map_err(at(&path))?;
        let sum = pour(&mut file, &mut io::sink()).map_err(at(&path))?;
        sums.add(&path, sum);
    }
    for folder in FOLDERS {
        copy_folder(data_dir, to, Path::new(folder), &mut sums)?;
    }
    for name in names(data_dir)? {
        let path = Path::new(&name);
        let is_file = fs::symlink_metadata(data_dir.join(path)).is_ok_and(|found| found.is_file());
        if is_file && !LEFT_OUT.contains(&name.as_str()) && !has_extension(path, PART) {
            copy_file(data_dir, to, path, &mut sums)?;
        }
    }
    put(&to.join(SUMS), sums.text.as_bytes())?;
    let manifest = Manifest {
        format: FORMAT,
        taken_at: now,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        records: report.records,
        streams: report.streams,
        files: sums.files,
        bytes: sums.bytes,
    };
    let text = serde_json::to_vec_pretty(&manifest).expect("numbers and a text are JSON");
    put(&to.join(MANIFEST), &text)?;
    sync(to)?;
    Ok(manifest)
}

/// Makes a store in `data_dir`, which is empty or missing, from the copy in `from`. It is another life of the same facts:
/// streams get new ids from `new_stream`, and sending is held. Every file is checked on the way.
///
/// # Errors
/// [`BackupError`]; no server starts on what was written until then.
pub fn restore(
    from: &Path,
    data_dir: &Path,
    now: Timestamp,
    new_stream: &mut dyn FnMut(StreamId) -> StreamId,
) -> Result<Manifest, BackupError> {
    let no_backup = |why: String| BackupError::NoBackup { folder: from.to_path_buf(), why };
    let manifest = fs::read(from.join(MANIFEST)).map_err(|error| no_backup(error.to_string()))?;
    let manifest: Manifest = serde_json::from_slice(&manifest).map_err(|error| no_backup(error.to_string()))?;
    if manifest.format != FORMAT {
        return Err(no_backup(format!("its format is {}, this release knows {FORMAT}", manifest.format)));
    }
    make_empty(data_dir)?;
    put(&data_dir.join(UNFINISHED), b"a restore was begun here and not finished\n")?;
    let list = File::open(from.join(SUMS)).map_err(at(&from.join(SUMS)))?;
    let mut restored = Sums::default();
    for line in BufReader::new(list).lines() {
        let line = line.map_err(at(&from.join(SUMS)))?;
        let (sum, path) = line.split_once("  ").ok_or_else(|| no_backup(format!("{line:?} is no line of {SUMS}")))?;
        let path = Path::new(path);
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(no_backup(format!("{} leads out of it", path.display())));
        }
        if let Some(folder) = path.parent() {
            make(&data_dir.join(folder))?;
        }
        copy_file(from, data_dir, path, &mut restored)?;
        if restored.last != sum {
            return Err(BackupError::Altered(path.to_path_buf()));
        }
    }
    let journal = data_dir.join(JOURNAL);
    segment::rename_streams(&journal, new_stream)?;
    let report = verified(&journal)?;
    if (report.records, restored.files) != (manifest.records, manifest.files) {
        return Err(no_backup("something of it is missing".to_owned()));
    }
    // A clock that went ahead over there must not make an answer of there look like one of here.
    let unsure_before = Some(now.max(manifest.taken_at).plus_ms(1));
    sending::offline(data_dir, |_| Sending { held: true, unsure_before }).map_err(at(data_dir))?;
    fs::remove_file(data_dir.join(UNFINISHED)).map_err(at(data_dir))?;
    sync(data_dir)?;
    Ok(manifest)
}

/// Whether a restore was begun in this data folder and not finished.
#[must_use]
pub fn is_unfinished(data_dir: &Path) -> bool {
    data_dir.join(UNFINISHED).exists()
}

/// The lines of `SHA256SUMS`, and what they add up to.
#[derive(Default)]
struct Sums {
    text: String,
    files: u64,
    bytes: u64,
    /// The sum of the last file.
    last: String,
}

impl Sums {
    fn add(&mut self, path: &Path, (sum, bytes): ([u8; 32], u64)) {
        self.last = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        self.text.push_str(&format!("{}  {}\n", self.last, path.display()));
        self.files += 1;
        self.bytes += bytes;
    }
}

fn copy_folder(from: &Path, to: &Path, folder: &Path, sums: &mut Sums) -> Result<(), BackupError> {
    if !from.join(folder).is_dir() {
        return Ok(());
    }
    make(&to.join(folder))?;
    for name in names(&from.join(folder))? {
        let path = folder.join(name);
        if from.join(&path).is_dir() {
            copy_folder(from, to, &path, sums)?;
        } else if !has_extension(&path, PART) {
            copy_file(from, to, &path, sums)?;
        }
    }
    sync(&to.join(folder))
}

/// One that is gone meanwhile was taken back by its customer, and is not to be kept either.
fn copy_file(from: &Path, to: &Path, path: &Path, sums: &mut Sums) -> Result<(), BackupError> {
    let mut source = match File::open(from.join(path)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        opened => opened.map_err(at(path))?,
    };
    let mode = source.metadata().map_err(at(path))?.permissions();
    let mut copy = File::create_new(to.join(path)).map_err(at(path))?;
    let sum = pour(&mut source, &mut copy).map_err(at(path))?;
    copy.set_permissions(mode).and_then(|()| copy.sync_all()).map_err(at(path))?;
    sums.add(path, sum);
    Ok(())
}

/// All of `source`; its sum and its length.
fn pour(source: &mut dyn Read, out: &mut dyn Write) -> io::Result<([u8; 32], u64)> {
    let (mut sum, mut bytes) = (Sha256::new(), 0);
    let mut piece = vec![0; PIECE];
    loop {
        let read = source.read(&mut piece)?;
        if read == 0 {
            return Ok((sum.finalize().into(), bytes));
        }
        sum.update(&piece[..read]);
        out.write_all(&piece[..read])?;
        bytes += read as u64;
    }
}

/// Checks the journal of a copy, and removes the lock that this takes.
fn verified(journal: &Path) -> Result<Report, BackupError> {
    let report = segment::verify(journal)?;
    let lock = journal.join("lock");
    fs::remove_file(&lock).map_err(at(&lock))?;
    Ok(report)
}

fn make_empty(folder: &Path) -> Result<(), BackupError> {
    make(folder)?;
    let mut inside = fs::read_dir(folder).map_err(at(folder))?;
    if inside.next().is_some() { Err(BackupError::NotEmpty(folder.to_path_buf())) } else { Ok(()) }
}

/// A folder for the owner alone: secrets and customers' words lie in it.
fn make(folder: &Path) -> Result<(), BackupError> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at(folder))
}

/// The names in a folder, in order, so that two copies of one store are alike.
fn names(folder: &Path) -> Result<Vec<String>, BackupError> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.map_err(at(folder))?;
    let mut names: Vec<_> = entries.into_iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
    let written = File::create(path).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(at(path))?;
    path.parent().map_or(Ok(()), sync)
}

fn sync(folder: &Path) -> Result<(), BackupError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_path_buf();
    move |source| BackupError::Io { path, source }
}
