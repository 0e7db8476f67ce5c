//! Many WebSockets that only listen: one reader for all servers, so that the difference is the servers'.
//!
//! It does not take frames apart. Every message carries a mark with its number, and the marks are what is counted; a
//! server may join or frame as it likes. It answers no pings: sockets live shorter than any server's patience here.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, LocalSet};

use crate::Outcome;

/// What stands before the number of a message.
const MARK: &[u8] = b"@@";
/// Digits of the number.
const DIGITS: usize = 12;
/// A mark in full.
const MARK_BYTES: usize = MARK.len() + DIGITS;
/// What is read at once, in bytes.
const READ_BYTES: usize = 64 * 1024;

/// The mark of message `number`, to be put into its text.
#[must_use]
pub fn mark(number: usize) -> String {
    format!("@@{number:0DIGITS$}")
}

/// How a socket is opened at one kind of server.
#[derive(Clone, Debug)]
pub struct Greeting {
    /// Where.
    pub address: String,
    /// The path of the upgrade.
    pub path: String,
    /// More headers, whole lines.
    pub headers: String,
    /// The first client frame.
    pub first: Option<(Opcode, Vec<u8>)>,
    /// What the server says when the socket will get every message from now on.
    pub ready: &'static [u8],
}

/// How a client frame is announced (RFC 6455 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// UTF-8.
    Text = 0x1,
    /// Bytes.
    Binary = 0x2,
}

/// What a listener does with each message: its number and when it was read.
pub type Seen = Rc<RefCell<dyn FnMut(usize, Instant)>>;

/// Open sockets. Dropped with their tasks.
pub struct Listeners {
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Listeners {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// One client frame, masked with zeros: the mask hides nothing from anybody on loopback, and costs the server the same.
#[must_use]
pub fn client_frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode as u8];
    match payload.len() {
        len @ 0..=125 => frame.push(0x80 | len as u8),
        len => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&u16::try_from(len).expect("short messages only").to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// Opens one socket and waits until it is ready.
///
/// # Errors
/// It is refused.
pub async fn open(greeting: &Greeting) -> Outcome<TcpStream> {
    let mut stream = TcpStream::connect(&greeting.address).await?;
    stream.set_nodelay(true)?;
    let Greeting { address, path, headers, .. } = greeting;
    let upgrade = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    );
    stream.write_all(upgrade.as_bytes()).await?;
    let mut said = Vec::new();
    wait_for(&mut stream, &mut said, b"\r\n\r\n").await?;
    if !said.starts_with(b"HTTP/1.1 101") {
        return Err(format!("no upgrade: {}", String::from_utf8_lossy(&said)).into());
    }
    if let Some((opcode, payload)) = &greeting.first {
        stream.write_all(&client_frame(*opcode, payload)).await?;
    }
    wait_for(&mut stream, &mut said, greeting.ready).await?;
    Ok(stream)
}

async fn wait_for(stream: &mut TcpStream, said: &mut Vec<u8>, needle: &[u8]) -> Outcome<()> {
    use tokio::io::AsyncReadExt;
    while !contains(said, needle) {
        if stream.read_buf(said).await? == 0 {
            return Err(format!("closed after {}", String::from_utf8_lossy(said)).into());
        }
    }
    Ok(())
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    needle.is_empty() || bytes.windows(needle.len()).any(|window| window == needle)
}

impl Listeners {
    /// Opens `count` sockets, some at a time, and listens on each. Runs on the present [`LocalSet`].
    ///
    /// # Errors
    /// One of them is refused.
    pub async fn open(greeting: &Greeting, count: usize, seen: &Seen) -> Outcome<Self> {
        let mut tasks = Vec::with_capacity(count);
        let scratch = Rc::new(RefCell::new(vec![0; READ_BYTES].into_boxed_slice()));
        for _ in 0..count {
            let stream = open(greeting).await?;
            tasks.push(tokio::task::spawn_local(listen(stream, Rc::clone(&scratch), Rc::clone(seen))));
        }
        Ok(Self { tasks })
    }
}

/// Reads one socket to its end. A mark may lie across two reads.
async fn listen(stream: TcpStream, scratch: Rc<RefCell<Box<[u8]>>>, seen: Seen) {
    let mut rest: Vec<u8> = Vec::new();
    while stream.readable().await.is_ok() {
        let mut scratch = scratch.borrow_mut();
        match stream.try_read(&mut scratch) {
            Ok(0) => return,
            Ok(count) => {
                let now = Instant::now();
                let mut tell = |number| (seen.borrow_mut())(number, now);
                if rest.is_empty() {
                    let used = marks(&scratch[..count], &mut tell);
                    rest.extend_from_slice(&scratch[used..count]);
                } else {
                    rest.extend_from_slice(&scratch[..count]);
                    let used = marks(&rest, &mut tell);
                    rest.drain(..used);
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

/// Tells every whole mark; says how much need not be looked at again.
fn marks(bytes: &[u8], tell: &mut dyn FnMut(usize)) -> usize {
    let mut at = 0;
    while at + MARK_BYTES <= bytes.len() {
        let Some(found) = bytes[at..].windows(2).position(|pair| pair == MARK) else {
            return bytes.len() - 1;
        };
        at += found;
        let Some(digits) = bytes.get(at + MARK.len()..at + MARK_BYTES) else { return at };
        if let Some(number) = number(digits) {
            tell(number);
            at += MARK_BYTES;
        } else {
            at += 1;
        }
    }
    at.max(bytes.len().saturating_sub(MARK_BYTES - 1)).min(bytes.len())
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Runs a measurement on this thread alone.
///
/// # Errors
/// What the measurement gives.
pub fn on_this_thread<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_in_two_pieces_is_counted_once() {
        let text = format!("x{}y@{}z{}", mark(1), mark(2), mark(34));
        let bytes = text.as_bytes();
        for cut in 0..=bytes.len() {
            let mut numbers = Vec::new();
            let mut rest = bytes[..cut].to_vec();
            let used = marks(&rest, &mut |number| numbers.push(number));
            rest.drain(..used);
            rest.extend_from_slice(&bytes[cut..]);
            marks(&rest, &mut |number| numbers.push(number));
            assert_eq!(numbers, [1, 2, 34], "cut at {cut}");
        }
    }

    #[test]
    fn a_long_client_frame_says_its_length_in_two_bytes() {
        assert_eq!(client_frame(Opcode::Text, b"ab"), [0x81, 0x82, 0, 0, 0, 0, b'a', b'b']);
        let frame = client_frame(Opcode::Binary, &[7; 300]);
        assert_eq!(frame[..4], [0x82, 0xfe, 1, 44]);
        assert_eq!(frame.len(), 308);
    }
}
