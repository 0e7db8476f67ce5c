//! The server under test: started, killed, stopped and started again on the same folder.
//!
//! It relies on what the command line promises: `serve --data-dir DIR --listen ADDR` prints exactly one line,
//! `listening http://ADDR`, on standard output once it is bound; logs go to standard error; `/readyz` turns 200.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use parking_lot::Mutex;

use super::{Api, PATIENCE, wait_until};

/// As much of the log as is kept for a failing test, in bytes.
const LOG_KEPT: usize = 256 * 1024;

/// How the server is started. The default: the built program, a folder of its own, a free port, nothing else.
#[derive(Clone, Debug, Default)]
pub struct SpawnOptions {
    /// The program, where it is not the built one.
    pub binary: Option<PathBuf>,
    /// The data folder; else a temporary one that goes with the [`Server`].
    pub data_dir: Option<PathBuf>,
    /// The port; 0 for a free one.
    pub port: u16,
    /// Settings: `MADOGUCHI_*` variables.
    pub env: Vec<(String, String)>,
    /// More arguments after those of `serve`.
    pub args: Vec<String>,
}

/// Where a restarted server listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// Where it listened before, so that everybody finds it again.
    Same,
    /// Anywhere else.
    Free,
}

/// A running server, or one between two lives. Killed when dropped.
#[derive(Debug)]
pub struct Server {
    options: SpawnOptions,
    binary: PathBuf,
    data_dir: PathBuf,
    url: String,
    child: Option<Child>,
    log: Arc<Mutex<String>>,
    _folder: Option<tempfile::TempDir>,
}

impl Server {
    /// Starts a server and returns when it listens; it may not be ready yet.
    ///
    /// # Panics
    /// The program is not built, or does not listen within [`PATIENCE`]; with what it logged.
    #[must_use]
    pub fn spawn(options: SpawnOptions) -> Self {
        let folder = options
            .data_dir
            .is_none()
            .then(|| tempfile::Builder::new().prefix("madoguchi-test-").tempdir().expect("a temporary folder"));
        let data_dir = match (&options.data_dir, &folder) {
            (Some(dir), _) => dir.clone(),
            (None, Some(folder)) => folder.path().join("data"),
            (None, None) => unreachable!("a folder is made where none is given"),
        };
        let mut server = Self {
            binary: options.binary.clone().unwrap_or_else(|| built_program("madoguchi")),
            options,
            data_dir,
            url: String::new(),
            child: None,
            log: Arc::default(),
            _folder: folder,
        };
        server.start().unwrap_or_else(|why| panic!("{why}"));
        server
    }

    /// Starts a server and waits until it is ready.
    ///
    /// # Panics
    /// As [`Server::spawn`], or it does not become ready.
    pub async fn ready(options: SpawnOptions) -> Self {
        let server = Self::spawn(options);
        server.wait_ready().await;
        server
    }

    /// Waits until `/readyz` answers 200.
    ///
    /// # Panics
    /// It does not within [`PATIENCE`].
    pub async fn wait_ready(&self) {
        let api = self.api();
        wait_until("the server to be ready", PATIENCE, async || {
            (api.get("/readyz").await.status == Some(200)).then_some(())
        })
        .await;
    }

    /// A client that has not logged in.
    #[must_use]
    pub fn api(&self) -> Api {
        Api::new(&self.url)
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The data folder, the same through all restarts.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The process, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// The end of what it logged, over all its lives.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().clone()
    }

    /// Where it takes mail over `smtp` or `lmtp`, by what it logged last.
    ///
    /// # Panics
    /// It takes none.
    #[must_use]
    pub fn takes_mail(&self, over: &str) -> SocketAddr {
        let log = self.log();
        let line = log.lines().rev().find(|line| line.contains("listening for mail")).expect("it takes mail");
        let (_, rest) = line.split_once(&format!("{over}=Some(")).expect("over this");
        let address = rest.split(')').next().and_then(|address| address.parse().ok());
        address.unwrap_or_else(|| panic!("no address: {line}"))
    }

