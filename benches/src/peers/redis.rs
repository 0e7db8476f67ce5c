//! Redis with `appendfsync always`: an append log with group commit by event-loop turn, the honest rival of durable intake.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{free_port, installed, listening};
use crate::Outcome;
use crate::machine::on_server_core;
use crate::server::Process;

/// A running Redis.
pub struct Redis {
    /// Its process.
    pub process: Process,
    /// `127.0.0.1:PORT`.
    pub address: String,
}

impl Redis {
    /// Starts it on `dir`; `None` where it is not installed.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start(dir: &Path) -> Outcome<Option<Self>> {
        let Some(program) = installed("redis-server") else { return Ok(None) };
        let port = free_port()?;
        let mut command = on_server_core(&program);
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]);
        command.args(["--appendfsync", "always", "--loglevel", "warning", "--auto-aof-rewrite-percentage", "0"]);
        command.arg("--dir").arg(dir);
        let process = Process::new(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?);
        let address = format!("127.0.0.1:{port}");
        listening(&address).await?;
        Ok(Some(Self { process, address }))
    }
}

/// One connection that appends to the stream `s`.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens.
    pub async fn connect(address: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(256) })
    }

    /// `XADD s * m PAYLOAD`, answered after the sync.
    ///
    /// # Errors
    /// It was refused.
    pub async fn append(&mut self, payload: &[u8]) -> Outcome<()> {
        let mut command =
            format!("*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$1\r\n*\r\n$1\r\nm\r\n${}\r\n", payload.len()).into_bytes();
        command.extend_from_slice(payload);
        command.extend_from_slice(b"\r\n");
        self.stream.write_all(&command).await?;
        self.buffer.clear();
        // `$15\r\n1700000000000-0\r\n`: two line ends.
        while self.buffer.windows(2).filter(|two| two == b"\r\n").count() < 2 {
            if self.stream.read_buf(&mut self.buffer).await? == 0 || self.buffer.first() == Some(&b'-') {
                return Err(format!("redis said {}", String::from_utf8_lossy(&self.buffer)).into());
            }
        }
        Ok(())
    }
}
