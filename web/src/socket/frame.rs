//! WebSocket frames made once and shared by every socket that gets them (RFC 6455 5.2, unmasked).
//!
//! The header is part of the bytes, so that fan-out neither copies nor encodes.

use actix_http::ws::{CloseCode, CloseReason, OpCode, Parser};
use actix_web::web::{Bytes, BytesMut};
use madoguchi_engine::domain::id::{Position, StreamId, WindowId};
use madoguchi_engine::domain::record::Record;
use madoguchi_protocol::{Close, ServerFrame};

use crate::convert;

/// A message of the server.
#[must_use]
pub fn text(frame: &ServerFrame) -> Bytes {
    let json = serde_json::to_vec(frame).expect("plain data always serialises");
    let mut bytes = BytesMut::new();
    Parser::write_message(&mut bytes, json, OpCode::Text, true, false);
    bytes.freeze()
}

/// The frame of one record: the engine's [`Encoder`](madoguchi_engine::handle::Encoder).
#[must_use]
pub fn encode_update(window: &WindowId, stream: StreamId, position: Position, record: &Record) -> Bytes {
    text(&ServerFrame::Update(convert::event::update(window, stream, position, record)))
}

/// A question whether anybody is there.
pub(super) fn ping() -> Bytes {
    let mut bytes = BytesMut::new();
    Parser::write_message(&mut bytes, b"", OpCode::Ping, true, false);
    bytes.freeze()
}

/// The end, and why.
pub(super) fn close(why: Close) -> Bytes {
    let mut bytes = BytesMut::new();
    let reason = CloseReason { code: CloseCode::from(why.code()), description: Some(why.reason().to_owned()) };
    Parser::write_close(&mut bytes, Some(reason), false);
    bytes.freeze()
}

/// The answer to the client's own end.
pub(super) fn farewell() -> Bytes {
    let mut bytes = BytesMut::new();
    Parser::write_close(&mut bytes, Some(CloseCode::Normal.into()), false);
    bytes.freeze()
}
