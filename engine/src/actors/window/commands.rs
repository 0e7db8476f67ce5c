//! Decisions about the window itself, and those that move several conversations in one record.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix::prelude::*;
use tokio::sync::mpsc::UnboundedSender;

use super::{Pending, WindowActor};
use crate::actors::conversation::{Ask, Outcome, Sleep};
use crate::actors::reply::Reply;
use crate::actors::{Core, Decision, too_long};
use crate::domain::conversation::{Command as ConversationCommand, Conversation, decide as decide_conversation};
use crate::domain::id::{AgentId, ConversationId, Position};
use crate::domain::record::{By, Entity, Fact};
use crate::domain::seat::{Holder, ReleaseCause};
use crate::domain::window::{Command, Event, Window, decide};
use crate::failure::Failure;
use crate::faults::Faults;
use crate::journal::writer::{Answer, Lane, Permit};
use crate::journal::{Refused, Touch};

/// Conversations that one record may move, so that it stays under the journal's limit. Where an agent holds more, the
/// others are released in records before the one that removes the agent.
const MOVES_A_RECORD: usize = 400;

/// Wishes to a window that may wait for the one before them; one more is answered "overloaded".
const WAITING: usize = 64;

/// A wish to the window itself.
pub(super) type Wish = (By, Command, Reply<Arc<Window>>);

/// What became of an append of the window's own.
pub(super) struct OwnTold {
    pub(super) committed: bool,
}

impl StreamHandler<OwnTold> for WindowActor {
    fn handle(&mut self, told: OwnTold, ctx: &mut Context<Self>) {
        if !told.committed {
            // By its drop it is rebuilt from what was committed, and who waits asks that one.
            return ctx.terminate();
        }
        self.own_in_flight.set(self.own_in_flight.get().saturating_sub(1));
        if self.own_in_flight.get() == 0 && self.shared.window.borrow().reset.is_some() {
            return self.end(ctx);
        }
        while self.own_in_flight.get() == 0
            && let Some((by, command, reply)) = self.waiting.pop_front()
        {
            self.take_up(by, command, reply);
        }
    }

    fn finished(&mut self, _: &mut Context<Self>) {}
}

/// An awake conversation that goes on from what a record of the window does to it.
struct Resting {
    failed: Arc<AtomicBool>,
    outcomes: UnboundedSender<Outcome>,
}

impl Resting {
    /// What it answers after a refusal would rest on what is not on disk: before its actor hears of it, too.
    fn tell(&self, result: Result<Position, Refused>) {
        if result.is_err() {
            self.failed.store(true, Ordering::Release);
        }
        // Its actor may have ended; then nothing rests on it any more.
        let _ = self.outcomes.send(Outcome(result));
    }
}

/// What a record does to conversations.
#[derive(Default)]
struct Moves {
    facts: Vec<Fact>,
    touches: Vec<Touch>,
    after: Vec<Arc<Conversation>>,
    told: Vec<Resting>,
}

impl WindowActor {
    /// One after the other: an append of the window's own may be refused for what it does to conversations, and a window
    /// has no version by which the journal would refuse what rests on it.
    pub(super) fn ask(&mut self, by: By, command: Command, reply: Reply<Arc<Window>>) {
        if self.own_in_flight.get() == 0 {
            self.take_up(by, command, reply);
        } else if self.waiting.len() < WAITING {
            self.waiting.push_back((by, command, reply));
        } else {
            reply.send(Err(super::overloaded()));
        }
    }

