//! One account's way out: order per recipient, the platform's limits, back-off. Each recipient with something to send
//! has one task; what it learns it tells the conversation, which records it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::Core;
use crate::channels::Outcome;
use crate::channels::line::backoff::{self, Next};
use crate::channels::line::client::LineClient;
use crate::channels::line::text;
use crate::domain::conversation::{Command, Conversation, Outgoing, SendOutcome};
use crate::domain::id::{ConversationId, InboxId};
use crate::domain::message::{Content, FailureReason, Route};
use crate::domain::org::InboxSettings;
use crate::domain::record::By;
use crate::failure::Failure;
use crate::handle;

/// Hints that may wait; a lost one is found again by the rounds.
const MAILBOX: usize = 4_096;
/// Calls to the platform at a time for one account.
const AT_ONCE: usize = 64;
/// How often forgotten answers are looked for.
const ROUND: Duration = Duration::from_secs(2);
/// Tries of one free answer; then it goes as a push, or is unknown.
const REPLY_TRIES: u32 = 3;

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
}

impl SenderActor {
    pub(crate) fn start_on(arbiter: &actix::ArbiterHandle, core: Arc<Core>, inbox: InboxId) -> Addr<Self> {
        Self::start_in_arbiter(arbiter, move |ctx| {
            ctx.set_mailbox_capacity(MAILBOX);
            let places = Arc::new(Semaphore::new(AT_ONCE));
            Self { inbox, core, busy: HashSet::new(), again: HashSet::new(), places }
        })
    }

    fn wake(&mut self, id: ConversationId, ctx: &mut Context<Self>) {
        if self.core.config.hold_sending || self.core.is_stopping() {
            return;
        }
        if !self.busy.insert(id) {
            self.again.insert(id);
            return;
        }
        let task = drain(self.core.clone(), self.inbox, id, self.places.clone());
        ctx.spawn(task.into_actor(self).map(move |(), actor, ctx| {
            actor.busy.remove(&id);
            if actor.again.remove(&id) {
                actor.wake(id, ctx);
            }
        }));
    }

    fn look_around(&mut self, ctx: &mut Context<Self>) {
        let Some(entry) = self.core.views.org().inboxes.get(&self.inbox).cloned() else { return };
        let Some(view) = self.core.views.window(&entry.window) else { return };
        for row in view.all_live() {
            if row.state.inbox == self.inbox && !row.state.outbox.is_empty() && !self.busy.contains(&row.state.id) {
                self.wake(row.state.id, ctx);
            }
        }
    }
}

impl Actor for SenderActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.look_around(ctx);
        ctx.run_interval(ROUND, Self::look_around);
    }
}

impl Handler<Wake> for SenderActor {
    type Result = ();

    fn handle(&mut self, wake: Wake, ctx: &mut Context<Self>) {
        self.wake(wake.conversation, ctx);
    }
}

