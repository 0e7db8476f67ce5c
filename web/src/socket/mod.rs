//! The live socket: every change of a window at every desk, in order, without a gap; and every command back.
//!
//! In reading order: [`open`] (the address), `edge` (how a socket is made), `session` (its actor), `fanout` (who watches
//! what) with `cursor` (the rule of positions), `watcher` and `outbox` (what waits for one reader), `hub` (what drives the
//! fan-out of one worker), `house` (what it asks of the rest), `readers` (the same without a network). `docs/socket-protocol.md` is the contract with clients.
//! What it must never do: tell before the journal has it, hold memory without bound for a peer that does not read, or let
//! one socket disturb another.

mod cursor;
mod edge;
mod fanout;
mod frame;
mod house;
mod hub;
mod intake;
mod outbox;
mod readers;
mod session;
mod sockets;
#[cfg(test)]
mod testing;
mod watcher;
mod wire;
mod wishes;

use actix_web::{HttpRequest, HttpResponse, web};
use madoguchi_protocol::Code;

pub use frame::{encode_update, text};
pub use readers::{Reader, Readers};
pub use sockets::Sockets;
pub use wire::Wire;

use crate::App;
use crate::auth::{Identity, origin_allowed};
use crate::error::{Refusal, problem};

/// One worker's part of the live sockets; to be among the worker's own data.
#[derive(Default)]
pub struct Worker(hub::Worker<web::Data<App>>);

/// Opens the live socket. Text messages as in docs/socket-protocol.md; close codes 4000 to 4499 mean "come back".
///
/// # Errors
/// Another site's page, too many sockets, stopping, or no WebSocket handshake.
#[utoipa::path(get, path = "/api/v1/socket", tag = "socket", responses(
    (status = 101, description = "Switched to WebSocket."),
))]
pub(crate) async fn open(
    app: web::Data<App>,
    who: Identity,
    req: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Refusal> {
    if who.by_cookie() && !origin_allowed(&app, &req) {
        return Err(problem(Code::OriginRefused).into());
    }
    let worker = req.app_data::<Worker>().ok_or_else(|| problem(Code::Internal))?;
    Ok(edge::connect(&app, &worker.0, who, &req, payload)?)
}
