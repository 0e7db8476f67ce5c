//! Looks after one account apart from its traffic: renews its token before it ends, and asks what is left of the month.
//!
//! Nobody waits for any of it. What is learnt stands in `accounts`.

use std::sync::Arc;

use super::Core;
use crate::accounts::Quota;
use crate::channels::Account;
use crate::domain::id::InboxId;
use crate::domain::time::Timestamp;

/// How often an account is looked at, in milliseconds.
const ROUND_MS: i64 = 2_000;
/// How often the platform is asked for the quota, in milliseconds, and by how much that is spread.
const QUOTA_EVERY_MS: i64 = 300_000;
/// How often the platform is asked where customers reach the account, once it was known, in milliseconds.
const DOOR_EVERY_MS: i64 = 24 * 3_600_000;
/// And until it is known.
const DOOR_AGAIN_MS: i64 = 60_000;
/// While it is empty it is asked so often: whoever buys more wants to see answers go.
const QUOTA_EMPTY_MS: i64 = 60_000;

/// Runs until the engine stops.
pub(crate) async fn run(core: Arc<Core>, inbox: InboxId) {
    let mut ask_at: Option<Timestamp> = None;
    let mut was_empty = false;
    let mut door_at = core.now();
    while !core.is_stopping() && !core.views.org().retired.contains_key(&inbox) {
        let entry = core.views.org().inboxes.get(&inbox).cloned();
        if let Some(entry) = entry.filter(|_| !core.sending.is_held()) {
            let readable = core.vault.opens_all(&entry);
            match core.platform.account(&entry) {
                Some(account) => {
                    account.keep_token().await;
                    core.accounts.stands(inbox, account.token_state(), readable);
                    if door_at <= core.now() {
                        door_at = core.now().plus_ms(ask_door(&core, &*account, inbox).await);
                    }
                    let due = ask_at.is_none_or(|at| at <= core.now());
                    if due && entry.settings.may_cost() {
                        ask(&core, &*account, inbox).await;
                    }
                    let is_empty = core.accounts.is_quota_empty(inbox);
                    // What was refused just now is asked about soon.
                    if due || (is_empty && !was_empty) {
                        ask_at = Some(core.now().plus_ms(pause_ms(is_empty, core.config.chance.share())));
                    }
                    was_empty = is_empty;
                }
                None => core.accounts.stands(inbox, Default::default(), readable),
            }
        }
        core.config.clock.sleep_ms(ROUND_MS).await;
    }
}

/// Three quarters to all of the pause, so that accounts do not ask together.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a few minutes, and chance needs no last digit"
)]
fn pause_ms(is_empty: bool, share: f64) -> i64 {
    let whole = if is_empty { QUOTA_EMPTY_MS } else { QUOTA_EVERY_MS };
    whole - (whole as f64 / 4.0 * share) as i64
}

/// Learns where customers reach the account; answers with when to ask again, in milliseconds.
async fn ask_door(core: &Core, account: &dyn Account, inbox: InboxId) -> i64 {
    match account.door().await {
        Ok(door) => {
            core.accounts.door(inbox, door);
            DOOR_EVERY_MS
        }
        Err(outcome) => {
            tracing::debug!(inbox.id = %inbox, ?outcome, "nobody says where customers reach the account");
            DOOR_AGAIN_MS
        }
    }
}

async fn ask(core: &Core, account: &dyn Account, inbox: InboxId) {
    let asked_at = core.now();
    match account.quota().await {
        Ok((limit, used)) => core.accounts.asked(inbox, Quota { limit, used, asked_at }),
        Err(outcome) => tracing::debug!(inbox.id = %inbox, ?outcome, "the quota could not be asked"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platform_is_asked_about_every_minute_or_five_and_not_by_all_at_once() {
        for share in [0.0, 0.5, 0.999] {
            assert!((225_000..=300_000).contains(&pause_ms(false, share)));
            assert!((45_000..=60_000).contains(&pause_ms(true, share)));
        }
        assert_ne!(pause_ms(false, 0.1), pause_ms(false, 0.9));
    }
}
