//! Setting mail up: company addresses that forward, domains that publish our key, a mail to ourselves.

use std::net::IpAddr;

use super::Handle;
use crate::actors::Core;
use crate::channels::mail::dns::{Checked, Looked, RecordState, Wanted};
use crate::channels::mail::out::MailOut;
use crate::channels::mail::relay::{Copy, Told};
use crate::channels::mail::setup::{self, Confirmation, Errand, Test, letter, token_in};
use crate::domain::id::InboxId;
use crate::domain::org::{self, Forwarding, Inbox, InboxSettings, MailDomain, MailKey, MailSettings};
use crate::domain::record::By;
use crate::domain::rejected::Rejected;
use crate::domain::time::Timestamp;
use crate::failure::Failure;

/// How the mail of an account stands.
#[derive(Clone, Debug)]
pub struct MailStanding {
    /// Works without any set-up.
    pub default_address: String,
    /// What answers carry now.
    pub sends_as: String,
    /// Mail can leave.
    pub relay: bool,
    /// Its settings.
    pub settings: MailSettings,
    /// Since when a challenge is on its way, for each address of the settings.
    pub challenged: Vec<Option<Timestamp>>,
    /// Whether answers may carry it, for each address of the settings.
    pub ready: Vec<bool>,
    /// Mails of providers that ask to confirm a forwarding.
    pub confirmations: Vec<Confirmation>,
    /// The newest mail to ourselves.
    pub test: Option<Test>,
}

/// How a domain stands.
#[derive(Clone, Debug)]
pub struct DomainStanding {
    /// It.
    pub domain: MailDomain,
    /// What DNS said last, and when.
    pub checked: Option<(Checked, Timestamp)>,
    /// The domain of our envelope senders.
    pub bounce_domain: String,
    /// What that domain should say of who sends for it.
    pub sender_rule: String,
    /// The key that is to take the place of its own, and what DNS said of it last.
    pub next: Option<(MailKey, Option<Looked>)>,
}

fn no_mail() -> Failure {
    Failure::NotFound("mail")
}

impl Handle {
    pub(super) fn mail_out(&self) -> Result<&MailOut, Failure> {
        self.core.mail.as_ref().ok_or_else(no_mail)
    }

    fn mail_inbox(&self, id: InboxId) -> Result<(Inbox, MailSettings), Failure> {
        let inbox = self.org().inboxes.get(&id).cloned().ok_or(Failure::NotFound("inbox"))?;
        let InboxSettings::Mail(mail) = &inbox.settings else { return Err(no_mail()) };
        let mail = mail.clone();
        Ok((inbox, mail))
    }

    /// How the mail of an account stands.
    ///
    /// # Errors
    /// There is no such account, or no mail.
    pub fn mail_standing(&self, id: InboxId) -> Result<MailStanding, Failure> {
        let out = self.mail_out()?;
        let (inbox, settings) = self.mail_inbox(id)?;
        let (org, now) = (self.org(), self.core.now());
        let addresses = || settings.addresses.iter().map(|one| one.address.as_str());
        Ok(MailStanding {
            default_address: out.default_address(&inbox.window),
            sends_as: out.sender(&org, &inbox.window, &settings).address,
            relay: out.relay.is_some(),
            challenged: addresses().map(|one| self.core.mail_setup.challenged_at(id, one)).collect(),
            ready: addresses().map(|one| out.may_carry(&org, &settings, one)).collect(),
            confirmations: self.core.mail_setup.confirmations_of(id, now),
            test: self.core.mail_setup.test_of(id),
            settings,
        })
    }

    /// Sends a mail to a company address, which confirms that it forwards when it comes here.
    ///
    /// # Errors
    /// It is none of the account's, there is no relay, or that does not take it.
    pub async fn challenge_mail(&self, id: InboxId, address: &str) -> Result<(), Failure> {
        let (_, settings) = self.mail_inbox(id)?;
        if !settings.addresses.iter().any(|one| one.address == address) {
            return Err(Rejected::invalid("address", "one of the window's company addresses").into());
        }
        let errand = Errand::Challenge { inbox: id, address: address.to_owned() };
        self.send_errand(id, errand, address.to_owned(), None).await
    }

    /// Sends a mail as answers go, to the default address, and proves it when it comes.
    ///
    /// # Errors
    /// There is no relay, or that does not take it.
    pub async fn test_mail(&self, id: InboxId) -> Result<(), Failure> {
        let standing = self.mail_standing(id)?;
        self.send_errand(id, Errand::Test { inbox: id }, standing.default_address, Some(standing.sends_as)).await
    }

