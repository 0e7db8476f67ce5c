//! The only file that knows how a socket is made: the upgrade, the actor's own byte stream, and the outbox behind it.
//!
//! `WebsocketContext` gives a stream of bytes that the connection writes. It is wrapped: the actor comes first (it must run
//! however busy the outbox is), then everything that waits in the outbox. The connection asks for more only when its peer
//! has taken what it had, so what a slow peer costs is counted in the outbox and nowhere else.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};

use actix_http::ws::Codec;
use actix_web::web::{Bytes, Payload};
use actix_web::{Error, HttpRequest, HttpResponse};
use actix_web_actors::ws::{WebsocketContext, handshake};
use futures_util::Stream;
use madoguchi_protocol::limits::SOCKET_MESSAGE_BYTES;
use madoguchi_protocol::{Code, Problem};

use super::fanout::Fanout;
use super::house::House;
use super::hub::Worker;
use super::intake::Intake;
use super::outbox::{Outbox, Shared};
use super::session::Session;
use super::sockets::Permit;
use super::wire::Wire;
use crate::auth::Identity;
use crate::error::problem;

/// Makes a socket of this request.
pub(super) fn connect<H: House>(
    house: &H,
    worker: &Worker<H>,
    who: Identity,
    req: &HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let mut response =
        handshake(req).map_err(|error| problem(Code::Malformed).detail(format!("no WebSocket handshake: {error}")))?;
    if *house.stopping().borrow() {
        return Err(problem(Code::Stopping));
    }
    let permit = house.sockets().admit(who.agent)?;
    let key = permit.key;
    let wire = req.conn_data::<Wire>().cloned();
    let outbox: Shared = Rc::new(RefCell::new(Outbox::new(house.settings().outbox_bytes, wire)));
    let fanout = worker.fanout(house);
    fanout.borrow_mut().join(key, who, Rc::clone(&outbox));
    let session = Session::new(key, house.clone(), Rc::clone(&fanout), Rc::clone(&outbox));
    let intake = Intake::new(payload, Rc::clone(&outbox));
    let codec = Codec::new().max_size(SOCKET_MESSAGE_BYTES);
    let actor = WebsocketContext::with_codec(session, intake, codec);
    Ok(response.streaming(Wrapped {
        actor: Box::pin(actor),
        actor_ended: false,
        is_written: false,
        outbox,
        fanout: Rc::downgrade(&fanout),
        permit,
    }))
}

/// What the connection writes. Its drop is the end of the socket, however it came.
struct Wrapped<H: House, S> {
    actor: Pin<Box<S>>,
    actor_ended: bool,
    /// The connection was given the time to write the last piece.
    is_written: bool,
    outbox: Shared,
    fanout: Weak<RefCell<Fanout<H>>>,
    permit: Permit,
}

impl<H: House, S: Stream<Item = Result<Bytes, Error>>> Stream for Wrapped<H, S> {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.outbox.borrow_mut().wait(cx.waker());
        loop {
            // Once for each piece: neither can the outbox starve the actor, nor a peer's pings the outbox.
            let actor = if self.actor_ended { Poll::Ready(None) } else { self.actor.as_mut().poll_next(cx) };
            let is_waiting = actor.is_pending();
            match actor {
                Poll::Ready(Some(control)) => self.outbox.borrow_mut().push_control(control?),
                Poll::Ready(None) => self.actor_ended = true,
                Poll::Pending => {}
            }
            let piece = self.outbox.borrow_mut().take();
            if let Some(piece) = piece {
                self.ask_for_more();
                return Poll::Ready(Some(Ok(piece)));
            }
            if self.actor_ended {
                return self.end(cx);
            }
            if is_waiting {
                return Poll::Pending;
            }
        }
    }
}

impl<H: House, S> Wrapped<H, S> {
    /// Nothing is left to be written. Where the peer has said its last word the connection ends now; else the server
    /// reads on for a moment, so that what the peer is still sending does not cost it our last frame.
    fn end(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let mut outbox = self.outbox.borrow_mut();
        if outbox.peer_ended() {
            if !self.is_written {
                // What was taken last is written when the connection asks again.
                self.is_written = true;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            outbox.finish();
        }
        Poll::Ready(None)
    }

    /// Little waits now: a reader who missed much gets the next part.
    fn ask_for_more(&self) {
        let has_room = {
            let outbox = self.outbox.borrow();
            outbox.is_owed && outbox.wants_bulk()
        };
        if has_room && let Some(fanout) = self.fanout.upgrade() {
            fanout.borrow_mut().feed(self.permit.key);
        }
    }
}

impl<H: House, S> Drop for Wrapped<H, S> {
    fn drop(&mut self) {
        self.outbox.borrow_mut().gone();
        // Busy can only mean a drop in the middle of an unwinding; then the clock finds the socket gone.
        if let Some(fanout) = self.fanout.upgrade()
            && let Ok(mut fanout) = fanout.try_borrow_mut()
        {
            fanout.leave(self.permit.key);
        }
    }
}

#[cfg(test)]
mod tests;
