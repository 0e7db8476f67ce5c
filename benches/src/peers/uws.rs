//! uWebSockets with its own publish/subscribe, by its Python binding: one call a message enters Python, the fan-out is native.

use std::process::Stdio;

use super::{Publisher, scripts, websocket_text};
use crate::Outcome;
use crate::machine::on_server_core;
use crate::server::Process;
use crate::sockets::{Greeting, open};

/// A running uWebSockets.
pub struct Uws {
    /// Its process.
    pub process: Process,
    address: String,
}

impl Uws {
    /// Starts it; `None` where its environment (see `scripts/peers.sh`) is missing.
    ///
    /// # Errors
    /// It does not start.
    pub fn start() -> Outcome<Option<Self>> {
        let python = crate::target_folder().join("peers/venv/bin/python");
        if !python.is_file() {
            return Ok(None);
        }
        let port = super::free_port()?;
        let mut command = on_server_core(&python);
        command.arg(scripts().join("uws.py")).arg(port.to_string());
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut process = Process::new(child);
        process.first_line()?;
        Ok(Some(Self { process, address: format!("127.0.0.1:{port}") }))
    }

    /// How a socket subscribes.
    #[must_use]
    pub fn greeting(&self) -> Greeting {
        Greeting {
            address: self.address.clone(),
            path: "/".to_owned(),
            headers: String::new(),
            first: None,
            ready: b"hello",
        }
    }

    /// Publishes payloads of `bytes` bytes from a socket of its own.
    ///
    /// # Errors
    /// Nobody listens.
    pub async fn publisher(&self, bytes: usize) -> Outcome<Publisher> {
        let stream = open(&self.greeting()).await?;
        Ok(Publisher::Stream { to: tokio::sync::Mutex::new(stream), wrap: websocket_text, bytes })
    }
}