    async fn send_errand(&self, id: InboxId, errand: Errand, to: String, from: Option<String>) -> Result<(), Failure> {
        let out = self.mail_out()?;
        let relay = out.relay.as_ref().ok_or_else(|| Rejected::invalid("relay", "a relay; see the operator"))?;
        if self.core.sending.is_held() {
            return Err(Rejected::invalid("sending", "released; a restored store sends nothing").into());
        }
        let (inbox, _) = self.mail_inbox(id)?;
        let own = out.default_address(&inbox.window);
        let from = from.unwrap_or_else(|| own.clone());
        let (token, now) = (self.core.config.chance.bits(), self.core.now());
        let host = &out.config.inbound_domain;
        let unsafe_text = |_| Rejected::invalid("address", "an address that a mail can carry");
        let bytes = letter(token, &from, &to, host, &out.ids.instance(), now).map_err(unsafe_text)?;
        let domain = from.rsplit_once('@').map_or("", |(_, domain)| domain);
        let bytes = out.signer(domain).and_then(|signer| signer.sign(&bytes).ok()).unwrap_or(bytes);
        // Envelope senders of answers belong to the bounce domain; what comes back of this one says nothing to anybody.
        let sender = format!("setup@{}", out.config.bounce_domain);
        self.core.mail_setup.begin(token, errand, &from, now);
        let begin = Box::pin(std::future::ready(true));
        let told = relay.send(Copy { sender: Some(&sender), to: &to, bytes: &bytes, begin }).await;
        let why = match told {
            Told::Taken { .. } | Told::Unknown => return Ok(()),
            Told::Refused { code, detail } | Told::NotNow { code, detail } => format!("{code} {detail}"),
            Told::Shut { detail } => detail,
            Told::Withdrawn => "stopping".to_owned(),
        };
        self.core.mail_setup.failed(token, &why);
        Err(Rejected::invalid("relay", format!("one that takes the mail: {why}")).into())
    }

    /// Every domain that answers carry.
    #[must_use]
    pub fn mail_domains(&self) -> Vec<DomainStanding> {
        self.org().carried().filter_map(|domain| self.domain_standing(domain.clone())).collect()
    }

    pub(super) fn domain_standing(&self, domain: MailDomain) -> Option<DomainStanding> {
        let out = self.core.mail.as_ref()?;
        let each = out.config.leaves_from.iter().map(|ip| match ip {
            IpAddr::V4(ip) => format!("ip4:{ip} "),
            IpAddr::V6(ip) => format!("ip6:{ip} "),
        });
        let from: String = each.collect();
        let from = if from.is_empty() { "mx ".to_owned() } else { from };
        Some(DomainStanding {
            checked: self.core.mail_setup.check_of(&domain.name),
            next: self.org().next_mail_key(&domain).map(|next| {
                let looked = self.core.mail_setup.check_of(&next.name).map(|(checked, _)| checked.dkim);
                (next.key.clone(), looked)
            }),
            domain,
            bounce_domain: out.config.bounce_domain.clone(),
            sender_rule: format!("v=spf1 {from}-all"),
        })
    }

    /// Draws a key for a domain and keeps it sealed. The installation's own has one already.
    ///
    /// # Errors
    /// There is no mail, the domain is none or is there already, or not now.
    pub async fn add_mail_domain(&self, by: By, name: &str) -> Result<DomainStanding, Failure> {
        self.mail_out()?;
        if !org::is_domain(name) {
            return Err(Rejected::invalid("domain", "a domain in lower case").into());
        }
        let own = self.org().mail_domains.get(name).filter(|_| self.is_own_domain(name)).cloned();
        if let Some(own) = own {
            return self.domain_standing(own).ok_or_else(no_mail);
        }
        let key = self.draw_mail_key(org::next_selector("")).await?;
        let domain = MailDomain { name: name.to_owned(), key, published_at: None, missing_since: None };
        self.org_command(by, org::Command::AddMailDomain(domain.clone())).await?;
        self.domain_standing(domain).ok_or_else(no_mail)
    }

    /// Carries a domain no more. Its key is gone for good.
    ///
    /// # Errors
    /// There is none, a window sends as an address of it, or it is the installation's own.
    pub async fn remove_mail_domain(&self, by: By, name: &str) -> Result<(), Failure> {
        if self.is_own_domain(name) {
            return Err(Rejected::invalid("domain", "one that is not the installation's own").into());
        }
        self.org_command(by, org::Command::RemoveMailDomain { name: name.to_owned() }).await
    }

