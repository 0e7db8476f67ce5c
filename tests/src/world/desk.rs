//! An agent's desk: one WebSocket that watches windows, keeps every frame and checks the positions.
//!
//! The promise it checks (DESIGN 8): the updates of a window carry positions without a gap and without a repetition, also
//! over a reconnect with a position; only a snapshot may set a new one. The first broken promise is kept and every later
//! wait fails with it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::{Api, PATIENCE};

/// Where a desk stands in a window.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    stream: String,
    position: u64,
}

/// What a desk has seen over all its connections.
#[derive(Debug, Default)]
struct Seen {
    frames: Vec<Value>,
    /// Watched windows; the mark is missing until the first snapshot.
    windows: BTreeMap<String, Option<Mark>>,
    violation: Option<String>,
    /// The close code of the present connection; 0 where it broke without one.
    closed: Option<u16>,
}

/// An agent at work.
#[derive(Debug)]
pub struct Desk {
    api: Api,
    seen: Arc<Mutex<Seen>>,
    moved: watch::Sender<()>,
    link: Option<Link>,
    last_ref: u64,
}

/// One connection. Aborting the task drops the socket without a close frame.
#[derive(Debug)]
struct Link {
    outgoing: mpsc::Sender<Value>,
    task: JoinHandle<()>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Desk {
    /// Connects as whoever `api` is logged in as.
    ///
    /// # Panics
    /// The socket is refused.
    pub async fn open(api: &Api) -> Self {
        let mut desk =
            Self { api: api.clone(), seen: Arc::default(), moved: watch::Sender::new(()), link: None, last_ref: 0 };
        desk.reconnect().await;
        desk
    }

    /// Connects again and watches every window from where it stood.
    ///
    /// # Panics
    /// The socket is refused.
    pub async fn reconnect(&mut self) {
        self.try_reconnect().await.unwrap_or_else(|why| panic!("the socket is refused: {why}"));
    }

    /// As [`Desk::reconnect`], for a server that may not be there.
    ///
    /// # Errors
    /// Why no socket came about.
    pub async fn try_reconnect(&mut self) -> Result<(), String> {
        self.drop_link();
        let url = format!("{}/api/v1/socket", self.api.base().replacen("http", "ws", 1));
        let mut request = url.into_client_request().map_err(|error| error.to_string())?;
        request.headers_mut().extend(self.api.identity_headers());
        let (socket, _) = connect_async(request).await.map_err(|error| error.to_string())?;
        self.seen.lock().closed = None;
        let (outgoing, queued) = mpsc::channel(256);
        let task = tokio::spawn(carry(socket, queued, Arc::clone(&self.seen), self.moved.clone()));
        self.link = Some(Link { outgoing, task });
        let windows: Vec<String> = self.seen.lock().windows.keys().cloned().collect();
        for window in windows {
            self.send_watch(&window).await;
        }
        Ok(())
    }

    /// Connects again with a new login, where the old one may be gone with the power.
    pub async fn reconnect_as(&mut self, api: &Api) {
        self.api = api.clone();
        self.reconnect().await;
    }

    /// Connects to a server that came back elsewhere.
    pub async fn reconnect_to(&mut self, base: &str) {
        self.api = self.api.moved_to(base);
        self.reconnect().await;
    }

    /// Breaks the connection without a close frame, as a lost network does.
    pub fn drop_link(&mut self) {
        self.link = None;
    }

    /// Watches a window from where this desk stood, or from a snapshot.
    pub async fn watch(&mut self, window: &str) {
        self.seen.lock().windows.entry(window.to_owned()).or_insert(None);
        self.send_watch(window).await;
    }

    async fn send_watch(&self, window: &str) {
        let mark = self.seen.lock().windows.get(window).cloned().flatten();
        let frame = match mark {
            Some(Mark { stream, position }) => {
                json!({"type": "watch", "window": window, "stream": stream, "position": position})
            }
            None => json!({"type": "watch", "window": window}),
        };
        self.send(frame).await;
    }

    /// Sends any frame. One that cannot be sent any more is lost, as on any network.
    pub async fn send(&self, frame: Value) {
        if let Some(link) = &self.link {
            let _ = link.outgoing.send(frame).await;
        }
    }

    /// Sends a command with a `ref` and waits for its reply.
    ///
    /// # Panics
    /// None came within [`PATIENCE`].
    pub async fn command(&mut self, mut frame: Value) -> Value {
        self.last_ref += 1;
        let reference = format!("r{}", self.last_ref);
        frame["ref"] = json!(reference);
        self.send(frame).await;
        self.wait_for("the reply to a command", |frame| frame["type"] == "reply" && frame["ref"] == reference.as_str())
            .await
    }

    /// The first frame, of those seen or still to come, that fits.
    ///
    /// # Panics
    /// None came within [`PATIENCE`], or a promise was broken.
    pub async fn wait_for(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        self.wait(what, PATIENCE, |seen| seen.frames.iter().find(|frame| fits(frame)).cloned()).await
    }

    /// Waits until the desk stands at `position` of a window, or beyond.
    ///
    /// # Panics
    /// It did not get there within [`PATIENCE`], or a promise was broken.
    pub async fn wait_position(&self, window: &str, position: u64) {
        let what = format!("position {position} of {window}");
        self.wait(&what, PATIENCE, |seen| {
            let mark = seen.windows.get(window)?.as_ref()?;
            (mark.position >= position).then_some(())
        })
        .await;
    }

    /// Waits until the server ends the connection; the close code, 0 where it broke without one.
    ///
    /// # Panics
    /// It did not within `patience`.
    pub async fn wait_closed(&self, patience: Duration) -> u16 {
        self.wait("the connection to close", patience, |seen| seen.closed).await
    }

    async fn wait<T>(&self, what: &str, patience: Duration, ready: impl Fn(&Seen) -> Option<T>) -> T {
        let end = Instant::now() + patience;
        let mut moved = self.moved.subscribe();
        loop {
            {
                let seen = self.seen.lock();
                assert_eq!(seen.violation, None, "while waiting for {what}");
                if let Some(answer) = ready(&seen) {
                    return answer;
                }
            }
            if timeout_at(end, moved.changed()).await.is_err() {
                let seen = self.seen.lock();
                let (count, last, closed) = (seen.frames.len(), seen.frames.last(), seen.closed);
                panic!("waited {patience:?} in vain for {what}; {count} frames, closed {closed:?}, the last: {last:?}");
            }
        }
    }

    /// Every frame so far, over all connections.
    #[must_use]
    pub fn frames(&self) -> Vec<Value> {
        self.seen.lock().frames.clone()
    }

    /// The frames of one type and window, in order.
    #[must_use]
    pub fn frames_of(&self, kind: &str, window: &str) -> Vec<Value> {
        let seen = self.seen.lock();
        let wanted = |frame: &&Value| frame["type"] == kind && frame["window"] == window;
        seen.frames.iter().filter(wanted).cloned().collect()
    }

    /// Where the desk stands in a window: stream and position.
    #[must_use]
    pub fn position(&self, window: &str) -> Option<(String, u64)> {
        let mark = self.seen.lock().windows.get(window).cloned().flatten()?;
        Some((mark.stream, mark.position))
    }

    /// The first broken promise, for a test that expects one.
    #[must_use]
    pub fn violation(&self) -> Option<String> {
        self.seen.lock().violation.clone()
    }

    /// Fails when the server has broken its promise so far.
    ///
    /// # Panics
    /// It has.
    #[track_caller]
    pub fn check(&self) {
        assert_eq!(self.seen.lock().violation, None);
    }
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// Carries frames both ways until either side ends.
async fn carry(
    mut socket: Socket,
    mut queued: mpsc::Receiver<Value>,
    seen: Arc<Mutex<Seen>>,
    moved: watch::Sender<()>,
) {
    let code = loop {
        tokio::select! {
            frame = queued.recv() => {
                let Some(frame) = frame else { return };
                if socket.send(Message::text(frame.to_string())).await.is_err() {
                    break 0;
                }
            }
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    seen.lock().take(&text);
                    moved.send_replace(());
                }
                Some(Ok(Message::Close(frame))) => break frame.map_or(0, |frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break 0,
            },
        }
    };
    seen.lock().closed = Some(code);
    moved.send_replace(());
}

impl Seen {
    /// Keeps a frame and checks its place.
    fn take(&mut self, text: &str) {
        match serde_json::from_str::<Value>(text) {
            Ok(frame) => {
                if let Err(why) = self.place(&frame) {
                    self.violation.get_or_insert(format!("{why}: {frame}"));
                }
                self.frames.push(frame);
            }
            Err(error) => {
                self.violation.get_or_insert(format!("a frame is no JSON ({error}): {text}"));
            }
        }
    }

    fn place(&mut self, frame: &Value) -> Result<(), String> {
        let is_update = frame["type"] == "update";
        if !is_update && frame["type"] != "snapshot" {
            return Ok(());
        }
        let window = frame["window"].as_str().ok_or("a frame without a window")?;
        let mark = Mark {
            stream: frame["stream"].as_str().ok_or("a frame without a stream")?.to_owned(),
            position: frame["position"].as_u64().ok_or("a frame without a position")?,
        };
        let place = self.windows.get_mut(window).ok_or("a window that nobody watches")?;
        if is_update {
            let last = place.as_ref().ok_or("an update before any snapshot")?;
            let next = Mark { stream: last.stream.clone(), position: last.position + 1 };
            if mark != next {
                return Err(format!("position {} of {} should follow", next.position, next.stream));
            }
        }
        *place = Some(mark);
        Ok(())
    }
}
