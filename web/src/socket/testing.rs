//! A house without an engine: a window's stream in memory, losses on demand, and what a peer makes of the bytes.

use std::collections::BTreeSet;
use std::io::{Cursor, Read, Write};
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use madoguchi_engine::domain::conversation::Event;
use madoguchi_engine::domain::id::{AgentId, ConversationId, Position, StreamId, WindowId};
use madoguchi_engine::domain::org::Role;
use madoguchi_engine::domain::record::{By, Fact, Record};
use madoguchi_engine::domain::time::Timestamp;
use madoguchi_engine::domain::window::{Settings as WindowSettings, Window};
use madoguchi_engine::rows::{CatchUp, Snapshot, Update};
use madoguchi_protocol::api::{Agent, Command, CommandDone, Me, Opening, OpeningState, Presence, WindowCounters};
use madoguchi_protocol::{Code, Problem, server};
use parking_lot::Mutex;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_tungstenite::tungstenite::protocol::{Role as Side, WebSocket};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::cursor::Mark;
use super::house::{House, Settings};
use super::sockets::Sockets;
use crate::auth::Identity;
use crate::convert;
use crate::error::problem;

/// The window's stream.
pub(super) const STREAM: StreamId = StreamId(7);

#[derive(Clone)]
pub(super) struct Fake(Arc<Inner>);

struct Inner {
    settings: Settings,
    sockets: Sockets,
    stopping: watch::Sender<bool>,
    /// Lets a claim pass.
    gate: Semaphore,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) log: Vec<Arc<Update>>,
    hubs: Vec<mpsc::Sender<Arc<Update>>>,
    /// Who may watch.
    pub(super) members: BTreeSet<AgentId>,
    /// Whose session has ended.
    pub(super) shut_out: BTreeSet<AgentId>,
    /// Times that something was fetched.
    pub(super) fetches: usize,
    /// Records that a reader may be behind and still get what was missed.
    pub(super) memory: usize,
    /// Records given at a time.
    pub(super) part: usize,
    /// Fetching fails.
    pub(super) catching_up: bool,
    /// The next look at the windows panics.
    pub(super) panics: bool,
}

pub(super) fn window() -> WindowId {
    WindowId::new("w").expect("an id")
}

/// Somebody with the role of an agent.
pub(super) fn who(agent: u128) -> Identity {
    Identity::of(AgentId(agent), Role::Agent)
}

/// A fact of about `bytes` bytes.
pub(super) fn said(bytes: usize) -> Vec<Fact> {
    vec![Fact::Conversation(ConversationId(1), Event::NameSeen { name: "x".repeat(bytes) })]
}

impl Fake {
    pub(super) fn new(settings: Settings) -> Self {
        let state =
            State { members: (1..=200).map(AgentId).collect(), memory: 10_000, part: usize::MAX, ..State::default() };
        Self(Arc::new(Inner {
            settings,
            sockets: Sockets::new(1_000, 1_000),
            stopping: watch::Sender::new(false),
            gate: Semaphore::new(0),
            state: Mutex::new(state),
        }))
    }

    pub(super) fn state(&self) -> parking_lot::MutexGuard<'_, State> {
        self.0.state.lock()
    }

    /// Lets so many claims pass.
    pub(super) fn let_pass(&self, claims: usize) {
        self.0.gate.add_permits(claims);
    }

    pub(super) fn stop(&self) {
        self.0.stopping.send_replace(true);
    }

    /// Commits a record and tells nobody.
    pub(super) fn commit_unheard(&self, events: Vec<Fact>) -> Arc<Update> {
        let mut state = self.state();
        let position = Position(state.log.len() as u64 + 1);
        let record = Record { at: Timestamp(i64::try_from(position.0).expect("small")), by: By::Engine, events };
        let frame = super::encode_update(&window(), STREAM, position, &record);
        let update = Arc::new(Update { window: window(), stream: STREAM, position, record: Arc::new(record), frame });
        state.log.push(Arc::clone(&update));
        update
    }

    /// Commits a record and tells every hub that has room.
    pub(super) fn commit(&self, events: Vec<Fact>) -> Arc<Update> {
        let update = self.commit_unheard(events);
        for hub in &self.state().hubs {
            // A full hub misses it, as with the engine.
            let _ = hub.try_send(Arc::clone(&update));
        }
        update
    }
}

impl House for Fake {
    fn settings(&self) -> Settings {
        self.0.settings
    }

    fn sockets(&self) -> Sockets {
        self.0.sockets.clone()
    }

    fn stopping(&self) -> watch::Receiver<bool> {
        self.0.stopping.subscribe()
    }

    fn now(&self) -> String {
        convert::time(Timestamp(0))
    }

    fn attach(&self, updates: mpsc::Sender<Arc<Update>>) {
        self.state().hubs.push(updates);
    }

    fn windows(&self) -> Vec<WindowId> {
        assert!(!std::mem::take(&mut self.state().panics), "a planted panic");
        vec![window()]
    }

    fn position(&self, _: &WindowId) -> Option<Mark> {
        Some(Mark { stream: STREAM, position: Position(self.state().log.len() as u64) })
    }

