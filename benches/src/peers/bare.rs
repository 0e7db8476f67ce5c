//! The limit of the machine: a loop that takes a message, syncs it and writes it to every socket, and does nothing else.
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
    writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
    let mut listeners = Vec::with_capacity(sockets);
    for _ in 0..sockets {
        listeners.push(upgrade(listener.accept()?.0)?);
    }
    let mut disk = Disk::new(dir)?;
    let (mut speaker, _) = listener.accept()?;
    let mut length = [0; 4];
    while speaker.read_exact(&mut length).is_ok() {
        let mut payload = vec![0; u32::from_be_bytes(length) as usize];
        speaker.read_exact(&mut payload)?;
        if is_durable {
            disk.append(&payload)?;
        }
        let frame = server_frame(&payload);
        for listener in &mut listeners {
            listener.write_all(&frame)?;
        }
    }
    Ok(())
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
