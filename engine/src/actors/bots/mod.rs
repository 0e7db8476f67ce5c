//! Telling bots what happened: order per conversation, few at a time for one bot, back-off, an end. Each conversation with
//! something to tell has one task; what it learns it tells the conversation, which records it.

mod tell;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use actix::prelude::*;
use tokio::sync::Semaphore;

use super::Core;
use crate::domain::id::{ConversationId, WindowId};
use crate::domain::record::By;
use crate::domain::window;
use crate::failure::Failure;
use crate::handle::Handle;

pub(crate) use tell::post;

/// Hints that may wait; a lost one is found again by the rounds.
const MAILBOX: usize = 4_096;
/// Calls to one bot at a time.
const AT_ONCE: usize = 32;
/// How often forgotten letters are looked for, in milliseconds.
const ROUND_MS: i64 = 2_000;

/// A conversation has something to tell its bot.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Wake {
    pub(crate) conversation: ConversationId,
    pub(crate) window: WindowId,
}

/// The actor, one for all bots.
pub(crate) struct BotsActor {
    core: Arc<Core>,
    busy: HashSet<ConversationId>,
    again: HashSet<ConversationId>,
    places: HashMap<WindowId, Arc<Semaphore>>,
}

impl BotsActor {
    pub(crate) fn start_on(arbiter: &actix::ArbiterHandle, core: Arc<Core>) -> Addr<Self> {
        Self::start_in_arbiter(arbiter, move |ctx| {
            ctx.set_mailbox_capacity(MAILBOX);
            Self { core, busy: HashSet::new(), again: HashSet::new(), places: HashMap::new() }
        })
    }

    fn wake(&mut self, id: ConversationId, window: WindowId, ctx: &mut Context<Self>) {
        if self.core.sending.is_held() || self.core.is_stopping() {
            return;
        }
        if !self.busy.insert(id) {
            self.again.insert(id);
            return;
        }
        let places = self.places.entry(window.clone()).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))).clone();
        let task = tell::all(self.core.clone(), window.clone(), id, places);
        ctx.spawn(task.into_actor(self).map(move |(), actor, ctx| {
            actor.busy.remove(&id);
            if actor.again.remove(&id) {
                actor.wake(id, window, ctx);
            }
        }));
    }

    fn go_round(&mut self, ctx: &mut Context<Self>) {
        for view in self.core.views.windows() {
            // A window that never had a bot has nothing to look through.
            if view.window().bot.is_none() && !self.core.views.org().bots.contains_key(&view.id) {
                continue;
            }
            for row in view.all_live() {
                if !row.state.bot.letters.is_empty() && !self.busy.contains(&row.state.id) {
                    self.wake(row.state.id, view.id.clone(), ctx);
                }
            }
        }
        let clock = self.core.config.clock.clone();
        let wait = async move { clock.sleep_ms(ROUND_MS).await };
        ctx.spawn(wait.into_actor(self).map(|(), actor, ctx| actor.go_round(ctx)));
    }
}

impl Actor for BotsActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.go_round(ctx);
    }
}

impl Handler<Wake> for BotsActor {
    type Result = ();

    fn handle(&mut self, wake: Wake, ctx: &mut Context<Self>) {
        self.wake(wake.conversation, wake.window, ctx);
    }
}

/// Has a window know its bot as the organisation does. Safe to repeat: a stop between the two streams is finished by the
/// next start.
pub(crate) async fn settle(core: &Arc<Core>, by: By, window: &WindowId) -> Result<(), Failure> {
    let wanted = core.views.org().bots.get(window).and_then(|bot| bot.in_use().cloned());
    let Some(view) = core.views.window(window) else { return Ok(()) };
    if view.window().bot == wanted {
        return Ok(());
    }
    Handle::of(core.clone()).window_command(by, window, window::Command::ChangeBot(wanted)).await.map(drop)
}
