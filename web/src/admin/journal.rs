//! `journal verify` and `journal import`: on the store itself, with no server running; the store's lock sees to that.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use madoguchi_engine::domain::id::StreamId;
use madoguchi_engine::journal::Fault;
use madoguchi_engine::journal::segment::{self, Options, Report, SegmentJournal};
use madoguchi_engine::journal::transfer::{self, ImportError};

use super::wire::Response;
use crate::boot::chain;
use crate::config::Config;

/// `journal verify`.
#[must_use]
pub fn verify(config: Config) -> ExitCode {
    super::report(&verified(segment::verify(&folder(&config))))
}

/// `journal import`.
#[must_use]
pub fn import(config: &Config, from: &Path) -> ExitCode {
    let done = match File::open(from) {
        Ok(file) => imported(fill(config, file)),
        Err(error) => Response::Failed { text: format!("{}: {error}", from.display()) },
    };
    super::report(&done)
}

/// Where the engine keeps the journal.
fn folder(config: &Config) -> PathBuf {
    config.data_dir.join("journal")
}

fn verified(report: Result<Report, Fault>) -> Response {
    match report {
        Ok(report) => {
            let torn = report.torn.map_or_else(String::new, |(file, offset)| {
                format!("; an unacknowledged tail at {} from {offset} is cut at the next start", file.display())
            });
            Response::Done {
                text: format!(
                    "{} records in {} streams and {} segments are sound, {} of them wait for compact{torn}",
                    report.records, report.streams, report.segments, report.redacted
                ),
            }
        }
        Err(fault) => Response::Failed { text: chain(&fault) },
    }
}

fn fill(config: &Config, file: File) -> Result<usize, ImportError> {
    let options = Options {
        segment_bytes: config.engine.segment_bytes,
        // Nothing is redacted while an export is read: what was, is gone from its text.
        redactor: <[u8]>::to_vec,
    };
    let journal = SegmentJournal::open(folder(config), options)?;
    // Another life of the store: whoever comes with a position of the old one is told everything anew.
    let mut fresh = |_| StreamId(ulid::Ulid::new().0);
    transfer::import(&journal, &mut BufReader::new(file), &mut fresh).map(|streams| streams.len())
}

fn imported(done: Result<usize, ImportError>) -> Response {
    match done {
        Ok(streams) => Response::Done { text: format!("imported {streams} streams") },
        Err(error) => Response::Failed { text: chain(&error) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(dir: &Path) -> Config {
        Config { data_dir: dir.to_path_buf(), ..Config::default() }
    }

    #[test]
    fn an_export_that_is_none_is_refused_with_its_line() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let text = dir.path().join("export.jsonl");
        std::fs::write(&text, "{\"stream\":1}\n").expect("writable");
        let file = File::open(&text).expect("just written");
        let Response::Failed { text } = imported(fill(&config(dir.path()), file)) else {
            panic!("no record of ours");
        };
        assert!(text.contains("line 1"), "{text}");
    }

    #[test]
    fn a_sound_journal_is_called_sound() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let config = config(dir.path());
        let file = tempfile::tempfile().expect("an empty file");
        assert!(fill(&config, file).is_ok());
        let Response::Done { text } = verified(segment::verify(&folder(&config))) else {
            panic!("nothing is damaged");
        };
        assert!(text.starts_with("0 records"), "{text}");
    }
}
