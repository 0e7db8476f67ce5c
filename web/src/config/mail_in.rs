//! The settings of mail that comes: where it is taken, from whom, and how much.

use std::path::PathBuf;
use std::time::Duration;

use madoguchi_engine::channels::mail::config::MailConfig;
use madoguchi_engine::channels::mail::smtp::BareLines;
use madoguchi_engine::domain::id::WindowId;
use madoguchi_engine::mail_server::MailListen;
use serde::{Deserialize, Serialize};

/// Mail that comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailIn {
    /// Where strangers hand mail over; empty for nowhere.
    pub listen_smtp: String,
    /// Where our own mail server does; empty for nowhere.
    pub listen_lmtp: String,
    /// What the server calls itself; empty for the inbound domain.
    pub name: String,
    /// The certificate, in PEM.
    pub tls_cert: PathBuf,
    /// Its key, in PEM.
    pub tls_key: PathBuf,
    /// Longest mail, in bytes.
    pub max_message_bytes: u64,
    /// Longest attachment that is offered, in bytes.
    pub max_attachment_bytes: u64,
    /// Most recipients of one mail.
    pub max_recipients: usize,
    /// Most connections.
    pub max_connections: usize,
    /// Most connections of one address.
    pub max_connections_per_address: usize,
    /// Most mails of one connection.
    pub max_mails_per_connection: usize,
    /// What is done about half line ends.
    pub half_lines: HalfLines,
    /// A silent connection ends after this, in milliseconds.
    pub idle_ms: u64,
    /// One mail may take this long, in milliseconds.
    pub one_mail_ms: u64,
    /// The window that gets what is for postmaster and abuse.
    pub postmaster: String,
    /// Our own servers whose `Authentication-Results` are believed.
    pub trusted_authserv: Vec<String>,
    /// Forwarders whose seal is believed.
    pub trusted_sealers: Vec<String>,
    /// Ask DNS who signs and sends for a domain.
    pub ask_dns: bool,
}

/// What is done about half line ends that come from strangers. From our own mail server they are always made whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HalfLines {
    /// The mail is refused.
    Reject,
    /// They are made whole.
    Normalise,
}

impl Default for MailIn {
    fn default() -> Self {
        let (read, listen) = (MailConfig::default(), MailListen::default());
        Self {
            listen_smtp: String::new(),
            listen_lmtp: "127.0.0.1:2424".to_owned(),
            name: String::new(),
            tls_cert: PathBuf::new(),
            tls_key: PathBuf::new(),
            max_message_bytes: listen.max_message,
            max_attachment_bytes: read.max_attachment,
            max_recipients: listen.max_recipients,
            max_connections: listen.max_connections,
            max_connections_per_address: listen.max_per_address,
            max_mails_per_connection: listen.max_mails,
            half_lines: HalfLines::Reject,
            idle_ms: 300_000,
            one_mail_ms: 600_000,
            postmaster: String::new(),
            trusted_authserv: Vec::new(),
            trusted_sealers: read.trusted_sealers,
            ask_dns: true,
        }
    }
}

impl MailIn {
    /// How mail is read.
    #[must_use]
    pub fn read(&self) -> MailConfig {
        MailConfig {
            postmaster: WindowId::new(&self.postmaster).ok(),
            max_attachment: self.max_attachment_bytes,
            trusted_authserv: self.trusted_authserv.clone(),
            trusted_sealers: self.trusted_sealers.clone(),
            ask_dns: self.ask_dns,
        }
    }

    /// Where it is taken; `None` where the installation takes none. `domain`: of default addresses.
    #[must_use]
    pub fn listen(&self, domain: &str) -> Option<MailListen> {
        let somewhere = |address: &String| (!address.is_empty()).then(|| address.clone());
        let (smtp, lmtp) = (somewhere(&self.listen_smtp), somewhere(&self.listen_lmtp));
        if domain.is_empty() || (smtp.is_none() && lmtp.is_none()) {
            return None;
        }
        let has_certificate = !self.tls_cert.as_os_str().is_empty();
        let strangers = match self.half_lines {
            HalfLines::Reject => BareLines::Reject,
            HalfLines::Normalise => BareLines::Normalise,
        };
        Some(MailListen {
            smtp,
            lmtp,
            name: if self.name.is_empty() { domain.to_owned() } else { self.name.clone() },
            certificate: has_certificate.then(|| (self.tls_cert.clone(), self.tls_key.clone())),
            max_message: self.max_message_bytes,
            max_recipients: self.max_recipients,
            max_connections: self.max_connections,
            max_per_address: self.max_connections_per_address,
            max_mails: self.max_mails_per_connection,
            bare_lines: (strangers, BareLines::Normalise),
            idle: Duration::from_millis(self.idle_ms),
            one_mail: Duration::from_millis(self.one_mail_ms),
        })
    }

    pub(super) fn check(&self, rule: &mut impl FnMut(bool, &str)) {
        let is_address = |text: &str| text.is_empty() || text.parse::<std::net::SocketAddr>().is_ok();
        let is_socket = |text: &str| text.strip_prefix("unix:").is_some_and(|path| path.starts_with('/'));
        rule(is_address(&self.listen_smtp), "mail_in.listen_smtp: an address and a port, or empty");
        let lmtp = is_address(&self.listen_lmtp) || is_socket(&self.listen_lmtp);
        rule(lmtp, "mail_in.listen_lmtp: an address and a port, unix:/path, or empty");
        let domain = |name: &str| name.is_empty() || madoguchi_engine::domain::org::is_domain(name);
        rule(domain(&self.name), "mail_in.name: a domain in lower case, or empty");
        let both = self.tls_cert.as_os_str().is_empty() == self.tls_key.as_os_str().is_empty();
        rule(both, "mail_in.tls_cert: goes with mail_in.tls_key");
        rule(
            (65_536..=1 << 30).contains(&self.max_message_bytes),
            "mail_in.max_message_bytes: 65,536 to 1,073,741,824",
        );
        let attachments = (1_024..=self.max_message_bytes.max(1_024)).contains(&self.max_attachment_bytes);
        rule(attachments, "mail_in.max_attachment_bytes: 1,024 to mail_in.max_message_bytes");
        rule((1..=1_000).contains(&self.max_recipients), "mail_in.max_recipients: 1 to 1,000");
        for (name, value) in [
            ("max_connections", self.max_connections),
            ("max_connections_per_address", self.max_connections_per_address),
            ("max_mails_per_connection", self.max_mails_per_connection),
        ] {
            rule((1..=100_000).contains(&value), &format!("mail_in.{name}: 1 to 100,000"));
        }
        for (name, value) in [("idle_ms", self.idle_ms), ("one_mail_ms", self.one_mail_ms)] {
            rule((1_000..=3_600_000).contains(&value), &format!("mail_in.{name}: 1,000 to 3,600,000"));
        }
        let window = self.postmaster.is_empty() || WindowId::new(&self.postmaster).is_ok();
        rule(window, "mail_in.postmaster: a window's id, or empty");
    }
}
