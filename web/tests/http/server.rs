//! A running `madoguchi` with a store of its own, and callers with and without rights.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Once;
use std::thread::JoinHandle;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The password of everybody here.
pub(crate) const PASSWORD: &str = "mado-guchi-42-otsuu";

/// A running server. Killed when it is dropped.
pub(crate) struct Server {
    pub(crate) address: String,
    pub(crate) client: Client,
    child: Child,
    /// Read all the time: a full pipe would stop the server in the middle of a line.
    log: Option<JoinHandle<String>>,
    dir: TempDir,
}

/// The program with these arguments.
pub(crate) fn madoguchi(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_madoguchi"));
    command.args(args);
    command
}

/// Runs `madoguchi user add` with the password on standard input.
pub(crate) fn user_add(dir: &Path, login: &str, role: &str, password: &str) -> ExitStatus {
    let mut child = madoguchi(&["user", "add", "--login", login, "--role", role, "--data-dir"])
        .arg(dir)
        .env("MADOGUCHI_PASSWORDS__WEAK_HASHES_FOR_TESTS", "true")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("piped");
    writeln!(stdin, "{password}").expect("it reads its password");
    drop(stdin);
    child.wait().expect("it ends")
}

/// Clients here need a choice of cryptography.
pub(crate) fn install_provider() {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Only this process's own choice can be there before.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

impl Server {
    /// Starts one, with an owner called `owner`.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts one with these variables set.
    pub(crate) async fn start_with(env: &[(&str, &str)]) -> Self {
        let server = Self::start_in(tempfile::tempdir().expect("a temporary folder"), env);
        assert!(user_add(&server.data_dir(), "owner", "owner", PASSWORD).success());
        server
    }

    /// Starts one on a store that may hold something.
    pub(crate) fn start_in(dir: TempDir, env: &[(&str, &str)]) -> Self {
        install_provider();
        let mut child = madoguchi(&["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(dir.path().join("data"))
            .env("MADOGUCHI_PASSWORDS__WEAK_HASHES_FOR_TESTS", "true")
            .env("MADOGUCHI_MEDIA__STICKER_BASE_URL", "")
            .envs(env.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stderr = child.stderr.take().expect("piped");
        let log = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            // Killed in the middle of a line: what came is the log.
            let _ = stderr.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let stdout = child.stdout.take().expect("piped");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("one line");
        let Some(address) = line.strip_prefix("listening ") else {
            panic!("it said {line:?}; {}", log.join().unwrap_or_default());
        };
        let address = address.trim_end().to_owned();
        Self {
            address,
            client: Client::builder().no_proxy().build().expect("a plain client"),
            child,
            log: Some(log),
            dir,
        }
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.address))
    }

    /// Logs in and answers with the cookie as a browser would send it back.
    pub(crate) async fn log_in(&self, login: &str) -> Caller<'_> {
        let response = self
            .request(Method::POST, "/api/v1/session")
            .json(&json!({"login": login, "password": PASSWORD}))
            .send()
            .await
            .expect("an answer");
        assert_eq!(response.status(), 200, "{login}");
        Caller { server: self, cookie: cookie_of(&response) }
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = i32::try_from(self.child.id()).expect("a process id");
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal).expect("it runs");
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> (ExitStatus, String, TempDir) {
        let status = self.child.wait().expect("it ends");
        let log = self.log.take().and_then(|log| log.join().ok());
        let dir = std::mem::replace(&mut self.dir, tempfile::tempdir().expect("a folder"));
        (status, log.unwrap_or_default(), dir)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The session cookie that an answer sets.
pub(crate) fn cookie_of(response: &Response) -> String {
    response
        .headers()
        .get("set-cookie")
        .and_then(|value| value.to_str().ok()?.split(';').next())
        .expect("a cookie is set")
        .to_owned()
}

/// Somebody logged in by cookie, on a page of the server's own.
pub(crate) struct Caller<'a> {
    pub(crate) server: &'a Server,
    pub(crate) cookie: String,
}

impl Caller<'_> {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.server.request(method, path).header("cookie", &self.cookie).header("origin", &self.server.address)
    }

    /// Status and body.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.ask(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// Adds a person and answers with their id.
    pub(crate) async fn add_agent(&self, login: &str, role: &str) -> String {
        let (status, body) = self
            .post("/api/v1/agents", json!({"login": login, "name": login, "role": role, "password": PASSWORD}))
            .await;
        assert_eq!(status, 201, "{body}");
        body["id"].as_str().expect("an id").to_owned()
    }

    /// Adds a window.
    pub(crate) async fn add_window(&self, id: &str) {
        let (status, body) =
            self.post("/api/v1/windows", json!({"id": id, "name": format!("窓口 {id}"), "product": 5})).await;
        assert_eq!(status, 201, "{body}");
    }

    /// Adds a LINE inbox to a window and answers with its id.
    pub(crate) async fn add_inbox(&self, window: &str, secret: &str) -> String {
        let (status, body) = self
            .post(
                "/api/v1/inboxes",
                json!({"window": window, "kind": "line", "settings": {
                    "channel_secret": secret, "channel_access_token": "token-of-the-test",
                    "api_base_url": "http://127.0.0.1:9", "api_data_base_url": "http://127.0.0.1:9"}}),
            )
            .await;
        assert_eq!(status, 201, "{body}");
        body["id"].as_str().expect("an id").to_owned()
    }
}

/// Status and body; null for a body that is no JSON.
pub(crate) async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status();
    let text = response.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}
