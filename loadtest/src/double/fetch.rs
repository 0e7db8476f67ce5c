//! The platform fetches what messages point to: without credentials, from this machine only, and looks at type and size.
//!
//! LINE does so when it sends a message on; nothing of it reaches the sender, so a test must look here. What is fetched
//! is counted and not kept.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Body as _;
use hyper::header::{CONTENT_TYPE, USER_AGENT};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::hook::local;
use super::platform::Platform;
use super::state::Shown;

const MEGABYTE: u64 = 1024 * 1024;
/// Longest time for one address.
const PATIENCE: Duration = Duration::from_secs(30);
/// Addresses fetched at once; the next ones wait.
const AT_ONCE: usize = 8;
/// Addresses looked at in one message; a flex message has room for more than anybody sends.
const MAX_ADDRESSES: usize = 50;

/// What came of fetching one address of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fetched {
    /// Where in the message: `originalContentUrl`, `sender.iconUrl`.
    pub property: String,
    /// The address.
    pub url: String,
    /// Whether a phone would show it.
    pub outcome: MediaOutcome,
    /// The answer's status.
    pub status: Option<u16>,
    /// Its `Content-Type`.
    pub content_type: Option<String>,
    /// Bytes of it that were read; reading ends at the limit.
    pub bytes: u64,
}

/// How fetching ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaOutcome {
    /// There, of a type that LINE takes, and not too large.
    Good,
    /// Not on this machine, so it was not tried.
    NotTried,
    /// No connection, or no whole answer in time.
    Unreachable,
    /// An answer other than 200; redirects are not followed.
    Refused,
    /// `Content-Type` or the first bytes are not of a type that LINE takes here.
    WrongType,
    /// Over LINE's limit for this property.
    TooLarge,
}

/// What an address must lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Expected {
    Picture,
    Png,
    Video,
    Sound,
}

#[derive(Clone, Debug)]
struct Address {
    property: String,
    url: String,
    expected: Expected,
    most: u64,
}

#[derive(Debug)]
pub(crate) struct Fetcher {
    client: Client<HttpConnector, Empty<Bytes>>,
    slots: Semaphore,
}

impl Fetcher {
    pub(crate) fn new() -> Self {
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        Self { client, slots: Semaphore::new(AT_ONCE) }
    }

    async fn fetch(&self, address: &Address) -> Fetched {
        let _slot = self.slots.acquire().await.expect("the semaphore is never closed");
        let mut fetched = Fetched {
            property: address.property.clone(),
            url: address.url.clone(),
            outcome: MediaOutcome::Unreachable,
            status: None,
            content_type: None,
            bytes: 0,
        };
        let read = tokio::time::timeout(PATIENCE, self.read(address, &mut fetched)).await;
        fetched.outcome = read.ok().flatten().unwrap_or(MediaOutcome::Unreachable);
        fetched
    }

    /// How it ended; none where the connection did not hold.
    async fn read(&self, address: &Address, fetched: &mut Fetched) -> Option<MediaOutcome> {
        let Some(uri) = local(&address.url) else { return Some(MediaOutcome::NotTried) };
        let request = Request::get(uri).header(USER_AGENT, "LineMediaDouble/1.0").body(Empty::new()).ok()?;
        let answer = self.client.request(request).await.ok()?;
        fetched.status = Some(answer.status().as_u16());
        let content_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        fetched.content_type = content_type.map(str::to_owned);
        if fetched.status != Some(200) {
            return Some(MediaOutcome::Refused);
        }
        let mut body = answer.into_body();
        let mut first = Vec::new();
        while !body.is_end_stream() {
            let Some(frame) = body.frame().await else { break };
            let Ok(data) = frame.ok()?.into_data() else { continue };
            fetched.bytes += data.len() as u64;
            let room = 16_usize.saturating_sub(first.len()).min(data.len());
            first.extend_from_slice(&data[..room]);
            if fetched.bytes > address.most {
                return Some(MediaOutcome::TooLarge);
            }
        }
        let named = fetched.content_type.as_deref().unwrap_or_default();
        let right = address.expected.named(named) && address.expected.begins(&first);
        Some(if right { MediaOutcome::Good } else { MediaOutcome::WrongType })
    }
}