/// Sends what one recipient is to get, in order, until nothing is left.
async fn drain(core: Arc<Core>, inbox: InboxId, id: ConversationId, places: Arc<Semaphore>) {
    let mut push_only: HashMap<u32, bool> = HashMap::new();
    while !core.is_stopping() {
        let Some(row) = core.views.open_in(id).and_then(|view| view.live(id)) else { return };
        let Some(item) = row.state.outbox.front().cloned() else { return };
        let Some(client) = client_of(&core, inbox) else {
            return finish(&core, id, item.number, SendOutcome::Failed(FailureReason::InboxGone)).await;
        };
        let push = push_only.get(&item.number).copied().unwrap_or(false);
        let begin = Command::BeginSend { number: item.number, push_only: push };
        let state = match handle::ask(&core, By::Engine, id, begin).await {
            Ok(done) => done.row.state,
            Err(Failure::Rejected(rejected)) => {
                // Cancelled meanwhile, or set aside: the rounds come back if it is only that.
                if matches!(rejected, crate::domain::rejected::Rejected::NotFound { .. }) {
                    continue;
                }
                return;
            }
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        // Gone already: a reply that was begun before a crash became unknown.
        let Some(begun) = state.outgoing(item.number).cloned() else { continue };
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let outcome = match &begun.route {
            // Removed before it went out, and read back from the journal so: nobody gets an empty message.
            _ if begun.content == Content::Redacted => Some(refused(0, "its words were removed".to_owned())),
            Some(Route::Reply { token }) => reply(&core, &client, &begun, token).await,
            _ => push_until_known(&core, &client, &state, &begun, place).await,
        };
        let Some(outcome) = outcome else { return };
        if outcome == SendOutcome::Abandoned {
            push_only.insert(item.number, true);
        }
        finish(&core, id, item.number, outcome).await;
    }
}

fn client_of(core: &Core, inbox: InboxId) -> Option<LineClient> {
    let org = core.views.org();
    let InboxSettings::Line(line) = &org.inboxes.get(&inbox)?.settings;
    LineClient::new(core.http.clone(), &line.api_base_url, &line.channel_access_token).ok()
}

fn text_of(item: &Outgoing) -> &str {
    match &item.content {
        Content::Text(text) => text,
        Content::Other { summary, .. } => summary,
        Content::Redacted => "",
    }
}

fn accepted(outcome: Outcome, free: bool) -> Option<SendOutcome> {
    match outcome {
        Outcome::Accepted { external_ids, .. } => Some(SendOutcome::Sent { external_ids, free }),
        _ => None,
    }
}

fn refused(status: u16, detail: String) -> SendOutcome {
    SendOutcome::Failed(FailureReason::Refused { status, detail })
}

/// One free answer. LINE cannot recognise it when it comes again: after a try whose outcome nobody knows, one more is
/// harmless (the token is single-use), and a refusal of that one tells nothing about the first.
async fn reply(core: &Core, client: &LineClient, item: &Outgoing, token: &str) -> Option<SendOutcome> {
    let Ok(bubbles) = text::bubbles(text_of(item)) else {
        return Some(refused(0, "too long for five bubbles".to_owned()));
    };
    let mut doubtful = false;
    for failed in 1..=REPLY_TRIES {
        let outcome = client.reply(token, &bubbles).await;
        count("reply", &outcome);
        match outcome {
            Outcome::Accepted { .. } => return accepted(outcome, true),
            _ if core.is_stopping() && doubtful => return None,
            Outcome::TokenInvalid | Outcome::Refused { .. } if doubtful => return Some(SendOutcome::Unknown),
            Outcome::TokenInvalid => return Some(SendOutcome::Abandoned),
            Outcome::Refused { status, detail } => return Some(refused(status, detail)),
            Outcome::Unauthorised { status } if !doubtful => {
                return Some(SendOutcome::Failed(FailureReason::Unauthorised { status }));
            }
            Outcome::Ambiguous if doubtful => return Some(SendOutcome::Unknown),
            Outcome::Ambiguous => doubtful = true,
            _ => {}
        }
        let wait = core.now().plus_ms(backoff::delay_ms(failed, rand::random()));
        core.config.clock.sleep_until(wait).await;
    }
    Some(if doubtful { SendOutcome::Unknown } else { SendOutcome::Abandoned })
}

/// A push, again and again under its one retry key, until the platform has said yes or no, or the key grows too old.
async fn push_until_known(
    core: &Core,
    client: &LineClient,
    state: &Conversation,
    item: &Outgoing,
    place: tokio::sync::OwnedSemaphorePermit,
) -> Option<SendOutcome> {
    let Ok(bubbles) = text::bubbles(text_of(item)) else {
        return Some(refused(0, "too long for five bubbles".to_owned()));
    };
    let mut place = Some(place);
    let mut doubtful = false;
    let mut failed = 0;
    loop {
        let outcome = client.push(&state.external_id, &bubbles, Uuid::from_u128(item.retry_key)).await;
        count("push", &outcome);
        match outcome {
            Outcome::Accepted { .. } => return accepted(outcome, false),
            Outcome::Refused { .. } | Outcome::TokenInvalid if doubtful => return Some(SendOutcome::Unknown),
            Outcome::Refused { status, detail } => return Some(refused(status, detail)),
            Outcome::TokenInvalid => return Some(refused(400, String::new())),
            Outcome::Unauthorised { .. } | Outcome::QuotaEmpty if doubtful => return Some(SendOutcome::Unknown),
            Outcome::Unauthorised { status } => {
                return Some(SendOutcome::Failed(FailureReason::Unauthorised { status }));
            }
            Outcome::QuotaEmpty => return Some(SendOutcome::Failed(FailureReason::QuotaEmpty)),
            Outcome::Ambiguous => doubtful = true,
            Outcome::RateLimited | Outcome::NotSent => {}
        }
        if core.is_stopping() {
            return None;
        }
        failed += 1;
        let Next::At(at) = backoff::next_push(item.queued_at, core.now(), failed, rand::random()) else {
            let gave_up = SendOutcome::Failed(FailureReason::GaveUp);
            return Some(if doubtful { SendOutcome::Unknown } else { gave_up });
        };
        // Who waits a long time does not keep others from the platform.
        drop(place.take());
        core.config.clock.sleep_until(at).await;
    }
}

fn count(call: &'static str, outcome: &Outcome) {
    let outcome = match outcome {
        Outcome::Accepted { .. } => "accepted",
        Outcome::Refused { .. } => "refused",
        Outcome::Unauthorised { .. } => "unauthorised",
        Outcome::QuotaEmpty => "quota_empty",
        Outcome::RateLimited => "rate_limited",
        Outcome::Ambiguous => "ambiguous",
        Outcome::NotSent => "not_sent",
        Outcome::TokenInvalid => "token_invalid",
    };
    metrics::counter!("madoguchi_sends_total", "call" => call, "outcome" => outcome).increment(1);
}

/// Tells the conversation, until it has recorded it: what is known must not be lost to a full queue.
async fn finish(core: &Arc<Core>, id: ConversationId, number: u32, outcome: SendOutcome) {
    while !core.is_stopping() {
        let command = Command::FinishSend { number, outcome: outcome.clone() };
        match handle::ask(core, By::Engine, id, command).await {
            Ok(_) | Err(Failure::Rejected(_) | Failure::NotFound(_)) => return,
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
}
