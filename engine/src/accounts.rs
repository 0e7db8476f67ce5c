//! How each account stands (PRODUCT G9): what was last heard of its platform, said to it and refused by it, and what is
//! left of its month. Kept in memory and seen from this process's start on; only the meter's sums come from the journal.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::channels::Outcome;
pub use crate::channels::tokens::{NoToken, TokenState};
use crate::domain::id::InboxId;
use crate::domain::time::Timestamp;

/// Japan's months begin nine hours before those of UTC, and LINE counts by Japan's.
const JAPAN_MS: i64 = 9 * 3_600_000;

/// What a platform allows in this month, as it told last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Messages of the month, free and bought together; `None` without a limit.
    pub limit: Option<u64>,
    /// How many are used, about: what people send past us counts too.
    pub used: u64,
    /// When it was asked.
    pub asked_at: Timestamp,
}

impl Quota {
    /// How many are left; `None` without a limit.
    #[must_use]
    pub fn remaining(&self) -> Option<u64> {
        self.limit.map(|limit| limit.saturating_sub(self.used))
    }
}

/// Why a call to the platform did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendTrouble {
    /// The platform refused the message.
    Refused,
    /// Token or rights do not suffice.
    Unauthorised,
    /// The month's messages are used up.
    QuotaEmpty,
    /// Too fast.
    RateLimited,
    /// Nobody knows what became of it.
    Ambiguous,
    /// The platform could not be reached, or there was no token.
    NotSent,
}

impl SendTrouble {
    /// A stable word.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unauthorised => "unauthorised",
            Self::QuotaEmpty => "quota_empty",
            Self::RateLimited => "rate_limited",
            Self::Ambiguous => "ambiguous",
            Self::NotSent => "not_sent",
        }
    }
}

/// How an account stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Since when it is watched: the start of the process, or of the account.
    pub since: Timestamp,
    /// The last webhook with a right signature.
    pub webhook_at: Option<Timestamp>,
    /// The platform's name of the account that it was for.
    pub destination: Option<String>,
    /// The last webhook with a wrong one.
    pub wrong_signature_at: Option<Timestamp>,
    /// The last send that the platform took.
    pub sent_at: Option<Timestamp>,
    /// The last send that it did not, and why.
    pub send_failed: Option<(SendTrouble, Timestamp)>,
    /// How it stands with its tokens.
    pub token: TokenState,
    /// What is left of the month.
    pub quota: Option<Quota>,
    /// The platform said that the month is used up, and nothing since says otherwise.
    pub quota_empty: bool,
    /// Every secret of it can be opened.
    pub secrets_readable: bool,
    /// Where customers reach it, as its platform said.
    pub door: Option<String>,
}

/// Something about an account that somebody must see to. The order is that of urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// A secret cannot be opened, and must be entered again.
    SecretUnreadable,
    /// The platform gives no token, or refuses the one there is.
    TokenRefused,
    /// The platform could not be reached at the last try.
    Unreachable,
    /// The last webhook had a wrong signature.
    WrongSignature,
    /// The month's messages are used up.
    QuotaEmpty,
    /// The last send failed for another reason.
    SendFailed,
    /// Less than a twentieth of the month's messages is left.
    QuotaLow,
}

impl Trouble {
    /// Each of them, the most urgent first.
    pub const ALL: [Self; 7] = [
        Self::SecretUnreadable,
        Self::TokenRefused,
        Self::Unreachable,
        Self::WrongSignature,
        Self::QuotaEmpty,
        Self::SendFailed,
        Self::QuotaLow,
    ];

    /// A stable word.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::SecretUnreadable => "secret_unreadable",
            Self::TokenRefused => "token_refused",
            Self::Unreachable => "unreachable",
            Self::WrongSignature => "wrong_signature",
            Self::QuotaEmpty => "quota_empty",
            Self::SendFailed => "send_failed",
            Self::QuotaLow => "quota_low",
        }
    }
}

