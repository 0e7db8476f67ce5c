//! What a window does by itself: deadlines, absent holders, idle conversations, fallen ones, bodies stored whole.

use actix::prelude::*;

use super::commands::engine_ask;
use super::{Pending, WindowActor};
use crate::actors::conversation::Sleep;
use crate::domain::conversation::Command;
use crate::domain::id::ConversationId;
use crate::domain::seat::Holder;

/// Failures within this time count together, in milliseconds.
const FAILURE_SPAN_MS: i64 = 10 * 60_000;
/// Stored bodies that could not be interpreted are tried again after this.
const SETTLE_AGAIN_MS: i64 = 500;
/// That many failures set a conversation aside.
const FAILURES: usize = 3;

/// A conversation's actor is gone: which, which incarnation, whether cleanly.
pub(super) struct ConversationEnded(pub(super) (ConversationId, u64, bool));

impl WindowActor {
    pub(super) fn start_rounds(&mut self, ctx: &mut Context<Self>) {
        for row in self.shared.view.all_live() {
            self.shared.set_wheel(&row.state);
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
            actor.judge_bot(ctx);
            actor.put_to_sleep();
            actor.look_around(ctx);
        }));
    }

    fn judge_presence(&mut self, ctx: &mut Context<Self>) {
        let presence = self.shared.core.presence.clone();
        let now = self.shared.core.now();
        for row in self.shared.view.all_live() {
            let Some(agent) = row.state.seat.holder.agent() else { continue };
            let command = match row.state.seat.away {
                None => match presence.away_since(agent, now) {
                    Some(since) => Command::AgentAway { agent, since },
                    None => continue,
                },
                // After a start nobody has been seen: that is no return.
                Some(_) if presence.is_here(agent, now) => Command::AgentReturned { agent },
                Some(_) => continue,
            };
            self.with(row.state.id, Pending::Ask(engine_ask(&self.shared.core, command)), ctx);
        }
    }

    /// What the bot holds where it does not stand any more goes to people.
    pub(super) fn judge_bot(&mut self, ctx: &mut Context<Self>) {
        let window = self.shared.view.window();
        for row in self.shared.view.all_live() {
            let stands = window.bot.as_ref().is_some_and(|bot| bot.fronts(row.state.inbox));
            if row.state.seat.holder == Holder::Bot && !stands {
                self.with(row.state.id, Pending::Ask(engine_ask(&self.shared.core, Command::DetachBot)), ctx);
            }
        }
    }

    /// Only the window puts conversations to sleep. One to which something came before the message stays awake; whoever
    /// comes after it is told to ask again, and it is known as asleep when its end is heard of.
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
            // Full: then it is not idle.
            let _ = awake.addr.try_send(Sleep);
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
            self.with(id, Pending::Ask(engine_ask(&core, Command::SetAside)), ctx);
            return;
        }
        // What it held goes on: deadlines by the wheel, answers by the sender.
        if let Some(row) = self.shared.view.live(id) {
            self.shared.set_wheel(&row.state);
        }
    }

    /// Interprets bodies that were stored whole because the window was busy; one round at a time.
    pub(super) fn settle_raw(&mut self, ctx: &mut Context<Self>) {
        if self.settling {
            // It may have looked before this one came.
            self.settle_again = true;
            return;
        }
        if self.shared.view.window().raw.is_empty() {
            return;
        }
        self.settling = true;
        self.settle_again = false;
        let core = self.shared.core.clone();
        let id = self.shared.id.clone();
        let work = async move {
            let left = crate::actors::raw::settle(&core, &id).await;
            if left {
                core.config.clock.sleep_ms(SETTLE_AGAIN_MS).await;
            }
            left
        };
        ctx.spawn(work.into_actor(self).map(|left, actor, ctx| {
            actor.settling = false;
            if left || actor.settle_again {
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
