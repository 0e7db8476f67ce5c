//! One socket's frames. The actor reads and answers; what it sends goes through the outbox, like everything else.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::time::Instant;

use actix::prelude::*;
use actix_web_actors::ws;
use governor::clock::DefaultClock;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use madoguchi_engine::domain::id::{ConversationId, Position, StreamId, WindowId};
use madoguchi_engine::presence::State;
use madoguchi_protocol::api::Command;
use madoguchi_protocol::client::{ClientFrame, PresenceState};
use madoguchi_protocol::close;
use madoguchi_protocol::server::ServerFrame;
use madoguchi_protocol::{Code, Problem};

use super::hub::{Hub, Member, REMARKS_OF_ALL, Remark};
use super::{MAX_MESSAGE, frame};
use crate::authorize::{Action, Object, authorize};
use crate::commands;
use crate::convert;
use crate::error::problem;

/// Frames a second that a socket may send, and how many at once; more are answered `rate_limited`.
const FRAMES_A_SECOND: NonZeroU32 = NonZeroU32::new(100).expect("not zero");
const FRAMES_AT_ONCE: NonZeroU32 = NonZeroU32::new(500).expect("not zero");
/// Commands of one socket that may wait for their turn; one more is answered `overloaded`.
const WAITING: usize = 64;

/// One socket.
pub(crate) struct Session {
    hub: Rc<Hub>,
    member: Rc<Member>,
    pace: RateLimiter<NotKeyed, InMemoryState, DefaultClock>,
    /// The pieces of a message that comes in several frames.
    pieces: Vec<u8>,
    /// Commands are done one after the other, so that two messages of one desk keep their order.
    waiting: VecDeque<(String, ConversationId, Command)>,
    busy: bool,
}

impl Session {
    pub(crate) fn new(hub: Rc<Hub>, member: Rc<Member>) -> Self {
        let quota = Quota::per_second(FRAMES_A_SECOND).allow_burst(FRAMES_AT_ONCE);
        let pace = RateLimiter::direct(quota);
        Self { hub, member, pace, pieces: Vec::new(), waiting: VecDeque::new(), busy: false }
    }

    fn say(&self, said: &ServerFrame) {
        self.hub.give(&self.member, frame::text(said));
    }

    fn refuse(&self, refused: Problem) {
        self.say(&ServerFrame::Problem { problem: refused });
    }

    fn hear(&mut self, text: &[u8], ctx: &mut ws::WebsocketContext<Self>) {
        let too_fast = self.pace.check().is_err();
        let heard: ClientFrame = match serde_json::from_slice(text) {
            Ok(heard) => heard,
            Err(error) => return self.refuse(problem(Code::Malformed).detail(error.to_string())),
        };
        if too_fast {
            let refused = problem(Code::RateLimited).retry_after_ms(1_000);
            return match heard {
                ClientFrame::Command { reference, .. } => {
                    self.say(&ServerFrame::Reply { reference, ok: None, problem: Some(refused) });
                }
                _ => self.refuse(refused),
            };
        }
        match heard {
            ClientFrame::Watch { window, stream, position } => self.watch(&window, stream.as_deref().zip(position)),
            ClientFrame::Unwatch { window } => {
                if let Ok(window) = WindowId::new(&window) {
                    self.hub.unwatch(&self.member, &window);
                }
            }
            ClientFrame::Typing { conversation } => self.typing(&conversation, ctx),
            ClientFrame::Presence { state } => self.presence(state),
            ClientFrame::Command { reference, conversation, command } => {
                self.command(reference, &conversation, command, ctx);
            }
        }
    }

    fn watch(&self, window: &str, from: Option<(&str, u64)>) {
        let app = &self.hub.app;
        let Ok(window) = WindowId::new(window) else { return self.refuse(crate::error::not_found("window")) };
        if app.engine.window(&window).is_none() {
            return self.refuse(crate::error::not_found("window"));
        }
        if authorize(&self.member.who, Action::ReadWindow, Object::Window(&window), &app.engine).is_err() {
            return self.refuse(problem(Code::Forbidden));
        }
        let from = from.and_then(|(stream, position)| Some((stream.parse::<StreamId>().ok()?, Position(position))));
        self.hub.watch(&self.member, &window, from);
    }

    fn typing(&self, conversation: &str, ctx: &mut ws::WebsocketContext<Self>) {
        let Ok(id) = conversation.parse::<ConversationId>() else { return };
        let (hub, who) = (Rc::clone(&self.hub), self.member.who.clone());
        let tell = async move {
            let Ok(window) = commands::may(&hub.app, &who, Action::ReadWindow, id).await else { return };
            let (conversation, agent) = (id.to_string(), who.agent.to_string());
            let told = ServerFrame::Typing { window: window.to_string(), conversation, agent };
            let remark = Remark { window: Some(window), about: who.agent, frame: frame::text(&told) };
            // Nobody listening is no fault.
            let _ = REMARKS_OF_ALL.0.send(remark);
        };
        ctx.spawn(tell.into_actor(self));
    }