    /// Asks the DNS about a domain, and keeps whether its key is published. A next key that is takes its place.
    ///
    /// # Errors
    /// There is no such domain, or not now.
    pub async fn check_mail_domain(&self, name: &str) -> Result<DomainStanding, Failure> {
        let known = self.org().carried().find(|domain| domain.name == name).cloned();
        let known = known.ok_or(Failure::NotFound("domain"))?;
        self.check_next_key(&known).await?;
        check_domain(&self.core, name).await?;
        let known = self.org().mail_domains.get(name).cloned().ok_or(Failure::NotFound("domain"))?;
        let checked = self.core.mail_setup.check_of(name);
        let (before, now) = (known.clone(), self.core.now());
        let mut domain = known;
        match checked.map(|(checked, _)| checked.dkim.state) {
            Some(RecordState::Ok) => {
                domain.published_at = domain.published_at.or(Some(now));
                domain.missing_since = None;
            }
            // What did not answer is no news.
            Some(RecordState::Unknown) | None => {}
            Some(_) if domain.published_at.is_some() => {
                if domain.missing_since.is_none() {
                    tracing::warn!(domain = %name, "the key that answers are signed with is published no more");
                }
                domain.missing_since = domain.missing_since.or(Some(now));
            }
            Some(_) => {}
        }
        if domain != before {
            self.org_command(By::Engine, org::Command::ChangeMailDomain(domain.clone())).await?;
        }
        self.domain_standing(domain).ok_or_else(no_mail)
    }

    /// A mail has come for an account: whether it was one to ourselves, which is then done with and no conversation
    /// hears of. `sender` is its envelope sender, `peer` where it came from where no server of ours stands between.
    pub async fn setup_mail_came(&self, inbox: InboxId, mail: &[u8], sender: &str, peer: Option<IpAddr>) -> bool {
        let Some(errand) = token_in(mail).and_then(|token| self.core.mail_setup.take(token)) else { return false };
        let now = self.core.now();
        match errand {
            Errand::Test { inbox: wanted } if wanted == inbox => {
                let columns = match &self.core.mail {
                    Some(out) => out.dns.prove(mail, sender, peer).await,
                    None => None,
                };
                self.core.mail_setup.proven(inbox, columns, now);
            }
            Errand::Challenge { inbox: wanted, address } if wanted == inbox => {
                self.forwards(inbox, &address, now).await
            }
            // It came to another window than it was sent for: it forwards, and not to where it should.
            Errand::Test { .. } | Errand::Challenge { .. } => {}
        }
        true
    }

    /// A provider asks to confirm a forwarding: shown where mail is set up, and nowhere else.
    pub fn confirmation_came(&self, inbox: InboxId, from: &str, subject: &str, text: &str) {
        let cut = |text: &str, most| text.chars().take(most).collect();
        let at = self.core.now();
        let one = Confirmation { at, from: cut(from, 320), subject: cut(subject, 500), text: cut(text, 4_000) };
        self.core.mail_setup.confirm(inbox, one);
    }

    async fn forwards(&self, id: InboxId, address: &str, now: Timestamp) {
        self.keep_forwarding(id, address, Forwarding::Confirmed { at: now }, now).await;
    }

    /// Mails to a company address do not come round any more (転送が止まっています).
    pub(crate) async fn forwarding_stopped(&self, id: InboxId, address: &str) {
        let now = self.core.now();
        tracing::warn!(inbox.id = %id, "a company address forwards no more");
        self.keep_forwarding(id, address, Forwarding::Stopped { since: now }, now).await;
    }

    async fn keep_forwarding(&self, id: InboxId, address: &str, forwarding: Forwarding, now: Timestamp) {
        let Ok((mut inbox, _)) = self.mail_inbox(id) else { return };
        if let InboxSettings::Mail(mail) = &mut inbox.settings
            && let Some(one) = mail.addresses.iter_mut().find(|one| one.address == address)
        {
            one.forwarding = forwarding;
            inbox.changed_at = now;
            if let Err(failure) = self.org_command(By::Engine, org::Command::ChangeInbox(inbox)).await {
                tracing::warn!(%failure, "whether an address forwards could not be kept; the next mail will say");
            }
        }
    }
}

/// The number to enter and the address to open in a provider's mail.
#[must_use]
pub fn code_and_link(one: &Confirmation) -> (Option<String>, Option<String>) {
    setup::code_and_link(&one.subject, &one.text)
}

async fn check_domain(core: &Core, name: &str) -> Result<(), Failure> {
    let out = core.mail.as_ref().ok_or_else(no_mail)?;
    let domain = core.views.org().mail_domains.get(name).cloned().ok_or(Failure::NotFound("domain"))?;
    let wanted = Wanted {
        domain: name,
        selector: &domain.key.selector,
        public: &domain.key.public,
        bounce_domain: &out.config.bounce_domain,
        leaves_from: &out.config.leaves_from,
    };
    let checked = out.dns.check(&wanted).await;
    core.mail_setup.checked(name, checked, core.now());
    Ok(())
}
