//! The limit of the machine: a loop that takes messages, syncs them and writes them to every socket, and does nothing else.
//! What came while it wrote shares the next sync, and the next write to each socket.
//!
//! It runs as a process of its own (`budgets bare`) on the servers' core and speaks just enough WebSocket for the same
//! readers. Sockets block: whoever does not read holds up all, which no server may do, and which costs it nothing here.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;

use super::Publisher;
use crate::Outcome;
use crate::disk::Disk;
use crate::machine::on_server_core;
use crate::server::Process;
use crate::sockets::Greeting;

/// What is taken from the speaker at once, in bytes.
const READ_BYTES: usize = 64 * 1024;

/// A running loop.
pub struct Bare {
    /// Its process.
    pub process: Process,
    address: String,
}

impl Bare {
    /// Starts `budgets bare` (the program that runs now), with its file in `dir`.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(dir: &Path, sockets: usize, is_durable: bool) -> Outcome<Self> {
        let mut command = on_server_core(&crate::own_program()?);
        command.arg("bare").arg("--dir").arg(dir).args(["--sockets", &sockets.to_string()]);
        if is_durable {
            command.arg("--durable");
        }
        let mut process = Process::new(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?);
        let address = process.first_line()?;
        Ok(Self { process, address })
    }

    /// How a socket is opened; the first `sockets` are listeners.
    #[must_use]
    pub fn greeting(&self) -> Greeting {
        let address = self.address.clone();
        Greeting { address, path: "/".to_owned(), headers: String::new(), first: None, ready: b"" }
    }

    /// The one who speaks; to be made after every listener.
    ///
    /// # Errors
    /// Nobody listens.
    pub async fn publisher(&self, bytes: usize) -> Outcome<Publisher> {
        let stream = tokio::net::TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        let wrap = |payload: &[u8]| {
            let mut message = u32::try_from(payload.len()).expect("short messages only").to_be_bytes().to_vec();
            message.extend_from_slice(payload);
            message
        };
        Ok(Publisher::Stream { to: tokio::sync::Mutex::new(stream), wrap, bytes })
    }
}

/// The loop itself: accepts `sockets` listeners, then one speaker, and serves until the speaker goes.
///
/// # Errors
/// The disk or a socket failed.
pub fn serve(dir: &Path, sockets: usize, is_durable: bool) -> Outcome<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut disk = Disk::new(dir)?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
    let mut listeners = Vec::with_capacity(sockets);
    for _ in 0..sockets {
        listeners.push(upgrade(listener.accept()?.0)?);
    }
    let (mut speaker, _) = listener.accept()?;
    let mut said = Vec::new();
    let mut chunk = vec![0; READ_BYTES];
    loop {
        let count = speaker.read(&mut chunk)?;
        if count == 0 {
            return Ok(());
        }
        said.extend_from_slice(&chunk[..count]);
        let (frames, used) = frames(&said);
        if frames.is_empty() {
            continue;
        }
        if is_durable {
            disk.append(&said[..used])?;
        }
        said.drain(..used);
        for listener in &mut listeners {
            listener.write_all(&frames)?;
        }
    }
}

/// Every whole message as a frame, joined, and how many bytes they took.
fn frames(said: &[u8]) -> (Vec<u8>, usize) {
    let (mut frames, mut at) = (Vec::new(), 0);
    while let Some(length) = said.get(at..at + 4) {
        let length = u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize;
        let Some(payload) = said.get(at + 4..at + 4 + length) else { break };
        frames.extend(server_frame(payload));
        at += 4 + length;
    }
    (frames, at)
}

fn upgrade(mut stream: TcpStream) -> Outcome<TcpStream> {
    stream.set_nodelay(true)?;
    let mut said = Vec::new();
    let mut byte = [0; 512];
    while !said.ends_with(b"\r\n\r\n") {
        let count = stream.read(&mut byte)?;
        if count == 0 {
            return Err("a listener went before it was one".into());
        }
        said.extend_from_slice(&byte[..count]);
    }
    stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")?;
    Ok(stream)
}

fn server_frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81, 126];
    frame.extend_from_slice(&u16::try_from(payload.len()).expect("short messages only").to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}
