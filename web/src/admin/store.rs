//! `backup`, `restore`, `ledger` and `sending`: the store as a whole.
//!
//! Without a server they work on the files alone: no engine starts, so that nothing is sent by looking.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use madoguchi_engine::Clock;
use madoguchi_engine::backup::{self as copies, BackupError, Manifest};
use madoguchi_engine::domain::id::StreamId;
use madoguchi_engine::journal::segment::{self, Options, SegmentJournal};
use madoguchi_engine::journal::{Fault, codec};
use madoguchi_engine::sending as gate;
use madoguchi_engine::tally::{Ledger, Tally};
use madoguchi_protocol::api::{ChangeSending, Sending};

use super::wire::{Request, Response};
use super::{report, run_or, say};
use crate::args::EXIT_USAGE;
use crate::boot::chain;
use crate::config::Config;
use crate::routes::sending::{changed, shown};

/// `backup`.
#[must_use]
pub fn backup(config: Config, to: &Path) -> ExitCode {
    let Some(to) = absolute(to) else { return ExitCode::from(EXIT_USAGE) };
    run_or(config, Request::Backup { to: to.clone() }, |config, _| match copy(&config, &to) {
        Ok(manifest) => Response::Done { text: written(&to, &manifest) },
        Err(error) => Response::Failed { text: chain(&error) },
    })
}

/// `restore`.
#[must_use]
pub fn restore(config: &Config, from: &Path) -> ExitCode {
    let mut fresh = |_| StreamId(ulid::Ulid::new().0);
    let done = copies::restore(from, &config.data_dir, Clock::System.now(), &mut fresh);
    report(&match done {
        Ok(manifest) => Response::Done {
            text: format!(
                "restored {} records and {} files into {}; sending is held until `madoguchi sending release`; channel secrets \
                 open with the keys of the store that the copy is of, which belong at {}",
                manifest.records,
                manifest.files,
                config.data_dir.display(),
                config.secrets_key_file().display()
            ),
        },
        Err(error) => Response::Failed { text: chain(&error) },
    })
}

/// `ledger`.
#[must_use]
pub fn ledger(config: Config, json: bool) -> ExitCode {
    run_or(config, Request::Ledger { json }, |config, _| match count(&config.data_dir.join("journal")) {
        Ok(ledger) => balance(&ledger, json),
        Err(fault) => Response::Failed { text: chain(&fault) },
    })
}

/// `sending`; without a change it only says.
#[must_use]
pub fn sending(config: Config, change: Option<ChangeSending>) -> ExitCode {
    run_or(config, Request::Sending { change }, |config, _| {
        let done = gate::offline(&config.data_dir, |now| change.map_or(now, |wish| changed(now, wish)));
        match done {
            Ok(now) => Response::Done { text: stands(&shown((now, config.engine.hold_sending))) },
            Err(error) => Response::Failed { text: format!("{}: {error}", config.data_dir.display()) },
        }
    })
}

fn absolute(path: &Path) -> Option<PathBuf> {
    std::path::absolute(path).map_err(|error| say(&format!("{}: {error}", path.display()))).ok()
}

fn copy(config: &Config, to: &Path) -> Result<Manifest, BackupError> {
    let options = Options { segment_bytes: config.engine.segment_bytes, redactor: codec::redact };
    // Holds the store, and cuts what a crash left.
    let journal = SegmentJournal::open(config.data_dir.join("journal"), options)?;
    copies::write(&journal, &config.data_dir, to, Clock::System.now())
}

/// Without read models there is nothing shown to hold it against.
fn count(journal: &Path) -> Result<Ledger, Fault> {
    let mut tally = Tally::default();
    segment::walk(journal, &mut |stream, position, payload| {
        let record = codec::decode(payload).map_err(|error| Fault::Io {
            what: "counting",
            path: journal.to_path_buf(),
            source: std::io::Error::other(error),
        })?;
        tally.add(stream, position, &record);
        Ok::<_, Fault>(())
    })?;
    Ok(tally.close())
}

/// A line about a copy that was written.
pub(super) fn written(to: &Path, manifest: &Manifest) -> String {
    let Manifest { records, streams, files, bytes, .. } = manifest;
    format!("wrote {records} records of {streams} streams, {files} files and {bytes} bytes, to {}", to.display())
}

/// The ledger for the operator; refused where it does not add up.
pub(super) fn balance(ledger: &Ledger, json: bool) -> Response {
    let text =
        if json { serde_json::to_string(ledger).expect("numbers and texts are JSON") } else { ledger.to_string() };
    if ledger.fault_count == 0 { Response::Done { text } } else { Response::Wrong { text } }
}

/// A line about whether anything goes out.
pub(super) fn stands(now: &Sending) -> String {
    let how = match (now.held, now.by_settings) {
        (true, true) => "sending is held by engine.hold_sending in the settings",
        (true, false) => "sending is held",
        (false, _) => "sending goes on",
    };
    match &now.unsure_before {
        Some(before) if now.held => format!(
            "{how}; once released, what was accepted before {before} and waits becomes unknown (不明), unless released with \
             --send-waiting"
        ),
        Some(before) => format!("{how}; what was accepted before {before} and waited is unknown (不明)"),
        None => how.to_owned(),
    }
}