impl Health {
    fn new(since: Timestamp) -> Self {
        Self {
            since,
            webhook_at: None,
            destination: None,
            wrong_signature_at: None,
            sent_at: None,
            send_failed: None,
            token: TokenState::default(),
            quota: None,
            quota_empty: false,
            secrets_readable: true,
            door: None,
        }
    }

    /// What somebody must see to, the most urgent first.
    #[must_use]
    pub fn troubles(&self) -> Vec<Trouble> {
        let failed = self.send_failed.filter(|(_, at)| self.sent_at.is_none_or(|sent| sent < *at)).map(|(why, _)| why);
        let no_token = self.token.failed.map(|(why, _)| why);
        let refused = matches!(no_token, Some(NoToken::Refused { .. })) || failed == Some(SendTrouble::Unauthorised);
        let unreachable = no_token == Some(NoToken::Unreachable)
            || matches!(failed, Some(SendTrouble::NotSent | SendTrouble::Ambiguous));
        let unsigned = self.wrong_signature_at.is_some_and(|wrong| self.webhook_at.is_none_or(|right| right < wrong));
        let low = self.quota.is_some_and(|quota| {
            quota.remaining().zip(quota.limit).is_some_and(|(remaining, limit)| remaining < limit.div_ceil(20))
        });
        let all = [
            (!self.secrets_readable, Trouble::SecretUnreadable),
            (refused, Trouble::TokenRefused),
            (unreachable && !refused, Trouble::Unreachable),
            (unsigned, Trouble::WrongSignature),
            (self.quota_empty, Trouble::QuotaEmpty),
            (matches!(failed, Some(SendTrouble::Refused | SendTrouble::RateLimited)), Trouble::SendFailed),
            (low && !self.quota_empty, Trouble::QuotaLow),
        ];
        all.into_iter().filter_map(|(is_so, trouble)| is_so.then_some(trouble)).collect()
    }

    fn sent(&mut self, outcome: &Outcome, now: Timestamp) {
        let trouble = match outcome {
            Outcome::Accepted { .. } => {
                self.sent_at = Some(now);
                return;
            }
            // A right to answer that is over says nothing of the account.
            Outcome::TokenInvalid => return,
            Outcome::Refused { .. } => SendTrouble::Refused,
            Outcome::Unauthorised { .. } => SendTrouble::Unauthorised,
            Outcome::QuotaEmpty => SendTrouble::QuotaEmpty,
            Outcome::RateLimited => SendTrouble::RateLimited,
            Outcome::Ambiguous => SendTrouble::Ambiguous,
            Outcome::NotSent => SendTrouble::NotSent,
        };
        self.quota_empty |= trouble == SendTrouble::QuotaEmpty;
        self.send_failed = Some((trouble, now));
    }

    /// The platform told what is left.
    fn asked(&mut self, quota: Quota) {
        self.quota_empty = quota.remaining() == Some(0);
        self.quota = Some(quota);
    }
}

/// Every account.
#[derive(Debug, Default)]
pub(crate) struct Accounts(Mutex<HashMap<InboxId, Health>>);

impl Accounts {
    pub(crate) fn of(&self, inbox: InboxId, now: Timestamp) -> Health {
        self.0.lock().get(&inbox).cloned().unwrap_or_else(|| Health::new(now))
    }

    /// Begins to watch an account.
    pub(crate) fn begin(&self, inbox: InboxId, now: Timestamp) {
        self.0.lock().entry(inbox).or_insert_with(|| Health::new(now));
    }

    fn change(&self, inbox: InboxId, change: impl FnOnce(&mut Health)) {
        if let Some(health) = self.0.lock().get_mut(&inbox) {
            change(health);
        }
    }

    pub(crate) fn webhook(&self, inbox: InboxId, is_signed: bool, now: Timestamp) {
        self.change(inbox, |health| {
            let seen = if is_signed { &mut health.webhook_at } else { &mut health.wrong_signature_at };
            *seen = Some(now);
        });
    }

    pub(crate) fn door(&self, inbox: InboxId, door: Option<String>) {
        self.change(inbox, |health| health.door = door);
    }

    pub(crate) fn destination(&self, inbox: InboxId, destination: String) {
        self.change(inbox, |health| health.destination = Some(destination));
    }

