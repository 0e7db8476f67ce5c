//! What platforms have besides messages: bytes of media, and who somebody is. Every call is one try, and every way in
//! which it can end is named.

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{self, LocalBoxStream};

/// What became of asking for bytes.
pub enum Opened {
    /// They come.
    Bytes(Download),
    /// The platform is still preparing them; see [`super::Account::preparation`].
    NotYet,
    /// They are there no more, or never were.
    Gone,
    /// Not now: no connection, too fast, a fault of the platform, a token that is refused. Worth another try.
    Later,
    /// The platform says no, and will again.
    Refused,
    /// The address is none that may be called.
    Unsafe,
}

/// Bytes on their way.
pub struct Download {
    /// How many there will be, where that was said.
    pub length: Option<u64>,
    chunks: LocalBoxStream<'static, Result<Bytes, BrokeOff>>,
}

/// The bytes ended before all of them had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes broke off")]
pub struct BrokeOff;

/// How far the platform is with preparing a film or recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preparation {
    /// It can be fetched.
    Ready,
    /// It works on it.
    UnderWay,
    /// It will never be done.
    Failed,
    /// There is nothing to prepare any more.
    Gone,
    /// Nobody could say; worth another try.
    Unknown,
}

/// What the platform says about a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// This.
    As(Profile),
    /// Nothing: unknown, or not willing to be known.
    Nobody,
    /// Not now; worth another try.
    Later,
}

/// A customer as they show themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Their name.
    pub name: String,
    /// Where their picture is, if they have one.
    pub picture_url: Option<String>,
}

/// A place of several people, which a channel for one at a time leaves.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Gathering {
    /// A group.
    Group(String),
    /// A room.
    Room(String),
}

impl Download {
    /// These chunks.
    pub fn new(length: Option<u64>, chunks: LocalBoxStream<'static, Result<Bytes, BrokeOff>>) -> Self {
        Self { length, chunks }
    }

    /// All of it at once.
    #[must_use]
    pub fn of(bytes: Bytes) -> Self {
        Self::new(Some(bytes.len() as u64), stream::iter([Ok(bytes)]).boxed_local())
    }

    pub(crate) fn of_response(response: reqwest::Response) -> Self {
        let length = response.content_length();
        let chunks = stream::unfold(Some(response), |response| async move {
            let mut response = response?;
            match response.chunk().await {
                Ok(Some(bytes)) => Some((Ok(bytes), Some(response))),
                Ok(None) => None,
                Err(_) => Some((Err(BrokeOff), None)),
            }
        });
        Self::new(length, chunks.boxed_local())
    }

    /// The next bytes; none at the end.
    ///
    /// # Errors
    /// They broke off.
    pub async fn next(&mut self) -> Result<Option<Bytes>, BrokeOff> {
        self.chunks.next().await.transpose()
    }
}