impl Expected {
    fn named(self, content_type: &str) -> bool {
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match self {
            Self::Picture => matches!(kind.as_str(), "image/jpeg" | "image/png"),
            Self::Png => kind == "image/png",
            Self::Video => kind == "video/mp4",
            Self::Sound => {
                matches!(kind.as_str(), "audio/mpeg" | "audio/mp4" | "audio/x-m4a" | "audio/m4a" | "audio/aac")
            }
        }
    }

    /// By the first bytes, whatever the name says.
    fn begins(self, first: &[u8]) -> bool {
        let png = first.starts_with(b"\x89PNG\r\n\x1a\n");
        let boxed = first.get(4..8) == Some(b"ftyp");
        match self {
            Self::Picture => png || first.starts_with(b"\xff\xd8\xff"),
            Self::Png => png,
            Self::Video => boxed,
            // An MP3 begins with its tags or with a frame.
            Self::Sound => {
                boxed || first.starts_with(b"ID3") || matches!(first, [0xff, second, ..] if second & 0xe0 == 0xe0)
            }
        }
    }
}

/// The addresses of a message with what LINE takes at each (Messaging API reference, "Message objects").
fn addresses(message: &Value) -> Vec<Address> {
    let mut found = Vec::new();
    walk(message, "", &mut found);
    found
}

fn walk(value: &Value, at: &str, found: &mut Vec<Address>) {
    if found.len() >= MAX_ADDRESSES {
        return;
    }
    match value {
        Value::Object(fields) => {
            let kind = fields.get("type").and_then(Value::as_str).unwrap_or_default();
            for (key, inner) in fields {
                let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                match (expected(kind, key), inner.as_str()) {
                    (Some((expected, megabytes)), Some(url)) => found.push(Address {
                        property: path,
                        url: url.to_owned(),
                        expected,
                        most: megabytes * MEGABYTE,
                    }),
                    _ => walk(inner, &path, found),
                }
            }
        }
        Value::Array(items) => {
            for (number, inner) in items.iter().enumerate() {
                walk(inner, &format!("{at}[{number}]"), found);
            }
        }
        _ => {}
    }
}

/// By the type of the object around it and the name of the property.
fn expected(kind: &str, key: &str) -> Option<(Expected, u64)> {
    match (kind, key) {
        ("video", "originalContentUrl" | "url") => Some((Expected::Video, 200)),
        ("audio", "originalContentUrl") => Some((Expected::Sound, 200)),
        (_, "previewImageUrl" | "previewUrl") => Some((Expected::Picture, 1)),
        ("image", "originalContentUrl" | "url") | (_, "thumbnailImageUrl") => Some((Expected::Picture, 10)),
        ("icon", "url") => Some((Expected::Picture, 1)),
        (_, "iconUrl") => Some((Expected::Png, 1)),
        // Of a quick reply's button, or of a column of pictures.
        ("action", "imageUrl") => Some((Expected::Png, 1)),
        (_, "imageUrl") => Some((Expected::Picture, 10)),
        _ => None,
    }
}

impl Platform {
    /// Fetches what the messages point to, each address once, and notes the outcome on every phone they arrived on.
    pub(crate) fn fetch_media(self: &Arc<Self>, arrived: &[Arc<Shown>]) {
        let wanted: Vec<(Arc<Shown>, Vec<Address>)> = arrived
            .iter()
            .map(|shown| (Arc::clone(shown), addresses(&shown.message)))
            .filter(|(_, addresses)| !addresses.is_empty())
            .collect();
        if wanted.is_empty() {
            return;
        }
        let platform = Arc::clone(self);
        tokio::spawn(async move {
            let mut known: HashMap<(String, Expected, u64), Fetched> = HashMap::new();
            for (shown, addresses) in wanted {
                let mut media = Vec::new();
                for address in addresses {
                    let key = (address.url.clone(), address.expected, address.most);
                    let fetched = match known.get(&key) {
                        Some(fetched) => Fetched { property: address.property, ..fetched.clone() },
                        None => platform.fetcher.fetch(&address).await,
                    };
                    known.insert(key, fetched.clone());
                    media.push(fetched);
                }
                let mut world = platform.world.lock();
                if let Some(chat) = world.channel_mut(&shown.channel).and_then(|state| state.chat_mut(&shown.chat)) {
                    chat.change(&shown.id, |shown| shown.media = media);
                }
                drop(world);
                platform.changed();
            }
        });
    }
}
