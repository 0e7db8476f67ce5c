//! The trial (PRODUCT W8): 30 days with the smallest product, for an organisation that has never used anything. It ends
//! by itself, by the clock; nothing has to run for that.

use serde::{Deserialize, Serialize};

use super::products::{Owned, WINDOWS_PER_PRODUCT};
use super::{Event, Org};
use crate::domain::rejected::Rejected;
use crate::domain::time::Timestamp;

/// How long a trial is, in milliseconds.
pub const TRIAL_MS: i64 = 30 * 24 * 3_600_000;

/// A trial that runs, or ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// When it began.
    pub started_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
}

impl Trial {
    /// Whether it has ended.
    #[must_use]
    pub fn is_over(self, now: Timestamp) -> bool {
        now >= self.ends_at
    }
}

impl Org {
    /// Whether a trial may begin: there never was one, nor a window.
    #[must_use]
    pub fn may_try(&self) -> bool {
        !self.tried && self.windows.is_empty() && self.former.is_empty()
    }

    /// Whether agents may no longer act, since a trial ended and no contract followed.
    #[must_use]
    pub fn is_trial_over(&self, now: Timestamp) -> bool {
        self.trial.is_some_and(|trial| trial.is_over(now))
    }

    pub(super) fn begin_trial(&mut self, trial: Trial) {
        self.trial = Some(trial);
        self.tried = true;
        self.owned = Owned([WINDOWS_PER_PRODUCT, 0, 0]);
    }
}

pub(super) fn start(org: &Org, now: Timestamp) -> Result<Vec<Event>, Rejected> {
    if !org.may_try() {
        return Err(Rejected::Exists { what: "organisation in use" });
    }
    Ok(vec![Event::TrialStarted(Trial { started_at: now, ends_at: now.plus_ms(TRIAL_MS) })])
}

/// A contract follows, before the end or after it.
pub(super) fn end(org: &Org) -> Result<Vec<Event>, Rejected> {
    if org.trial.is_none() {
        return Err(Rejected::not_found("trial"));
    }
    Ok(vec![Event::TrialEnded])
}
