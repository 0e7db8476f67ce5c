//! One account's way in besides its webhooks: bytes of media that arrived as a name, names and pictures of customers,
//! groups to be left. What is learnt goes to the conversation as a command.
//!
//! Nobody waits for any of it. What is to be fetched is state ([`Conversation::awaited`]): a hint that is lost, or a
//! process that ends, only means that the rounds find it again.

mod due;
mod intake;
mod media;
mod profile;
pub(crate) mod sweep;
mod told;
mod tried;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use actix::prelude::*;
use dashmap::DashMap;

use super::Core;
use crate::channels::media::Gathering;
use crate::channels::{Account, backoff};
use crate::domain::conversation::{AwaitedMedia, Conversation, Event};
use crate::domain::id::{ConversationId, InboxId};
use crate::domain::org::Inbox;
use crate::domain::time::Timestamp;

pub(crate) use due::ProfilesDue;
pub(crate) use told::Told;
use tried::{Again, Tried};

/// Hints that may wait; a lost one is found again by the rounds, or at the customer's next message.
const MAILBOX: usize = 4_096;
/// Files that one account fetches at a time.
const FILES_AT_ONCE: usize = 4;
/// Profiles that one account fetches at a time.
const PROFILES_AT_ONCE: usize = 2;
/// Profiles that may wait; a further one is looked at when its customer writes again.
const PROFILES_WAITING: usize = 10_000;
/// Groups that may wait to be left; a further one is left when it is heard of again.
const GATHERINGS: usize = 100;
/// How often forgotten media are looked for, in milliseconds.
const ROUND_MS: i64 = 2_000;
/// Tries to leave a group.
const LEAVE_TRIES: u32 = 5;

/// Every account's fetcher, and which profiles are due: what the feed needs to wake them.
#[derive(Default)]
pub(crate) struct Fetchers {
    pub(crate) actors: DashMap<InboxId, Addr<FetcherActor>>,
    pub(crate) due: ProfilesDue,
    pub(crate) told: Told,
}

/// The customer wrote, or became a friend.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Wake {
    pub(crate) conversation: ConversationId,
}

/// The account was taken into a place of several people.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Leave(pub(crate) Gathering);

/// A medium: its conversation and its message.
type Which = (ConversationId, u32);

/// The actor.
pub(crate) struct FetcherActor {
    inbox: InboxId,
    core: Arc<Core>,
    fetching: HashSet<Which>,
    tried: HashMap<Which, Tried>,
    asking: HashSet<ConversationId>,
    profiles: VecDeque<ConversationId>,
    leaving: HashSet<Gathering>,
}

impl Fetchers {
    /// Wakes the account's fetcher where a record leaves something for it.
    pub(crate) fn wake(&self, event: &Event, after: &Conversation, now: Timestamp) {
        if !matches!(event, Event::Received(_) | Event::Followed { .. }) {
            return;
        }
        if after.awaited.is_empty() && !self.wants_profile(after, now) {
            return;
        }
        if let Some(actor) = self.actors.get(&after.inbox).map(|actor| actor.clone()) {
            // A full mailbox loses only the hint.
            let _ = actor.try_send(Wake { conversation: after.id });
        }
    }
}

impl Fetchers {
    /// Whether it is time to see who a customer is.
    fn wants_profile(&self, state: &Conversation, now: Timestamp) -> bool {
        self.due.is_due(state.id, now) || self.told.news(state.inbox, &state.external_id).is_some()
    }

    /// Has the account leave a place of several people: this channel is for one at a time (L5).
    pub(crate) fn leave(&self, inbox: InboxId, gathering: Gathering) {
        if let Some(actor) = self.actors.get(&inbox).map(|actor| actor.clone()) {
            // A full mailbox loses it until the place is heard of again.
            let _ = actor.try_send(Leave(gathering));
        }
    }
}

impl FetcherActor {
    pub(crate) fn start_on(arbiter: &actix::ArbiterHandle, core: Arc<Core>, inbox: InboxId) -> Addr<Self> {
        Self::start_in_arbiter(arbiter, move |ctx| {
            ctx.set_mailbox_capacity(MAILBOX);
            Self {
                inbox,
                core,
                fetching: HashSet::new(),
                tried: HashMap::new(),
                asking: HashSet::new(),
                profiles: VecDeque::new(),
                leaving: HashSet::new(),
            }
        })
    }

    fn account(&self) -> Option<(Inbox, Box<dyn Account>)> {
        let inbox = self.core.views.org().inboxes.get(&self.inbox)?.clone();
        let account = self.core.platform.account(&inbox)?;
        Some((inbox, account))
    }

