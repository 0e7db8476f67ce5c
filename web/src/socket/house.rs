//! What sockets ask of the rest of the program: the engine, who somebody is, and what they may do.
//!
//! A trait, so that fan-out and edge are tested without an engine. The real one is the [`App`](crate::App).

use actix_web::web;
use futures_util::future::LocalBoxFuture;
use madoguchi_engine::accounts::Health;
use madoguchi_engine::domain::id::{AgentId, ConversationId, InboxId, Position, StreamId, WindowId};
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::presence::State;
use madoguchi_engine::rows::{CatchUp, Snapshot, Update};
use madoguchi_engine::{Failure, Handle};
use madoguchi_protocol::api::{Command, CommandDone, Me, Opening, Presence, WindowCounters};
use madoguchi_protocol::{Problem, server};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

use super::cursor::Mark;
use super::sockets::Sockets;
use crate::App;
use crate::auth::Identity;
use crate::authorize::{Action, Object, authorize};
use crate::commands;
use crate::convert;
use crate::routes::session;

/// What a socket's life is measured by. Times in seconds, looked at once a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// Live bytes that may wait for one socket; beyond it ends as slow.
    pub(super) outbox_bytes: usize,
    /// A ping goes out this often.
    pub(super) ping_s: u32,
    /// A socket from which nothing came for this long ends as silent.
    pub(super) silent_s: u32,
    /// A socket that took nothing for this long, while something waits, ends as slow.
    pub(super) stuck_s: u32,
    /// A socket that was told to end is reset after this.
    pub(super) closing_s: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { outbox_bytes: 1 << 20, ping_s: 25, silent_s: 70, stuck_s: 20, closing_s: 5 }
    }
}

/// The rest of the program, as sockets see it. Nothing here may block.
pub(super) trait House: Clone + Unpin + 'static {
    fn settings(&self) -> Settings;
    fn sockets(&self) -> Sockets;
    fn stopping(&self) -> watch::Receiver<bool>;
    fn now(&self) -> String;

    fn attach(&self, updates: mpsc::Sender<Arc<Update>>);
    fn windows(&self) -> Vec<WindowId>;
    fn position(&self, window: &WindowId) -> Option<Mark>;
    fn catch_up(
        &self,
        window: WindowId,
        stream: StreamId,
        after: Position,
    ) -> LocalBoxFuture<'static, Result<CatchUp, Problem>>;
    fn describe(&self, window: &WindowId, snapshot: &Snapshot) -> server::Snapshot;
    fn presence(&self, window: &WindowId) -> Vec<(AgentId, Presence)>;
    /// The accounts of a window, how each stands, and whether anything goes out at all.
    fn accounts(&self, window: &WindowId) -> server::AccountsNow;

    /// The figures of a window; none where there is no such window.
    fn counters(&self, window: &WindowId) -> Option<WindowCounters>;
    /// Moves whenever the figures of a window change, but for how people are.
    fn counters_version(&self, window: &WindowId) -> u64;

    /// Whether a window is open, and until when.
    fn opening(&self, window: &WindowId) -> Option<Opening>;

    fn me(&self, who: &Identity) -> Option<Me>;
    fn may_watch(&self, who: &Identity, window: &WindowId) -> bool;
    fn sees_every_window(&self, who: &Identity) -> bool;
    fn still_valid(&self, who: &Identity) -> bool;
    /// The person as they are now; counts as a sign of life of their session.
    fn recognise(&self, who: &Identity) -> Option<Identity>;

    fn opened(&self, agent: AgentId);
    fn closed(&self, agent: AgentId);
    fn say(&self, agent: AgentId, state: Presence);
    fn window_to_type_in(
        &self,
        who: Identity,
        conversation: ConversationId,
    ) -> LocalBoxFuture<'static, Result<WindowId, Problem>>;
    /// Whoever may do so is writing; perhaps the customer is shown it.
    fn typed(&self, agent: AgentId, conversation: ConversationId);
    /// Whoever may do so has seen the messages up to this one; perhaps the customer is shown it.
    fn read(&self, agent: AgentId, conversation: ConversationId, number: u32);
    fn command(
        &self,
        who: Identity,
        conversation: ConversationId,
        command: Command,
    ) -> LocalBoxFuture<'static, Result<CommandDone, Problem>>;
}

