//! The mail of a window: its company addresses and how its answers look. The default address follows from the window's
//! id and the installation's domain, and is not kept.

use serde::{Deserialize, Serialize};

use crate::domain::rejected::Rejected;
use crate::domain::time::Timestamp;

/// Company addresses of one window.
const ADDRESSES: usize = 20;
/// Longest address, in bytes (RFC 5321, 4.5.3.1.3).
const ADDRESS_BYTES: usize = 254;
/// Longest signature, in characters.
const SIGNATURE_CHARS: usize = 2_000;
/// Longest sender name, in characters.
const SENDER_NAME_CHARS: usize = 100;

/// The mail of a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailSettings {
    /// Whether mail is taken at all. Refused for good while it is not.
    pub enabled: bool,
    /// Addresses of the company that forward to the default address. At most 20.
    pub addresses: Vec<CompanyAddress>,
    /// The one of them that answers carry; the default address without one.
    pub sender: Option<String>,
    /// The name beside the sender's address; the window's name without one.
    pub sender_name: Option<String>,
    /// Answers quote the mail that they answer.
    pub quote: bool,
    /// Stands below every answer.
    pub signature: String,
}

/// An address at the company's own provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompanyAddress {
    /// Normalised: lower case, domain as A-labels.
    pub address: String,
    /// Whether it is known to forward.
    pub forwarding: Forwarding,
}

/// Whether a company address is known to forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Forwarding {
    /// Nobody knows yet (未確認).
    Unconfirmed,
    /// A mail sent there came back here (転送OK).
    Confirmed {
        /// When the newest did.
        at: Timestamp,
    },
    /// It did, and does no more (転送が止まっています).
    Stopped {
        /// Since when.
        since: Timestamp,
    },
}

impl Default for MailSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            addresses: Vec::new(),
            sender: None,
            sender_name: None,
            quote: true,
            signature: String::new(),
        }
    }
}

impl MailSettings {
    /// Whether these settings can be true.
    ///
    /// # Errors
    /// The field that cannot.
    pub fn check(&self) -> Result<(), Rejected> {
        if self.addresses.len() > ADDRESSES {
            return Err(Rejected::LimitReached { what: "company addresses", limit: ADDRESSES as u64 });
        }
        for (index, one) in self.addresses.iter().enumerate() {
            if !is_address(&one.address) {
                return Err(Rejected::invalid("addresses", "mail addresses in lower case"));
            }
            if self.addresses[..index].iter().any(|other| other.address == one.address) {
                return Err(Rejected::Exists { what: "company address" });
            }
        }
        if self.sender.as_ref().is_some_and(|sender| !self.addresses.iter().any(|one| one.address == *sender)) {
            return Err(Rejected::invalid("sender", "one of the company addresses"));
        }
        let name_fits = |name: &String| {
            (1..=SENDER_NAME_CHARS).contains(&name.trim().chars().count()) && !name.chars().any(char::is_control)
        };
        if !self.sender_name.as_ref().is_none_or(name_fits) {
            return Err(Rejected::invalid("sender_name", "1 to 100 characters, none of them a control character"));
        }
        if self.signature.chars().count() > SIGNATURE_CHARS {
            return Err(Rejected::invalid("signature", "at most 2,000 characters"));
        }
        Ok(())
    }
}

/// Whether this is a normalised address: one `@`, visible ASCII or letters beyond it, nothing that ends a header.
fn is_address(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let plain = |c: char| !c.is_control() && !c.is_whitespace() && !c.is_uppercase() && !"<>()[]\\,;:\"".contains(c);
    let labels = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    address.len() <= ADDRESS_BYTES
        && (1..=64).contains(&local.len())
        && !local.contains('@')
        && local.chars().all(plain)
        && domain.contains('.')
        && domain.split('.').all(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(addresses: &[&str]) -> MailSettings {
        let addresses = addresses
            .iter()
            .map(|one| CompanyAddress { address: (*one).to_owned(), forwarding: Forwarding::Unconfirmed })
            .collect();
        MailSettings { addresses, ..MailSettings::default() }
    }

    #[test]
    fn a_company_address_cannot_smuggle_anything_into_a_header() {
        let fine = ["a@example.co.jp", "a.b+c@example.jp", "a..b.@docomo.ne.jp", "x@xn--eckwd4c7c.xn--zckzah"];
        for good in fine {
            assert_eq!(with(&[good]).check(), Ok(()), "{good}");
        }
        let bad = [
            "",
            "a",
            "a@",
            "@b.jp",
            "a@b",
            "A@b.jp",
            "a@b.jp\r\nBcc: c@d.jp",
            "a b@c.jp",
            "a@b@c.jp",
            "<a@b.jp>",
            "a@-b.jp",
            "a@b..jp",
            "a,b@c.jp",
        ];
        for bad in bad {
            assert!(with(&[bad]).check().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_sender_is_one_of_the_company_addresses_and_none_is_there_twice() {
        let mut settings = with(&["a@example.jp", "b@example.jp"]);
        settings.sender = Some("b@example.jp".to_owned());
        assert_eq!(settings.check(), Ok(()));
        settings.sender = Some("c@example.jp".to_owned());
        assert!(settings.check().is_err());
        assert_eq!(with(&["a@example.jp", "a@example.jp"]).check(), Err(Rejected::Exists { what: "company address" }));
        let many: Vec<String> = (0..21).map(|n| format!("a{n}@example.jp")).collect();
        assert!(with(&many.iter().map(String::as_str).collect::<Vec<_>>()).check().is_err());
    }

    #[test]
    fn a_sender_name_cannot_end_its_header() {
        for (name, fits) in [("サポート窓口", true), ("", false), ("a\r\nBcc: x@y.jp", false)] {
            let settings = MailSettings { sender_name: Some(name.to_owned()), ..MailSettings::default() };
            assert_eq!(settings.check().is_ok(), fits, "{name:?}");
        }
    }
}
