//! Sockets without a network: one worker's fan-out over an engine in the same program, for readers that call instead of
//! connect. The simulation drives it step by step; cursor, watchers, backlog and outbox are those of every live socket.
//!
//! Readers only: a command over such a socket is refused. What it must never do: carry, fetch or tell in another way than
//! the hub and the sessions do.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::web::Bytes;
use futures_util::future::LocalBoxFuture;
use madoguchi_engine::domain::id::{AgentId, ConversationId, Position, StreamId, WindowId};
use madoguchi_engine::domain::org::Role;
use madoguchi_engine::rows::{CatchUp, Snapshot, Update};
use madoguchi_engine::{Clock, Handle};
use madoguchi_protocol::api::{Command, CommandDone, Me, Opening, Presence, WindowCounters};
use madoguchi_protocol::{Code, Problem, server};
use tokio::sync::{mpsc, watch};

use super::cursor::Mark;
use super::fanout::Fanout;
use super::house::{House, Settings, describe};
use super::outbox::{Outbox, Shared, State};
use super::sockets::{Permit, Sockets};
use crate::auth::Identity;
use crate::authorize::{Action, Object, authorize};
use crate::convert;
use crate::error::{from_failure, problem};
use crate::shutdown::Stopping;

/// One worker's readers.
pub struct Readers {
    house: Local,
    fanout: Rc<RefCell<Fanout<Local>>>,
    updates: mpsc::Receiver<Arc<Update>>,
}

/// One reader: a socket whose peer takes what waits when it likes. Its drop is the end of the socket.
pub struct Reader {
    permit: Permit,
    outbox: Shared,
    fanout: Rc<RefCell<Fanout<Local>>>,
}

impl Readers {
    /// Readers of `engine`. `updates` may wait for the worker, and `outbox_bytes` for one reader; what happens beyond them
    /// is what happens to live sockets.
    #[must_use]
    pub fn new(engine: Handle, clock: Clock, updates: usize, outbox_bytes: usize) -> Self {
        let settings = Settings { outbox_bytes, ..Settings::default() };
        let sockets = Sockets::new(usize::MAX, usize::MAX);
        let house = Local { engine, clock, settings, sockets, stopping: Stopping::default() };
        let (tell, updates) = mpsc::channel(updates);
        house.attach(tell);
        Self { fanout: Fanout::new(house.clone()), house, updates }
    }

    /// Updates that wait to be carried.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.updates.len()
    }

    /// Carries up to `most` updates from the engine into the fan-out, as the hub does.
    pub fn carry(&mut self, most: usize) {
        let mut batch = Vec::new();
        while batch.len() < most {
            let Ok(update) = self.updates.try_recv() else { break };
            batch.push(update);
        }
        self.fanout.borrow_mut().updates(&batch);
    }

    /// A second of the clock has passed.
    pub fn second(&self) {
        self.fanout.borrow_mut().second();
    }

    /// A socket opens.
    ///
    /// # Panics
    /// Never: there is room for every reader.
    #[must_use]
    pub fn join(&self, who: Identity) -> Reader {
        let permit = self.house.sockets.admit(who.agent).expect("there is no limit");
        let outbox = Rc::new(RefCell::new(Outbox::new(self.house.settings.outbox_bytes, None)));
        self.fanout.borrow_mut().join(permit.key, who, Rc::clone(&outbox));
        Reader { permit, outbox, fanout: Rc::clone(&self.fanout) }
    }
}

impl Reader {
    /// Watches a window from `from` on, or anew.
    pub fn watch(&self, window: WindowId, from: Option<(StreamId, Position)>) {
        self.outbox.borrow_mut().heard();
        let from = from.map(|(stream, position)| Mark { stream, position });
        self.fanout.borrow_mut().watch(self.permit.key, window, from);
    }

    /// Takes the next piece of what waits: whole frames, or a slice of a long one.
    #[must_use]
    pub fn take(&self) -> Option<Bytes> {
        let piece = {
            let mut outbox = self.outbox.borrow_mut();
            outbox.heard();
            outbox.take()
        };
        self.fanout.borrow_mut().feed(self.permit.key);
        piece
    }

