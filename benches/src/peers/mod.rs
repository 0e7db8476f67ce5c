//! What stands beside us: other servers, and bare loops that do only what cannot be left out.
//!
//! Each is a process on the servers' core, started with settings that make it do the same work, and ended with its owner.

pub mod bare;
pub mod nats;
pub mod postfix;
pub mod redis;
pub mod uws;

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::Outcome;
use crate::house::House;
use crate::sockets::{Opcode, client_frame, mark};
use crate::webhook::Webhooks;
use crate::wire::Wire;

/// Customers who write; each has a conversation of its own.
const CUSTOMERS: usize = 16;

/// Sends message number so-and-so the way one kind of server takes it.
pub enum Publisher {
    /// Customers' webhooks over some connections.
    Webhooks {
        /// Idle connections.
        idle: RefCell<Vec<Wire>>,
        /// As many as there are idle ones.
        turns: Semaphore,
        /// Makes the requests.
        webhooks: Webhooks,
    },
    /// A line protocol over TCP: what stands around the payload, by its length.
    Stream {
        /// The connection.
        to: tokio::sync::Mutex<TcpStream>,
        /// Makes the bytes of one message.
        wrap: fn(&[u8]) -> Vec<u8>,
        /// The length of the payload in bytes.
        bytes: usize,
    },
}

impl Publisher {
    /// Webhooks of a house over `connections`.
    ///
    /// # Errors
    /// Nobody listens.
    pub async fn webhooks(house: &House, connections: usize) -> Outcome<Self> {
        let mut idle = Vec::new();
        for _ in 0..connections {
            idle.push(Wire::connect(&house.server.address).await?);
        }
        let turns = Semaphore::new(idle.len());
        Ok(Self::Webhooks { idle: RefCell::new(idle), turns, webhooks: house.webhooks.clone() })
    }

    /// Sends one message and, where the protocol answers, waits for the answer.
    ///
    /// # Errors
    /// It was refused, or the connection broke.
    pub async fn publish(&self, number: usize) -> Outcome<()> {
        match self {
            Self::Webhooks { idle, turns, webhooks } => {
                let _turn = turns.acquire().await?;
                let mut wire = idle.borrow_mut().pop().ok_or("a turn without a connection")?;
                let request = webhooks.message(number % CUSTOMERS, &mark(number));
                let status = wire.status(&request).await?;
                idle.borrow_mut().push(wire);
                if status == 200 { Ok(()) } else { Err(format!("a webhook was answered {status}").into()) }
            }
            Self::Stream { to, wrap, bytes } => {
                let message = wrap(&payload(number, *bytes));
                Ok(to.lock().await.write_all(&message).await?)
            }
        }
    }
}

/// A payload of `bytes` bytes that carries its number, for peers that do not care what it says.
#[must_use]
pub fn payload(number: usize, bytes: usize) -> Vec<u8> {
    let mut payload = mark(number).into_bytes();
    payload.resize(bytes.max(payload.len()), b'm');
    payload
}

fn websocket_text(payload: &[u8]) -> Vec<u8> {
    client_frame(Opcode::Text, payload)
}

/// A program on the path, where Debian puts servers included.
#[must_use]
pub fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// A port that was free a moment ago, for servers that cannot say which one they took.
///
/// # Errors
/// There is none.
pub fn free_port() -> Outcome<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Waits until somebody accepts at a port.
async fn listening(address: &str) -> Outcome<()> {
    for _ in 0..500 {
        if TcpStream::connect(address).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    Err(format!("nobody listens at {address}").into())
}

/// The folder of this crate's scripts.
fn scripts() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/peers"))
}
