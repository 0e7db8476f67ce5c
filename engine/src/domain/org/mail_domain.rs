//! Domains that answers by mail carry, and the keys that sign for them. A key belongs to the organisation: windows with
//! addresses of one domain share it, since the domain publishes one.
//!
//! A key that is to take the place of another (rotation) stands among the domains under its own name in the DNS until it was
//! seen published: no mail carries that name, and nothing signs with it before.

use serde::{Deserialize, Serialize};

use super::{Event, Org};
use crate::domain::rejected::Rejected;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;

/// Domains of one organisation.
const DOMAINS: usize = 100;
/// The names that keys have in the DNS, in turn.
const SELECTORS: [&str; 2] = ["desk1", "desk2"];

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

/// The name under which the key of a domain stands in the DNS.
#[must_use]
pub fn key_name(selector: &str, domain: &str) -> String {
    format!("{selector}._domainkey.{domain}")
}

/// The selector that a domain's next key has: the other of two.
#[must_use]
pub fn next_selector(now: &str) -> &'static str {
    if now == SELECTORS[0] { SELECTORS[1] } else { SELECTORS[0] }
}

impl Org {
    /// The domains that mail carries.
    pub fn carried(&self) -> impl Iterator<Item = &MailDomain> {
        self.mail_domains.values().filter(|domain| is_domain(&domain.name))
    }

    /// The key that is to take the place of a domain's, with how it stands.
    #[must_use]
    pub fn next_mail_key(&self, domain: &MailDomain) -> Option<&MailDomain> {
        self.mail_domains.get(&key_name(next_selector(&domain.key.selector), &domain.name))
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
    if org.carried().count() >= DOMAINS {
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
    let domain = org.mail_domains.get(&name).filter(|domain| is_domain(&domain.name));
    let domain = domain.ok_or(Rejected::not_found("domain"))?;
    if used {
        return Err(Rejected::invalid("domain", "one that no window sends as"));
    }
    let next = org.next_mail_key(domain).map(|next| Event::MailDomainRemoved { name: next.name.clone() });
    Ok(next.into_iter().chain([Event::MailDomainRemoved { name }]).collect())
}

/// A new key waits to be published.
pub(super) fn draw_next(org: &Org, name: &str, key: MailKey) -> Result<Vec<Event>, Rejected> {
    let domain = org.mail_domains.get(name).filter(|domain| is_domain(&domain.name));
    let domain = domain.ok_or(Rejected::not_found("domain"))?;
    if org.next_mail_key(domain).is_some() {
        return Err(Rejected::Exists { what: "next key" });
    }
    if key.selector != next_selector(&domain.key.selector) {
        return Err(Rejected::invalid("selector", "the other of the two"));
    }
    let name = key_name(&key.selector, name);
    Ok(vec![Event::MailDomainSet(MailDomain { name, key, published_at: None, missing_since: None })])
}

/// The new key was seen published: it signs from now on, and the former private key is gone.
pub(super) fn take_next(org: &Org, name: &str, seen_at: Timestamp) -> Result<Vec<Event>, Rejected> {
    let domain = org.mail_domains.get(name).ok_or(Rejected::not_found("domain"))?;
    let next = org.next_mail_key(domain).ok_or(Rejected::not_found("next key"))?;
    let turned =
        MailDomain { key: next.key.clone(), published_at: Some(seen_at), missing_since: None, ..domain.clone() };
    Ok(vec![Event::MailDomainSet(turned), Event::MailDomainRemoved { name: next.name.clone() }])
}

/// The new key is not wanted after all.
pub(super) fn drop_next(org: &Org, name: &str) -> Result<Vec<Event>, Rejected> {
    let domain = org.mail_domains.get(name).ok_or(Rejected::not_found("domain"))?;
    let next = org.next_mail_key(domain).ok_or(Rejected::not_found("next key"))?;
    Ok(vec![Event::MailDomainRemoved { name: next.name.clone() }])
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

    #[test]
    fn a_key_is_turned_when_the_next_one_is_published_and_not_before() {
        let mut org = Org::default();
        let apply = |org: &mut Org, events: Vec<Event>| events.iter().for_each(|event| org.apply(event));
        let key = |selector: &str, public: &str| MailKey {
            selector: selector.into(),
            private: public.into(),
            public: public.into(),
            drawn_at: Timestamp(1),
        };
        let events = add(&org, domain("example.co.jp")).unwrap();
        apply(&mut org, events);
        assert!(draw_next(&org, "other.jp", key("desk2", "q")).is_err());
        assert!(draw_next(&org, "example.co.jp", key("desk1", "q")).is_err(), "the one that it has");
        assert!(take_next(&org, "example.co.jp", Timestamp(2)).is_err());
        let events = draw_next(&org, "example.co.jp", key("desk2", "q")).unwrap();
        apply(&mut org, events);
        assert_eq!(draw_next(&org, "example.co.jp", key("desk2", "r")), Err(Rejected::Exists { what: "next key" }));
        let known = org.mail_domains["example.co.jp"].clone();
        assert_eq!((known.key.selector.as_str(), org.carried().count()), ("desk1", 1), "it still signs");
        assert!(remove(&org, "desk2._domainkey.example.co.jp".into()).is_err(), "no domain of its own");
        // Not wanted; drawn again; taken.
        let events = drop_next(&org, "example.co.jp").unwrap();
        apply(&mut org, events);
        assert!(org.next_mail_key(&known).is_none());
        let events = draw_next(&org, "example.co.jp", key("desk2", "s")).unwrap();
        apply(&mut org, events);
        let events = take_next(&org, "example.co.jp", Timestamp(9)).unwrap();
        apply(&mut org, events);
        let turned = org.mail_domains["example.co.jp"].clone();
        assert_eq!((turned.key, turned.published_at), (key("desk2", "s"), Some(Timestamp(9))));
        assert_eq!(org.mail_domains.len(), 1, "nothing is left of the former key");
        // And back again.
        let events = draw_next(&org, "example.co.jp", key("desk1", "t")).unwrap();
        apply(&mut org, events);
        let events = remove(&org, "example.co.jp".into()).unwrap();
        apply(&mut org, events);
        assert!(org.mail_domains.is_empty(), "the next key goes along");
    }
}