    /// Whether it was not ended by the server.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.outbox.borrow().state() == State::Open
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.outbox.borrow_mut().gone();
        self.fanout.borrow_mut().leave(self.permit.key);
    }
}

/// The rest of the program, where there is only an engine.
#[derive(Clone)]
struct Local {
    engine: Handle,
    clock: Clock,
    settings: Settings,
    sockets: Sockets,
    stopping: Stopping,
}

impl House for Local {
    fn settings(&self) -> Settings {
        self.settings
    }

    fn sockets(&self) -> Sockets {
        self.sockets.clone()
    }

    fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    fn now(&self) -> String {
        convert::time(self.clock.now())
    }

    fn attach(&self, updates: mpsc::Sender<Arc<Update>>) {
        self.engine.attach(updates);
    }

    fn windows(&self) -> Vec<WindowId> {
        self.engine.org().windows.keys().cloned().collect()
    }

    fn position(&self, window: &WindowId) -> Option<Mark> {
        self.engine.position(window).map(|(stream, position)| Mark { stream, position })
    }

    fn catch_up(
        &self,
        window: WindowId,
        stream: StreamId,
        after: Position,
    ) -> LocalBoxFuture<'static, Result<CatchUp, Problem>> {
        let engine = self.engine.clone();
        Box::pin(async move {
            let missed = engine.catch_up(&window, stream, after).await;
            missed.map_err(|failure| from_failure(failure, &engine.org()))
        })
    }

    fn describe(&self, window: &WindowId, snapshot: &Snapshot) -> server::Snapshot {
        describe(&self.engine, self.clock.now(), window, snapshot)
    }

    fn presence(&self, window: &WindowId) -> Vec<(AgentId, Presence)> {
        let now = self.clock.now();
        let Some(state) = self.engine.window(window) else { return Vec::new() };
        let presence = self.engine.presence();
        state.members.iter().map(|agent| (*agent, convert::org::presence(presence.state(*agent, now)))).collect()
    }

    fn accounts(&self, window: &WindowId) -> server::AccountsNow {
        server::AccountsNow { window: window.to_string(), accounts: Vec::new(), sending_held: false }
    }

    fn counters(&self, window: &WindowId) -> Option<WindowCounters> {
        convert::counters::counters(&self.engine, self.clock.now(), window)
    }

    fn counters_version(&self, window: &WindowId) -> u64 {
        self.engine.figures_version(window)
    }

    fn opening(&self, _: &WindowId) -> Option<Opening> {
        None
    }

    fn me(&self, _: &Identity) -> Option<Me> {
        None
    }

    fn may_watch(&self, who: &Identity, window: &WindowId) -> bool {
        authorize(who, Action::ReadWindow, Object::Window(window), &self.engine).is_ok()
            && self.engine.window(window).is_some()
    }

    fn sees_every_window(&self, who: &Identity) -> bool {
        who.role >= Role::Supervisor
    }

    fn still_valid(&self, who: &Identity) -> bool {
        self.engine.org().agents.get(&who.agent).is_some_and(|agent| !agent.disabled)
    }

    fn recognise(&self, who: &Identity) -> Option<Identity> {
        self.still_valid(who).then(|| who.clone())
    }

    fn opened(&self, agent: AgentId) {
        self.engine.presence().opened(agent, self.clock.now());
    }

    fn closed(&self, agent: AgentId) {
        self.engine.presence().closed(agent, self.clock.now());
    }

    fn say(&self, _: AgentId, _: Presence) {}

    fn window_to_type_in(&self, _: Identity, _: ConversationId) -> LocalBoxFuture<'static, Result<WindowId, Problem>> {
        Box::pin(async { Err(problem(Code::Forbidden)) })
    }

    fn typed(&self, _: AgentId, _: ConversationId) {}

    fn read(&self, _: AgentId, _: ConversationId, _: u32) {}

    fn command(
        &self,
        _: Identity,
        _: ConversationId,
        _: Command,
    ) -> LocalBoxFuture<'static, Result<CommandDone, Problem>> {
        Box::pin(async { Err(problem(Code::Forbidden)) })
    }
}
