//! What this machine does for a run: the server as a child on an empty folder, cores, CPU time and memory from /proc.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use serde::Serialize;

use super::error::RunError;

/// How long a started server may take until it listens.
const START: Duration = Duration::from_secs(30);
/// Ticks of /proc in a second: the kernel's USER_HZ, 100 on every architecture this runs on.
const TICK_US: u64 = 10_000;

/// A server that ends with the run, and its folder.
#[derive(Debug)]
pub(crate) struct Started {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    /// The owner's password, drawn for this run.
    pub(crate) password: String,
    folder: Option<tempfile::TempDir>,
}

impl Started {
    /// Starts `program` with an owner of this login and these settings (names without `MADOGUCHI_`), on these cores.
    pub(crate) fn new(
        program: &Path,
        login: &str,
        cores: &[usize],
        settings: &[(&str, String)],
    ) -> Result<Self, RunError> {
        let folder = tempfile::Builder::new()
            .prefix("madoguchi-load-")
            .tempdir()
            .map_err(|source| RunError::Machine { what: "a temporary folder", source })?;
        let password = format!("{:032x}", rand::random::<u128>());
        let mine = sched_getaffinity(Pid::from_raw(0)).map_err(|errno| affinity(errno.into()))?;
        // A child begins with its parent's cores, and so do all its threads.
        pin(cores)?;
        let added = add_owner(program, folder.path(), login, &password);
        let started = added.and_then(|()| serve(program, folder.path(), settings));
        sched_setaffinity(Pid::from_raw(0), &mine).map_err(|errno| affinity(errno.into()))?;
        let (child, url) = started?;
        Ok(Self { child, url, password, folder: Some(folder) })
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Keeps the folder after the run, for whoever looks into what went wrong.
    pub(crate) fn keep_folder(&mut self) -> Option<std::path::PathBuf> {
        self.folder.take().map(tempfile::TempDir::keep)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // One that has ended by itself needs no kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn add_owner(program: &Path, folder: &Path, login: &str, password: &str) -> Result<(), RunError> {
    let mut command = clean(program);
    command.args(["user", "add", "--data-dir"]).arg(folder).args(["--login", login, "--role", "owner"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().map_err(not_started)?;
    if let Some(mut stdin) = child.stdin.take() {
        writeln!(stdin, "{password}").map_err(not_started)?;
    }
    let status = child.wait().map_err(not_started)?;
    if status.success() { Ok(()) } else { Err(RunError::Server(format!("`user add` ended with {status}"))) }
}

fn serve(program: &Path, folder: &Path, settings: &[(&str, String)]) -> Result<(Child, String), RunError> {
    let mut command = clean(program);
    command.envs(settings.iter().map(|(name, value)| (format!("MADOGUCHI_{name}"), value)));
    command.args(["serve", "--data-dir"]).arg(folder).args(["--listen", "127.0.0.1:0"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(not_started)?;
    let stdout = child.stdout.take();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let line = stdout.and_then(|stdout| BufReader::new(stdout).lines().next()?.ok());
        // Nobody waits any more when the line came too late.
        let _ = tell.send(line);
    });
    let line = told.recv_timeout(START).ok().flatten();
    let url = line.as_deref().and_then(|line| line.strip_prefix("listening ")).map(str::to_owned);
    url.map(|url| (child, url)).ok_or_else(|| RunError::Server(format!("it said {line:?} instead of its address")))
}

/// The program without the settings of whoever runs this; agents' logins are not what is measured.
fn clean(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("MADOGUCHI_")) {
            command.env_remove(name);
        }
    }
    command.env("MADOGUCHI_PASSWORDS__WEAK_HASHES_FOR_TESTS", "true").env("MADOGUCHI_LOG__LEVEL", "warn");
    command
}

fn not_started(error: io::Error) -> RunError {
    RunError::Server(error.to_string())
}

fn affinity(source: io::Error) -> RunError {
    RunError::Machine { what: "the cores asked for", source }
}

/// Puts this thread, and all that it starts from now on, on these cores; on none means wherever it is.
pub(crate) fn pin(cores: &[usize]) -> Result<(), RunError> {
    if cores.is_empty() {
        return Ok(());
    }
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core).map_err(|errno| affinity(errno.into()))?;
    }
    sched_setaffinity(Pid::from_raw(0), &set).map_err(|errno| affinity(errno.into()))
}

/// CPU time and memory of a process.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Usage {
    /// CPU time over all its threads, to 10 ms.
    pub cpu_us: u64,
    /// Memory in RAM.
    pub rss_kib: u64,
    /// The most it ever was.
    pub peak_rss_kib: u64,
}

impl Usage {
    /// Of a process on this machine; none where it cannot be read.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        Self::read(&stat, &status)
    }

    fn read(stat: &str, status: &str) -> Option<Self> {
        // The name stands in parentheses and may hold anything; what follows is numbers (proc_pid_stat(5)).
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
        let kib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        Some(Self { cpu_us: ticks * TICK_US, rss_kib: kib("VmRSS:")?, peak_rss_kib: kib("VmHWM:")? })
    }
}

/// Facts of the machine that a figure is worth nothing without.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// Cores that programs may use.
    pub cores: usize,
    /// Model of the first core.
    pub cpu: String,
    /// Kernel release.
    pub kernel: String,
    /// Whether this program was built with optimisation.
    pub optimised: bool,
}

impl Machine {
    pub(crate) fn here() -> Self {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split(": ").nth(1));
        Self {
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            cpu: model.unwrap_or("unknown").to_owned(),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
            optimised: !cfg!(debug_assertions),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Usage;

    #[test]
    fn a_process_with_an_odd_name_is_read_right() {
        let stat = "42 (a) b (c)) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 8 0 12345 1000 200";
        let usage = Usage::read(stat, "Name:\tx\nVmHWM:\t  9000 kB\nVmRSS:\t  8000 kB\n").expect("readable");
        assert_eq!((usage.cpu_us, usage.rss_kib, usage.peak_rss_kib), (3_000_000, 8_000, 9_000));
        assert!(Usage::of(std::process::id()).is_some_and(|usage| usage.rss_kib > 0));
    }
}
