//! A mail server behind our relay, or in its place (aiosmtpd): it keeps mail, and answers single recipients as it is told.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{python, script};
use crate::world::{PATIENCE, wait_until};

/// A mail that it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The envelope's sender; empty for none.
    pub from: String,
    /// The recipients.
    pub to: Vec<String>,
    /// Its bytes.
    pub mail: Vec<u8>,
    /// It came encrypted.
    pub tls: bool,
    /// Who logged in; empty for nobody.
    pub login: String,
}

impl Kept {
    /// The mail as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.mail).into_owned()
    }
}

/// How the server is protected. The default: not at all.
#[derive(Clone, Debug, Default)]
pub struct SinkOptions {
    /// STARTTLS with this certificate and key, and nothing without.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// Login and password, and nothing without.
    pub login: Option<(String, String)>,
    /// Where it listens; 0 for anywhere.
    pub port: u16,
}

/// The server. Stopped when dropped.
#[derive(Debug)]
pub struct Sink {
    /// Where it listens, on the loopback address.
    pub port: u16,
    process: Child,
    orders: ChildStdin,
    said: Arc<Mutex<Vec<Value>>>,
}

impl Sink {
    /// Starts it.
    ///
    /// # Panics
    /// aiosmtpd is not installed, or does not start.
    pub async fn open(options: SinkOptions) -> Self {
        let settings = json!({
            "port": options.port,
            "certificate": options.certificate.as_ref().map(|(certificate, _)| certificate),
            "key": options.certificate.as_ref().map(|(_, key)| key),
            "login": options.login,
        });
        let mut process = python()
            .arg(script("sink.py"))
            .arg(settings.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python runs");
        let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let said = Arc::<Mutex<Vec<Value>>>::default();
        let heard = said.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                heard.lock().expect("no panic").push(serde_json::from_str(&line).expect("JSON"));
            }
        });
        let orders = process.stdin.take().expect("piped");
        let mut sink = Self { port: 0, process, orders, said };
        let port = wait_until("the sink to listen", PATIENCE, async || sink.find("port").first().cloned()).await;
        sink.port = port["port"].as_u64().and_then(|port| port.try_into().ok()).expect("a port");
        sink
    }

    /// Answers RCPT for this recipient so, so many times; -1 for ever.
    ///
    /// # Panics
    /// It is gone.
    pub async fn at_recipient(&mut self, to: &str, answer: &str, times: i32) {
        self.order("recipient", to, answer, times).await;
    }

    /// Answers the end of a mail for this recipient so, so many times; -1 for ever.
    ///
    /// # Panics
    /// It is gone.
    pub async fn at_end(&mut self, to: &str, answer: &str, times: i32) {
        self.order("end", to, answer, times).await;
    }

    async fn order(&mut self, at: &str, to: &str, answer: &str, times: i32) {
        let before = self.find("ordered").len();
        let order = json!({ "at": at, "to": to, "answer": answer, "times": times });
        writeln!(self.orders, "{order}").expect("it listens");
        wait_until("the order to be taken", PATIENCE, async || (self.find("ordered").len() > before).then_some(()))
            .await;
    }

    /// Everything that it took, in order.
    ///
    /// # Panics
    /// It says what nobody understands.
    #[must_use]
    pub fn kept(&self) -> Vec<Kept> {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let kept = |one: &Value| Kept {
            from: text(&one["from"]),
            to: one["to"].as_array().expect("a list").iter().map(text).collect(),
            mail: STANDARD.decode(text(&one["mail"])).expect("base64"),
            tls: one["tls"] == true,
            login: text(&one["login"]),
        };
        self.find("mail").iter().map(kept).collect()
    }

    /// What it took for this recipient.
    #[must_use]
    pub fn kept_for(&self, to: &str) -> Vec<Kept> {
        self.kept().into_iter().filter(|one| one.to.iter().any(|known| known == to)).collect()
    }

    /// How often it gave an answer that it was told to give this recipient.
    #[must_use]
    pub fn refusals_of(&self, to: &str) -> usize {
        self.find("said").iter().filter(|one| one["to"] == to).count()
    }

    /// How often somebody tried to log in, and how often that was good.
    #[must_use]
    pub fn knocks(&self) -> (usize, usize) {
        let all = self.find("knocked");
        (all.len(), all.iter().filter(|one| one["good"] == true).count())
    }

    fn find(&self, key: &str) -> Vec<Value> {
        self.said.lock().expect("no panic").iter().filter(|one| !one[key].is_null()).cloned().collect()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
