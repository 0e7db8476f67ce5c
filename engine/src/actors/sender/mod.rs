//! One account's way out: order per recipient, the platform's limits, back-off. Each recipient with something to send
//! has one task; what it learns it tells the conversation, which records it.

mod call;
mod copies;
pub(crate) mod courtesy;
mod drain;

use std::collections::HashSet;
use std::sync::Arc;

use actix::prelude::*;
use tokio::sync::Semaphore;

use super::Core;
use crate::domain::conversation::{Conversation, Outgoing};
use crate::domain::id::{ConversationId, InboxId};
use crate::domain::message::Delivery;
use crate::domain::org::{ChannelKind, SendMode};
use crate::domain::time::Timestamp;

/// Hints that may wait; a lost one is found again by the rounds.
const MAILBOX: usize = 4_096;
/// Calls to the platform at a time for one account.
const AT_ONCE: usize = 64;
/// How often forgotten answers are looked for, in milliseconds.
const ROUND_MS: i64 = 2_000;

/// The conversation has something to send.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Wake {
    pub(crate) conversation: ConversationId,
}

/// The actor.
pub(crate) struct SenderActor {
    inbox: InboxId,
    core: Arc<Core>,
    busy: HashSet<ConversationId>,
    again: HashSet<ConversationId>,
    places: Arc<Semaphore>,
    courtesy: courtesy::Courtesy,
}

impl SenderActor {
    pub(crate) fn start_on(arbiter: &actix::ArbiterHandle, core: Arc<Core>, inbox: InboxId) -> Addr<Self> {
        Self::start_in_arbiter(arbiter, move |ctx| {
            ctx.set_mailbox_capacity(MAILBOX);
            let places = Arc::new(Semaphore::new(AT_ONCE));
            let courtesy = courtesy::Courtesy::default();
            Self { inbox, core, busy: HashSet::new(), again: HashSet::new(), places, courtesy }
        })
    }

    fn wake(&mut self, id: ConversationId, ctx: &mut Context<Self>) {
        if self.core.sending.is_held() || self.core.is_stopping() {
            return;
        }
        if !self.busy.insert(id) {
            self.again.insert(id);
            return;
        }
        let kind = self.core.views.org().inboxes.get(&self.inbox).map(|inbox| inbox.settings.kind());
        let (core, inbox, places) = (self.core.clone(), self.inbox, self.places.clone());
        let task = async move {
            if kind.is_some_and(ChannelKind::sends_copies) {
                copies::drain(core, inbox, id, places).await;
            } else {
                drain::drain(core, inbox, id, places).await;
            }
        };
        ctx.spawn(task.into_actor(self).map(move |(), actor, ctx| {
            actor.busy.remove(&id);
            if actor.again.remove(&id) {
                actor.wake(id, ctx);
            }
        }));
    }

    fn go_round(&mut self, ctx: &mut Context<Self>) {
        if self.core.views.org().retired.contains_key(&self.inbox) {
            return ctx.stop();
        }
        self.look_around(ctx);
        let clock = self.core.config.clock.clone();
        let wait = async move { clock.sleep_ms(ROUND_MS).await };
        ctx.spawn(wait.into_actor(self).map(|(), actor, ctx| actor.go_round(ctx)));
    }

    fn look_around(&mut self, ctx: &mut Context<Self>) {
        let Some(entry) = self.core.views.org().inboxes.get(&self.inbox).cloned() else { return };
        let Some(view) = self.core.views.window(&entry.window) else { return };
        let (now, budget_ms) = (self.core.now(), view.window().settings.reply_budget_ms);
        let pushes = entry.settings.mode() != SendMode::Reply && !self.core.accounts.is_quota_empty(self.inbox);
        for row in view.all_live() {
            let mine = row.state.inbox == self.inbox && !self.busy.contains(&row.state.id);
            if entry.settings.kind().sends_copies() {
                if mine && row.state.due_copy(now).is_some() {
                    self.wake(row.state.id, ctx);
                }
                continue;
            }
            let unsure = |first: &Outgoing| self.core.sending.is_unsure(first.queued_at);
            let may_go = may_go(&row.state, pushes, is_free(&row.state, now, budget_ms));
            if mine && (may_go || row.state.outbox.front().is_some_and(unsure)) {
                self.wake(row.state.id, ctx);
            }
        }
    }
}

impl Actor for SenderActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.go_round(ctx);
    }
}

impl Handler<Wake> for SenderActor {
    type Result = ();

    fn handle(&mut self, wake: Wake, ctx: &mut Context<Self>) {
        self.wake(wake.conversation, ctx);
    }
}

/// Whether something might go out now. What waits for the customer to write again has no way until they have, or until
/// it may go as a push; and what would cost has none while nothing is left of the month.
fn may_go(state: &Conversation, pushes: bool, is_free: bool) -> bool {
    state.outbox.front().is_some_and(|first| first.delivery != Delivery::Unsent || is_free || pushes)
}

/// Whether the conversation may be answered free.
fn is_free(state: &Conversation, now: Timestamp, budget_ms: i64) -> bool {
    state.reply.as_ref().is_some_and(|right| now.since_ms(right.received_at) < budget_ms)
}
