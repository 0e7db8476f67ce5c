//! The lines between the command line and the running server: one JSON object each way.

use std::path::PathBuf;

use madoguchi_protocol::Problem;
use madoguchi_protocol::api::{ChangeSending, NewAgent};
use serde::{Deserialize, Serialize};

/// What the operator asks.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Request {
    /// Add a person.
    UserAdd(NewAgent),
    /// Remove redacted content from the disk.
    Compact,
    /// Draw a new key for secrets, and forget the former ones.
    RotateSecrets,
    /// Seal every secret with the newest key.
    ResealSecrets,
    /// Write every record as a JSON line.
    JournalExport {
        /// The file, absolute.
        to: PathBuf,
    },
    /// Write a copy of the store.
    Backup {
        /// The folder, absolute.
        to: PathBuf,
    },
    /// Count everything once more.
    Ledger {
        /// As JSON.
        json: bool,
    },
    /// Say whether anything goes out, or change it.
    Sending {
        /// None to leave it.
        change: Option<ChangeSending>,
    },
    /// Look whether the audit log is whole.
    AuditVerify {
        /// Places of it that were noted elsewhere, as `position:hash`.
        noted: Vec<String>,
    },
    /// Say what is logged, or change it until the end of the process.
    LogLevel {
        /// As `log.level` in the settings; none to leave it.
        level: Option<String>,
    },
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Response {
    /// Done.
    Done {
        /// A line for the operator.
        text: String,
    },
    /// Refused; nothing was changed.
    Refused {
        /// A line for the operator.
        text: String,
        /// The reason in the words of the interface.
        problem: Box<Problem>,
    },
    /// Done, and the answer is bad news.
    Wrong {
        /// Lines for the operator.
        text: String,
    },
    /// Something outside does not work.
    Failed {
        /// A line for the operator.
        text: String,
    },
}
