//! One call to a platform, tried until its end is known or cannot be known any more.

use tokio::sync::OwnedSemaphorePermit;

use crate::actors::Core;
use crate::channels::backoff::{self, Next};
use crate::channels::{Account, Bubble, Outcome, Parcel};
use crate::domain::content::Context;
use crate::domain::conversation::{Conversation, Outgoing, SendOutcome};
use crate::domain::id::{ConversationId, InboxId};
use crate::domain::message::{FailureReason, Route};
use crate::domain::time::Timestamp;

/// Tries of one free answer; then another way is looked for, or it is unknown.
const REPLY_TRIES: u32 = 3;

/// Answers that go together, in the platform's language.
pub(super) struct Call {
    inbox: InboxId,
    conversation: ConversationId,
    to: String,
    thread: String,
    context: Option<Context>,
    items: Vec<Outgoing>,
    bubbles: Vec<Bubble>,
    route: Route,
    retry_key: u128,
    /// When the first of them was accepted: its retry key is not tried after a day.
    accepted_at: Timestamp,
}

impl Call {
    /// The call with these answers; `None` without any.
    pub(super) fn new(state: &Conversation, items: &[Outgoing], account: &dyn Account) -> Option<Self> {
        let first = items.first()?;
        Some(Self {
            inbox: state.inbox,
            conversation: state.id,
            to: state.external_id.clone(),
            thread: state.thread.clone(),
            context: state.context.clone(),
            bubbles: account.bubbles(items, first.joined),
            route: first.route.clone().unwrap_or(Route::Push),
            retry_key: first.retry_key,
            accepted_at: first.queued_at,
            items: items.to_vec(),
        })
    }

    fn parcel(&self) -> Parcel<'_> {
        Parcel {
            conversation: self.conversation,
            to: &self.to,
            thread: &self.thread,
            context: self.context.as_ref(),
            retry_key: self.retry_key,
            bubbles: &self.bubbles,
        }
    }

    fn sent(&self, external_ids: Vec<String>, free: bool) -> SendOutcome {
        let each = self.bubbles.iter().zip(external_ids);
        let ids = each.flat_map(|(bubble, id)| bubble.numbers.iter().map(move |number| (*number, id.clone())));
        SendOutcome::Sent { external_ids: ids.collect(), free }
    }
}

/// Makes the call. `None` when the engine stops, or sending is held, before its end is known. `doubtful`: it may have been taken before.
pub(super) async fn make(
    core: &Core,
    account: &dyn Account,
    call: &Call,
    place: OwnedSemaphorePermit,
    doubtful: bool,
) -> Option<SendOutcome> {
    if call.bubbles.is_empty() {
        return Some(refused(0, "nothing that this channel can send".to_owned()));
    }
    match &call.route {
        Route::Reply { token } => reply(core, account, call, token).await,
        Route::Push => push(core, account, call, place, doubtful).await,
        Route::Once => Some(once(core, account, call).await),
    }
}

fn refused(status: u16, detail: String) -> SendOutcome {
    SendOutcome::Failed(FailureReason::Refused { status, detail })
}

/// Nothing of the call was taken. Of several, those are looked for because of which.
async fn blame(account: &dyn Account, call: &Call, status: u16, detail: String) -> SendOutcome {
    if call.items.len() == 1 {
        return refused(status, detail);
    }
    let mut culprits = Vec::new();
    for item in &call.items {
        let alone = account.bubbles(std::slice::from_ref(item), false);
        if let Outcome::Refused { status, detail } = account.check(&alone).await {
            culprits.push((item.number, FailureReason::Refused { status, detail }));
        }
    }
    SendOutcome::Refused { culprits }
}

