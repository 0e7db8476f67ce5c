//! The live socket: updates out, commands in. One actor a socket, one hub a worker thread.
//!
//! In reading order: [`session`] (one socket's frames), [`hub`] (who hears what), [`watch`] (the rule of positions),
//! [`catch_up`] (what was missed), [`outbox`] and [`edge`] (bytes to a peer that may not read), [`frame`].

mod catch_up;
mod edge;
mod frame;
mod hub;
mod outbox;
mod session;
mod watch;

use std::os::fd::RawFd;
use std::rc::Rc;

use actix_web::{HttpRequest, HttpResponse, web};
use actix_web_actors::ws;
use bytes::Bytes;
use madoguchi_engine::domain::id::{Position, StreamId, WindowId};
use madoguchi_engine::domain::record::Record;
use madoguchi_protocol::Code;
use madoguchi_protocol::server::ServerFrame;

use crate::App;
use crate::auth::{identify, origin_allowed};
use crate::convert;
use crate::error::{problem, respond};

use self::edge::Edge;
use self::session::Session;

/// The descriptor of the connection that a request came over, so that a hub can shut it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnFd(pub(crate) RawFd);

/// The longest frame or message that a client may send, in bytes.
const MAX_MESSAGE: usize = 64 * 1024;

/// The frame that every reader of a window shares; pure, so that a resume gives the same bytes.
#[must_use]
pub fn encode_update(window: &WindowId, stream: StreamId, position: Position, record: &Record) -> Bytes {
    frame::text(&ServerFrame::Update {
        window: window.to_string(),
        stream: stream.to_string(),
        position: position.0,
        at: convert::time(record.at),
        events: convert::event::events(record),
    })
}

/// Opens a socket. A browser's origin must be one of ours, because cookies travel with every upgrade.
#[utoipa::path(get, path = "/api/v1/socket", tag = "socket",
    responses((status = 101, description = "The socket is open; its frames are described in docs/socket-protocol.md.")))]
pub(crate) async fn upgrade(app: web::Data<App>, req: HttpRequest, payload: web::Payload) -> HttpResponse {
    if app.stopping.has_begun() {
        return respond(&problem(Code::Stopping));
    }
    let who = match identify(&app, &req).await {
        Ok(who) => who,
        Err(refused) => return respond(&refused),
    };
    if !origin_allowed(&app, &req) {
        return respond(&problem(Code::OriginRefused));
    }
    let mut response = match ws::handshake(&req) {
        Ok(response) => response,
        Err(error) => return HttpResponse::from_error(error),
    };
    let hub = hub::of_thread(&app);
    let Ok(member) = hub.join(who, req.conn_data::<ConnFd>().map(|fd| fd.0)) else {
        return respond(&problem(Code::RateLimited).detail("too many sockets"));
    };
    let session = Session::new(Rc::clone(&hub), Rc::clone(&member));
    let codec = actix_http::ws::Codec::new().max_size(MAX_MESSAGE);
    let inner = ws::WebsocketContext::with_codec(session, payload, codec);
    response.streaming(Edge::new(inner, member, hub))
}
