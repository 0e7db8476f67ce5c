//! The command line.
//!
//! Exit codes: 0 done, 1 refused (the text says why), 64 wrong usage or settings, 69 something outside does not work
//! (port taken, store locked or damaged), 70 our mistake.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use madoguchi_protocol::api::Role;

use crate::config::Overrides;

/// Wrong usage or settings.
pub const EXIT_USAGE: u8 = 64;
/// Something outside does not work.
pub const EXIT_UNAVAILABLE: u8 = 69;
/// Our mistake.
pub const EXIT_INTERNAL: u8 = 70;

/// Madoguchi (窓口): the messaging engine for contact centres.
#[derive(Debug, Parser)]
#[command(name = "madoguchi", version)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves until SIGTERM. Prints one line, `listening http://HOST:PORT`, when it is reachable.
    Serve(Settings),
    /// People who can log in.
    #[command(subcommand)]
    User(User),
    /// Reads settings as `serve` would, and names every mistake.
    CheckConfig(Settings),
    /// Prints the commented sample with every default.
    PrintDefaultConfig,
    /// The journal.
    #[command(subcommand)]
    Journal(Journal),
    /// The audit log.
    #[command(subcommand)]
    Audit(Audit),
    /// Writes a copy of the whole store into an empty folder. Works while the server runs.
    Backup {
        /// Where the settings come from.
        #[command(flatten)]
        settings: Settings,
        /// The folder to write; empty or missing.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
    /// Makes a store in an empty data folder from a copy. Sending is held until it is released.
    Restore {
        /// Where the settings come from.
        #[command(flatten)]
        settings: Settings,
        /// The folder of the copy.
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
    },
    /// Whether anything goes out.
    #[command(subcommand)]
    Sending(Sending),
    /// Counts everything once more: received, shown, parked, accepted, sent. Exit code 1 where it does not add up.
    Ledger {
        /// Where the settings come from.
        #[command(flatten)]
        settings: Settings,
        /// One object of JSON.
        #[arg(long)]
        json: bool,
    },
    /// The keys that channel secrets are sealed with.
    #[command(subcommand)]
    Secrets(Secrets),
    /// Removes redacted content from the disk at once.
    Compact(Settings),
    /// Says what the running server logs, or changes it until the server ends.
    LogLevel {
        /// Where the settings come from.
        #[command(flatten)]
        settings: Settings,
        /// A level, or directives such as info,madoguchi_engine=debug. Left out: only says it.
        #[arg(value_name = "LEVEL")]
        level: Option<String>,
    },
}

/// Where the settings come from.
#[derive(Clone, Debug, ClapArgs)]
pub struct Settings {
    /// Settings as TOML; see print-default-config.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where everything is kept.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Address and port; port 0 takes a free one.
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
}

impl Settings {
    /// As the settings' reader takes it.
    #[must_use]
    pub fn overrides(&self) -> Overrides {
        Overrides { file: self.config.clone(), data_dir: self.data_dir.clone(), listen: self.listen.clone() }
    }
}

/// People who can log in.
#[derive(Debug, Subcommand)]
pub enum User {
    /// Adds a person; the password is read from standard input. Works before the first start and while it runs.
    Add {
        /// Where the settings come from.
        #[command(flatten)]
        settings: Settings,
        /// What they log in with.
        #[arg(long)]
        login: String,
        /// What colleagues see; the login when left out.
        #[arg(long)]
        name: Option<String>,
        /// What they may do.
        #[arg(long, value_enum)]
        role: RoleArg,
    },
}

/// A role on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleArg {
    /// Answers customers.
    Agent,
    /// Reads every window and may take a seat over.
    Supervisor,
    /// Sets windows, inboxes and people up.
    Administrator,
    /// Everything.
    Owner,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Agent => Self::Agent,
            RoleArg::Supervisor => Self::Supervisor,
            RoleArg::Administrator => Self::Administrator,
            RoleArg::Owner => Self::Owner,
        }
    }
}

/// Whether anything goes out.
#[derive(Debug, Subcommand)]
pub enum Sending {
    /// Says it.
    Status(Settings),
    /// Nothing goes out any more; answers are accepted and wait.
    Hold(Settings),
    /// Sending goes on. What waited in a store when it was restored becomes unknown: it may have been sent already.
    Release {
        /// Where the settings come from.
        #[command(flatten)]
        settings: Settings,
        /// What waited at the restore was never sent, and goes out too.
        #[arg(long)]
        send_waiting: bool,
    },
}

/// The keys that channel secrets are sealed with.
#[derive(Debug, Subcommand)]
pub enum Secrets {
    /// Draws a new key, seals every secret with it and forgets the former keys. Works while the server runs.
    Rotate(Settings),
    /// Seals every secret with the newest key of the file, and removes open secrets of former releases. Works while the
    /// server runs.
    Reseal(Settings),
    /// Makes a file of keys where there is none: after the former was lost. Every secret must then be entered again.
    NewKey(Settings),
}

/// The audit log.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Reads every entry and says whether one was altered, removed or moved; prints the newest, to be noted elsewhere.
    /// Works while the server runs.
    Verify {
        /// Where the settings come from.
        #[command(flatten)]
        settings: Settings,
        /// A newest entry that was noted before, as it was printed; it must still be there. May be given several times.
        #[arg(long, value_name = "POSITION:HASH")]
        head: Vec<String>,
    },
}

/// The journal.
#[derive(Debug, Subcommand)]
pub enum Journal {
    /// Reads every record and names the first that is damaged. The server must not run.
    Verify(Settings),
    /// Writes every record as a JSON line. Works while the server runs.
    Export {
        /// Where the settings come from.
        #[command(flatten)]
        settings: Settings,
        /// The file to write; must not exist.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Fills an empty store from an export. The server must not run.
    Import {
        /// Where the settings come from.
        #[command(flatten)]
        settings: Settings,
        /// The file to read.
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
    },
}

/// Reads the command line; on a mistake prints how it is used.
///
/// # Errors
/// The exit code: 0 after `--help`, 64 after a mistake.
pub fn parse() -> Result<Args, ExitCode> {
    Args::try_parse().map_err(|error| {
        // Standard output or error may be closed; there is nobody left to tell.
        let _ = error.print();
        if error.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS }
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_what_the_documents_say() {
        Args::command().debug_assert();
        for line in [
            "madoguchi serve --data-dir d --listen 127.0.0.1:0",
            "madoguchi serve",
            "madoguchi user add --data-dir d --login hanako --role owner",
            "madoguchi check-config --config m.toml",
            "madoguchi print-default-config",
            "madoguchi journal verify --data-dir d",
            "madoguchi journal export --data-dir d --to out.jsonl",
            "madoguchi journal import --data-dir d --from out.jsonl",
            "madoguchi compact --data-dir d",
            "madoguchi backup --data-dir d --to copy",
            "madoguchi restore --data-dir d --from copy",
            "madoguchi sending status --data-dir d",
            "madoguchi sending hold --data-dir d",
            "madoguchi sending release --data-dir d --send-waiting",
            "madoguchi ledger --data-dir d --json",
            "madoguchi secrets rotate --data-dir d",
            "madoguchi secrets reseal --data-dir d",
            "madoguchi secrets new-key --data-dir d",
            "madoguchi log-level --data-dir d",
            "madoguchi log-level --data-dir d info,madoguchi_engine=debug",
        ] {
            assert!(Args::try_parse_from(line.split(' ')).is_ok(), "{line}");
        }
        for line in ["madoguchi", "madoguchi user add --login x", "madoguchi fly"] {
            assert!(Args::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }
}
