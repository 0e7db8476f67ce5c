//! One awake conversation. Its handlers are synchronous: they decide on the newest state, including events still on
//! their way to the disk, and leave the answer with the writer, which gives it after the commit of all it rests on.
//!
//! An append that is refused ends the actor; its window builds it anew from what was committed.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix::prelude::*;
use tokio::sync::mpsc;

use super::reply::Reply;
use super::window::Shared;
use super::{Decision, accepting};
use crate::domain::conversation::{Command, Conversation, Event, Inbound, decide};
use crate::domain::id::{ConversationId, Position};
use crate::domain::message::Author;
use crate::domain::record::{By, Entity, Fact};
use crate::domain::time::Timestamp;
use crate::domain::window::Event as WindowEvent;
use crate::failure::Failure;
use crate::faults::Faults;
use crate::handle::Done;
use crate::journal::writer::{Answer, Lane, Permit};
use crate::journal::{DedupeKey, Refused, Touch};
use crate::rows::ConversationRow;

/// Messages that may wait for one conversation; one more is answered "overloaded".
pub(crate) const MAILBOX: usize = 512;
/// Decisions of one conversation on their way to the disk; one more is answered "overloaded".
const IN_FLIGHT: u64 = 256;

/// A wish of somebody who waits.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Ask {
    pub(crate) by: By,
    pub(crate) command: Command,
    pub(crate) reply: Reply<Done>,
}

/// Inbound events of this conversation, in order, with their dedupe keys.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Deliver {
    pub(crate) events: Vec<(Inbound, DedupeKey)>,
    /// The customer's identity is new in this window and is to be recorded with the first event.
    pub(crate) introduce: bool,
    pub(crate) reply: Reply<usize>,
}

/// Go to sleep, if nothing came meanwhile.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Sleep;

/// Live state, shared with the window on the same thread for decisions that concern several conversations.
pub(crate) struct Live {
    /// The incarnation: what its decisions are known by as one chain.
    pub(crate) chain: u64,
    pub(crate) state: RefCell<Conversation>,
    /// Decisions on their way to the disk.
    pub(crate) in_flight: Cell<u64>,
    /// The last time that anything was asked, by the engine's clock.
    pub(crate) used_at: Cell<i64>,
    /// An append was refused: what rests on it must not be answered.
    pub(crate) failed: Arc<AtomicBool>,
    /// Where the actor learns what became of its appends.
    pub(crate) outcomes: mpsc::UnboundedSender<Outcome>,
}

/// What became of an append, told to the actor.
pub(crate) struct Outcome(pub(crate) Result<Position, Refused>);

/// Tells the window that an actor ended, whatever the reason; by its drop, so that a panic tells it too.
pub(crate) struct Ended {
    pub(crate) id: ConversationId,
    pub(crate) incarnation: u64,
    pub(crate) clean: bool,
    pub(crate) to: mpsc::UnboundedSender<(ConversationId, u64, bool)>,
}

impl Drop for Ended {
    fn drop(&mut self) {
        // The window may be gone; then it is rebuilt with all its conversations.
        let _ = self.to.send((self.id, self.incarnation, self.clean));
    }
}

/// The actor.
pub(crate) struct ConversationActor {
    id: ConversationId,
    shared: Rc<Shared>,
    live: Rc<Live>,
    ended: Ended,
}

impl Live {
    pub(crate) fn new(state: Conversation, chain: u64, now: Timestamp) -> (Rc<Self>, mpsc::UnboundedReceiver<Outcome>) {
        let (outcomes, told) = mpsc::unbounded_channel();
        let live = Rc::new(Self {
            chain,
            state: RefCell::new(state),
            in_flight: Cell::new(0),
            used_at: Cell::new(now.0),
            failed: Arc::default(),
            outcomes,
        });
        (live, told)
    }
}

impl ConversationActor {
    /// Starts the actor on this thread.
    pub(crate) fn wake(
        shared: Rc<Shared>,
        live: Rc<Live>,
        told: mpsc::UnboundedReceiver<Outcome>,
        ended: Ended,
    ) -> Addr<Self> {
        Self::create(move |ctx| {
            ctx.set_mailbox_capacity(MAILBOX);
            ctx.add_stream(futures_util::stream::unfold(told, |mut told| async move {
                let outcome = told.recv().await?;
                Some((outcome, told))
            }));
            let id = ended.id;
            Self { id, shared, live, ended }
        })
    }

    /// Whether nothing may be decided here any more: an append was refused, or the window is being rebuilt. What is asked
    /// is dropped then, which tells the asker to ask the next incarnation.
    fn is_over(&self) -> bool {
        self.live.failed.load(Ordering::Acquire) || self.shared.is_over.get()
    }

