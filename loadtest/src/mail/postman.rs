//! A mail client that says just what it is told, and hears each answer: over SMTP or LMTP, a port or a path.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpStream, UnixStream};

/// Where a server takes mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    /// SMTP.
    Smtp(SocketAddr),
    /// LMTP at a path of this machine.
    Lmtp(PathBuf),
}

impl From<SocketAddr> for Door {
    fn from(address: SocketAddr) -> Self {
        Self::Smtp(address)
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection to a server for mail.
pub struct Postman {
    line: BufReader<Box<dyn Stream>>,
}

impl std::fmt::Debug for Postman {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postman").finish_non_exhaustive()
    }
}

impl Postman {
    /// Connects, and hears the greeting.
    ///
    /// # Panics
    /// Nobody is there.
    pub async fn connect(to: impl Into<Door>) -> Self {
        Self::try_connect(&to.into()).await.expect("a server for mail")
    }

    /// As [`Postman::connect`].
    ///
    /// # Errors
    /// Nobody is there, or whoever is there does not greet.
    pub async fn try_connect(to: &Door) -> io::Result<Self> {
        let stream: Box<dyn Stream> = match to {
            Door::Smtp(address) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
            Door::Lmtp(path) => Box::new(UnixStream::connect(path).await?),
        };
        let mut postman = Self { line: BufReader::new(stream) };
        let greeting = postman.answer().await;
        if greeting.starts_with("220") { Ok(postman) } else { Err(io::Error::other(greeting)) }
    }

    /// The next answer, all lines of it; empty where the server hung up.
    pub async fn answer(&mut self) -> String {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            if self.line.read_line(&mut line).await.unwrap_or(0) == 0 {
                return all;
            }
            let is_last = line.as_bytes().get(3) != Some(&b'-');
            all.push_str(&line);
            if is_last {
                return all;
            }
        }
    }

    /// Says a line, and hears the answer.
    pub async fn say(&mut self, line: &str) -> String {
        self.write(format!("{line}\r\n").as_bytes()).await;
        self.answer().await
    }

    /// Sends bytes. A server that is gone is noticed at the next answer.
    pub async fn write(&mut self, bytes: &[u8]) {
        let _ = self.line.get_mut().write_all(bytes).await;
        let _ = self.line.get_mut().flush().await;
    }

    /// Whether the server has hung up.
    pub async fn is_over(&mut self) -> bool {
        let mut rest = Vec::new();
        self.line.read_to_end(&mut rest).await.is_ok()
    }

    /// Says everything up to the mail itself, and answers with what was said to DATA.
    pub async fn begin(&mut self, hello: &str, from: &str, to: &[&str]) -> String {
        self.say(&format!("{hello} mx.example.jp")).await;
        self.say(&format!("MAIL FROM:<{from}>")).await;
        for one in to {
            self.say(&format!("RCPT TO:<{one}>")).await;
        }
        self.say("DATA").await
    }

    /// Sends the bytes of a mail and its end, and answers with what was said to it.
    pub async fn mail(&mut self, raw: &[u8]) -> String {
        self.write(&stuffed(raw)).await;
        self.answer().await
    }

    /// Hands a mail to one recipient over, on a connection that greeted before and goes on afterwards. What was said to its
    /// end, or the first no on the way there; empty where the server hung up.
    pub(super) async fn hand_over(&mut self, from: &str, to: &str, raw: &[u8]) -> String {
        for (line, good) in
            [(format!("MAIL FROM:<{from}>"), "250"), (format!("RCPT TO:<{to}>"), "250"), ("DATA".to_owned(), "354")]
        {
            let answer = self.say(&line).await;
            if !answer.starts_with(good) {
                return answer;
            }
        }
        self.mail(raw).await
    }

    /// Greets as the door wants to be greeted.
    pub(super) async fn greet(&mut self, door: &Door) -> String {
        let hello = if matches!(door, Door::Smtp(_)) { "EHLO" } else { "LHLO" };
        self.say(&format!("{hello} mx.example.jp")).await
    }
}

/// A mail as it goes over the wire: dots doubled, with its end.
#[must_use]
pub fn stuffed(raw: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(raw.len() + 8);
    let mut at_start = true;
    for byte in raw {
        if at_start && *byte == b'.' {
            bytes.push(b'.');
        }
        bytes.push(*byte);
        at_start = *byte == b'\n';
    }
    if !bytes.ends_with(b"\r\n") {
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b".\r\n");
    bytes
}

/// Hands one mail over by SMTP, and answers with what was said to it.
///
/// # Panics
/// It is not asked for.
pub async fn post(to: SocketAddr, from: &str, recipients: &[&str], raw: &[u8]) -> String {
    let mut postman = Postman::connect(to).await;
    let begun = postman.begin("EHLO", from, recipients).await;
    assert!(begun.starts_with("354"), "{begun}");
    let answer = postman.mail(raw).await;
    postman.say("QUIT").await;
    answer
}
