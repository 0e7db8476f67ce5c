//! What a window does by itself: deadlines, absent holders, idle conversations, fallen ones, bodies stored whole.

use std::time::Duration;

use actix::prelude::*;

use super::commands::engine_ask;
use super::{Pending, WindowActor};
use crate::actors::conversation::Sleep;
use crate::domain::conversation::Command;
use crate::domain::id::ConversationId;

/// Failures within this time count together, in milliseconds.
const FAILURE_SPAN_MS: i64 = 10 * 60_000;
/// That many failures set a conversation aside.
const FAILURES: usize = 3;

/// A conversation's actor is gone: which, which incarnation, whether cleanly.
pub(super) struct ConversationEnded(pub(super) (ConversationId, u64, bool));

impl WindowActor {
    pub(super) fn start_rounds(&mut self, ctx: &mut Context<Self>) {
        let core = &self.shared.core;
        let now = core.now();
        let settings = self.shared.window.borrow().settings.clone();
        // Who was at a desk before the start gets the time to come back before their seats are judged.
        let not_before = now.plus_ms(core.config.presence_grace_ms);
        for row in self.shared.view.all_live() {
            let due = row.state.deadlines(settings.auto_close_ms).first().map(|(at, _)| *at);
            let due = due.map(|at| if row.state.seat.away.is_some() { at.max(not_before) } else { at });
            self.shared.wheel.set(row.state.id, due);
        }
        self.watch_wheel(ctx);
        self.look_around(ctx);
        self.settle_raw(ctx);
    }

    fn watch_wheel(&self, ctx: &mut Context<Self>) {
        let shared = self.shared.clone();
        let next = async move { shared.wheel.next(&shared.core.config.clock).await };
        ctx.spawn(next.into_actor(self).map(|due, actor, ctx| {
            actor.wake_due(due, ctx);
            actor.watch_wheel(ctx);
        }));
    }

    fn wake_due(&mut self, due: Vec<ConversationId>, ctx: &mut Context<Self>) {
        for id in due {
            self.with(id, Pending::Deadline, ctx);
        }
    }

    fn look_around(&self, ctx: &mut Context<Self>) {
        let clock = self.shared.core.config.clock.clone();
        let every_ms = (self.shared.core.config.presence_grace_ms / 4).clamp(50, 5_000);
        let wait = async move { clock.sleep_until(clock.now().plus_ms(every_ms)).await };
        ctx.spawn(wait.into_actor(self).map(|(), actor, ctx| {
            actor.judge_presence(ctx);
            actor.put_to_sleep();
            actor.look_around(ctx);
        }));
    }

    fn judge_presence(&mut self, ctx: &mut Context<Self>) {
        let presence = self.shared.core.presence.clone();
        let now = self.shared.core.now();
        for row in self.shared.view.all_live() {
            let Some(agent) = row.state.seat.holder.agent() else { continue };
            let command = match (presence.away_since(agent, now), row.state.seat.away) {
                (Some(since), None) => Command::AgentAway { agent, since },
                (None, Some(_)) => Command::AgentReturned { agent },
                _ => continue,
            };
            self.with(row.state.id, Pending::Ask(engine_ask(command)), ctx);
        }
    }

    /// Only the window puts conversations to sleep: out of the registry first, then the message, so that whoever has
    /// the old address either comes before it or is told to ask again.
    fn put_to_sleep(&mut self) {
        let now = self.shared.core.now();
        let idle_ms = self.shared.core.config.idle_ms;
        let idle: Vec<ConversationId> = self
            .awake
            .iter()
            .filter(|(_, awake)| now.0 - awake.live.used_at.get() >= idle_ms && awake.live.in_flight.get() == 0)
            .map(|(id, _)| *id)
            .collect();
        for id in idle {
            let Some(awake) = self.awake.get(&id) else { continue };
            self.shared.core.registry.remove(id, awake.incarnation);
            if awake.addr.try_send(Sleep).is_ok() {
                self.awake.remove(&id);
            }
        }
    }

    fn conversation_ended(&mut self, id: ConversationId, incarnation: u64, clean: bool, ctx: &mut Context<Self>) {
        let core = self.shared.core.clone();
        core.registry.remove(id, incarnation);
        if self.awake.get(&id).is_some_and(|awake| awake.incarnation == incarnation) {
            self.awake.remove(&id);
        }
        if clean || core.is_stopping() {
            return;
        }
        metrics::counter!("madoguchi_conversation_failures_total").increment(1);
        let now = core.now();
        let failures = self.failures.entry(id).or_default();
        failures.retain(|at| now.since_ms(*at) < FAILURE_SPAN_MS);
        failures.push(now);
        tracing::error!(conversation.id = %id, failures = failures.len(), "a conversation failed");
        if failures.len() >= FAILURES {
            failures.clear();
            self.with(id, Pending::Ask(engine_ask(Command::SetAside)), ctx);
            return;
        }
        // What it held goes on: deadlines by the wheel, answers by the sender.
        let auto_close_ms = self.shared.window.borrow().settings.auto_close_ms;
        if let Some(row) = self.shared.view.live(id) {
            self.shared.wheel.set(id, row.state.deadlines(auto_close_ms).first().map(|(at, _)| (*at).max(now)));
        }
    }

    /// Interprets bodies that were stored whole because the window was busy; one round at a time.
    pub(super) fn settle_raw(&mut self, ctx: &mut Context<Self>) {
        if self.settling {
            self.settle_again = true;
            return;
        }
        if self.shared.view.window().raw.is_empty() {
            return;
        }
        self.settling = true;
        let core = self.shared.core.clone();
        let id = self.shared.id.clone();
        let work = async move {
            let left = crate::actors::raw::settle(&core, &id).await;
            if left {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            left
        };
        ctx.spawn(work.into_actor(self).map(|left, actor, ctx| {
            actor.settling = false;
            if std::mem::take(&mut actor.settle_again) || left {
                actor.settle_raw(ctx);
            }
        }));
    }
}

impl StreamHandler<ConversationEnded> for WindowActor {
    fn handle(&mut self, ended: ConversationEnded, ctx: &mut Context<Self>) {
        let (id, incarnation, clean) = ended.0;
        self.conversation_ended(id, incarnation, clean, ctx);
    }

    fn finished(&mut self, _: &mut Context<Self>) {}
}