    fn permit(&self, lane: Lane) -> Result<Permit, Failure> {
        if self.live.in_flight.get() >= IN_FLIGHT {
            return Err(Failure::Overloaded { what: "conversation", retry_after_ms: 200 });
        }
        let writer = self.shared.core.writer().ok_or(Failure::Stopping)?;
        writer.reserve(lane).ok_or(Failure::Overloaded { what: "journal", retry_after_ms: 500 })
    }

    fn ask(&mut self, by: By, command: &Command, reply: Reply<Done>) {
        let permit = match self.permit(Lane::Ordinary) {
            Ok(permit) => permit,
            Err(failure) => return reply.send(Err(failure)),
        };
        if self.shared.window.borrow().reset.is_some() {
            // Known when the reset is on disk, and not before.
            return permit.barrier(Box::new(move || reply.send(Err(Failure::NotFound("conversation")))));
        }
        let faults = &self.shared.core.config.faults;
        let reply = reply.taken();
        assert!(!Faults::take(&faults.panics_before_decide), "planned panic before the decision");
        let now = self.shared.core.now();
        let decided = {
            let window = self.shared.window.borrow();
            let state = self.live.state.borrow();
            let decided = accepting::prepare(&self.shared.core, &state, command)
                .and_then(|command| decide(&state, &command, self.shared.around(&window, now)));
            decided.map(|events| (events, number_made(&state, command)))
        };
        match decided {
            Err(rejected) => self.after_all(permit, reply, Err(Failure::Rejected(rejected))),
            Ok((events, number)) if events.is_empty() => {
                let row = self.row();
                self.after_all(permit, reply, Ok(Done { row, number }));
            }
            Ok((events, number)) => self.decided(permit, (by, now), events, number, reply),
        }
    }

    /// Applies and submits what an agent or the engine wished for.
    fn decided(
        &mut self,
        permit: Permit,
        made: (By, Timestamp),
        events: Vec<Event>,
        number: Option<u32>,
        reply: Reply<Done>,
    ) {
        let before = self.live.state.borrow().clone();
        let window = self.shared.id.clone();
        let after = self.apply(&events, made.1);
        let answer_row = after.clone();
        let number = number.or_else(|| (after.last_number > before.last_number).then_some(after.last_number));
        let answer = self.answer(move |result| match result {
            Ok(position) => {
                reply.send(Ok(Done { row: ConversationRow { window, position, state: answer_row }, number }))
            }
            Err(_) => drop(reply),
        });
        let facts = events.into_iter().map(|event| Fact::Conversation(self.id, event)).collect();
        self.submit(permit, made, facts, Vec::new(), Some((before.version, after)), answer);
    }

    fn deliver(&mut self, deliver: Deliver) {
        if self.shared.window.borrow().reset.is_some() {
            return deliver.reply.send(Err(Failure::NotFound("window")));
        }
        let faults = &self.shared.core.config.faults;
        let reply = deliver.reply.taken();
        assert!(!Faults::take(&faults.panics_before_decide), "planned panic before the decision");
        let total = deliver.events.len();
        let mut reply = Some(reply);
        for (index, event) in deliver.events.into_iter().enumerate() {
            let permit = match self.permit(Lane::Inbound) {
                Ok(permit) => permit,
                Err(failure) => {
                    if let Some(reply) = reply.take() {
                        reply.send(Err(failure));
                    }
                    return;
                }
            };
            let last = if index + 1 == total { reply.take() } else { None };
            self.take_in(permit, event, deliver.introduce && index == 0, last.map(|reply| (reply, total)));
        }
    }

    /// One event, one record: content is removed by whole records, and nobody's other words may go with it.
    fn take_in(
        &mut self,
        permit: Permit,
        (inbound, key): (Inbound, DedupeKey),
        introduce: bool,
        last: Option<(Reply<usize>, usize)>,
    ) {
        let version = self.live.state.borrow().version;
        let now = self.shared.core.now();
        let mut facts = Vec::new();
        if introduce {
            facts.push(Fact::Window(WindowEvent::ContactPointSeen {
                contact_point: inbound.contact_point,
                inbox: inbound.inbox,
                external_id: inbound.external_id.clone(),
            }));
        }
        let command = Command::Inbound(inbound);
        let events = {
            let window = self.shared.window.borrow();
            // The domain never refuses what a customer wrote.
            decide(&self.live.state.borrow(), &command, self.shared.around(&window, now)).unwrap_or_default()
        };
        // What changes nothing is still recorded, by its key; it must not move the state, or a replay would differ.
        let moved = (!events.is_empty()).then(|| (version, self.apply(&events, now)));
        facts.extend(events.into_iter().map(|event| Fact::Conversation(self.id, event)));
        let answer = self.answer(move |result| {
            if let (Ok(_), Some((reply, recorded))) = (result, last) {
                reply.send(Ok(recorded));
            }
        });
        self.submit(permit, (By::Customer, now), facts, vec![key], moved, answer);
    }

    fn apply(&mut self, events: &[Event], now: Timestamp) -> Arc<Conversation> {
        let mut state = self.live.state.borrow_mut();
        state.apply_record(&events.iter().collect::<Vec<_>>(), now);
        self.shared.set_wheel(&state);
        Arc::new(state.clone())
    }

