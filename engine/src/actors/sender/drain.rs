//! What one recipient is to get, in order: which of it goes in one call, and what the conversation records of it.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::call::{self, Call};
use crate::actors::Core;
use crate::channels::{self, Account, backoff};
use crate::domain::conversation::{Command, Conversation, Outgoing, Plan, Quota, SendOutcome};
use crate::domain::id::{ConversationId, InboxId};
use crate::domain::message::{Delivery, FailureReason, Route};
use crate::domain::org::{SendMode, WhenQuotaEmpty};
use crate::domain::record::By;
use crate::failure::Failure;
use crate::handle;

/// A conversation that did not answer is asked again after this, in milliseconds.
const AGAIN_MS: i64 = 200;

/// What has been learnt about the first answer that waits.
#[derive(Default)]
struct Learnt {
    /// The free way was tried for it, and is closed.
    no_reply: Option<u32>,
    /// In company it was refused, and nobody could tell because of whom.
    alone: Option<u32>,
    /// The platform surely did not take it, and would not know it again: it waits, and goes as if for the first time.
    failing: Option<u32>,
}

/// An account, and how it sends.
struct Way {
    account: Box<dyn Account>,
    mode: SendMode,
    when_quota_empty: WhenQuotaEmpty,
    quota: Quota,
    /// See [`Plan::recognised`].
    recognised: bool,
}

/// Sends until nothing is left, or nothing can go.
pub(super) async fn drain(core: Arc<Core>, inbox: InboxId, id: ConversationId, places: Arc<Semaphore>) {
    let mut learnt = Learnt::default();
    let mut failed = 0;
    while !core.is_stopping() && !core.sending.is_held() {
        let Some(row) = core.views.open_in(id).and_then(|view| view.live(id)) else { return };
        let Some(first) = row.state.outbox.front() else { return };
        let way = way_of(&core, inbox);
        // Another store may have sent it: it is begun only to be recorded as unknown.
        let unsure = core.sending.is_unsure(first.queued_at);
        let planned = if unsure {
            Plan::alone(first.number, SendMode::Push)
        } else {
            plan(&row.state, first, way.as_ref(), &learnt)
        };
        let Some(state) = begin(&core, id, planned).await else { return };
        let Some(begun) = state.outgoing(first.number) else { continue };
        if begun.waits() {
            return;
        }
        let lead = begun.lead;
        if unsure {
            finish(&core, id, lead, SendOutcome::Unknown).await;
            continue;
        }
        // A push that was begun before, perhaps by a process that is gone, may have been taken.
        let doubtful = first.delivery == Delivery::Sending;
        let Some(way) = way else {
            let gone = SendOutcome::Failed(FailureReason::InboxGone);
            finish(&core, id, lead, if doubtful { SendOutcome::Unknown } else { gone }).await;
            continue;
        };
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let Some(outcome) = make(&core, &state, lead, &way, (place, doubtful)).await else { return };
        let once = matches!(begun.route, Some(Route::Once));
        let mut wait_until = None;
        match &outcome {
            SendOutcome::Abandoned if once => {
                failed = if learnt.failing == Some(lead) { failed + 1 } else { 1 };
                learnt.failing = Some(lead);
                wait_until = Some(core.now().plus_ms(backoff::delay_ms(failed, core.config.chance.share())));
            }
            SendOutcome::Abandoned => learnt.no_reply = Some(lead),
            SendOutcome::Refused { culprits } if culprits.is_empty() => learnt.alone = Some(lead),
            _ => {}
        }
        let held = outcome == SendOutcome::Held;
        finish(&core, id, lead, outcome).await;
        if let Some(at) = wait_until {
            core.config.clock.sleep_until(at).await;
        }
        if held {
            return;
        }
    }
}

