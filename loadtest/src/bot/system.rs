//! A system whose customers are served over a bot channel: brings their events, shows them what is delivered, and can be
//! told to fail. Believes no delivery without its signature, and shows none twice.
//!
//! Must know nothing of the engine but what docs/bots.md says.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use madoguchi_protocol::api::{BotChannelDelivery, BotChannelDeliveryType, BotChannelMessage};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use super::signature::{header, is_signed, sign};

/// Longest delivery that is read, in bytes.
const MAX_BODY: usize = 1 << 20;
/// Messages that a slow reader of the stream may be behind.
const STREAM: usize = 65_536;

/// What the next delivery meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemFault {
    /// This status; nothing is taken.
    Answers(u16),
    /// It is taken, and the connection breaks before the answer.
    DropsAfter,
    /// It is taken, and never answered.
    HangsAfter,
}

/// A delivery as it came, each try.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivered {
    /// What it says.
    pub delivery: BotChannelDelivery,
    /// `webhook-id`.
    pub id: String,
    /// The signature was right.
    pub signed: bool,
}

struct State {
    appearing: broadcast::Sender<(String, BotChannelMessage)>,
    secret: Mutex<String>,
    hook: Mutex<String>,
    faults: Mutex<VecDeque<SystemFault>>,
    tries: Mutex<Vec<Delivered>>,
    screen: Mutex<Screen>,
    files: Mutex<HashMap<String, (String, Bytes)>>,
}

/// What customers see, in the order in which it came.
#[derive(Default)]
struct Screen {
    known: HashSet<String>,
    shown: Vec<(String, BotChannelMessage)>,
}

/// A running system; it ends with its drop.
pub struct System {
    state: Arc<State>,
    address: SocketAddr,
    task: JoinHandle<()>,
    http: reqwest::Client,
    customers: Mutex<u32>,
}

impl std::fmt::Debug for System {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("System").field("address", &self.address).finish_non_exhaustive()
    }
}

/// The connection ends without an answer.
#[derive(Debug)]
struct Gone;

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("gone")
    }
}

impl std::error::Error for Gone {}

impl System {
    /// Starts one on a free port. Must run inside a runtime of tokio.
    ///
    /// # Errors
    /// No port.
    pub fn start() -> std::io::Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = TcpListener::from_std(listener)?;
        let secret = format!("whsec_{}", STANDARD.encode(rand::random::<[u8; 32]>()));
        let state = Arc::new(State {
            appearing: broadcast::channel(STREAM).0,
            secret: Mutex::new(secret),
            hook: Mutex::default(),
            faults: Mutex::default(),
            tries: Mutex::default(),
            screen: Mutex::default(),
            files: Mutex::default(),
        });
        let task = tokio::spawn(serve(listener, Arc::clone(&state)));
        // Somebody in this process may have chosen one before us, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().expect("a client without certificates can be made");
        Ok(Self { state, address, task, http, customers: Mutex::new(0) })
    }

    /// Where answers are delivered.
    #[must_use]
    pub fn endpoint_url(&self) -> String {
        format!("http://{}/deliveries", self.address)
    }

    /// Signs both ways.
    #[must_use]
    pub fn secret(&self) -> String {
        self.state.secret.lock().clone()
    }

    /// The account's settings as an owner would enter them.
    #[must_use]
    pub fn settings(&self) -> Value {
        json!({ "name": "店舗アプリ", "endpoint_url": self.endpoint_url(), "secret": self.secret() })
    }

    /// Where events go from now on.
    pub fn set_hook(&self, url: &str) {
        url.clone_into(&mut self.state.hook.lock());
    }

    /// Signs, and believes, under another secret from now on.
    pub fn change_secret(&self, secret: &str) {
        secret.clone_into(&mut self.state.secret.lock());
    }

    /// The next delivery that is rightly signed meets this; several in order.
    pub fn fail_next(&self, fault: SystemFault) {
        self.state.faults.lock().push_back(fault);
    }

    /// A customer writes: an event of its own, brought once. The status, if an answer came.
    pub async fn say(&self, customer: &str, text: &str) -> Option<u16> {
        let at = jiff::Timestamp::now();
        let event = json!({
            "id": format!("{customer}-{:032x}", rand::random::<u128>()), "type": "message", "at": format!("{at:.3}"),
            "contact": { "id": customer, "name": customer }, "message": { "type": "text", "text": text },
        });
        self.bring(Bytes::from(event.to_string())).await
    }

    /// A new customer's id.
    #[must_use]
    pub fn add_customer(&self) -> String {
        let mut count = self.customers.lock();
        *count += 1;
        format!("member-{:05}", *count)
    }

    /// Keeps a file; answers with where it is.
    #[must_use]
    pub fn add_file(&self, mime: &str, bytes: Bytes) -> String {
        let path = format!("/files/{:032x}", rand::random::<u128>());
        self.state.files.lock().insert(path.clone(), (mime.to_owned(), bytes));
        format!("http://{}{path}", self.address)
    }

    /// Brings a body once, signed now. The status, if an answer came.
    pub async fn bring(&self, body: Bytes) -> Option<u16> {
        self.bring_as(body, &self.secret(), 0).await
    }

    /// Brings a body once, signed under this secret and so many seconds from now.
    pub async fn bring_as(&self, body: Bytes, secret: &str, from_now_s: i64) -> Option<u16> {
        let (id, timestamp) = (id_of(&body), jiff::Timestamp::now().as_second() + from_now_s);
        let signature = sign(secret, &id, timestamp, &body);
        let hook = self.state.hook.lock().clone();
        let request = self
            .http
            .post(hook)
            .header("webhook-id", &id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(body);
        request.send().await.ok().map(|answer| answer.status().as_u16())
    }

    /// Everything that came to its door, each try.
    #[must_use]
    pub fn tries(&self) -> Vec<Delivered> {
        self.state.tries.lock().clone()
    }

    /// What a customer was told, in order, each once.
    #[must_use]
    pub fn shown(&self, customer: &str) -> Vec<BotChannelMessage> {
        let screen = self.state.screen.lock();
        screen.shown.iter().filter(|(id, _)| id == customer).map(|(_, message)| message.clone()).collect()
    }

    /// Every message as it appears on a customer's screen.
    #[must_use]
    pub fn stream(&self) -> broadcast::Receiver<(String, BotChannelMessage)> {
        self.state.appearing.subscribe()
    }

    /// The texts among them.
    #[must_use]
    pub fn texts(&self, customer: &str) -> Vec<String> {
        let text = |message| match message {
            BotChannelMessage::Text { text } => Some(text),
            _ => None,
        };
        self.shown(customer).into_iter().filter_map(text).collect()
    }
}

