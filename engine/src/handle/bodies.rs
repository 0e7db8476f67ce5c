//! Bodies that come from a platform: taken, kept, waiting for a person, read again, put away.

use bytes::Bytes;

use super::Handle;
use crate::actors::{inbox, raw};
use crate::channels;
use crate::domain::id::{InboxId, WindowId};
use crate::domain::record::By;
use crate::domain::rejected::Rejected;
use crate::domain::window::{self, RawEnd, RawReason};
use crate::failure::Failure;
use crate::rows::RawRow;

/// What became of a webhook's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Events recorded now.
    pub recorded: usize,
    /// Events that were recorded before.
    pub duplicates: usize,
    /// Events that nobody can read; each waits by itself for a person.
    pub parked: usize,
    /// The body was stored whole, for later or for a person.
    pub stored_whole: bool,
}

impl Taken {
    /// Nothing was taken of it yet.
    pub(crate) const WHOLE: Self = Self { recorded: 0, duplicates: 0, parked: 0, stored_whole: true };
    /// Its window was reset: it is taken and thrown away.
    pub(crate) const NOTHING: Self = Self { recorded: 0, duplicates: 0, parked: 0, stored_whole: false };
}

impl Handle {
    /// Takes a verified webhook body. Answers after the commit of every event of it, or of the whole body.
    ///
    /// # Errors
    /// Not now; nothing of it may count as accepted.
    pub async fn inbound(&self, inbox: InboxId, body: Bytes) -> Result<Taken, Failure> {
        match self.take_in(inbox, body).await {
            Err(Failure::NotFound(_)) if self.is_reset(inbox).await? => {
                metrics::counter!("madoguchi_inbound_after_reset_total").increment(1);
                Ok(Taken::NOTHING)
            }
            taken => taken,
        }
    }

    async fn take_in(&self, inbox: InboxId, body: Bytes) -> Result<Taken, Failure> {
        if !self.core.views.org().inboxes.contains_key(&inbox) {
            return Err(Failure::NotFound("inbox"));
        }
        self.core.work_allowed()?;
        let patience_ms = i64::try_from(self.core.config.inbound_patience_ms).unwrap_or(i64::MAX);
        let taking = inbox::take_body(&self.core, inbox, body.clone());
        let entry = self.core.views.org().inboxes.get(&inbox).cloned().ok_or(Failure::NotFound("inbox"))?;
        let redelivers = channels::of(entry.settings.kind()).traits().redelivers;
        let why = match self.core.config.clock.within_ms(patience_ms, taking).await {
            Some(Ok(taken)) => return Ok(taken),
            Some(Err(Failure::Overloaded { .. } | Failure::Interrupted | Failure::CatchingUp)) | None => {
                RawReason::Busy
            }
            // What is refused here would never come again.
            Some(Err(_)) if !redelivers => RawReason::Busy,
            Some(Err(failure)) => return Err(failure),
        };
        raw::store(&self.core, &entry, body, why, None).await?;
        Ok(Taken::WHOLE)
    }

    /// Takes a body that is told as accepted before anybody reads it, as a mail server tells: answers after its commit. It is
    /// interpreted soon after, in the order of its account's bodies.
    ///
    /// # Errors
    /// Not now; it may not count as accepted.
    pub async fn keep_body(&self, inbox: InboxId, body: Bytes) -> Result<(), Failure> {
        self.core.work_allowed()?;
        let entry = self.core.views.org().inboxes.get(&inbox).cloned().ok_or(Failure::NotFound("inbox"))?;
        raw::store(&self.core, &entry, body, RawReason::Busy, None).await.map(drop)
    }

    /// Stored bodies of a window that wait (要確認).
    ///
    /// # Errors
    /// Not found, or catching up.
    pub async fn raw_bodies(&self, window: &WindowId) -> Result<Vec<RawRow>, Failure> {
        let waiting = raw::waiting(&self.core, window).await?;
        Ok(waiting.into_iter().map(|(accepted, _)| raw_row(&accepted)).collect())
    }

    /// The bytes of one stored body.
    ///
    /// # Errors
    /// Not found.
    pub async fn raw_body(&self, window: &WindowId, raw: u128) -> Result<Bytes, Failure> {
        raw::bytes_of(&self.core, &self.core.raw(window, raw).await?).await
    }

    /// Interprets a stored body again.
    ///
    /// # Errors
    /// Not found, or it still cannot be parsed.
    pub async fn replay_raw(&self, by: By, window: &WindowId, raw: u128) -> Result<Taken, Failure> {
        let accepted = self.core.raw(window, raw).await?;
        raw::interpret(&self.core, window, by, &accepted).await
    }

    /// Puts away a stored body that cannot be read, after a person looked at it. Its bytes go.
    ///
    /// # Errors
    /// Not found; or it is only waiting for room or for its conversation, and will be read: nobody may throw that away.
    pub async fn dismiss_raw(&self, by: By, window: &WindowId, raw: u128) -> Result<(), Failure> {
        let accepted = self.core.raw(window, raw).await?;
        if !accepted.why.waits_for_a_person() {
            return Err(Rejected::invalid("raw", "a body that waits for a person").into());
        }
        raw::end(&self.core, window, by, &accepted, RawEnd::Dismissed).await
    }
}

fn raw_row(accepted: &window::RawAccepted) -> RawRow {
    let len = match &accepted.body {
        window::RawBody::Inline(bytes) => bytes.len() as u64,
        window::RawBody::File { len, .. } => *len,
        window::RawBody::Redacted => 0,
    };
    RawRow { raw: accepted.raw, inbox: accepted.inbox, received_at: accepted.received_at, why: accepted.why, len }
}
