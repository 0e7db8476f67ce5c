//! The actor of one socket: reads what the client says and passes it on. It writes nothing itself but pongs; everything
//! else goes through the outbox, which others fill while this actor waits for its peer.

use std::cell::RefCell;
use std::rc::Rc;

use actix::{Actor, ActorContext, StreamHandler};
use actix_http::ws::ProtocolError;
use actix_web_actors::ws::{Message, WebsocketContext};
use madoguchi_engine::domain::id::{Position, StreamId, WindowId};
use madoguchi_protocol::api::Presence;
use madoguchi_protocol::client::{Read, Typing, Viewing, Watch, Wish};
use madoguchi_protocol::limits::REF_BYTES;
use madoguchi_protocol::server::Refused;
use madoguchi_protocol::{ClientFrame, Close, Code, Problem, ServerFrame};

use super::cursor::Mark;
use super::fanout::Fanout;
use super::frame;
use super::house::House;
use super::intake::{Assembly, Messages, Violation};
use super::outbox::{Shared, State};
use super::sockets::Note;
use super::wishes::Wishes;
use crate::auth::Identity;
use crate::error::{invalid, not_found, problem};

/// One socket.
pub(super) struct Session<H: House> {
    key: u64,
    house: H,
    fanout: Rc<RefCell<Fanout<H>>>,
    outbox: Shared,
    assembly: Assembly,
    messages: Messages,
    wishes: Wishes<H>,
}

impl<H: House> Session<H> {
    pub(super) fn new(key: u64, house: H, fanout: Rc<RefCell<Fanout<H>>>, outbox: Shared) -> Self {
        Self {
            key,
            wishes: Wishes::new(house.clone(), Rc::clone(&outbox)),
            house,
            fanout,
            outbox,
            assembly: Assembly::default(),
            messages: Messages::new(),
        }
    }

    /// One whole message of the client.
    fn take(&self, text: &str) {
        if self.outbox.borrow().state() != State::Open {
            return;
        }
        let frame = serde_json::from_str::<ClientFrame>(text);
        if !self.messages.allow() {
            return self.refuse(frame.ok(), problem(Code::RateLimited).retry_after_ms(1_000));
        }
        // Ends the socket where the person may not be here any more.
        let Some(who) = self.fanout.borrow_mut().recognise(self.key) else { return };
        match frame {
            Ok(frame) => {
                if let Err(why) = self.act(who, frame) {
                    self.refuse(None, why);
                }
            }
            Err(error) => self.refuse(None, problem(Code::Malformed).detail(error.to_string())),
        }
    }

    fn act(&self, who: Identity, frame: ClientFrame) -> Result<(), Problem> {
        match frame {
            ClientFrame::Watch(watch) => self.watch(&watch)?,
            ClientFrame::Unwatch(unwatch) => {
                let window = window(&unwatch.window)?;
                self.fanout.borrow_mut().unwatch(self.key, &window);
            }
            ClientFrame::Typing(typing) => self.typing(who, &typing)?,
            ClientFrame::Viewing(viewing) => self.viewing(who, &viewing)?,
            ClientFrame::Read(read) => self.read(who, &read)?,
            ClientFrame::Presence(presence) if presence.state == Presence::Offline => {
                return Err(invalid("state", "available, away or wrap_up"));
            }
            ClientFrame::Presence(presence) => self.house.say(who.agent, presence.state),
            ClientFrame::Command(wish) => self.command(who, wish)?,
            ClientFrame::Counters(wish) => self.fanout.borrow_mut().watch_counters(self.key, wish.on),
        }
        Ok(())
    }

    fn watch(&self, watch: &Watch) -> Result<(), Problem> {
        let window = window(&watch.window)?;
        let from = match (&watch.stream, watch.position) {
            (Some(stream), Some(position)) => {
                let stream: StreamId = stream.parse().map_err(|_| invalid("stream", "as the server named it"))?;
                Some(Mark { stream, position: Position(position) })
            }
            _ => None,
        };
        self.fanout.borrow_mut().watch(self.key, window, from);
        Ok(())
    }