    fn catch_up(
        &self,
        _: WindowId,
        stream: StreamId,
        after: Position,
    ) -> LocalBoxFuture<'static, Result<CatchUp, Problem>> {
        let fake = self.clone();
        Box::pin(async move {
            tokio::task::yield_now().await;
            let mut state = fake.state();
            state.fetches += 1;
            if state.catching_up {
                return Err(problem(Code::CatchingUp));
            }
            let after = usize::try_from(after.0).expect("small");
            if stream == STREAM && after <= state.log.len() && state.log.len() - after <= state.memory {
                let missed = &state.log[after..];
                if missed.len() > state.part {
                    return Ok(CatchUp::Part(missed[..state.part].to_vec()));
                }
                return Ok(CatchUp::Updates(missed.to_vec()));
            }
            Ok(CatchUp::Snapshot(Box::new(Snapshot {
                stream: STREAM,
                position: Position(state.log.len() as u64),
                window: Arc::new(Window::unborn(window())),
                open: Vec::new(),
                open_total: 0,
            })))
        })
    }

    fn describe(&self, window: &WindowId, snapshot: &Snapshot) -> server::Snapshot {
        server::Snapshot {
            window: window.to_string(),
            stream: snapshot.stream.to_string(),
            position: snapshot.position.0,
            name: String::new(),
            places: 5,
            settings: convert::org::settings(&WindowSettings::default()),
            agents: Vec::new(),
            raw_waiting: 0,
            bot: None,
            conversations: Vec::new(),
            open_total: 0,
            opening: Opening {
                state: OpeningState::Open,
                next_change_at: None,
                opens_at: None,
                closed_period: None,
                holiday: None,
            },
            description: String::new(),
            picture: None,
        }
    }

    fn presence(&self, _: &WindowId) -> Vec<(AgentId, Presence)> {
        Vec::new()
    }

    fn accounts(&self, window: &WindowId) -> server::AccountsNow {
        server::AccountsNow { window: window.to_string(), accounts: Vec::new(), sending_held: false }
    }

    fn counters(&self, window: &WindowId) -> Option<WindowCounters> {
        let state = self.state();
        Some(WindowCounters {
            window: window.to_string(),
            new: state.log.len(),
            waiting: 0,
            oldest_waiting_since: None,
            in_progress: 0,
            agents: Vec::new(),
        })
    }

    fn counters_version(&self, _: &WindowId) -> u64 {
        self.state().log.len() as u64
    }

    fn opening(&self, _: &WindowId) -> Option<Opening> {
        None
    }

    fn me(&self, who: &Identity) -> Option<Me> {
        let agent = Agent {
            id: who.agent.to_string(),
            login: String::new(),
            name: String::new(),
            role: convert::org::role(who.role),
            disabled: false,
            created_at: self.now(),
            icon_url: None,
        };
        Some(Me { agent, windows: Vec::new() })
    }

    fn may_watch(&self, who: &Identity, _: &WindowId) -> bool {
        self.state().members.contains(&who.agent)
    }

    fn sees_every_window(&self, who: &Identity) -> bool {
        who.role >= Role::Supervisor
    }

    fn still_valid(&self, who: &Identity) -> bool {
        !self.state().shut_out.contains(&who.agent)
    }

    fn recognise(&self, who: &Identity) -> Option<Identity> {
        self.still_valid(who).then(|| who.clone())
    }

    fn opened(&self, _: AgentId) {}

    fn closed(&self, _: AgentId) {}

    fn say(&self, _: AgentId, _: Presence) {}

    fn window_to_type_in(&self, _: Identity, _: ConversationId) -> LocalBoxFuture<'static, Result<WindowId, Problem>> {
        Box::pin(async { Ok(window()) })
    }

    fn typed(&self, _: AgentId, _: ConversationId) {}

    fn read(&self, _: AgentId, _: ConversationId, _: u32) {}

    /// Refuses everything; claims only when they are let pass.
    fn command(
        &self,
        _: Identity,
        conversation: ConversationId,
        command: Command,
    ) -> LocalBoxFuture<'static, Result<CommandDone, Problem>> {
        let fake = self.clone();
        Box::pin(async move {
            if matches!(command, Command::Claim(_)) {
                fake.0.gate.acquire().await.expect("it is never closed").forget();
            }
            Err(problem(Code::SetAside).detail(conversation.to_string()))
        })
    }
}

/// What a peer reads in these bytes; fails where another implementation would not understand them.
pub(super) fn decode(bytes: &[u8]) -> Vec<Message> {
    struct Heard(Cursor<Vec<u8>>);
    impl Read for Heard {
        fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
            self.0.read(buf)
        }
    }
    impl Write for Heard {
        fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
            Ok(buf.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let end = bytes.len() as u64;
    let mut socket = WebSocket::from_raw_socket(Heard(Cursor::new(bytes.to_vec())), Side::Client, None);
    let mut messages = Vec::new();
    while socket.get_ref().0.position() < end || messages.is_empty() {
        match socket.read() {
            Ok(message) => messages.push(message),
            Err(Error::Io(_) | Error::Protocol(_) | Error::ConnectionClosed) if !messages.is_empty() => break,
            Err(error) => panic!("{error}"),
        }
    }
    // Read ahead: what is buffered is still whole messages.
    while let Ok(message) = socket.read() {
        messages.push(message);
    }
    messages
}