    fn take_up(&mut self, by: By, command: Command, reply: Reply<Arc<Window>>) {
        let reply = reply.taken();
        let Some(writer) = self.shared.core.writer() else { return reply.send(Err(Failure::Stopping)) };
        let Some(permit) = writer.reserve(Lane::Ordinary) else { return reply.send(Err(super::overloaded())) };
        let faults = &self.shared.core.config.faults;
        assert!(!Faults::take(&faults.panics_in_window), "planned panic of a window");
        let decided = decide(&self.shared.window.borrow(), command);
        let events = match decided {
            Ok(events) if events.is_empty() => {
                let window = Arc::new(self.shared.window.borrow().clone());
                return permit.barrier(Box::new(move || reply.send(Ok(window))));
            }
            Ok(events) => events,
            Err(rejected) => {
                return permit.barrier(Box::new(move || reply.send(Err(Failure::Rejected(rejected)))));
            }
        };
        let mut moves = Moves::default();
        for event in &events {
            if let Event::AgentRemoved { agent } = event {
                match self.release_all(*agent, by) {
                    Ok(last) => moves = last,
                    Err(failure) => {
                        // The state is ahead of the journal now: it must not live on.
                        let _ = self.own_told.send(false);
                        return reply.send(Err(failure));
                    }
                }
            }
        }
        // Only now: a state that is ahead of the journal must not live on.
        events.iter().for_each(|event| self.shared.window.borrow_mut().apply(event));
        if events.iter().any(moves_deadlines) {
            self.reset_wheel();
        }
        let window = Arc::new(self.shared.window.borrow().clone());
        let mut facts: Vec<Fact> = events.into_iter().map(Fact::Window).collect();
        facts.append(&mut moves.facts);
        let told = std::mem::take(&mut moves.told);
        let own_told = self.own_told.clone();
        let answer: Answer = Box::new(move |result| {
            told.iter().for_each(|resting| resting.tell(result));
            let _ = own_told.send(result.is_ok());
            match result {
                Ok(_) => reply.send(Ok(window)),
                Err(_) => drop(reply),
            }
        });
        if let Err(failure) = self.submit(permit, by, facts, moves, answer) {
            tracing::error!(window.id = %self.shared.id, ?failure, "a decision could not be encoded");
            let _ = self.own_told.send(false);
        }
    }

    /// Settings mean other times from now on, for what waits already too.
    fn reset_wheel(&self) {
        for awake in self.awake.values() {
            self.shared.set_wheel(&awake.live.state.borrow());
        }
        let all = self.shared.view.all_live();
        all.iter()
            .filter(|row| !self.awake.contains_key(&row.state.id))
            .for_each(|row| self.shared.set_wheel(&row.state));
    }

    /// The window was reset, and that is on disk: nothing goes on here.
    fn end(&mut self, ctx: &mut Context<Self>) {
        self.clean = true;
        for (_, _, reply) in self.waiting.drain(..) {
            reply.send(Err(Failure::NotFound("window")));
        }
        for (id, awake) in std::mem::take(&mut self.awake) {
            self.shared.core.registry.remove(id, awake.incarnation);
            // Full: it ends with whatever it is asked next.
            let _ = awake.addr.try_send(Sleep);
        }
        self.shared.core.windows.remove_if(&self.shared.id, |_, addr| *addr == ctx.address());
        ctx.terminate();
    }

    fn submit(&self, permit: Permit, by: By, events: Vec<Fact>, moves: Moves, answer: Answer) -> Result<(), Failure> {
        let decision = Decision {
            stream: self.shared.stream,
            window: Some(self.shared.id.clone()),
            by,
            at: self.shared.core.now(),
            events,
            touches: moves.touches,
            dedupe: Vec::new(),
            after: moves.after,
            answer,
        };
        self.own_in_flight.set(self.own_in_flight.get() + 1);
        self.shared.core.submit(permit, decision).map_err(too_long)
    }

