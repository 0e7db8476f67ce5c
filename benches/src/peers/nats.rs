//! NATS over WebSocket: subjects in memory, no journal; its text protocol in binary frames.

use std::path::Path;
use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{Publisher, free_port, installed, listening};
use crate::Outcome;
use crate::machine::on_server_core;
use crate::server::Process;
use crate::sockets::{Greeting, Opcode};

/// A running NATS.
pub struct Nats {
    /// Its process.
    pub process: Process,
    client: String,
    websocket: String,
}

impl Nats {
    /// Starts it with its settings in `dir`; `None` where it is not installed.
    ///
    /// # Errors
    /// It does not start.
    pub async fn start(dir: &Path) -> Outcome<Option<Self>> {
        let Some(program) = installed("nats-server") else { return Ok(None) };
        let (port, websocket) = (free_port()?, free_port()?);
        let settings = dir.join("nats.conf");
        std::fs::write(
            &settings,
            format!(
                "host: \"127.0.0.1\"\nport: {port}\nwebsocket {{ host: \"127.0.0.1\", port: {websocket}, no_tls: true }}\n"
            ),
        )?;
        let mut command = on_server_core(&program);
        command.arg("-c").arg(&settings).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = Process::new(command.spawn()?);
        let (client, websocket) = (format!("127.0.0.1:{port}"), format!("127.0.0.1:{websocket}"));
        listening(&client).await?;
        listening(&websocket).await?;
        Ok(Some(Self { process, client, websocket }))
    }

    /// How a socket subscribes to the window's subject.
    #[must_use]
    pub fn greeting(&self) -> Greeting {
        Greeting {
            address: self.websocket.clone(),
            path: "/".to_owned(),
            headers: String::new(),
            first: Some((Opcode::Binary, b"CONNECT {\"verbose\":false}\r\nSUB win 1\r\nPING\r\n".to_vec())),
            ready: b"PONG",
        }
    }

    /// Publishes payloads of `bytes` bytes over the ordinary port.
    ///
    /// # Errors
    /// Nobody listens.
    pub async fn publisher(&self, bytes: usize) -> Outcome<Publisher> {
        let mut stream = TcpStream::connect(&self.client).await?;
        stream.set_nodelay(true)?;
        stream.write_all(b"CONNECT {\"verbose\":false}\r\n").await?;
        let wrap = |payload: &[u8]| {
            let mut message = format!("PUB win {}\r\n", payload.len()).into_bytes();
            message.extend_from_slice(payload);
            message.extend_from_slice(b"\r\n");
            message
        };
        Ok(Publisher::Stream { to: tokio::sync::Mutex::new(stream), wrap, bytes })
    }
}