fn way_of(core: &Core, inbox: InboxId) -> Option<Way> {
    let org = core.views.org();
    let inbox = org.inboxes.get(&inbox)?;
    let account = core.platform.account(inbox)?;
    let when_quota_empty = inbox.settings.when_quota_empty().unwrap_or(WhenQuotaEmpty::Fail);
    // What would fail is tried: the platform knows better than what it told a while ago.
    let holds = when_quota_empty == WhenQuotaEmpty::Hold && core.accounts.is_quota_empty(inbox.id);
    let quota = if holds { Quota::Empty(WhenQuotaEmpty::Hold) } else { Quota::Left };
    let recognised = channels::of(inbox.settings.kind()).traits().recognises_repeats;
    Some(Way { account, mode: inbox.settings.mode(), when_quota_empty, quota, recognised })
}

/// The call to propose: as many of the first that wait as go into one.
fn plan(state: &Conversation, first: &Outgoing, way: Option<&Way>, learnt: &Learnt) -> Plan {
    let Some(way) = way else {
        // Nothing can be sent; it is begun only to be recorded as failed.
        return Plan::alone(first.number, SendMode::Push);
    };
    let joined = way.mode == SendMode::Reply;
    let alone = first.delivery == Delivery::Sending || learnt.alone == Some(first.number);
    let waiting: Vec<Outgoing> = state.outbox.iter().filter(|item| item.waits()).cloned().collect();
    let numbers = if alone {
        vec![first.number]
    } else {
        waiting[..together(&waiting, &*way.account, joined)].iter().map(|item| item.number).collect()
    };
    let no_reply = learnt.no_reply == Some(first.number);
    Plan { numbers, joined, mode: way.mode, no_reply, quota: way.quota, recognised: way.recognised }
}

/// How many of the first go into one call; never none.
fn together(waiting: &[Outgoing], account: &dyn Account, joined: bool) -> usize {
    let fits = |count: &usize| account.bubbles(&waiting[..*count], joined).len() <= account.bubbles_a_call();
    let most = (1..=waiting.len()).take_while(fits).last();
    most.unwrap_or(1).min(waiting.len())
}

/// The state after the way was recorded; `None` where there is none now.
async fn begin(core: &Arc<Core>, id: ConversationId, plan: Plan) -> Option<Conversation> {
    while !core.is_stopping() {
        match handle::ask(core, By::Engine, id, Command::BeginSend(plan.clone())).await {
            Ok(done) => return Some(Arc::unwrap_or_clone(done.row.state)),
            Err(Failure::Rejected(crate::domain::rejected::Rejected::NotFound { .. })) => {
                // Cancelled meanwhile: what is behind it goes.
                let row = core.views.open_in(id).and_then(|view| view.live(id))?;
                return Some(Arc::unwrap_or_clone(row.state));
            }
            // Set aside: the rounds come back if it is only that.
            Err(Failure::Rejected(_)) => return None,
            Err(_) => core.config.clock.sleep_ms(AGAIN_MS).await,
        }
    }
    None
}

async fn make(
    core: &Core,
    state: &Conversation,
    lead: u32,
    way: &Way,
    (place, doubtful): (OwnedSemaphorePermit, bool),
) -> Option<SendOutcome> {
    let items: Vec<Outgoing> = state.call_of(lead).cloned().collect();
    let call = Call::new(state, &items, &*way.account)?;
    let outcome = call::make(core, &*way.account, &call, place, doubtful).await?;
    Some(match (outcome, way.when_quota_empty) {
        (SendOutcome::Failed(FailureReason::QuotaEmpty), WhenQuotaEmpty::Hold) => SendOutcome::Held,
        (outcome, _) => outcome,
    })
}

/// Tells the conversation, until it has recorded it: what is known must not be lost to a full queue.
async fn finish(core: &Arc<Core>, id: ConversationId, lead: u32, outcome: SendOutcome) {
    while !core.is_stopping() {
        let command = Command::FinishSend { lead, outcome: outcome.clone() };
        match handle::ask(core, By::Engine, id, command).await {
            Ok(_) | Err(Failure::Rejected(_) | Failure::NotFound(_)) => return,
            Err(_) => core.config.clock.sleep_ms(AGAIN_MS).await,
        }
    }
}
