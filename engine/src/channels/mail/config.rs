//! What the installation says about its mail.

use crate::domain::id::WindowId;

/// How mail that comes is read. Where it comes to stands with how it leaves.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// The window that gets what is for postmaster and abuse; the oldest that takes mail without one.
    pub postmaster: Option<WindowId>,
    /// Longest attachment that is offered, in bytes.
    pub max_attachment: u64,
    /// Our own servers whose `Authentication-Results` are believed, by their names in them.
    pub trusted_authserv: Vec<String>,
    /// Forwarders whose seal (ARC) proves what they saw, by their domains.
    pub trusted_sealers: Vec<String>,
    /// Ask DNS who signs and sends for a domain. Without it only servers of our own are believed.
    pub ask_dns: bool,
}

impl Default for MailConfig {
    fn default() -> Self {
        Self {
            postmaster: None,
            max_attachment: super::adapter::ATTACHMENT_BYTES,
            trusted_authserv: Vec::new(),
            trusted_sealers: vec!["google.com".to_owned(), "microsoft.com".to_owned()],
            ask_dns: true,
        }
    }
}