/// One free answer. The platform cannot recognise it when it comes again: after a try whose outcome nobody knows, one
/// more is harmless (the token is single-use), and a refusal of that one tells nothing about the first.
async fn reply(core: &Core, account: &dyn Account, call: &Call, token: &str) -> Option<SendOutcome> {
    let mut doubtful = false;
    for failed in 1..=REPLY_TRIES {
        let outcome = account.reply(token, &call.bubbles).await;
        count(core, call.inbox, "reply", &outcome);
        match outcome {
            Outcome::Accepted { external_ids, .. } => return Some(call.sent(external_ids, true)),
            _ if core.is_stopping() && doubtful => return None,
            Outcome::TokenInvalid | Outcome::Refused { .. } if doubtful => return Some(SendOutcome::Unknown),
            Outcome::TokenInvalid => return Some(SendOutcome::Abandoned),
            Outcome::Refused { status, detail } => return Some(blame(account, call, status, detail).await),
            Outcome::Unauthorised { status } if !doubtful => {
                return Some(SendOutcome::Failed(FailureReason::Unauthorised { status }));
            }
            Outcome::Ambiguous if doubtful => return Some(SendOutcome::Unknown),
            Outcome::Ambiguous => doubtful = true,
            _ => {}
        }
        let wait = core.now().plus_ms(backoff::delay_ms(failed, core.config.chance.share()));
        core.config.clock.sleep_until(wait).await;
    }
    Some(if doubtful { SendOutcome::Unknown } else { SendOutcome::Abandoned })
}

/// A push, again and again under its one retry key, until the platform has said yes or no, or the key grows too old. A
/// refusal tells nothing about an earlier try that may have been taken.
async fn push(
    core: &Core,
    account: &dyn Account,
    call: &Call,
    place: OwnedSemaphorePermit,
    mut doubtful: bool,
) -> Option<SendOutcome> {
    let mut place = Some(place);
    let mut failed = 0;
    loop {
        // The process or the machine may have stood still since the last try.
        if doubtful && backoff::is_too_late(call.accepted_at, core.now()) {
            return Some(SendOutcome::Unknown);
        }
        let outcome = account.push(call.parcel()).await;
        count(core, call.inbox, "push", &outcome);
        match outcome {
            Outcome::Accepted { external_ids, .. } => return Some(call.sent(external_ids, false)),
            Outcome::Refused { .. } | Outcome::TokenInvalid if doubtful => return Some(SendOutcome::Unknown),
            Outcome::Refused { status, detail } => return Some(blame(account, call, status, detail).await),
            Outcome::TokenInvalid => return Some(refused(400, String::new())),
            Outcome::Unauthorised { .. } | Outcome::QuotaEmpty if doubtful => return Some(SendOutcome::Unknown),
            Outcome::Unauthorised { status } => {
                return Some(SendOutcome::Failed(FailureReason::Unauthorised { status }));
            }
            Outcome::QuotaEmpty => return Some(SendOutcome::Failed(FailureReason::QuotaEmpty)),
            Outcome::Ambiguous => doubtful = true,
            Outcome::RateLimited | Outcome::NotSent => {}
        }
        if core.is_stopping() || core.sending.is_held() {
            return None;
        }
        failed += 1;
        let Next::At(at) = backoff::next_push(call.accepted_at, core.now(), failed, core.config.chance.share()) else {
            let gave_up = SendOutcome::Failed(FailureReason::GaveUp);
            return Some(if doubtful { SendOutcome::Unknown } else { gave_up });
        };
        // Who waits a long time does not keep others from the platform.
        drop(place.take());
        core.config.clock.sleep_until(at).await;
    }
}

/// A message of its own that the platform would not know again: one try. What it surely did not take waits and is begun
/// anew, by the caller; of what it may have taken nobody ever knows more.
async fn once(core: &Core, account: &dyn Account, call: &Call) -> SendOutcome {
    let outcome = account.push(call.parcel()).await;
    count(core, call.inbox, "once", &outcome);
    match outcome {
        Outcome::Accepted { external_ids, .. } => call.sent(external_ids, false),
        Outcome::Refused { status, detail } => blame(account, call, status, detail).await,
        Outcome::Unauthorised { status } => SendOutcome::Failed(FailureReason::Unauthorised { status }),
        Outcome::QuotaEmpty => SendOutcome::Failed(FailureReason::QuotaEmpty),
        Outcome::TokenInvalid => refused(400, String::new()),
        Outcome::Ambiguous => SendOutcome::Unknown,
        Outcome::RateLimited | Outcome::NotSent if backoff::is_too_late(call.accepted_at, core.now()) => {
            SendOutcome::Failed(FailureReason::GaveUp)
        }
        Outcome::RateLimited | Outcome::NotSent => SendOutcome::Abandoned,
    }
}

fn count(core: &Core, inbox: InboxId, call: &'static str, outcome: &Outcome) {
    core.accounts.sent(inbox, outcome, core.now());
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
