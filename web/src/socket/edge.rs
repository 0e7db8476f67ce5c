//! The edge between actix-web-actors and us: the byte stream of its context, and after it our own outbox. Nothing
//! outside of this folder knows either, so that the crate below can be replaced.
//!
//! The context's bytes (answers to pings, the close frame) go first; polling it also drives the socket's actor. Both
//! produce whole frames, so they may alternate.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::Error;
use bytes::Bytes;
use futures_util::Stream;

use super::hub::{Hub, Member};

type Inner = Pin<Box<dyn Stream<Item = Result<Bytes, Error>>>>;

/// The body of an upgraded connection. Its drop is the socket's end, however it came about.
pub(crate) struct Edge {
    inner: Inner,
    member: Rc<Member>,
    hub: Rc<Hub>,
}

impl Edge {
    pub(crate) fn new(
        inner: impl Stream<Item = Result<Bytes, Error>> + 'static,
        member: Rc<Member>,
        hub: Rc<Hub>,
    ) -> Self {
        Self { inner: Box::pin(inner), member, hub }
    }
}

impl Stream for Edge {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(item) = self.inner.as_mut().poll_next(cx) {
            return Poll::Ready(item);
        }
        let mut outbox = self.member.outbox.borrow_mut();
        match outbox.take() {
            Some(chunk) => Poll::Ready(Some(Ok(chunk))),
            None if outbox.is_finished() => Poll::Ready(None),
            None => {
                outbox.wake_when_filled(cx.waker());
                Poll::Pending
            }
        }
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        self.hub.left(&self.member);
    }
}