    fn presence(&self, state: PresenceState) {
        let said = match state {
            PresenceState::Available => State::Available,
            PresenceState::Away => State::Away,
            PresenceState::WrapUp => State::WrapUp,
            // To be offline one closes the socket.
            PresenceState::Offline => return,
        };
        let agent = self.member.who.agent;
        self.hub.app.engine.presence().say(agent, said);
        let told = ServerFrame::Presence { agent: agent.to_string(), state };
        let _ = REMARKS_OF_ALL.0.send(Remark { window: None, about: agent, frame: frame::text(&told) });
    }

    fn command(&mut self, reference: String, conversation: &str, wish: Command, ctx: &mut ws::WebsocketContext<Self>) {
        let refused = if self.waiting.len() >= WAITING {
            Some(problem(Code::Overloaded).retry_after_ms(200))
        } else if reference.len() > 64 {
            Some(problem(Code::Malformed).detail("ref: at most 64 bytes"))
        } else {
            None
        };
        let id = conversation.parse::<ConversationId>();
        match (refused, id) {
            (None, Ok(id)) => {
                self.waiting.push_back((reference, id, wish));
                self.next(ctx);
            }
            (refused, _) => {
                let why = refused.unwrap_or_else(|| crate::error::not_found("conversation"));
                self.say(&ServerFrame::Reply { reference, ok: None, problem: Some(why) });
            }
        }
    }

    fn next(&mut self, ctx: &mut ws::WebsocketContext<Self>) {
        if self.busy {
            return;
        }
        let Some((reference, id, wish)) = self.waiting.pop_front() else { return };
        self.busy = true;
        let (hub, who) = (Rc::clone(&self.hub), self.member.who.clone());
        let work = async move {
            if !hub.app.auth.still_valid(&who) {
                return (reference, Err(problem(Code::Unauthenticated)));
            }
            (reference, commands::run(&hub.app, &who, id, wish).await)
        };
        ctx.spawn(work.into_actor(self).map(|(reference, result), session, ctx| {
            let (ok, problem) = match result {
                Ok(done) => (Some(Box::new(done)), None),
                Err(problem) => (None, Some(problem)),
            };
            session.say(&ServerFrame::Reply { reference, ok, problem });
            session.busy = false;
            session.next(ctx);
        }));
    }

    fn piece(&mut self, piece: actix_http::ws::Item, ctx: &mut ws::WebsocketContext<Self>) {
        use actix_http::ws::Item;
        let (part, last) = match piece {
            Item::FirstText(part) => {
                self.pieces.clear();
                (part, false)
            }
            Item::Continue(part) => (part, false),
            Item::Last(part) => (part, true),
            Item::FirstBinary(_) => return self.hub.close(&self.member, close::BAD_FRAME),
        };
        if self.pieces.len() + part.len() > MAX_MESSAGE {
            return self.hub.close(&self.member, close::BAD_FRAME);
        }
        self.pieces.extend_from_slice(&part);
        if last {
            let whole = std::mem::take(&mut self.pieces);
            self.hear(&whole, ctx);
        }
    }
}

impl Actor for Session {
    type Context = ws::WebsocketContext<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        let app = &self.hub.app;
        let who = &self.member.who;
        let windows = app.engine.org().windows.keys().cloned().collect::<Vec<_>>().into_iter();
        let windows =
            windows.filter(|window| authorize(who, Action::ReadWindow, Object::Window(window), &app.engine).is_ok());
        let role = serde_json::to_value(convert::org::role(who.role));
        let role = role.ok().and_then(|role| role.as_str().map(str::to_owned)).unwrap_or_default();
        let windows = windows.map(|window| window.to_string()).collect();
        self.say(&ServerFrame::Me { agent: who.agent.to_string(), role, windows });
    }
}

impl StreamHandler<Result<ws::Message, ws::ProtocolError>> for Session {
    fn handle(&mut self, heard: Result<ws::Message, ws::ProtocolError>, ctx: &mut Self::Context) {
        self.member.heard.set(Instant::now());
        match heard {
            Ok(ws::Message::Text(text)) => self.hear(text.as_bytes(), ctx),
            Ok(ws::Message::Ping(body)) => ctx.pong(&body),
            Ok(ws::Message::Continuation(piece)) => self.piece(piece, ctx),
            Ok(ws::Message::Pong(_) | ws::Message::Nop) => {}
            Ok(ws::Message::Close(reason)) => {
                ctx.close(reason);
                ctx.stop();
            }
            Ok(ws::Message::Binary(_)) | Err(_) => self.hub.close(&self.member, close::BAD_FRAME),
        }
    }

    fn finished(&mut self, ctx: &mut Self::Context) {
        ctx.stop();
    }
}
