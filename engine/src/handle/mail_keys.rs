//! Keys that sign our mail: of the installation's own domain, and the turning of one key into the next (rotation).
//!
//! A new key signs nothing before it was seen published, so that no mail is signed with a key that nobody can find. The
//! former record stays in the DNS for as long as a signature counts; its private half is gone at once.

use super::Handle;
use crate::channels::mail::dkim;
use crate::channels::mail::dns::{RecordState, Wanted};
use crate::domain::org::{self, MailDomain, MailKey};
use crate::domain::record::By;
use crate::failure::Failure;
use crate::handle::mail_setup::DomainStanding;
use crate::vault::Place;

impl Handle {
    /// Whether this is the domain of the default addresses.
    pub(super) fn is_own_domain(&self, name: &str) -> bool {
        self.core.mail.as_ref().is_some_and(|out| out.config.inbound_domain == name)
    }

    /// Gives the installation's own domain its key, where mail can leave and it has none.
    pub(super) async fn provide_own_key(&self) -> Result<(), Failure> {
        let Some(out) = self.core.mail.as_ref().filter(|out| out.relay.is_some()) else { return Ok(()) };
        let own = out.config.inbound_domain.clone();
        if self.org().mail_domains.contains_key(&own) || !org::is_domain(&own) {
            return Ok(());
        }
        self.add_mail_domain(By::Engine, &own).await.map(drop)
    }

    /// A key with this name, sealed.
    pub(super) async fn draw_mail_key(&self, selector: &str) -> Result<MailKey, Failure> {
        let drawn = tokio::task::spawn_blocking(dkim::draw).await.map_err(|_| Failure::Interrupted)?;
        let drawn = drawn.map_err(|_| Failure::Interrupted)?;
        let now = self.core.now();
        let mut key =
            MailKey { selector: selector.to_owned(), private: "".into(), public: drawn.public, drawn_at: now };
        key.private = self.core.vault.seal(Place::organisation(&key.field()), &drawn.private, now);
        Ok(key)
    }

    /// Draws the next key of a domain. It signs once it was seen published.
    ///
    /// # Errors
    /// There is no such domain, one waits already, or not now.
    pub async fn turn_mail_key(&self, by: By, name: &str) -> Result<DomainStanding, Failure> {
        let known = self.carried(name)?;
        let key = self.draw_mail_key(org::next_selector(&known.key.selector)).await?;
        let command = org::Command::DrawMailKey { domain: name.to_owned(), key: Box::new(key) };
        self.org_command(by, command).await?;
        self.domain_standing(known).ok_or(Failure::NotFound("mail"))
    }

    /// Forgets the next key of a domain.
    ///
    /// # Errors
    /// There is no such domain, or none waits.
    pub async fn drop_mail_key(&self, by: By, name: &str) -> Result<DomainStanding, Failure> {
        self.org_command(by, org::Command::DropMailKey { domain: name.to_owned() }).await?;
        self.domain_standing(self.carried(name)?).ok_or(Failure::NotFound("mail"))
    }

    fn carried(&self, name: &str) -> Result<MailDomain, Failure> {
        self.org().carried().find(|domain| domain.name == name).cloned().ok_or(Failure::NotFound("domain"))
    }

    /// Takes the next key where it is published.
    pub(super) async fn check_next_key(&self, domain: &MailDomain) -> Result<(), Failure> {
        let out = self.mail_out()?;
        let Some(next) = self.org().next_mail_key(domain).cloned() else { return Ok(()) };
        let wanted = Wanted {
            domain: &domain.name,
            selector: &next.key.selector,
            public: &next.key.public,
            bounce_domain: &out.config.bounce_domain,
            leaves_from: &out.config.leaves_from,
        };
        let checked = out.dns.check(&wanted).await;
        let (state, now) = (checked.dkim.state, self.core.now());
        self.core.mail_setup.checked(&next.name, checked, now);
        if state == RecordState::Ok {
            let command = org::Command::TakeMailKey { domain: domain.name.clone(), seen_at: now };
            self.org_command(By::Engine, command).await?;
            tracing::info!(domain = %domain.name, selector = %next.key.selector, "mail is signed with the next key");
        }
        Ok(())
    }
}
