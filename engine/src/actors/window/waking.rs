//! Waking a conversation: from memory where it is open, else from the read models, once they have reached the head.

use std::rc::Rc;

use actix::prelude::*;

use super::{Awake, Pending, WAITING, WindowActor};
use crate::actors::conversation::{Ask, ConversationActor, Ended, Live};
use crate::actors::reply::Reply;
use crate::domain::conversation::{Command, Conversation};
use crate::domain::id::ConversationId;
use crate::domain::record::By;
use crate::failure::Failure;
use crate::handle::store_failed;
use crate::journal::writer::Lane;

/// A deadline whose command got lost is offered again after this.
const DEADLINE_AGAIN_MS: i64 = 1_000;
/// How long waking waits for the read models, in milliseconds.
const CATCH_UP_MS: i64 = 10_000;

impl WindowActor {
    /// Starts a conversation that nobody has seen before.
    pub(super) fn open(&mut self, id: ConversationId, _: &mut Context<Self>) {
        self.start(Conversation::unborn(id));
    }

    fn start(&mut self, state: Conversation) {
        let core = &self.shared.core;
        let id = state.id;
        let incarnation = core.incarnation();
        let ended = Ended { id, incarnation, clean: false, to: self.ended.clone() };
        let (live, told) = Live::new(state, incarnation, core.now());
        let addr = ConversationActor::wake(self.shared.clone(), Rc::clone(&live), told, ended);
        core.registry.put(id, incarnation, addr.clone());
        self.awake.insert(id, Awake { addr, live, incarnation });
    }

    /// Hands `pending` to the conversation, waking it first where it sleeps.
    pub(super) fn with(&mut self, id: ConversationId, pending: Pending, ctx: &mut Context<Self>) {
        let fallen = match self.awake.get(&id) {
            Some(awake) if awake.addr.connected() => return self.hand(id, pending),
            awake => awake.is_some(),
        };
        if fallen {
            // The word of its end is still on its way; until then nobody may be sent to a dead address.
            self.awake.remove(&id);
        }
        let waiting = self.waking.entry(id).or_default();
        if waiting.len() >= WAITING {
            return refuse(pending, super::overloaded());
        }
        waiting.push(pending);
        if waiting.len() > 1 {
            return;
        }
        if fallen {
            self.unsettled.insert(id);
        }
        let lane = if matches!(waiting[0], Pending::Deliver(_)) { Lane::Inbound } else { Lane::Ordinary };
        self.load(id, lane, ctx);
    }

    fn load(&mut self, id: ConversationId, lane: Lane, ctx: &mut Context<Self>) {
        let shared = self.shared.clone();
        // What was submitted for it may still be on its way; a state without it would be refused.
        let unclean = self.failures.contains_key(&id) | self.unsettled.remove(&id);
        let load = async move { load(&shared, id, unclean, lane).await };
        ctx.spawn(load.into_actor(self).map(move |loaded, actor, ctx| actor.loaded(id, loaded, lane, ctx)));
    }

    fn loaded(
        &mut self,
        id: ConversationId,
        loaded: Result<Conversation, Failure>,
        lane: Lane,
        ctx: &mut Context<Self>,
    ) {
        if self.unsettled.contains(&id) {
            // The window itself moved it meanwhile.
            return self.load(id, lane, ctx);
        }
        let waiting = self.waking.remove(&id).unwrap_or_default();
        match loaded {
            Ok(state) => {
                if !self.awake.contains_key(&id) {
                    self.start(state);
                }
                for pending in waiting {
                    self.hand(id, pending);
                }
            }
            Err(failure) => waiting.into_iter().for_each(|pending| refuse(pending, failure.clone())),
        }
    }

    fn hand(&mut self, id: ConversationId, pending: Pending) {
        let Some(awake) = self.awake.get(&id) else { return };
        match pending {
            Pending::Address(reply) => reply.send(Ok(awake.addr.clone())),
            Pending::Deliver(deliver) if awake.live.state.borrow().set_aside => {
                deliver.reply.send(Err(Failure::Rejected(crate::domain::rejected::Rejected::SetAside)));
            }
            // A full mailbox drops the message, and with it the reply, which says so.
            Pending::Deliver(deliver) => drop(awake.addr.try_send(deliver)),
            Pending::Ask(ask) => drop(awake.addr.try_send(*ask)),
            Pending::Deadline => self.fire(id),
        }
    }

    /// Offers the deadlines that have passed to the conversation. It is put back into the wheel first, so that a lost
    /// command is offered again; applying an event sets the right time.
    fn fire(&self, id: ConversationId) {
        let Some(awake) = self.awake.get(&id) else { return };
        let now = self.shared.core.now();
        let deadlines = self.shared.deadlines(&awake.live.state.borrow());
        let next = deadlines.iter().map(|(at, _)| *at).find(|at| *at > now);
        let due: Vec<_> = deadlines.into_iter().filter(|(at, _)| *at <= now).collect();
        self.shared.wheel.set(id, if due.is_empty() { next } else { Some(now.plus_ms(DEADLINE_AGAIN_MS)) });
        for (_, kind) in due {
            let (reply, _) = Reply::new(&self.shared.core.depths.conversations);
            let ask = Ask { by: By::Engine, command: Command::DeadlineReached { kind }, reply };
            drop(awake.addr.try_send(ask));
        }
    }
}

fn refuse(pending: Pending, failure: Failure) {
    match pending {
        Pending::Address(reply) => reply.send(Err(failure)),
        Pending::Deliver(deliver) => deliver.reply.send(Err(failure)),
        Pending::Ask(ask) => ask.reply.send(Err(failure)),
        Pending::Deadline => {}
    }
}

async fn load(shared: &super::Shared, id: ConversationId, unclean: bool, lane: Lane) -> Result<Conversation, Failure> {
    let core = &shared.core;
    if unclean {
        core.barrier().await?;
    }
    if let Some(row) = shared.view.live(id) {
        return Ok(Conversation::clone(&row.state));
    }
    core.caught_up_within(shared.stream, CATCH_UP_MS).await?;
    let stream = shared.stream;
    let stored = core.read(lane, move |store| store.conversation_in(stream, id)).await?;
    match stored.map_err(|fault| store_failed(&fault))? {
        Some(stored) if stored.window == shared.id => Ok(Conversation::clone(&stored.state)),
        // A conversation whose first record never reached the disk begins anew with its next message.
        _ if unclean => Ok(Conversation::unborn(id)),
        _ => Err(Failure::NotFound("conversation")),
    }
}
