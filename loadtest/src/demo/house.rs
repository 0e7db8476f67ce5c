//! The server that a demo starts: as anybody would, with settings from the environment, and ended as politely.

use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::options::Options;
use crate::run::RunError;

/// How long it may take to stop; its own deadline is shorter.
const STOPS: Duration = Duration::from_secs(30);

/// A server that ends with the demo.
#[derive(Debug)]
pub(super) struct House {
    child: Child,
    /// `http://127.0.0.1:8080`.
    pub(super) url: String,
}

impl House {
    /// Starts it with this under its login form, and waits for its address: replaying a long journal takes its time.
    pub(super) fn open(program: &Path, options: &Options, login_hint: &str) -> Result<Self, RunError> {
        let mut command = Command::new(program);
        command.arg("serve").arg("--data-dir").arg(&options.data_dir);
        command.args(["--listen", &options.listen.to_string()]);
        command.env("MADOGUCHI_LOGIN_HINT", login_hint);
        if std::env::var_os("MADOGUCHI_LOG__LEVEL").is_none() {
            command.env("MADOGUCHI_LOG__LEVEL", "warn");
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(not_started)?;
        let mut line = String::new();
        let read = child.stdout.take().map_or(Ok(0), |stdout| BufReader::new(stdout).read_line(&mut line));
        let url = line.trim().strip_prefix("listening ").map(str::to_owned);
        match (read, url) {
            (Ok(_), Some(url)) => Ok(Self { child, url }),
            _ => {
                // What kept it from starting stands on standard error.
                let _ = child.kill();
                let status = child.wait().map_err(not_started)?;
                Err(RunError::Server(format!("it ended with {status}")))
            }
        }
    }

    /// The end that it came to by itself, if it did.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Asks it to stop, and waits for that. Ctrl-C at a terminal has asked it already, and asking twice is nothing.
    pub(super) fn close(mut self) -> Result<(), RunError> {
        self.ask_to_stop();
        let end = Instant::now() + STOPS;
        loop {
            match self.child.try_wait().map_err(not_started)? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(RunError::Server(format!("it ended with {status}"))),
                None if Instant::now() > end => return Err(RunError::Server("it does not stop".to_owned())),
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    fn ask_to_stop(&self) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            // Gone already: that is what was wanted.
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
    }
}

impl Drop for House {
    /// After [`House::close`] there is nothing left to end.
    fn drop(&mut self) {
        if self.ended().is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Adds the first owner to an empty folder.
pub(super) fn add_owner(program: &Path, dir: &Path, login: &str, password: &str) -> Result<(), RunError> {
    let mut command = Command::new(program);
    command.args(["user", "add", "--data-dir"]).arg(dir).args(["--login", login, "--role", "owner"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().map_err(not_started)?;
    if let Some(mut stdin) = child.stdin.take() {
        writeln!(stdin, "{password}").map_err(not_started)?;
    }
    let status = child.wait().map_err(not_started)?;
    if status.success() { Ok(()) } else { Err(RunError::Server(format!("`user add` ended with {status}"))) }
}

fn not_started(error: io::Error) -> RunError {
    RunError::Server(error.to_string())
}
