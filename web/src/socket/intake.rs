//! What comes in on one socket, kept within limits: bytes and messages a second, the length of a message, its fragments.
//!
//! The one place where a socket's input is limited. What is refused here never reaches a decoder or the engine.

use std::num::NonZeroU32;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_http::ws::Item;
use actix_web::error::PayloadError;
use actix_web::web::{Bytes, BytesMut};
use futures_util::Stream;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use madoguchi_protocol::Close;
use madoguchi_protocol::limits::SOCKET_MESSAGE_BYTES;

use super::outbox::Shared;

/// Bytes a second that a socket may send in the long run. Beyond this and [`BURST_BYTES`] it ends as flooding.
const BYTES_PER_SECOND: NonZeroU32 = NonZeroU32::new(64 * 1024).expect("not zero");
/// Bytes that may come at once.
const BURST_BYTES: NonZeroU32 = NonZeroU32::new(512 * 1024).expect("not zero");
/// Messages a second that a socket may send in the long run. Further ones are refused with `rate_limited`.
const MESSAGES_PER_SECOND: NonZeroU32 = NonZeroU32::new(20).expect("not zero");
/// Messages that may come at once: a desk that comes back watches all its windows.
const BURST_MESSAGES: NonZeroU32 = NonZeroU32::new(300).expect("not zero");

/// Counts the messages of one socket.
pub(super) struct Messages(DefaultDirectRateLimiter);

impl Messages {
    pub(super) fn new() -> Self {
        Self(RateLimiter::direct(Quota::per_second(MESSAGES_PER_SECOND).allow_burst(BURST_MESSAGES)))
    }

    /// Whether one more is allowed now.
    pub(super) fn allow(&self) -> bool {
        self.0.check().is_ok()
    }
}

/// The bytes of one socket on their way to the decoder, which holds what has not been handled yet: at most the burst.
pub(super) struct Intake<S> {
    bytes: S,
    limit: DefaultDirectRateLimiter,
    outbox: Shared,
}

impl<S> Intake<S> {
    pub(super) fn new(bytes: S, outbox: Shared) -> Self {
        let limit = RateLimiter::direct(Quota::per_second(BYTES_PER_SECOND).allow_burst(BURST_BYTES));
        Self { bytes, limit, outbox }
    }

    fn allows(&self, bytes: usize) -> bool {
        let Ok(bytes) = u32::try_from(bytes) else { return false };
        let Some(bytes) = NonZeroU32::new(bytes) else { return true };
        matches!(self.limit.check_n(bytes), Ok(Ok(())))
    }
}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Stream for Intake<S> {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.bytes).poll_next(cx);
        if let Poll::Ready(Some(Ok(bytes))) = &polled {
            self.outbox.borrow_mut().heard();
            if !self.allows(bytes.len()) {
                self.outbox.borrow_mut().close_at_once(Close::Flooding);
                return Poll::Ready(None);
            }
        }
        polled
    }
}

/// Puts the fragments of a message together (RFC 6455 5.4).
#[derive(Default)]
pub(super) struct Assembly {
    part: Option<BytesMut>,
}

/// The peer broke the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Violation;

impl Assembly {
    /// A whole message came; between fragments that is not allowed.
    pub(super) fn whole(&self) -> Result<(), Violation> {
        if self.part.is_some() { Err(Violation) } else { Ok(()) }
    }

    /// One fragment more; the message when it was the last.
    pub(super) fn add(&mut self, item: Item) -> Result<Option<String>, Violation> {
        match item {
            Item::FirstText(bytes) => {
                self.whole()?;
                self.part = Some(BytesMut::from(&bytes[..]));
                self.check()
            }
            Item::Continue(bytes) => {
                self.part.as_mut().ok_or(Violation)?.extend_from_slice(&bytes);
                self.check()
            }
            Item::Last(bytes) => {
                self.part.as_mut().ok_or(Violation)?.extend_from_slice(&bytes);
                self.check()?;
                let whole = self.part.take().ok_or(Violation)?;
                String::from_utf8(whole.to_vec()).map(Some).map_err(|_| Violation)
            }
            Item::FirstBinary(_) => Err(Violation),
        }
    }

    fn check(&self) -> Result<Option<String>, Violation> {
        let bytes = self.part.as_ref().map_or(0, BytesMut::len);
        if bytes > SOCKET_MESSAGE_BYTES { Err(Violation) } else { Ok(None) }
    }
}

#[cfg(test)]
mod tests;