    fn submit(
        &mut self,
        permit: Permit,
        (by, at): (By, Timestamp),
        events: Vec<Fact>,
        dedupe: Vec<DedupeKey>,
        moved: Option<(u64, Arc<Conversation>)>,
        answer: Answer,
    ) {
        let decision = Decision {
            stream: self.shared.stream,
            window: Some(self.shared.id.clone()),
            by,
            at,
            events,
            touches: moved.iter().map(|(version, _)| self.touch(*version)).collect(),
            dedupe,
            after: moved.into_iter().map(|(_, after)| after).collect(),
            answer,
        };
        self.live.in_flight.set(self.live.in_flight.get() + 1);
        if let Err(error) = self.shared.core.submit(permit, decision) {
            // The state is ahead of the journal now: it must not live on.
            tracing::error!(conversation.id = %self.id, %error, "a decision could not be encoded");
            self.live.failed.store(true, Ordering::Release);
            let _ = self.live.outcomes.send(Outcome(Err(Refused::TooLong)));
        }
    }

    fn touch(&self, version: u64) -> Touch {
        Touch { entity: Entity::Conversation(self.id), version, chain: self.live.chain }
    }

    /// Wraps an answer so that the actor learns the outcome too, and that nothing is answered that rests on a refusal.
    fn answer(&self, then: impl FnOnce(Result<Position, Refused>) + Send + 'static) -> Answer {
        let outcomes = self.live.outcomes.clone();
        let failed = self.live.failed.clone();
        Box::new(move |result| {
            if result.is_err() {
                failed.store(true, Ordering::Release);
            }
            let _ = outcomes.send(Outcome(result));
            then(result);
        })
    }

    /// Answers once everything that the answer rests on is committed.
    fn after_all(&self, permit: Permit, reply: Reply<Done>, result: Result<Done, Failure>) {
        if self.live.in_flight.get() == 0 {
            return reply.send(result);
        }
        let failed = self.live.failed.clone();
        permit.barrier(Box::new(move || if failed.load(Ordering::Acquire) { drop(reply) } else { reply.send(result) }));
    }

    fn row(&self) -> ConversationRow {
        let position = self.shared.view.live(self.id).map_or(Position(0), |row| row.position);
        let state = Arc::new(self.live.state.borrow().clone());
        ConversationRow { window: self.shared.id.clone(), position, state }
    }
}

/// The message or memo that a repeated client id made before.
fn number_made(state: &Conversation, command: &Command) -> Option<u32> {
    match command {
        Command::Send { agent, client_id, .. } | Command::AddNote { agent, client_id, .. } => {
            state.number_of(Author::Agent(*agent), client_id)
        }
        Command::BotSend { client_id, .. } => state.number_of(Author::Bot, client_id),
        Command::Cancel { number, .. } | Command::EditNote { number, .. } | Command::DeleteNote { number, .. } => {
            Some(*number)
        }
        _ => None,
    }
}

impl Actor for ConversationActor {
    type Context = Context<Self>;
}

impl Handler<Ask> for ConversationActor {
    type Result = ();

    fn handle(&mut self, ask: Ask, ctx: &mut Context<Self>) {
        if self.is_over() {
            return ctx.terminate();
        }
        self.live.used_at.set(self.shared.core.now().0);
        self.ask(ask.by, &ask.command, ask.reply);
    }
}

impl Handler<Deliver> for ConversationActor {
    type Result = ();

    fn handle(&mut self, deliver: Deliver, ctx: &mut Context<Self>) {
        if self.is_over() {
            return ctx.terminate();
        }
        self.live.used_at.set(self.shared.core.now().0);
        self.deliver(deliver);
    }
}

impl StreamHandler<Outcome> for ConversationActor {
    fn handle(&mut self, outcome: Outcome, ctx: &mut Context<Self>) {
        self.live.in_flight.set(self.live.in_flight.get().saturating_sub(1));
        let faults = &self.shared.core.config.faults;
        if outcome.0.is_ok() {
            assert!(!Faults::take(&faults.panics_after_commit), "planned panic after the commit");
            if self.shared.is_over.get() && self.live.in_flight.get() == 0 {
                self.ended.clean = true;
                ctx.terminate();
            }
            return;
        }
        tracing::warn!(conversation.id = %self.id, outcome = ?outcome.0, "an append was refused; starting anew");
        ctx.terminate();
    }

    fn finished(&mut self, _: &mut Context<Self>) {}
}

impl Handler<Sleep> for ConversationActor {
    type Result = ();

    fn handle(&mut self, _: Sleep, ctx: &mut Context<Self>) {
        // Something came before: what it decided must be told before another incarnation reads the state.
        if self.live.in_flight.get() == 0 {
            self.ended.clean = true;
            ctx.terminate();
        }
    }
}