    pub(crate) fn sent(&self, inbox: InboxId, outcome: &Outcome, now: Timestamp) {
        self.change(inbox, |health| health.sent(outcome, now));
    }

    pub(crate) fn asked(&self, inbox: InboxId, quota: Quota) {
        self.change(inbox, |health| health.asked(quota));
    }

    pub(crate) fn stands(&self, inbox: InboxId, token: TokenState, secrets_readable: bool) {
        self.change(inbox, |health| (health.token, health.secrets_readable) = (token, secrets_readable));
    }

    /// Whether nothing that costs can be sent now, as far as is known.
    pub(crate) fn is_quota_empty(&self, inbox: InboxId) -> bool {
        self.0.lock().get(&inbox).is_some_and(|health| health.quota_empty)
    }

    /// Every account's troubles.
    pub(crate) fn troubles(&self) -> Vec<Trouble> {
        self.0.lock().values().flat_map(Health::troubles).collect()
    }
}

/// What one window sent in one month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Calls that cost nothing: answers to what a customer wrote.
    pub free: u64,
    /// Calls that count, one a recipient.
    pub paid: u64,
}

/// The month in which the platform counts a moment: year × 100 + month of Japan's calendar, such as 202611.
#[must_use]
pub fn month_of(at: Timestamp) -> u32 {
    let days = (at.0 + JAPAN_MS).div_euclid(24 * 3_600_000);
    // Counted in eras of 400 years that begin in March, where the leap day is the last of its year.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    u32::try_from(year * 100 + month).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_in_japan() {
        for (at, month) in [
            (0, 197_001),
            (1_793_458_799_999, 202_610),
            (1_793_458_800_000, 202_611),
            (1_709_218_799_999, 202_402),
            (1_709_218_800_000, 202_403),
            (1_704_034_799_999, 202_312),
            (1_704_034_800_000, 202_401),
        ] {
            assert_eq!(month_of(Timestamp(at)), month, "{at}");
        }
    }

    #[test]
    fn what_is_over_is_no_trouble_and_what_is_not_is_named_by_urgency() {
        let (id, at) = (InboxId(1), Timestamp);
        let accounts = Accounts::default();
        accounts.begin(id, at(0));
        let troubles = || accounts.of(id, at(99)).troubles();
        assert_eq!(troubles(), []);
        accounts.webhook(id, false, at(1));
        accounts.sent(id, &Outcome::Unauthorised { status: 401 }, at(2));
        assert_eq!(troubles(), [Trouble::TokenRefused, Trouble::WrongSignature]);
        accounts.webhook(id, true, at(3));
        accounts.sent(id, &Outcome::Accepted { external_ids: Vec::new(), request_id: None }, at(4));
        assert_eq!(troubles(), []);
        accounts.sent(id, &Outcome::TokenInvalid, at(5));
        assert_eq!(troubles(), [], "a right to answer that is over is everyday life");
        accounts.sent(id, &Outcome::QuotaEmpty, at(6));
        assert_eq!(troubles(), [Trouble::QuotaEmpty]);
        accounts.sent(id, &Outcome::Accepted { external_ids: Vec::new(), request_id: None }, at(7));
        assert!(accounts.is_quota_empty(id), "a free answer fills no quota");
        let quota = |used| Quota { limit: Some(200), used, asked_at: at(8) };
        for (used, wanted) in [
            (200, vec![Trouble::QuotaEmpty]),
            (900, vec![Trouble::QuotaEmpty]),
            (191, vec![Trouble::QuotaLow]),
            (190, vec![]),
        ] {
            accounts.asked(id, quota(used));
            assert_eq!(troubles(), wanted, "{used}");
        }
        accounts.asked(id, Quota { limit: None, used: 1_000_000, asked_at: at(9) });
        assert_eq!(troubles(), []);
        accounts.stands(id, TokenState { until: None, failed: Some((NoToken::Unreachable, at(10))) }, false);
        assert_eq!(troubles(), [Trouble::SecretUnreadable, Trouble::Unreachable]);
    }
}
