//! A relay that takes mail, and answers for single recipients as a test tells it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail as it was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handed {
    /// The envelope's sender; empty for none.
    pub from: String,
    /// The recipient.
    pub to: String,
    /// Its bytes, dots as they were.
    pub bytes: Vec<u8>,
}

/// What happens to whoever hands mail over when a mail was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Blow {
    /// Nothing.
    #[default]
    None,
    /// This process is killed before its mail is answered for.
    BeforeTheAnswer(u32),
    /// It is killed after so many microseconds with the answer.
    AfterTheAnswer(u32, u64),
}

#[derive(Debug, Default)]
struct State {
    handed: Vec<Handed>,
    answers: HashMap<String, VecDeque<String>>,
    mute: bool,
    blow: Blow,
}

/// The relay.
#[derive(Clone, Debug)]
pub struct RelayPeer {
    /// Where it listens, on the loopback address.
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl RelayPeer {
    /// Listens on a free port.
    ///
    /// # Panics
    /// There is none.
    pub async fn open() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::<Mutex<State>>::default();
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self { port, state }
    }

    /// Answers the next RCPT for this recipient so; a later one is taken.
    ///
    /// # Panics
    /// Another test's panic.
    pub fn answer(&self, to: &str, answer: &str) {
        let mut state = self.state.lock().expect("no panic");
        state.answers.entry(to.to_owned()).or_default().push_back(answer.to_owned());
    }

    /// From now on takes mails and says nothing to it.
    ///
    /// # Panics
    /// Another test's panic.
    pub fn fall_mute(&self, mute: bool) {
        self.state.lock().expect("no panic").mute = mute;
    }

    /// What happens at the next mail. It happens once.
    ///
    /// # Panics
    /// Another test's panic.
    pub fn strike(&self, blow: Blow) {
        self.state.lock().expect("no panic").blow = blow;
    }

    /// Everything that was handed over.
    ///
    /// # Panics
    /// Another test's panic.
    #[must_use]
    pub fn handed(&self) -> Vec<Handed> {
        self.state.lock().expect("no panic").handed.clone()
    }
}

/// What is said of a mail that is kept.
const TAKEN: &str = "250 2.0.0 Ok: queued as 4F1";

fn kill(process: u32) {
    let process = nix::unistd::Pid::from_raw(process.cast_signed());
    let _ = nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGKILL);
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut line = BufReader::new(stream);
    let (mut from, mut to) = (String::new(), String::new());
    if line.get_mut().write_all(b"220 relay\r\n").await.is_err() {
        return;
    }
    loop {
        let mut said = String::new();
        if line.read_line(&mut said).await.unwrap_or(0) == 0 {
            return;
        }
        let said = said.trim_end();
        let named = said.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(inner, _)| inner);
        let answer = match said.split(' ').next().unwrap_or_default() {
            "EHLO" => "250-relay\r\n250 8BITMIME".to_owned(),
            "MAIL" => {
                from = named.to_owned();
                "250 ok".to_owned()
            }
            "RCPT" => {
                to = named.to_owned();
                let mut state = state.lock().expect("no panic");
                let told = state.answers.get_mut(&to).and_then(VecDeque::pop_front);
                told.unwrap_or_else(|| "250 ok".to_owned())
            }
            "DATA" => {
                let _ = line.get_mut().write_all(b"354 go on\r\n").await;
                let Some(bytes) = body(&mut line).await else { return };
                let (mute, blow) = {
                    let mut state = state.lock().expect("no panic");
                    state.handed.push(Handed { from: from.clone(), to: to.clone(), bytes });
                    (state.mute, std::mem::take(&mut state.blow))
                };
                match blow {
                    Blow::None => {}
                    Blow::BeforeTheAnswer(process) => kill(process),
                    Blow::AfterTheAnswer(process, micros) => {
                        let _ = line.get_mut().write_all(TAKEN.as_bytes()).await;
                        let _ = line.get_mut().write_all(b"\r\n").await;
                        tokio::time::sleep(std::time::Duration::from_micros(micros)).await;
                        kill(process);
                    }
                }
                if mute || blow != Blow::None {
                    let _ = line.read_to_end(&mut Vec::new()).await;
                    return;
                }
                TAKEN.to_owned()
            }
            "QUIT" => "221 bye".to_owned(),
            _ => "250 ok".to_owned(),
        };
        if line.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The mail up to its end, dots as they were; `None` where the peer hung up inside it.
async fn body(line: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let mut next = Vec::new();
        if line.read_until(b'\n', &mut next).await.unwrap_or(0) == 0 {
            return None;
        }
        if next == b".\r\n" {
            return Some(bytes);
        }
        bytes.extend_from_slice(next.strip_prefix(b".").unwrap_or(&next));
    }
}
