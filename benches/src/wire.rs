//! One kept-alive HTTP connection with as little between the measurement and the kernel as may be: prepared bytes out, the
//! answer's status and body back. For loopback and for answers with a length only.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Outcome;

/// The longest answer that is taken, in bytes.
const ANSWER_BYTES: usize = 8 << 20;

/// A connection.
pub struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

/// A request as bytes. `headers` are whole lines, each with its line end.
#[must_use]
pub fn request(method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes =
        format!("{method} {path} HTTP/1.1\r\nhost: bench\r\n{headers}content-length: {}\r\n\r\n", body.len());
    bytes.reserve(body.len());
    let mut bytes = bytes.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

impl Wire {
    /// Connects to `127.0.0.1:PORT`.
    ///
    /// # Errors
    /// Nobody listens.
    pub async fn connect(address: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends a request and waits for the status of its answer.
    ///
    /// # Errors
    /// The connection broke, or what came is no answer.
    pub async fn status(&mut self, request: &[u8]) -> Outcome<u16> {
        self.stream.write_all(request).await?;
        let (head, whole) = self.read().await?;
        let status = status_of(&self.buffer[..head])?;
        self.buffer.drain(..whole);
        Ok(status)
    }

    /// Sends a request and waits for its whole answer.
    ///
    /// # Errors
    /// As [`Wire::status`].
    pub async fn call(&mut self, request: &[u8]) -> Outcome<Answer> {
        self.stream.write_all(request).await?;
        let (head, whole) = self.read().await?;
        let answer = Answer {
            status: status_of(&self.buffer[..head])?,
            head: String::from_utf8_lossy(&self.buffer[..head]).into_owned(),
            body: self.buffer[head..whole].to_vec(),
        };
        self.buffer.drain(..whole);
        Ok(answer)
    }

    /// Reads until the buffer begins with a whole answer; says where its head and where it ends.
    async fn read(&mut self) -> Outcome<(usize, usize)> {
        loop {
            if let Some(head) = head_end(&self.buffer) {
                let whole = head + content_length(&self.buffer[..head])?;
                if self.buffer.len() >= whole {
                    return Ok((head, whole));
                }
            }
            if self.buffer.len() > ANSWER_BYTES || self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the connection ended within an answer".into());
            }
        }
    }
}

fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

fn status_of(head: &[u8]) -> Outcome<u16> {
    let digits = head.get(9..12).ok_or("an answer without a status")?;
    Ok(std::str::from_utf8(digits)?.parse()?)
}

fn content_length(head: &[u8]) -> Outcome<usize> {
    for line in head.split(|byte| *byte == b'\n') {
        if line.len() > 15 && line[..15].eq_ignore_ascii_case(b"content-length:") {
            return Ok(std::str::from_utf8(&line[15..])?.trim().parse()?);
        }
    }
    // 204 and 101 have no body.
    Ok(0)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn two_answers_that_come_in_pieces_are_told_apart() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound").to_string();
        let server = tokio::spawn(async move {
            let (mut peer, _) = listener.accept().await.expect("a client");
            for piece in ["HTTP/1.1 200 OK\r\nContent-Le", "ngth: 2\r\n\r\nok", "HTTP/1.1 503 Gone\r\n\r\n"] {
                peer.write_all(piece.as_bytes()).await.expect("sent");
                peer.flush().await.expect("sent");
                tokio::task::yield_now().await;
            }
            peer
        });
        let mut wire = Wire::connect(&address).await.expect("it listens");
        let first = wire.call(&request("GET", "/", "", b"")).await.expect("an answer");
        assert_eq!((first.status, first.body.as_slice()), (200, b"ok".as_slice()));
        assert_eq!(wire.status(&request("GET", "/", "", b"")).await.expect("an answer"), 503);
        drop(server);
    }
}
