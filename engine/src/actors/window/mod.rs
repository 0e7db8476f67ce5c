//! A window: starts its conversations and lets them sleep, keeps their deadlines, and decides about itself.
//!
//! It lives on one arbiter with all its conversations, so that a decision about several of them (an agent leaves) reads
//! and moves their states at once. It holds no fact of its own: all of it is rebuilt from views and read models.

mod commands;
mod rounds;
mod waking;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use actix::prelude::*;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::Core;
use super::conversation::{Ask, ConversationActor, Deliver, Live};
use super::reply::Reply;
use super::wheel::Wheel;
use crate::channels::ParsedEvent;
use crate::domain::conversation::{Around, Conversation, DeadlineKind, Inbound};
use crate::domain::id::{AgentId, ContactPointId, ConversationId, InboxId, StreamId, WindowId};
use crate::domain::org::ChannelKind;
use crate::domain::record::By;
use crate::domain::seat::ReleaseCause;
use crate::domain::time::Timestamp;
use crate::domain::window::{Command, Window};
use crate::failure::Failure;
use crate::journal::DedupeKey;
use crate::views::WindowView;

/// Messages that may wait for one window; one more is answered "overloaded", and a webhook's body is stored whole.
pub(crate) const MAILBOX: usize = 4_096;
/// Messages that may wait for one conversation while it wakes; one more is answered "overloaded".
const WAITING: usize = 1_024;

/// What a window's conversations share with it, on its thread.
pub(crate) struct Shared {
    pub(crate) core: Arc<Core>,
    pub(crate) id: WindowId,
    pub(crate) stream: StreamId,
    pub(crate) view: Arc<WindowView>,
    /// With decisions that are still on their way to the disk.
    pub(crate) window: RefCell<Window>,
    pub(crate) wheel: Wheel,
    /// The window's actor is gone and another takes its place: conversations end too.
    pub(crate) is_over: Cell<bool>,
}

impl Shared {
    /// What a conversation waits for, the earliest first. Who was at a desk before the start gets the time to come back
    /// before their seats are judged, also where the time had run out by then; and so does a bot before its silence is.
    pub(crate) fn deadlines(&self, state: &Conversation) -> Vec<(Timestamp, DeadlineKind)> {
        let judged_from = self.core.presence.judged_from();
        let mut due = state.deadlines(&self.window.borrow(), self.core.now());
        for (at, kind) in &mut due {
            if matches!(kind, DeadlineKind::Claimable | DeadlineKind::SeatExpiry | DeadlineKind::BotAnswer) {
                *at = (*at).max(judged_from);
            }
        }
        due.sort_unstable();
        due
    }

    /// What a decision may look at, now.
    pub(crate) fn around<'a>(&self, window: &'a Window, now: Timestamp) -> Around<'a> {
        // Who was at a desk before a start counts as there until they had the time to come back.
        let is_here = |agent: &AgentId| self.core.presence.away_since(*agent, now).is_none();
        let anybody_here = !window.answers.offline.when_nobody_is_here || window.members.iter().any(is_here);
        Around { window, now, anybody_here, draw: self.core.config.chance.bits() }
    }

    /// Puts a conversation where it belongs in the wheel.
    pub(crate) fn set_wheel(&self, state: &Conversation) {
        self.wheel.set(state.id, self.deadlines(state).first().map(|(at, _)| *at));
    }
}

/// The events of one thread of one webhook, in order.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct DeliverThread {
    pub(crate) inbox: InboxId,
    pub(crate) thread: String,
    pub(crate) received_at: Timestamp,
    pub(crate) events: Vec<(ParsedEvent, DedupeKey)>,
    pub(crate) reply: Reply<usize>,
}

/// Somebody wants to talk to a conversation.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Wake {
    pub(crate) id: ConversationId,
    pub(crate) reply: Reply<Addr<ConversationActor>>,
}

/// A wish to the window itself.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct WindowAsk {
    pub(crate) by: By,
    pub(crate) command: Command,
    pub(crate) reply: Reply<Arc<Window>>,
}

/// What an agent holds here ends; they stay a member.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct DropAgent {
    pub(crate) agent: AgentId,
    pub(crate) cause: ReleaseCause,
}

/// A body was stored whole and waits for interpretation.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct RawWaits;

struct Awake {
    addr: Addr<ConversationActor>,
    live: Rc<Live>,
    incarnation: u64,
}

/// Who waits for a conversation to wake.
enum Pending {
    Deliver(Deliver),
    Address(Reply<Addr<ConversationActor>>),
    Ask(Box<Ask>),
    Deadline,
}

/// The actor.
pub(crate) struct WindowActor {
    shared: Rc<Shared>,
    awake: BTreeMap<ConversationId, Awake>,
    waking: HashMap<ConversationId, Vec<Pending>>,
    /// Every conversation of the window by what its channel keeps it apart by; hashed, since there may be a million.
    threads: HashMap<u128, ConversationId>,
    /// Conversations whose last incarnation did not end cleanly, and when each of them failed lately.
    failures: HashMap<ConversationId, Vec<Timestamp>>,
    /// Sleeping conversations that a decision of the window's own has moved.
    unsettled: HashSet<ConversationId>,
    ended: mpsc::UnboundedSender<(ConversationId, u64, bool)>,
    ended_told: Option<mpsc::UnboundedReceiver<(ConversationId, u64, bool)>>,
    /// Whether an append of the window's own was committed. If not, its state is ahead of the journal.
    own_told: mpsc::UnboundedSender<bool>,
    own_outcomes: Option<mpsc::UnboundedReceiver<bool>>,
    /// Appends of the window's own on their way to the disk, and who waits for their end.
    own_in_flight: Cell<u64>,
    waiting: VecDeque<commands::Wish>,
    settling: bool,
    /// Another body came while bodies were interpreted.
    settle_again: bool,
    clean: bool,
}