/// A snapshot in the words of the wire.
pub(super) fn describe(engine: &Handle, now: Timestamp, window: &WindowId, snapshot: &Snapshot) -> server::Snapshot {
    let org = engine.org();
    let budget_ms = snapshot.window.settings.reply_budget_ms;
    let agents = convert::org::members(&snapshot.window, &org, |agent| engine.presence().state(agent, now));
    server::Snapshot {
        window: window.to_string(),
        stream: snapshot.stream.to_string(),
        position: snapshot.position.0,
        name: snapshot.window.name.clone(),
        places: snapshot.window.places,
        settings: convert::org::settings(&snapshot.window.settings),
        agents,
        raw_waiting: snapshot.window.raw.len(),
        bot: crate::convert::bot::of_window(snapshot.window.bot.as_ref()),
        conversations: snapshot.open.iter().map(|row| convert::conversation::conversation(row, budget_ms)).collect(),
        open_total: snapshot.open_total,
        opening: convert::hours::opening(&snapshot.window.opening(now)),
        description: snapshot.window.description.clone(),
        picture: snapshot.window.picture.as_ref().map(|picture| convert::window::picture(window, picture)),
    }
}

impl House for web::Data<App> {
    fn settings(&self) -> Settings {
        Settings { outbox_bytes: self.config.limits.socket_outbox_bytes, ..Settings::default() }
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
        let app = self.clone();
        Box::pin(async move {
            let missed = app.engine.catch_up(&window, stream, after).await;
            missed.map_err(|failure: Failure| commands::refused(&app, failure))
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
        let shown = |(inbox, health): (InboxId, Health)| server::AccountNow {
            inbox: inbox.to_string(),
            troubles: health.troubles().into_iter().map(convert::account::trouble).collect(),
            remaining: health.quota.and_then(|quota| quota.remaining()),
        };
        let (sending, by_settings) = self.engine.sending();
        server::AccountsNow {
            window: window.to_string(),
            accounts: self.engine.accounts_of(window).into_iter().map(shown).collect(),
            sending_held: sending.held || by_settings,
        }
    }

    fn counters(&self, window: &WindowId) -> Option<WindowCounters> {
        convert::counters::counters(&self.engine, self.clock.now(), window)
    }

    fn counters_version(&self, window: &WindowId) -> u64 {
        self.engine.figures_version(window)
    }

    fn opening(&self, window: &WindowId) -> Option<Opening> {
        let state = self.engine.window(window)?;
        Some(convert::hours::opening(&state.opening(self.clock.now())))
    }

    fn me(&self, who: &Identity) -> Option<Me> {
        session::describe(self, who).ok()
    }

    fn may_watch(&self, who: &Identity, window: &WindowId) -> bool {
        authorize(who, Action::ReadWindow, Object::Window(window), &self.engine).is_ok()
            && self.engine.window(window).is_some()
    }

    fn sees_every_window(&self, who: &Identity) -> bool {
        who.role >= madoguchi_engine::domain::org::Role::Supervisor
    }

    fn still_valid(&self, who: &Identity) -> bool {
        self.auth.still_valid(who)
    }

    fn recognise(&self, who: &Identity) -> Option<Identity> {
        let now = self.clock.now();
        self.engine.presence().seen(who.agent, now);
        self.auth.find(who.session?, now).map(|found| Identity { from: who.from, ..found })
    }

    fn opened(&self, agent: AgentId) {
        self.engine.presence().opened(agent, self.clock.now());
    }

    fn closed(&self, agent: AgentId) {
        self.engine.presence().closed(agent, self.clock.now());
    }

    fn say(&self, agent: AgentId, state: Presence) {
        let state = match state {
            Presence::Available => State::Available,
            Presence::Away => State::Away,
            Presence::WrapUp => State::WrapUp,
            Presence::Offline => State::Offline,
        };
        self.engine.presence().say(agent, state);
    }

    fn window_to_type_in(
        &self,
        who: Identity,
        conversation: ConversationId,
    ) -> LocalBoxFuture<'static, Result<WindowId, Problem>> {
        let app = self.clone();
        Box::pin(async move { commands::may(&app, &who, Action::ReadWindow, conversation).await })
    }

    fn typed(&self, agent: AgentId, conversation: ConversationId) {
        self.engine.typing(agent, conversation);
    }

    fn read(&self, agent: AgentId, conversation: ConversationId, number: u32) {
        self.engine.read(agent, conversation, number);
    }

    fn command(
        &self,
        who: Identity,
        conversation: ConversationId,
        command: Command,
    ) -> LocalBoxFuture<'static, Result<CommandDone, Problem>> {
        let app = self.clone();
        Box::pin(async move {
            let _in_hand = app.stopping.take_in_hand();
            commands::run(&app, &who, conversation, command).await
        })
    }
}
