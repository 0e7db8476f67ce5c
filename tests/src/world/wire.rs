//! A live socket looked at from the wire: every byte that arrives is counted, every frame kept as it was written, and
//! nothing is read unless the test asks for it. A peer that never reads is one of these, left alone.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::{Api, PATIENCE};

/// What the kernel may hold for a peer that does not read, in bytes; small, so that the server notices soon.
const RECEIVE_BUFFER: u32 = 16 * 1024;

/// One live socket.
#[derive(Debug)]
pub struct Wire {
    socket: WebSocketStream<Counted>,
    read: Arc<AtomicU64>,
    ended: Option<u16>,
}

/// A frame that a window's watcher got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// `snapshot` or `update`.
    pub kind: String,
    /// The window's stream.
    pub stream: String,
    /// Its position.
    pub position: u64,
    /// The frame as it was written.
    pub text: String,
}

#[derive(Deserialize)]
struct Head {
    r#type: String,
    stream: Option<String>,
    position: Option<u64>,
}

impl Wire {
    /// Opens a socket as whoever `api` is logged in as.
    ///
    /// # Panics
    /// It is refused.
    pub async fn open(api: &Api) -> Self {
        let address = api.base().trim_start_matches("http://").parse().expect("tests listen on numbers");
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(RECEIVE_BUFFER).expect("any size is taken");
        let stream = socket.connect(address).await.expect("the server listens");
        let read = Arc::<AtomicU64>::default();
        let counted = Counted { stream, read: Arc::clone(&read) };
        let url = format!("{}/api/v1/socket", api.base().replacen("http", "ws", 1));
        let mut request = url.into_client_request().expect("an address");
        request.headers_mut().extend(api.identity_headers());
        let (socket, _) = client_async(request, counted).await.expect("the socket is let in");
        Self { socket, read, ended: None }
    }

    /// Watches a window, from a stream and position or from a snapshot.
    ///
    /// # Panics
    /// The connection is gone.
    pub async fn watch(&mut self, window: &str, from: Option<(&str, u64)>) {
        let frame = match from {
            Some((stream, position)) => {
                json!({"type": "watch", "window": window, "stream": stream, "position": position})
            }
            None => json!({"type": "watch", "window": window}),
        };
        self.socket.send(Message::text(frame.to_string())).await.expect("a connection");
    }

    /// The next snapshot or update, and `None` when the server has ended the connection.
    ///
    /// # Panics
    /// Neither comes within [`PATIENCE`].
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.expect("a frame or an end");
            let text = match message {
                Some(Ok(Message::Text(text))) => text.as_str().to_owned(),
                Some(Ok(Message::Close(frame))) => {
                    self.ended = Some(frame.map_or(0, |frame| frame.code.into()));
                    return None;
                }
                Some(Err(_)) | None => {
                    self.ended = Some(0);
                    return None;
                }
                Some(Ok(_)) => continue,
            };
            let head: Head = serde_json::from_str(&text).expect("frames are JSON");
            if let ("snapshot" | "update", Some(stream), Some(position)) =
                (head.r#type.as_str(), head.stream, head.position)
            {
                return Some(Heard { kind: head.r#type, stream, position, text });
            }
        }
    }

    /// Snapshots and updates until the given position.
    ///
    /// # Panics
    /// The connection ends before.
    pub async fn until(&mut self, position: u64) -> Vec<Heard> {
        let mut heard: Vec<Heard> = Vec::new();
        while heard.last().is_none_or(|last| last.position < position) {
            let Some(next) = self.next().await else {
                panic!("the connection ended with {:?} after {} frames", self.ended, heard.len());
            };
            heard.push(next);
        }
        heard
    }

    /// Bytes that were read from the connection so far, the answer to the upgrade among them.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}

/// The bytes of an update on the wire: RFC 6455, 5.2, a server's frame without a mask.
#[must_use]
pub fn frame_bytes(text: &str) -> u64 {
    let header = match text.len() {
        0..=125 => 2,
        126..=65_535 => 4,
        _ => 10,
    };
    header + text.len() as u64
}

#[derive(Debug)]
struct Counted {
    stream: TcpStream,
    read: Arc<AtomicU64>,
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.read.fetch_add((buffer.filled().len() - before) as u64, Ordering::Relaxed);
        polled
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