    fn typing(&self, who: Identity, typing: &Typing) -> Result<(), Problem> {
        let conversation = typing.conversation.parse().map_err(|_| not_found("conversation"))?;
        let (agent, sockets) = (who.agent, self.house.sockets());
        let window = self.house.window_to_type_in(who, conversation);
        let house = self.house.clone();
        actix_web::rt::spawn(async move {
            // A hint that leads nowhere is nobody's problem.
            if let Ok(window) = window.await {
                house.typed(agent, conversation);
                sockets.tell(&Note::Typing { window, conversation, agent });
            }
        });
        Ok(())
    }

    fn viewing(&self, who: Identity, viewing: &Viewing) -> Result<(), Problem> {
        let conversation = viewing.conversation.parse().map_err(|_| not_found("conversation"))?;
        let (agent, sockets) = (who.agent, self.house.sockets());
        let window = self.house.window_to_type_in(who, conversation);
        actix_web::rt::spawn(async move {
            if let Ok(window) = window.await {
                sockets.tell(&Note::Viewing { window, conversation, agent });
            }
        });
        Ok(())
    }

    fn read(&self, who: Identity, read: &Read) -> Result<(), Problem> {
        let conversation = read.conversation.parse().map_err(|_| not_found("conversation"))?;
        let (agent, number, house) = (who.agent, read.number, self.house.clone());
        let window = house.window_to_type_in(who, conversation);
        actix_web::rt::spawn(async move {
            if window.await.is_ok() {
                house.read(agent, conversation, number);
            }
        });
        Ok(())
    }

    fn command(&self, who: Identity, wish: Wish) -> Result<(), Problem> {
        if wish.reference.len() > REF_BYTES {
            return Err(invalid("ref", "at most 64 bytes"));
        }
        match wish.conversation.parse() {
            Ok(conversation) => self.wishes.submit(who, wish.reference, conversation, wish.command),
            Err(_) => self.wishes.refuse(wish.reference, not_found("conversation")),
        }
        Ok(())
    }

    /// Answers a command under its `ref`, anything else with a `problem`.
    fn refuse(&self, frame: Option<ClientFrame>, why: Problem) {
        match frame {
            Some(ClientFrame::Command(wish)) if wish.reference.len() <= REF_BYTES => {
                self.wishes.refuse(wish.reference, why);
            }
            _ => {
                let refused = ServerFrame::Problem(Refused { problem: why });
                self.outbox.borrow_mut().push(frame::text(&refused));
            }
        }
    }

    fn violated(&self) {
        self.outbox.borrow_mut().close_at_once(Close::Protocol);
    }
}

fn window(text: &str) -> Result<WindowId, Problem> {
    WindowId::new(text).map_err(|_| not_found("window"))
}

impl<H: House> Actor for Session<H> {
    type Context = WebsocketContext<Self>;
}

impl<H: House> StreamHandler<Result<Message, ProtocolError>> for Session<H> {
    fn handle(&mut self, message: Result<Message, ProtocolError>, ctx: &mut Self::Context) {
        let taken = match message {
            Ok(Message::Text(text)) => self.assembly.whole().map(|()| self.take(&text)),
            Ok(Message::Continuation(item)) => self.assembly.add(item).map(|whole| {
                if let Some(text) = whole {
                    self.take(&text);
                }
            }),
            Ok(Message::Ping(bytes)) => {
                ctx.pong(&bytes);
                Ok(())
            }
            Ok(Message::Pong(_) | Message::Nop) => Ok(()),
            Ok(Message::Close(_)) => {
                self.outbox.borrow_mut().farewell();
                ctx.stop();
                Ok(())
            }
            Ok(Message::Binary(_)) => Err(Violation),
            Err(_) => {
                // What follows cannot be read any more.
                ctx.stop();
                Err(Violation)
            }
        };
        if taken.is_err() {
            self.violated();
        }
    }
}
