//! The agent's WebSocket: plain TCP to this machine, small buffers, because there are hundreds.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use madoguchi_protocol::ClientFrame;
use madoguchi_protocol::client::Watch;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::run::api::Api;
use crate::run::error::RunError;
use crate::run::frame::{self, Frame};

/// An open socket.
pub(crate) type Socket = WebSocketStream<TcpStream>;

/// What is read at once; the default of 128 KiB is taken for every socket.
const READ_BUFFER: usize = 16 * 1024;

/// How long a snapshot may take.
const SNAPSHOT: Duration = Duration::from_secs(30);

/// The connection is gone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Broken;

/// Connects as whoever `api` is logged in as.
pub(crate) async fn open(server: SocketAddr, api: &Api) -> Result<Socket, String> {
    let stream = TcpStream::connect(server).await.map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let url = format!("ws://{server}/api/v1/socket");
    let mut request = url.into_client_request().map_err(|error| error.to_string())?;
    request.headers_mut().extend(api.identity());
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER).write_buffer_size(0);
    let (socket, _) =
        client_async_with_config(request, stream, Some(config)).await.map_err(|error| error.to_string())?;
    Ok(socket)
}

/// Says one frame.
pub(crate) async fn say(socket: &mut Socket, frame: &ClientFrame) -> Result<(), Broken> {
    let text = serde_json::to_string(frame).expect("the protocol's frames are JSON");
    socket.send(Message::text(text)).await.map_err(|_| Broken)
}

/// The newest position of a window, as a socket that comes anew is told it.
pub(crate) async fn head(server: SocketAddr, api: &Api, window: &str) -> Result<u64, RunError> {
    let refused = |why: &str| RunError::Socket { agent: "the owner".to_owned(), why: why.to_owned() };
    let mut socket = open(server, api).await.map_err(|why| refused(&why))?;
    let watch = Watch { window: window.to_owned(), stream: None, position: None };
    say(&mut socket, &ClientFrame::Watch(watch)).await.map_err(|Broken| refused("it broke at once"))?;
    let snapshot = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    if let Frame::Snapshot { position, .. } = frame::read(&text) {
                        return Ok(position);
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(refused("it ended before the snapshot")),
            }
        }
    };
    tokio::time::timeout(SNAPSHOT, snapshot).await.unwrap_or_else(|_| Err(refused("no snapshot came")))
}
