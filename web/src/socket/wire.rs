//! A second hold on a connection, so that it can be cut from outside while its own task waits for a peer that never reads.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use socket2::SockRef;

/// A duplicate of a connection's descriptor. It costs one descriptor; a duplicate cannot hit somebody else's connection
/// after the number was given out again.
#[derive(Clone, Debug)]
pub struct Wire(Arc<OwnedFd>);

impl Wire {
    /// Keeps a hold on this connection among what is known about it. To be called when it is accepted.
    pub fn keep(stream: &TcpStream, about: &mut Extensions) {
        match stream.as_fd().try_clone_to_owned() {
            Ok(descriptor) => drop(about.insert(Self(Arc::new(descriptor)))),
            // Without it a socket on this connection ends a little later, by TCP_USER_TIMEOUT.
            Err(error) => tracing::warn!(%error, "a connection cannot be held twice"),
        }
    }

    /// Ends the connection in order: both sides have said their last word. Without it the HTTP server would wait for the
    /// peer to end the connection, as the peer waits for the server (RFC 6455 7.1.1).
    pub(super) fn finish(&self) {
        if let Err(error) = SockRef::from(&self.0).shutdown(std::net::Shutdown::Both) {
            tracing::debug!(%error, "a connection was gone before its end");
        }
    }

    /// Ends the connection at once with a reset: nothing that the kernel still holds for the peer is kept.
    pub(super) fn cut(&self) {
        let socket = SockRef::from(&self.0);
        let cut = socket.set_linger(Some(Duration::ZERO)).and_then(|()| socket.shutdown(std::net::Shutdown::Both));
        if let Err(error) = cut {
            tracing::debug!(%error, "a connection was gone before it was cut");
        }
    }
}