impl Drop for System {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The id of an event, under which it is delivered; one of chance where it has none.
fn id_of(body: &[u8]) -> String {
    let body: Option<Value> = serde_json::from_slice(body).ok();
    let id = body.and_then(|body| body["id"].as_str().map(str::to_owned)).filter(|id| !id.is_empty());
    id.unwrap_or_else(|| format!("e-{:032x}", rand::random::<u128>()))
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&state), request));
            // An error is a peer that went away, or a connection that was to break.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Gone> {
    let (head, body) = request.into_parts();
    if head.method == Method::GET {
        let file = state.files.lock().get(head.uri.path()).cloned();
        let Some((mime, bytes)) = file else { return Ok(bare(404)) };
        let response = Response::builder().header("content-type", mime).body(Full::new(bytes));
        return Ok(response.unwrap_or_else(|_| bare(500)));
    }
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else { return Ok(bare(413)) };
    let body = body.to_bytes();
    let signed = is_signed(&state.secret.lock(), &head.headers, &body);
    let Ok(delivery) = serde_json::from_slice::<BotChannelDelivery>(&body) else { return Ok(bare(400)) };
    let id = header(&head.headers, "webhook-id").to_owned();
    state.tries.lock().push(Delivered { delivery: delivery.clone(), id: id.clone(), signed });
    if !signed || delivery.id != id {
        return Ok(bare(401));
    }
    let fault = state.faults.lock().pop_front();
    if let Some(SystemFault::Answers(status)) = fault {
        return Ok(bare(status));
    }
    take(&state, delivery);
    match fault {
        Some(SystemFault::DropsAfter) => Err(Gone),
        Some(SystemFault::HangsAfter) => std::future::pending().await,
        _ => Ok(bare(200)),
    }
}

fn take(state: &State, delivery: BotChannelDelivery) {
    if delivery.kind == BotChannelDeliveryType::Ping {
        return;
    }
    let mut screen = state.screen.lock();
    if let (true, Some(contact), Some(message)) = (screen.known.insert(delivery.id), delivery.contact, delivery.message)
    {
        screen.shown.push((contact.id.clone(), message.clone()));
        // Nobody may be listening.
        let _ = state.appearing.send((contact.id, message));
    }
}

fn bare(status: u16) -> Response<Full<Bytes>> {
    let response = Response::builder().status(status).body(Full::new(Bytes::new()));
    response.unwrap_or_else(|_| Response::new(Full::new(Bytes::new())))
}