    /// Ends it in the middle of whatever it does.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            // One that has ended by itself needs no kill.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Asks it to stop (SIGTERM) and waits.
    ///
    /// # Panics
    /// It does not run, or does not stop within `patience`.
    pub fn sigterm(&mut self, patience: Duration) -> ExitStatus {
        let mut child = self.child.take().expect("the server runs");
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("process numbers are small"));
        kill(pid, Signal::SIGTERM).expect("a child may be signalled until it is waited for");
        let end = Instant::now() + patience;
        loop {
            if let Some(status) = child.try_wait().expect("it is our child") {
                return status;
            }
            if Instant::now() > end {
                self.child = Some(child);
                self.kill9();
                panic!("the server did not stop within {patience:?}; its log:\n{}", self.log());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Starts it again on the same folder, after killing it where it still runs.
    ///
    /// # Panics
    /// As [`Server::spawn`].
    pub fn restart(&mut self, port: Port) {
        self.try_restart(port).unwrap_or_else(|why| panic!("{why}"));
    }

    /// As [`Server::restart`], where it may fail, such as on a dead disk.
    ///
    /// # Errors
    /// Why it does not listen, with what it logged.
    pub fn try_restart(&mut self, port: Port) -> Result<(), String> {
        self.kill9();
        self.options.port = match port {
            Port::Free => 0,
            Port::Same => {
                let port = self.url.rsplit(':').next().and_then(|port| port.parse().ok());
                port.expect("start checked that the address ends with a port")
            }
        };
        self.start()
    }

    /// Changes a setting, from the next start on.
    pub fn set_env(&mut self, name: &str, value: &str) {
        self.options.env.retain(|(known, _)| known != name);
        self.options.env.push((name.to_owned(), value.to_owned()));
    }

    /// `madoguchi user add` with the password on standard input.
    ///
    /// # Panics
    /// The command fails; with what it said.
    pub fn add_user(&self, login: &str, role: &str, password: &str) {
        let mut command = program(&self.binary);
        command.args(["user", "add", "--data-dir"]).arg(&self.data_dir);
        command.args(["--login", login, "--role", role]);
        command.envs(self.options.env.iter().cloned());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("it is piped");
        // A command that refuses before it reads is judged by its status below.
        let _ = writeln!(stdin, "{password}");
        drop(stdin);
        let output = child.wait_with_output().expect("it is our child");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "`user add` failed ({}): {said}", output.status);
    }

    /// Another command of the program on this store, such as `compact`; answers with what it printed.
    ///
    /// # Panics
    /// The command fails; with what it said.
    #[must_use]
    pub fn run(&self, args: &[&str]) -> String {
        let mut command = program(&self.binary);
        command.args(args).arg("--data-dir").arg(&self.data_dir).envs(self.options.env.iter().cloned());
        let output = command.stdin(Stdio::null()).output().expect("the program starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?} failed ({}): {said}", output.status);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn start(&mut self) -> Result<(), String> {
        let mut command = program(&self.binary);
        command.args(["serve", "--data-dir"]).arg(&self.data_dir);
        command.args(["--listen", &format!("127.0.0.1:{}", self.options.port)]);
        command.args(&self.options.args).envs(self.options.env.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            command.spawn().unwrap_or_else(|error| panic!("{} does not start: {error}", self.binary.display()));
        let log = Arc::clone(&self.log);
        let stderr = child.stderr.take().expect("it is piped");
        let logger = std::thread::spawn(move || keep_log(stderr, &log));
        let stdout = child.stdout.take().expect("it is piped");
        self.child = Some(child);
        match listening_line(stdout) {
            Ok(url) => {
                self.url = url;
                Ok(())
            }
            Err(why) => {
                self.kill9();
                // The pipe closes with the process; what it said last is what matters here.
                let _ = logger.join();
                Err(format!("the server does not listen: {why}; its log:\n{}", self.log()))
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill9();
        if std::thread::panicking() {
            eprintln!("the server's log:\n{}", self.log());
        }
    }
}

/// A program of this workspace, beside the folder of the running test; for the server `MADOGUCHI_BIN` where it is set.
///
/// # Panics
/// It is not built.
#[must_use]
pub fn built_program(name: &str) -> PathBuf {
    if let Some(path) = std::env::var_os("MADOGUCHI_BIN").filter(|_| name == "madoguchi") {
        return path.into();
    }
    let test = std::env::current_exe().expect("a running test has a path");
    let path = test.ancestors().skip(1).map(|folder| folder.join(name)).find(|path| path.is_file());
    path.unwrap_or_else(|| panic!("{name} is not built: run `make build`"))
}

/// Waits for the one line. More than one is a broken promise and ends up in the test's output.
fn listening_line(stdout: impl Read + Send + 'static) -> Result<String, String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        // Nobody waits any more when the line came too late.
        let _ = sender.send(lines.next());
        for line in lines {
            eprintln!("the server printed more than its one line: {line}");
        }
    });
    let line = match receiver.recv_timeout(PATIENCE) {
        Ok(Some(line)) => line,
        Ok(None) => return Err("it ended without a line".to_owned()),
        Err(_) => return Err(format!("no line within {PATIENCE:?}")),
    };
    line.strip_prefix("listening ")
        .filter(|url| url.starts_with("http://127.0.0.1:"))
        .filter(|url| url.rsplit(':').next().is_some_and(|port| port.parse::<u16>().is_ok()))
        .map(str::to_owned)
        .ok_or_else(|| format!("its first line is {line:?}"))
}

fn keep_log(stderr: impl Read, log: &Mutex<String>) {
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        let mut log = log.lock();
        log.push_str(&line);
        log.push('\n');
        if log.len() > LOG_KEPT {
            let cut = log.len() - LOG_KEPT / 2;
            let cut = (cut..log.len()).find(|at| log.is_char_boundary(*at)).unwrap_or(0);
            log.drain(..cut);
        }
    }
}

/// The program without the settings of whoever runs the tests.
fn program(binary: &std::path::Path) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("MADOGUCHI_")) {
            command.env_remove(name);
        }
    }
    command
}
