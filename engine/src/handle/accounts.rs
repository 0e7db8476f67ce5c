//! Accounts as people see to them: how they stand, what they sent, and what is wrong with their connection.

use super::{Handle, store_failed};
use crate::accounts::{Health, Sums};
use crate::channels::examine::{Endpoint, Examination, Finding};
use crate::channels::{Account, Established, Outcome, Wish};
use crate::domain::id::{InboxId, WindowId};
use crate::domain::org::Inbox;
use crate::failure::Failure;
use crate::journal::writer::Lane;

impl Handle {
    /// How an account stands.
    #[must_use]
    pub fn account_health(&self, inbox: InboxId) -> Health {
        let mut health = self.core.accounts.of(inbox, self.core.now());
        if let Ok((entry, account)) = self.account(inbox) {
            health.secrets_readable = self.core.vault.opens_all(&entry);
            health.token = account.map(|account| account.token_state()).unwrap_or_default();
        }
        health
    }

    /// The accounts of a window, and how each stood a moment ago.
    #[must_use]
    pub fn accounts_of(&self, window: &WindowId) -> Vec<(InboxId, Health)> {
        let (org, now) = (self.org(), self.core.now());
        let mine = org.inboxes.values().filter(|inbox| inbox.window == *window);
        mine.map(|inbox| (inbox.id, self.core.accounts.of(inbox.id, now))).collect()
    }

    /// What a window sent in a month; see [`crate::accounts::month_of`].
    ///
    /// # Errors
    /// Not found, or catching up.
    pub async fn sums(&self, window: &WindowId, month: u32) -> Result<Sums, Failure> {
        let view = self.core.views.window(window).ok_or(Failure::NotFound("window"))?;
        self.core.caught_up(view.stream).await?;
        let stream = view.stream;
        self.core
            .read(Lane::Ordinary, move |store| store.sums(stream, month))
            .await?
            .map_err(|fault| store_failed(&fault))
    }

    /// Tries the connection of an account whose webhook is at this address.
    ///
    /// # Errors
    /// Not found.
    pub async fn test_account(&self, inbox: InboxId, webhook_url: &str) -> Result<Examination, Failure> {
        let (entry, account) = self.account(inbox)?;
        let Some(account) = account else {
            let readable = self.core.vault.opens_all(&entry);
            let finding = if readable { Finding::TokenRefused } else { Finding::SecretUnreadable };
            return Ok(Examination { name: None, findings: vec![finding] });
        };
        let seen = self.core.accounts.of(inbox, self.core.now()).destination;
        Ok(account.examine(webhook_url, seen.as_deref()).await)
    }

    /// Asks the platform where an account's webhooks go.
    ///
    /// # Errors
    /// Not found. The inner error is the platform's.
    pub async fn endpoint(&self, inbox: InboxId) -> Result<Result<Option<Endpoint>, Outcome>, Failure> {
        match self.account(inbox)?.1 {
            Some(account) => Ok(account.endpoint().await),
            None => Ok(Err(Outcome::Unauthorised { status: 401 })),
        }
    }

    /// Tells the platform where an account's webhooks are to go.
    ///
    /// # Errors
    /// Not found.
    pub async fn set_endpoint(&self, inbox: InboxId, url: &str) -> Result<Outcome, Failure> {
        match self.account(inbox)?.1 {
            Some(account) => Ok(account.set_endpoint(url).await),
            None => Ok(Outcome::Unauthorised { status: 401 }),
        }
    }

    /// Makes at the platform what an account is to stand for, before the account is recorded.
    ///
    /// # Errors
    /// The platform's answer; `NotSent` where a program cannot make it.
    pub async fn establish(&self, inbox: &Inbox, wish: &Wish) -> Result<Established, Outcome> {
        let account = self.core.platform.account(inbox).ok_or(Outcome::Unauthorised { status: 401 })?;
        account.establish(wish).await
    }

    /// Takes away at the platform what this product made there for an account, recorded or not. What the customer made
    /// stays (PRODUCT W5).
    pub async fn retire(&self, inbox: &Inbox) -> Outcome {
        match self.core.platform.account(inbox) {
            Some(account) => account.retire().await,
            None => Outcome::Unauthorised { status: 401 },
        }
    }

    /// Gives what was made for an account another name at the platform.
    ///
    /// # Errors
    /// Not found.
    pub async fn rename(&self, inbox: InboxId, name: &str) -> Result<Outcome, Failure> {
        match self.account(inbox)?.1 {
            Some(account) => Ok(account.rename(name).await),
            None => Ok(Outcome::Unauthorised { status: 401 }),
        }
    }

    fn account(&self, inbox: InboxId) -> Result<(Inbox, Option<Box<dyn Account>>), Failure> {
        let entry = self.org().inboxes.get(&inbox).cloned().ok_or(Failure::NotFound("inbox"))?;
        let account = self.core.platform.account(&entry);
        Ok((entry, account))
    }
}