    /// Ends what an agent who leaves holds, is offered or is responsible for. All but the last few hundred go out in
    /// records of their own; the last are returned for the record that removes the agent.
    fn release_all(&mut self, agent: AgentId, by: By) -> Result<Moves, Failure> {
        let mut ids: Vec<ConversationId> = self.shared.view.all_live().iter().map(|row| row.state.id).collect();
        ids.extend(self.awake.keys().copied());
        ids.sort_unstable();
        ids.dedup();
        let mut moves = Moves::default();
        for id in ids {
            if moves.after.len() >= MOVES_A_RECORD {
                let full = std::mem::take(&mut moves);
                self.submit_moves(full, by)?;
            }
            self.release(id, agent, &mut moves);
        }
        Ok(moves)
    }

    fn submit_moves(&self, mut moves: Moves, by: By) -> Result<(), Failure> {
        let writer = self.shared.core.writer().ok_or(Failure::Stopping)?;
        let permit = writer.reserve(Lane::Ordinary).ok_or_else(super::overloaded)?;
        let told = std::mem::take(&mut moves.told);
        let facts = std::mem::take(&mut moves.facts);
        let own_told = self.own_told.clone();
        let answer: Answer = Box::new(move |result| {
            told.iter().for_each(|resting| resting.tell(result));
            let _ = own_told.send(result.is_ok());
        });
        self.submit(permit, by, facts, moves, answer)
    }

    fn release(&mut self, id: ConversationId, agent: AgentId, moves: &mut Moves) {
        let awake = self.awake.get(&id);
        let mut state = match awake {
            Some(awake) => awake.live.state.borrow().clone(),
            None => match self.shared.view.live(id) {
                Some(row) => Conversation::clone(&row.state),
                None => return,
            },
        };
        let now = self.shared.core.now();
        let command = ConversationCommand::DropAgent { agent, cause: ReleaseCause::LeftWindow };
        let window = self.shared.window.borrow();
        let Ok(events) = decide_conversation(&state, &command, self.shared.around(&window, now)) else { return };
        if events.is_empty() {
            return;
        }
        let chain = awake.map_or(0, |awake| awake.live.chain);
        moves.touches.push(Touch { entity: Entity::Conversation(id), version: state.version, chain });
        state.apply_record(&events.iter().collect::<Vec<_>>(), now);
        self.shared.set_wheel(&state);
        moves.after.push(Arc::new(state.clone()));
        moves.facts.extend(events.into_iter().map(|event| Fact::Conversation(id, event)));
        if let Some(awake) = awake {
            awake.live.in_flight.set(awake.live.in_flight.get() + 1);
            let (failed, outcomes) = (awake.live.failed.clone(), awake.live.outcomes.clone());
            moves.told.push(Resting { failed, outcomes });
            *awake.live.state.borrow_mut() = state;
        } else {
            self.unsettled.insert(id);
        }
    }

    /// Logout or shutting out: seats and offers end, membership stays.
    pub(super) fn drop_agent(&mut self, agent: AgentId, cause: ReleaseCause, ctx: &mut Context<Self>) {
        for row in self.shared.view.all_live() {
            let seat = &row.state.seat;
            let concerned =
                seat.holder == Holder::Agent(agent) || seat.offer.as_ref().is_some_and(|offer| offer.to == agent);
            if concerned {
                let command = ConversationCommand::DropAgent { agent, cause };
                self.with(row.state.id, Pending::Ask(engine_ask(&self.shared.core, command)), ctx);
            }
        }
    }
}

/// Whether what conversations wait for comes at another time after this.
fn moves_deadlines(event: &Event) -> bool {
    matches!(
        event,
        Event::SettingsChanged(_)
            | Event::HoursChanged(_)
            | Event::AnswersChanged(_)
            | Event::ClosedPeriodAdded(_)
            | Event::ClosedPeriodRemoved { .. }
            | Event::MaintenanceChanged(_)
    )
}

/// A wish of the engine itself, whose answer nobody awaits: the next round offers it again where it is still due.
pub(super) fn engine_ask(core: &Core, command: ConversationCommand) -> Box<Ask> {
    let (reply, _) = Reply::new(&core.depths.conversations);
    Box::new(Ask { by: By::Engine, command, reply })
}
