//! Domains that answers by mail carry, and the keys that sign for them. A key belongs to the organisation: windows with
//! addresses of one domain share it, since the domain publishes one.

use serde::{Deserialize, Serialize};

use super::{Event, Org};
use crate::domain::rejected::Rejected;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;

/// Domains of one organisation.
const DOMAINS: usize = 100;

/// A domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailDomain {
    /// Its name: lower case, A-labels.
    pub name: String,
    /// Its key.
    pub key: MailKey,
    /// When the key was seen published; answers carry the domain from then on.
    pub published_at: Option<Timestamp>,
    /// Since when it is not seen any more.
    pub missing_since: Option<Timestamp>,
}

/// A key that signs mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailKey {
    /// Its name in the DNS.
    pub selector: String,
    /// The private key, sealed.
    pub private: Secret,
    /// The public key, as DNS publishes it.
    pub public: String,
    /// When it was drawn.
    pub drawn_at: Timestamp,
}

impl MailDomain {
    /// What the seal of its private key is bound to.
    #[must_use]
    pub fn field(&self) -> String {
        self.key.field()
    }
}

impl MailKey {
    /// What the seal of the private key is bound to: its public half.
    #[must_use]
    pub fn field(&self) -> String {
        format!("mail/key/{}", self.public)
    }
}

/// Whether this is a domain as DNS writes it.
#[must_use]
pub fn is_domain(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.contains('.') && name.split('.').all(label)
}

pub(super) fn add(org: &Org, domain: MailDomain) -> Result<Vec<Event>, Rejected> {
    if !is_domain(&domain.name) {
        return Err(Rejected::invalid("domain", "a domain in lower case"));
    }
    if org.mail_domains.contains_key(&domain.name) {
        return Err(Rejected::Exists { what: "domain" });
    }
    if org.mail_domains.len() >= DOMAINS {
        return Err(Rejected::LimitReached { what: "domains", limit: DOMAINS as u64 });
    }
    Ok(vec![Event::MailDomainSet(domain)])
}

/// Also the way in which a look at the DNS, or another seal, is kept.
pub(super) fn change(org: &Org, domain: MailDomain) -> Result<Vec<Event>, Rejected> {
    match org.mail_domains.get(&domain.name) {
        None => Err(Rejected::not_found("domain")),
        Some(known) if *known == domain => Ok(Vec::new()),
        Some(_) => Ok(vec![Event::MailDomainSet(domain)]),
    }
}

pub(super) fn remove(org: &Org, name: String) -> Result<Vec<Event>, Rejected> {
    let behind = |address: &String| address.rsplit_once('@').is_some_and(|(_, domain)| domain == name);
    let used = org.inboxes.values().any(
        |inbox| matches!(&inbox.settings, super::InboxSettings::Mail(mail) if mail.sender.as_ref().is_some_and(behind)),
    );
    match org.mail_domains.contains_key(&name) {
        false => Err(Rejected::not_found("domain")),
        true if used => Err(Rejected::invalid("domain", "one that no window sends as")),
        true => Ok(vec![Event::MailDomainRemoved { name }]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(name: &str) -> MailDomain {
        let key = MailKey { selector: "desk1".into(), private: "k".into(), public: "p".into(), drawn_at: Timestamp(0) };
        MailDomain { name: name.into(), key, published_at: None, missing_since: None }
    }

    #[test]
    fn a_domain_is_one_that_dns_knows_and_stands_once() {
        let mut org = Org::default();
        for bad in ["", "example", "Example.jp", "a..jp", "-a.jp", "a.jp.", "a b.jp", "a@b.jp", &"a".repeat(300)] {
            assert!(add(&org, domain(bad)).is_err(), "{bad:?}");
        }
        add(&org, domain("example.co.jp")).unwrap().iter().for_each(|event| org.apply(event));
        assert_eq!(add(&org, domain("example.co.jp")), Err(Rejected::Exists { what: "domain" }));
        assert_eq!(change(&org, domain("example.co.jp")), Ok(Vec::new()));
        assert!(remove(&org, "other.jp".into()).is_err());
        remove(&org, "example.co.jp".into()).unwrap().iter().for_each(|event| org.apply(event));
        assert!(org.mail_domains.is_empty());
    }
}