/// What a thread is known by in memory.
pub(crate) fn thread_key(inbox: InboxId, thread: &str) -> u128 {
    let mut hash = Sha256::new();
    hash.update(inbox.0.to_be_bytes());
    hash.update(thread.as_bytes());
    let digest = hash.finalize();
    digest.iter().take(16).fold(0, |sum, byte| sum << 8 | u128::from(*byte))
}

impl WindowActor {
    /// Starts a window on its arbiter. `threads` are all its conversations.
    pub(crate) fn start_on(
        arbiter: &actix::ArbiterHandle,
        core: Arc<Core>,
        view: Arc<WindowView>,
        threads: HashMap<u128, ConversationId>,
    ) -> Addr<Self> {
        Self::start_in_arbiter(arbiter, move |ctx| {
            ctx.set_mailbox_capacity(MAILBOX);
            let (ended, ended_told) = mpsc::unbounded_channel();
            let own = mpsc::unbounded_channel();
            let shared = Rc::new(Shared {
                id: view.id.clone(),
                stream: view.stream,
                window: RefCell::new(Window::clone(&view.window())),
                wheel: Wheel::default(),
                is_over: Cell::new(false),
                view,
                core,
            });
            Self {
                shared,
                awake: BTreeMap::new(),
                waking: HashMap::new(),
                threads,
                failures: HashMap::new(),
                unsettled: HashSet::new(),
                own_told: own.0,
                own_outcomes: Some(own.1),
                own_in_flight: Cell::new(0),
                waiting: VecDeque::new(),
                ended,
                ended_told: Some(ended_told),
                settling: false,
                settle_again: false,
                clean: false,
            }
        })
    }

    fn deliver(&mut self, deliver: DeliverThread, ctx: &mut Context<Self>) {
        if self.shared.window.borrow().reset.is_some() {
            return deliver.reply.send(Err(Failure::NotFound("window")));
        }
        let core = self.shared.core.clone();
        let key = thread_key(deliver.inbox, &deliver.thread);
        let known = self.threads.get(&key).copied();
        let id = known.unwrap_or_else(|| ConversationId(core.new_id()));
        let contact_point = ContactPointId(core.new_id());
        let DeliverThread { inbox, received_at, events, reply, .. } = deliver;
        let channel = core.views.org().inboxes.get(&inbox).map(|inbox| inbox.settings.kind()).unwrap_or_default();
        let of = (channel, inbox);
        let events =
            events.into_iter().map(|(event, key)| (inbound(of, contact_point, received_at, event), key)).collect();
        let deliver = Deliver { events, introduce: known.is_none(), reply };
        if known.is_none() {
            self.threads.insert(key, id);
            self.open(id, ctx);
        }
        self.with(id, Pending::Deliver(deliver), ctx);
    }
}

fn inbound(
    (channel, inbox): (ChannelKind, InboxId),
    contact_point: ContactPointId,
    received_at: Timestamp,
    event: ParsedEvent,
) -> Inbound {
    Inbound {
        channel,
        context: event.context.map(|context| *context),
        inbox,
        contact_point,
        external_id: event.external_id,
        thread: event.thread,
        event_id: event.event_id,
        at: event.at,
        received_at,
        what: event.what,
    }
}

impl Actor for WindowActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if let Some(told) = self.ended_told.take() {
            ctx.add_stream(futures_util::stream::unfold(told, |mut told| async move {
                let ended = told.recv().await?;
                Some((rounds::ConversationEnded(ended), told))
            }));
        }
        if let Some(told) = self.own_outcomes.take() {
            ctx.add_stream(futures_util::stream::unfold(told, |mut told| async move {
                let committed = told.recv().await?;
                Some((commands::OwnTold { committed }, told))
            }));
        }
        self.start_rounds(ctx);
    }
}

impl Drop for WindowActor {
    fn drop(&mut self) {
        self.shared.is_over.set(true);
        if !self.clean && !self.shared.core.is_stopping() {
            super::start::rebuild_window(&self.shared.core, &self.shared.id);
        }
    }
}

impl Handler<DeliverThread> for WindowActor {
    type Result = ();

    fn handle(&mut self, deliver: DeliverThread, ctx: &mut Context<Self>) {
        if self.shared.core.config.faults.hold_windows.load(std::sync::atomic::Ordering::Acquire) {
            ctx.notify_later(deliver, std::time::Duration::from_millis(5));
            return;
        }
        self.deliver(deliver, ctx);
    }
}

impl Handler<Wake> for WindowActor {
    type Result = ();

    fn handle(&mut self, wake: Wake, ctx: &mut Context<Self>) {
        self.with(wake.id, Pending::Address(wake.reply), ctx);
    }
}

impl Handler<WindowAsk> for WindowActor {
    type Result = ();

    fn handle(&mut self, ask: WindowAsk, _: &mut Context<Self>) {
        self.ask(ask.by, ask.command, ask.reply);
    }
}

impl Handler<DropAgent> for WindowActor {
    type Result = ();

    fn handle(&mut self, drop: DropAgent, ctx: &mut Context<Self>) {
        self.drop_agent(drop.agent, drop.cause, ctx);
    }
}

impl Handler<RawWaits> for WindowActor {
    type Result = ();

    fn handle(&mut self, _: RawWaits, ctx: &mut Context<Self>) {
        self.settle_raw(ctx);
    }
}

/// What a full mailbox answers.
pub(crate) fn overloaded() -> Failure {
    Failure::Overloaded { what: "window", retry_after_ms: 500 }
}
