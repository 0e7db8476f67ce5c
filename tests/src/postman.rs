//! A mail client that says just what a test tells it, and hears each answer.

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// A connection to a server for mail.
#[derive(Debug)]
pub struct Postman {
    line: BufReader<TcpStream>,
}

impl Postman {
    /// Connects, and hears the greeting.
    ///
    /// # Panics
    /// Nobody is there.
    pub async fn connect(to: SocketAddr) -> Self {
        let stream = TcpStream::connect(to).await.expect("a server for mail");
        let mut postman = Self { line: BufReader::new(stream) };
        assert!(postman.answer().await.starts_with("220"), "a greeting");
        postman
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