    /// Starts what may be started of one conversation's media.
    fn look_at(&mut self, state: &Conversation, ctx: &mut Context<Self>) {
        for awaited in &state.awaited {
            if self.fetching.len() >= FILES_AT_ONCE || self.core.is_stopping() {
                return;
            }
            let which = (state.id, awaited.number);
            let now = self.core.now();
            let waits = self.tried.get(&which).is_some_and(|tried| tried.next > now);
            if !waits && !self.fetching.contains(&which) {
                self.fetch(which, awaited.clone(), ctx);
            }
        }
    }

    fn fetch(&mut self, which: Which, awaited: AwaitedMedia, ctx: &mut Context<Self>) {
        let Some((inbox, account)) = self.account() else { return };
        let now = self.core.now();
        let tried = *self.tried.entry(which).or_insert_with(|| Tried::not_yet(now));
        self.fetching.insert(which);
        let core = self.core.clone();
        let work = async move {
            let job = media::Job { core: &core, inbox: &inbox, account: &*account, conversation: which.0 };
            job.run(&awaited, tried).await
        };
        ctx.spawn(work.into_actor(self).map(move |again, actor, ctx| {
            actor.fetching.remove(&which);
            actor.note(which, again);
            actor.look_around(ctx);
        }));
    }

    fn note(&mut self, which: Which, again: Option<Again>) {
        let Some(again) = again else {
            self.tried.remove(&which);
            return;
        };
        let (now, share) = (self.core.now(), self.core.config.chance.share());
        if let Some(tried) = self.tried.get_mut(&which) {
            tried.count(again, now, share);
        }
    }

    /// Looks for media that nobody fetches.
    fn look_around(&mut self, ctx: &mut Context<Self>) {
        let Some(entry) = self.core.views.org().inboxes.get(&self.inbox).cloned() else { return };
        let Some(view) = self.core.views.window(&entry.window) else { return };
        let mut awaited = HashSet::new();
        for row in view.all_live() {
            if row.state.inbox != self.inbox || row.state.awaited.is_empty() {
                continue;
            }
            awaited.extend(row.state.awaited.iter().map(|medium| (row.state.id, medium.number)));
            self.look_at(&row.state, ctx);
        }
        let fetching = &self.fetching;
        self.tried.retain(|which, _| awaited.contains(which) || fetching.contains(which));
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

    /// Starts as many profiles as may be asked for at a time.
    fn ask_profiles(&mut self, ctx: &mut Context<Self>) {
        while self.asking.len() < PROFILES_AT_ONCE && !self.core.is_stopping() {
            let Some(id) = self.profiles.pop_front() else { return };
            if !self.wants_profile(id) || self.asking.contains(&id) {
                continue;
            }
            let Some((inbox, account)) = self.account() else { return };
            self.asking.insert(id);
            let core = self.core.clone();
            let work = async move { profile::refresh(&core, &inbox, &*account, id).await };
            ctx.spawn(work.into_actor(self).map(move |(), actor, ctx| {
                actor.asking.remove(&id);
                actor.ask_profiles(ctx);
            }));
        }
    }

    fn wants_profile(&self, id: ConversationId) -> bool {
        let now = self.core.now();
        match self.core.views.open_in(id).and_then(|view| view.live(id)) {
            Some(row) => self.core.fetchers.wants_profile(&row.state, now),
            None => self.core.fetchers.due.is_due(id, now),
        }
    }

    fn leave(&mut self, gathering: Gathering, ctx: &mut Context<Self>) {
        if self.leaving.len() >= GATHERINGS || !self.leaving.insert(gathering.clone()) {
            return;
        }
        let Some((_, account)) = self.account() else { return };
        let (core, place) = (self.core.clone(), gathering.clone());
        let work = async move {
            for failed in 1..=LEAVE_TRIES {
                if core.is_stopping() || account.leave(&place).await {
                    return;
                }
                core.config.clock.sleep_ms(backoff::delay_ms(failed, core.config.chance.share())).await;
            }
            tracing::warn!("a group could not be left");
        };
        ctx.spawn(work.into_actor(self).map(move |(), actor, _| {
            actor.leaving.remove(&gathering);
        }));
    }
}

impl Actor for FetcherActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.go_round(ctx);
    }
}

impl Handler<Wake> for FetcherActor {
    type Result = ();

    fn handle(&mut self, wake: Wake, ctx: &mut Context<Self>) {
        let id = wake.conversation;
        if let Some(row) = self.core.views.open_in(id).and_then(|view| view.live(id)) {
            self.look_at(&row.state, ctx);
        }
        let waits = self.asking.contains(&id) || self.profiles.len() >= PROFILES_WAITING;
        if !waits && self.wants_profile(id) {
            self.profiles.push_back(id);
            self.ask_profiles(ctx);
        }
    }
}

impl Handler<Leave> for FetcherActor {
    type Result = ();

    fn handle(&mut self, leave: Leave, ctx: &mut Context<Self>) {
        self.leave(leave.0, ctx);
    }
}
