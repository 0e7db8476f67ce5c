//! Answers that go as a copy to each recipient: each is tried until it has come to an end, and never twice where nobody
//! knows whether it went.
//!
//! A copy that waits for its next try keeps neither its neighbours nor later answers. When it is due stands in the state,
//! so that a restart changes nothing.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::actors::Core;
use crate::channels::{Account, CopyOutcome, CopyParcel, Outcome};
use crate::domain::conversation::{Command, Conversation, CopyEnd, CopyState};
use crate::domain::id::{ConversationId, InboxId};
use crate::domain::record::By;
use crate::domain::time::Timestamp;
use crate::failure::Failure;
use crate::handle;

/// A conversation that did not answer is asked again after this, in milliseconds.
const AGAIN_MS: i64 = 200;

/// Sends every copy that is due.
pub(super) async fn drain(core: Arc<Core>, inbox: InboxId, id: ConversationId, places: Arc<Semaphore>) {
    while !core.is_stopping() && !core.sending.is_held() {
        let Some(row) = core.views.open_in(id).and_then(|view| view.live(id)) else { return };
        let state = row.state;
        let Some((number, copy)) = state.due_copy(core.now()) else { return };
        let Some(end) = go(&core, inbox, &state, (number, copy), &places).await else { return };
        if !record(&core, id, Command::EndCopy { number, copy, end }).await {
            return;
        }
    }
}

/// One try. `None` when there is nothing to record of it.
async fn go(
    core: &Arc<Core>,
    inbox: InboxId,
    state: &Conversation,
    (number, copy): (u32, u16),
    places: &Arc<Semaphore>,
) -> Option<CopyEnd> {
    let item = state.outgoing(number)?;
    let mine = state.copies_of(number)?.each.get(usize::from(copy))?;
    // Begun by a process that is gone; or accepted by a store that was copied, and perhaps sent by that.
    if mine.state == CopyState::Begun || core.sending.is_unsure(item.queued_at) {
        return Some(CopyEnd::bare(CopyState::Unknown));
    }
    let account = core.views.org().inboxes.get(&inbox).and_then(|inbox| core.platform.account(inbox));
    let Some(account) = account else {
        return Some(later(core, None, item.queued_at, mine.tries, 0, "there is no way out for this account"));
    };
    let Ok(_place) = places.clone().acquire_owned().await else { return None };
    let begin = Box::pin(async { record(core, state.id, Command::BeginCopy { number, copy }).await });
    let parcel = CopyParcel {
        conversation: state.id,
        customer: &state.external_id,
        context: state.context.as_ref(),
        item,
        copy,
        to: &mine.to,
        begin,
    };
    let outcome = account.send_copy(parcel).await;
    count(core, inbox, &outcome);
    Some(match outcome {
        CopyOutcome::Taken { detail } => CopyEnd { detail, ..CopyEnd::bare(CopyState::Sent) },
        CopyOutcome::Refused { code, detail } => CopyEnd { code, detail, ..CopyEnd::bare(CopyState::Failed) },
        CopyOutcome::Unknown => CopyEnd::bare(CopyState::Unknown),
        CopyOutcome::Later { code, detail, .. } => {
            later(core, Some(&*account), item.queued_at, mine.tries, code, &detail)
        }
        // It was withdrawn meanwhile, or the engine stops: before the end was said.
        CopyOutcome::Withdrawn => return None,
    })
}

/// When it is tried again, or that it is given up.
fn later(
    core: &Core,
    account: Option<&dyn Account>,
    queued_at: Timestamp,
    tries: u16,
    code: u16,
    detail: &str,
) -> CopyEnd {
    let (now, share) = (core.now(), core.config.chance.share());
    let next_at = match account {
        Some(account) => account.try_copy_again(queued_at, now, tries.saturating_add(1), share),
        None => None,
    };
    let state = if next_at.is_some() { CopyState::Delayed } else { CopyState::Failed };
    CopyEnd { state, code, detail: detail.to_owned(), next_at }
}

/// Tells the conversation, until it has recorded it. Whether it was taken.
async fn record(core: &Arc<Core>, id: ConversationId, command: Command) -> bool {
    while !core.is_stopping() {
        match handle::ask(core, By::Engine, id, command.clone()).await {
            Ok(_) => return true,
            Err(Failure::Rejected(_) | Failure::NotFound(_)) => return false,
            Err(_) => core.config.clock.sleep_ms(AGAIN_MS).await,
        }
    }
    false
}

fn count(core: &Core, inbox: InboxId, outcome: &CopyOutcome) {
    let (word, seen) = match outcome {
        CopyOutcome::Taken { .. } => {
            ("accepted", Some(Outcome::Accepted { external_ids: Vec::new(), request_id: None }))
        }
        // A recipient that does not exist says nothing of the account.
        CopyOutcome::Refused { .. } => ("refused", None),
        CopyOutcome::Later { shut: true, .. } => ("shut", Some(Outcome::Unauthorised { status: 0 })),
        CopyOutcome::Later { code: 0, .. } => ("not_sent", Some(Outcome::NotSent)),
        CopyOutcome::Later { .. } => ("later", None),
        CopyOutcome::Unknown => ("ambiguous", Some(Outcome::Ambiguous)),
        CopyOutcome::Withdrawn => return,
    };
    if let Some(outcome) = seen {
        core.accounts.sent(inbox, &outcome, core.now());
    }
    metrics::counter!("madoguchi_sends_total", "call" => "copy", "outcome" => word).increment(1);
}
