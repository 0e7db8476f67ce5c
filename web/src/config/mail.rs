//! The settings of mail.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use madoguchi_engine::channels::mail::out::MailOutConfig;
use madoguchi_engine::channels::mail::relay::{Patience, Protection, RelaySettings};
use serde::{Deserialize, Serialize};

/// Mail. Without an inbound domain there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The domain of the windows' default addresses.
    pub inbound_domain: String,
    /// The domain of envelope senders; empty for the inbound domain.
    pub bounce_domain: String,
    /// Resolvers of names; empty for the machine's own.
    pub resolvers: Vec<SocketAddr>,
    /// Where our mail leaves from.
    pub leaves_from: Vec<IpAddr>,
    /// The relay.
    pub relay: MailRelay,
}

/// The relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailRelay {
    /// Its name; empty for none.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is protected.
    pub tls: RelayTls,
    /// The login, where it wants one.
    pub login: String,
    /// The file with the password.
    pub password_file: PathBuf,
    /// What we call ourselves; empty for the inbound domain.
    pub hello: String,
    /// A file with more roots of certificates.
    pub roots_file: PathBuf,
    /// Connections at a time.
    pub connections: usize,
    /// Mails a minute; 0 for no limit.
    pub per_minute: u32,
    /// Seconds until a mail that was not taken is tried the second time.
    pub retry_s: u64,
}

/// How the way to the relay is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelayTls {
    /// STARTTLS, or nothing is sent.
    Required,
    /// TLS from the first byte.
    Implicit,
    /// STARTTLS where it is offered.
    Opportunistic,
    /// None.
    None,
}

impl Default for MailRelay {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 587,
            tls: RelayTls::Required,
            login: String::new(),
            password_file: PathBuf::new(),
            hello: String::new(),
            roots_file: PathBuf::new(),
            connections: 5,
            per_minute: 0,
            retry_s: 60,
        }
    }
}

impl Mail {
    /// How mail leaves. What cannot be read was refused by [`Mail::check`].
    #[must_use]
    pub fn out(&self) -> MailOutConfig {
        let or = |text: &String, other: &String| if text.is_empty() { other.clone() } else { text.clone() };
        MailOutConfig {
            inbound_domain: self.inbound_domain.clone(),
            bounce_domain: or(&self.bounce_domain, &self.inbound_domain),
            relay: (!self.relay.host.is_empty())
                .then(|| self.relay.settings(&or(&self.relay.hello, &self.inbound_domain))),
            resolvers: self.resolvers.clone(),
            leaves_from: self.leaves_from.clone(),
        }
    }

    pub(super) fn check(&self, rule: &mut impl FnMut(bool, &str)) {
        let domain = |name: &str| name.is_empty() || madoguchi_engine::domain::org::is_domain(name);
        rule(domain(&self.inbound_domain), "mail.inbound_domain: a domain in lower case, or empty");
        rule(domain(&self.bounce_domain), "mail.bounce_domain: a domain in lower case, or empty");
        let relay = &self.relay;
        rule(domain(&relay.hello), "mail.relay.hello: a domain in lower case, or empty");
        rule(relay.host.is_empty() || !self.inbound_domain.is_empty(), "mail.relay.host: needs mail.inbound_domain");
        rule(relay.port > 0, "mail.relay.port: 1 to 65,535");
        rule((1..=50).contains(&relay.connections), "mail.relay.connections: 1 to 50");
        rule((1..=3_600).contains(&relay.retry_s), "mail.relay.retry_s: 1 to 3,600");
        let is_file = |path: &PathBuf| path.as_os_str().is_empty() || std::fs::read(path).is_ok();
        rule(is_file(&relay.password_file), "mail.relay.password_file: a file that can be read, or empty");
        rule(is_file(&relay.roots_file), "mail.relay.roots_file: a file that can be read, or empty");
        let both = relay.login.is_empty() == relay.password_file.as_os_str().is_empty();
        rule(both, "mail.relay.login: goes with mail.relay.password_file");
    }
}

impl MailRelay {
    fn settings(&self, hello: &str) -> RelaySettings {
        let password = || std::fs::read_to_string(&self.password_file).unwrap_or_default().trim_end().to_owned();
        let roots =
            (!self.roots_file.as_os_str().is_empty()).then(|| std::fs::read(&self.roots_file).unwrap_or_default());
        RelaySettings {
            host: self.host.clone(),
            port: self.port,
            protection: match self.tls {
                RelayTls::Required => Protection::Required,
                RelayTls::Implicit => Protection::Implicit,
                RelayTls::Opportunistic => Protection::Opportunistic,
                RelayTls::None => Protection::None,
            },
            login: (!self.login.is_empty()).then(|| (self.login.clone(), password().into())),
            hello: hello.to_owned(),
            roots_pem: roots,
            connections: self.connections,
            per_minute: self.per_minute,
            patience: Patience { retry: Duration::from_secs(self.retry_s), ..Patience::default() },
        }
    }
}
