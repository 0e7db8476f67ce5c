//! What the installation says about its mail.

use super::dns::Dns;
use crate::domain::id::WindowId;

/// How mail is taken and read. Without a domain the installation takes none.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// The domain of every window's default address, in lower case as A-labels; empty for no mail.
    pub domain: String,
    /// The domain of bounce addresses; the same where it is not said.
    pub bounce_domain: String,
    /// The window that gets what is for postmaster and abuse; the oldest that takes mail without one.
    pub postmaster: Option<WindowId>,
    /// Longest attachment that is offered, in bytes.
    pub max_attachment: u64,
    /// Our own servers whose `Authentication-Results` are believed, by their names in them.
    pub trusted_authserv: Vec<String>,
    /// Forwarders whose seal (ARC) proves what they saw, by their domains.
    pub trusted_sealers: Vec<String>,
    /// Where DNS is asked who signs and sends for a domain; `None` asks nobody.
    pub dns: Option<std::sync::Arc<Dns>>,
}

impl Default for MailConfig {
    fn default() -> Self {
        Self {
            domain: String::new(),
            bounce_domain: String::new(),
            postmaster: None,
            max_attachment: super::adapter::ATTACHMENT_BYTES,
            trusted_authserv: Vec::new(),
            trusted_sealers: vec!["google.com".to_owned(), "microsoft.com".to_owned()],
            dns: None,
        }
    }
}

impl MailConfig {
    /// Whether the installation takes mail.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.domain.is_empty()
    }

    /// Where bounces go.
    #[must_use]
    pub fn bounces(&self) -> &str {
        if self.bounce_domain.is_empty() { &self.domain } else { &self.bounce_domain }
    }

    /// A window's default address.
    #[must_use]
    pub fn default_address(&self, window: &WindowId) -> String {
        format!("{window}@{}", self.domain)
    }
}
