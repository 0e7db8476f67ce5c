//! The server under measurement: a process of its own on the servers' core, ended with its owner.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Outcome;
use crate::machine::on_server_core;

/// How long anything about a process may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// A child that is killed when it is dropped.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Takes a child over.
    #[must_use]
    pub fn new(child: Child) -> Self {
        Self(child)
    }

    /// Its number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// The first line of its standard output, which must be piped.
    ///
    /// # Errors
    /// It ended without one.
    pub fn first_line(&mut self) -> Outcome<String> {
        let mut line = String::new();
        let stdout = self.0.stdout.as_mut().ok_or("standard output is not piped")?;
        BufReader::new(stdout).read_line(&mut line)?;
        if line.is_empty() {
            return Err(format!("it ended before it was ready ({:?})", self.0.wait()).into());
        }
        Ok(line.trim().to_owned())
    }

    /// Asks it to end, and waits.
    ///
    /// # Errors
    /// It does not end, or not cleanly.
    pub fn stop(mut self) -> Outcome<()> {
        kill(Pid::from_raw(i32::try_from(self.0.id())?), Signal::SIGTERM)?;
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            match self.0.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("it ended with {status}").into()),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
        Err("it does not stop".into())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    /// Its process.
    pub process: Process,
    /// `127.0.0.1:PORT`.
    pub address: String,
}

/// The built program: `MADOGUCHI_BIN`, or the one beside this program.
///
/// # Errors
/// It is not built.
pub fn program() -> Outcome<PathBuf> {
    if let Some(path) = std::env::var_os("MADOGUCHI_BIN") {
        return Ok(path.into());
    }
    let own = std::env::current_exe()?;
    let mut beside = own.ancestors().skip(1).map(|folder| folder.join("madoguchi"));
    beside.find(|path| path.is_file()).ok_or_else(|| "madoguchi is not built: cargo build -p madoguchi-web".into())
}

/// The program on the servers' core. It takes every `MADOGUCHI_*` for a setting, and the one that names it is none.
fn server() -> Outcome<Command> {
    let mut command = on_server_core(&program()?);
    command.env_remove("MADOGUCHI_BIN");
    Ok(command)
}

impl Server {
    /// Starts `madoguchi serve` on `data_dir` and a free port; returns when it listens, which it does when it is ready.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(data_dir: &Path) -> Outcome<Self> {
        Self::start_with(data_dir, &[])
    }

    /// The same with more settings, names without `MADOGUCHI_`.
    ///
    /// # Errors
    /// It does not start.
    pub fn start_with(data_dir: &Path, settings: &[(&str, &str)]) -> Outcome<Self> {
        let mut command = server()?;
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data_dir);
        for (key, value) in [
            ("PASSWORDS__WEAK_HASHES_FOR_TESTS", "true"),
            ("LIMITS__SOCKETS_PER_AGENT", "20000"),
            ("ENGINE__MIN_FREE_BYTES", "1048576"),
            ("LOG__LEVEL", "warn"),
        ]
        .iter()
        .chain(settings)
        {
            command.env(format!("MADOGUCHI_{key}"), value);
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut process = Process::new(child);
        let line = process.first_line()?;
        let address = line.strip_prefix("listening http://").ok_or_else(|| format!("it said {line:?}"))?.to_owned();
        Ok(Self { process, address })
    }

    /// `madoguchi user add`: an owner who can log in.
    ///
    /// # Errors
    /// The command fails.
    pub fn add_owner(data_dir: &Path, login: &str, password: &str) -> Outcome<()> {
        let mut command = server()?;
        command.args(["user", "add", "--login", login, "--role", "owner", "--data-dir"]).arg(data_dir);
        command.env("MADOGUCHI_PASSWORDS__WEAK_HASHES_FOR_TESTS", "true");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        let mut stdin = child.stdin.take().ok_or("standard input is piped")?;
        writeln!(stdin, "{password}")?;
        drop(stdin);
        let status = child.wait()?;
        if status.success() { Ok(()) } else { Err(format!("user add ended with {status}").into()) }
    }
}
