//! A relay that takes mail, and answers as it is told: for one recipient, for whoever is next, or for everybody.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Longest mail that it takes, in bytes.
const MOST_BYTES: usize = 64 << 20;

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

/// What goes wrong with a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Its recipient is answered with this line, such as `550 5.1.1 nobody here`.
    Says(String),
    /// It is taken, and the connection ends without an answer.
    DropAfter,
    /// It is taken, and no answer ever comes.
    HangAfter,
}

/// What is done when the next mail was taken, such as the end of its sender's process. Then the connection ends.
pub struct Strike {
    /// Its answer is said before.
    pub answered: bool,
    /// How long after.
    pub after: Duration,
    /// What is done.
    pub act: Box<dyn FnOnce() + Send>,
}

/// Told of every mail that was taken, before its sender is.
type Ear = Box<dyn Fn(&Handed) + Send + Sync>;

#[derive(Default)]
struct State {
    handed: VecDeque<Handed>,
    taken: u64,
    answers: HashMap<String, VecDeque<String>>,
    next: VecDeque<Fault>,
    strike: Option<Strike>,
    mute: bool,
}

struct Shared {
    state: Mutex<State>,
    remembered: usize,
    ear: Option<Ear>,
}

/// The relay. Clones are the same one.
#[derive(Clone)]
pub struct Relay {
    /// Where it listens, on the loopback address.
    pub port: u16,
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay").field("port", &self.port).finish_non_exhaustive()
    }
}

impl Relay {
    /// Listens on a free port until its runtime ends. Must be called inside a runtime of tokio.
    ///
    /// # Errors
    /// There is no free port.
    pub fn start() -> io::Result<Self> {
        Self::with(10_000, None)
    }

    /// One that remembers so many mails and tells of each.
    pub(super) fn with(remembered: usize, ear: Option<Ear>) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let listener = TcpListener::from_std(listener)?;
        let shared = Arc::new(Shared { state: Mutex::default(), remembered, ear });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let shared = Arc::clone(&serving);
                // A peer that goes away has nothing to be told.
                tokio::spawn(async move { serve(stream, &shared).await.unwrap_or_default() });
            }
        });
        Ok(Self { port, shared })
    }

    /// Answers the next RCPT for this recipient so; a later one is taken.
    pub fn answer(&self, to: &str, answer: &str) {
        let mut state = self.shared.state.lock();
        state.answers.entry(to.to_owned()).or_default().push_back(answer.to_owned());
    }

    /// What the next mail meets, whoever it is for.
    pub fn next(&self, fault: Fault) {
        self.shared.state.lock().next.push_back(fault);
    }

    /// What is done at the next mail. It is done once.
    pub fn strike(&self, strike: Strike) {
        self.shared.state.lock().strike = Some(strike);
    }

    /// From now on takes mails and says nothing to it.
    pub fn fall_mute(&self, mute: bool) {
        self.shared.state.lock().mute = mute;
    }

    /// The newest mails that were handed over, in order.
    #[must_use]
    pub fn handed(&self) -> Vec<Handed> {
        self.shared.state.lock().handed.iter().cloned().collect()
    }

    /// How many were handed over, those included that are remembered no more.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.shared.state.lock().taken
    }
}

impl Shared {
    /// The answer to a recipient.
    fn recipient(&self, to: &str) -> String {
        let mut state = self.state.lock();
        if let Some(told) = state.answers.get_mut(to).and_then(VecDeque::pop_front) {
            return told;
        }
        if let Some(Fault::Says(line)) = state.next.front().cloned() {
            state.next.pop_front();
            return line;
        }
        "250 ok".to_owned()
    }

    /// Takes a mail; what becomes of its answer.
    fn take(&self, handed: Handed) -> Option<Fault> {
        if let Some(ear) = &self.ear {
            ear(&handed);
        }
        let mut state = self.state.lock();
        state.taken += 1;
        if state.handed.len() >= self.remembered {
            state.handed.pop_front();
        }
        state.handed.push_back(handed);
        let is_after = matches!(state.next.front(), Some(Fault::DropAfter | Fault::HangAfter));
        let fault = if is_after { state.next.pop_front() } else { None };
        fault.or(state.mute.then_some(Fault::HangAfter))
    }
}

/// What is said of a mail that is kept.
const TAKEN: &str = "250 2.0.0 Ok: queued as 4F1";

async fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut line = BufReader::new(stream);
    let (mut from, mut to) = (String::new(), String::new());
    line.get_mut().write_all(b"220 relay\r\n").await?;
    loop {
        let mut said = String::new();
        if line.read_line(&mut said).await? == 0 {
            return Ok(());
        }
        let said = said.trim_end();
        let named = said.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(inner, _)| inner);
        let answer = match said.split(' ').next().unwrap_or_default() {
            "EHLO" => "250-relay\r\n250 8BITMIME".to_owned(),
            "MAIL" => {
                named.clone_into(&mut from);
                "250 ok".to_owned()
            }
            "RCPT" => {
                named.clone_into(&mut to);
                shared.recipient(&to)
            }
            "DATA" => {
                line.get_mut().write_all(b"354 go on\r\n").await?;
                let bytes = body(&mut line).await?;
                let fault = shared.take(Handed { from: from.clone(), to: to.clone(), bytes });
                let strike = shared.state.lock().strike.take();
                if let Some(strike) = strike {
                    if strike.answered {
                        line.get_mut().write_all(format!("{TAKEN}\r\n").as_bytes()).await?;
                    }
                    tokio::time::sleep(strike.after).await;
                    (strike.act)();
                    return line.read_to_end(&mut Vec::new()).await.map(drop);
                }
                match fault {
                    Some(Fault::HangAfter) => return line.read_to_end(&mut Vec::new()).await.map(drop),
                    Some(Fault::DropAfter | Fault::Says(_)) => return Ok(()),
                    None => TAKEN.to_owned(),
                }
            }
            "QUIT" => "221 bye".to_owned(),
            _ => "250 ok".to_owned(),
        };
        line.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

/// The mail up to its end, dots as they were.
async fn body(line: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let mut next = Vec::new();
        if line.read_until(b'\n', &mut next).await? == 0 || bytes.len() > MOST_BYTES {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if next == b".\r\n" {
            return Ok(bytes);
        }
        bytes.extend_from_slice(next.strip_prefix(b".").unwrap_or(&next));
    }
}
