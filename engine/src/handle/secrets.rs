//! Secrets of channels at the edge: sealed as they come in, opened for the moment of their use, sealed anew when the
//! operator changes the key.

use super::Handle;
use crate::channels::{self, Header};
use crate::domain::id::InboxId;
use crate::domain::org::{self, ChannelKind, Org};
use crate::domain::record::By;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::failure::Failure;
use crate::vault::{Opened, Place, Vault, VaultError};

/// What became of a change of keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Secrets that are under the newest key now, and were not before.
    pub sealed: usize,
    /// Secrets that no key here opens: they must be entered again.
    pub unreadable: usize,
}

/// Why keys were not changed.
#[derive(Debug, thiserror::Error)]
pub enum ResealError {
    /// The file of keys.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The organisation could not be told.
    #[error("the sealed secrets could not be recorded: {0}")]
    Failure(#[from] Failure),
}

impl Handle {
    /// Seals a secret for one field of an account.
    #[must_use]
    pub fn seal(&self, inbox: InboxId, field: &'static str, text: &str) -> Secret {
        self.core.vault.seal(Place { inbox, field }, text, self.core.now())
    }

    /// Whether one of the account's secrets signed this body: the present one, or a former one in its time. An account of
    /// another channel counts as none, and it takes as long without an account as with one.
    #[must_use]
    pub fn is_signed(&self, kind: ChannelKind, inbox: Option<InboxId>, body: &[u8], header: &Header<'_>) -> bool {
        let (org, now) = (self.core.views.org(), self.core.now());
        let inbox = inbox.filter(|id| org.account(*id).is_some_and(|inbox| inbox.settings.kind() == kind));
        let secrets = signing_secrets(&self.core.vault, &org, inbox, now);
        let secrets: Vec<&str> = secrets.iter().map(|secret| secret.as_str()).collect();
        let is_signed = channels::of(kind).is_signed(&secrets, body, header, now);
        if let Some(inbox) = inbox {
            self.core.accounts.webhook(inbox, is_signed, self.core.now());
        }
        is_signed
    }

    /// Draws a new key, seals everything with it, and forgets the former keys: whatever was sealed before and is not kept
    /// any more is closed for good. Safe to repeat after a crash at any point.
    ///
    /// # Errors
    /// The file of keys or the journal cannot be written. The former keys stay until everything is sealed anew.
    pub async fn rotate_secrets(&self) -> Result<Resealed, ResealError> {
        self.core.vault.add_key()?;
        let done = self.reseal_secrets().await?;
        if done.unreadable > 0 {
            return Err(VaultError::StillNeeded.into());
        }
        self.core.vault.forget_former()?;
        Ok(done)
    }

    /// Seals everything with the newest key of the file. What it replaces leaves the journal, as with every change of an
    /// account, and so open secrets of former releases do.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub async fn reseal_secrets(&self) -> Result<Resealed, ResealError> {
        let mut done = Resealed::default();
        let org = self.org();
        let ids: Vec<InboxId> = org.inboxes.keys().chain(org.retired.keys()).copied().collect();
        for id in ids {
            // In turn with other changes: what is read here is what is written.
            let _turn = self.core.org_turn.lock().await;
            let Some(mut inbox) = self.org().account(id).cloned() else { continue };
            let before = done.sealed;
            for (field, secret) in inbox.settings.secrets_mut() {
                match self.core.vault.resealed(Place { inbox: id, field }, secret, self.core.now()) {
                    Ok(None) => {}
                    Ok(Some(anew)) => {
                        *secret = anew;
                        done.sealed += 1;
                    }
                    Err(_) => done.unreadable += 1,
                }
            }
            if done.sealed > before {
                self.decide_org(By::Operator, org::Command::ChangeInbox(inbox)).await?;
            }
        }
        let windows: Vec<_> = self.org().bots.keys().cloned().collect();
        for window in windows {
            let _turn = self.core.org_turn.lock().await;
            let Some(mut bot) = self.org().bots.get(&window).cloned() else { continue };
            let before = done.sealed;
            let id = bot.id;
            for (field, secret) in bot.secrets_mut() {
                match self.core.vault.resealed(Place::of_bot(id, field), secret, self.core.now()) {
                    Ok(None) => {}
                    Ok(Some(anew)) => {
                        *secret = anew;
                        done.sealed += 1;
                    }
                    Err(_) => done.unreadable += 1,
                }
            }
            if done.sealed > before {
                self.decide_org(By::Operator, org::Command::SetBot(Box::new(bot))).await?;
            }
        }
        Ok(done)
    }
}

/// The secrets that may sign webhooks of this account now.
fn signing_secrets(vault: &Vault, org: &Org, inbox: Option<InboxId>, now: Timestamp) -> Vec<Opened> {
    let Some(inbox) = inbox.and_then(|id| org.account(id)) else { return Vec::new() };
    let secrets = inbox.settings.signing_secrets(now).into_iter();
    secrets.filter_map(|(field, secret)| vault.open_secret(Place { inbox: inbox.id, field }, secret).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::line::signature;
    use crate::domain::id::WindowId;
    use crate::domain::org::{Access, FormerSecret, Inbox, InboxSettings, LineSettings, SendMode};

    const UNTIL: Timestamp = Timestamp(1_000);

    fn org(vault: &Vault) -> Org {
        let mut org = Org::default();
        for (id, secret, former) in [(1, "one", Some("eins")), (2, "two", None)] {
            let seal = |text| vault.seal(Place { inbox: InboxId(id), field: "channel_secret" }, text, Timestamp(0));
            let line = LineSettings {
                former_secret: former.map(|text| FormerSecret { secret: seal(text), until: UNTIL }),
                ..LineSettings::new(seal(secret), Access::Stateless, SendMode::Auto)
            };
            let window = WindowId::new("w").unwrap();
            let settings = InboxSettings::Line(line);
            org.inboxes.insert(InboxId(id), Inbox { id: InboxId(id), window, settings, changed_at: Timestamp(0) });
        }
        org
    }

    fn open(inbox: Option<u128>, now: i64) -> Vec<String> {
        let vault = Vault::known_to_all();
        let secrets = signing_secrets(&vault, &org(&vault), inbox.map(InboxId), Timestamp(now));
        secrets.iter().map(|secret| secret.to_string()).collect()
    }

    #[test]
    fn a_replaced_secret_signs_until_its_time_is_over_and_no_account_signs_for_another() {
        assert_eq!(open(Some(1), 999), ["one", "eins"]);
        assert_eq!(open(Some(1), 1_000), ["one"]);
        assert_eq!(open(Some(2), 0), ["two"]);
        assert!(open(Some(3), 0).is_empty());
        assert!(open(None, 0).is_empty());
    }

    /// A body that is no UTF-8, or is written otherwise than a serializer would, is signed as it stands.
    #[test]
    fn the_bytes_count_as_they_came() {
        let bodies: [&[u8]; 3] = [b"{ \"events\" : [] }\n", b"{\"b\":1,\"a\":1.0,\"b\":2}", b"{\"events\":[\"\xff\"]}"];
        for body in bodies {
            let signed = signature::sign("one", body);
            assert!(signature::verify(&["two", "one"], body, Some(&signed)), "{body:?}");
        }
        let signed = signature::sign("one", bodies[0]);
        assert!(!signature::verify(&["one"], br#"{"events":[]}"#, Some(&signed)), "other bytes that say the same");
    }
}
