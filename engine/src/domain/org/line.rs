//! The settings of a LINE Official Account, and which of them can be true.

use serde::{Deserialize, Serialize};

use crate::domain::rejected::Rejected;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;

/// Longest channel secret, in bytes.
const CHANNEL_SECRET_BYTES: usize = 200;
/// Longest access token, in bytes.
const ACCESS_TOKEN_BYTES: usize = 4_000;
/// Longest private key, in bytes: RSA of 8,192 bits as JWK.
const PRIVATE_KEY_BYTES: usize = 10_000;

/// A LINE Official Account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineSettings {
    /// The platform's number of the channel. Empty where nobody said it; needed for tokens that we ask for ourselves.
    pub channel_id: String,
    /// Signs webhooks.
    pub channel_secret: Secret,
    /// Signed webhooks before, and still may: platforms and people change secrets one after the other.
    pub former_secret: Option<FormerSecret>,
    /// Lets us send.
    pub access: Access,
    /// How answers go out.
    pub mode: SendMode,
    /// What becomes of those that would cost when nothing is left.
    pub when_quota_empty: WhenQuotaEmpty,
    /// A place of several people that takes the account in is left at once (L5).
    pub leave_groups: bool,
    /// Answers appear under the name of the agent who wrote them.
    pub show_agent_name: bool,
    /// Customers see that their messages were read.
    pub mark_as_read: bool,
    /// Customers see that somebody is writing.
    pub loading: bool,
    /// Where the platform is.
    pub api_base_url: String,
    /// Where its media are.
    pub api_data_base_url: String,
}

/// A secret that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerSecret {
    /// It.
    pub secret: Secret,
    /// Until when it is accepted.
    pub until: Timestamp,
}

/// How calls to LINE are authorised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Access {
    /// By a token without an end, which a person copied from LINE's console.
    LongLived {
        /// It.
        token: Secret,
    },
    /// By tokens of minutes, for which we ask with the channel's number and secret.
    Stateless,
    /// By tokens for which we ask with a signed assertion (v2.1).
    Assertion {
        /// LINE's id of the public key.
        kid: String,
        /// The private key: RSA, as PEM or JWK.
        key: Secret,
    },
}

/// How answers go out over LINE (PRODUCT L2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SendMode {
    /// Reply while the token lives, else push.
    Auto,
    /// Only as the one free answer to each message; what is too late waits for the next (未送信).
    Reply,
    /// Always as a message of its own.
    Push,
}

/// What becomes of an answer that would cost when the month's messages are used up (L2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum WhenQuotaEmpty {
    /// It waits for the customer to write again, and goes free; or for the quota to return.
    #[default]
    Hold,
    /// It fails, and the agent sees why.
    Fail,
}

impl LineSettings {
    /// An account at LINE's own address with everything as it is without a choice.
    #[must_use]
    pub fn new(channel_secret: Secret, access: Access, mode: SendMode) -> Self {
        Self {
            channel_id: String::new(),
            channel_secret,
            former_secret: None,
            access,
            mode,
            when_quota_empty: WhenQuotaEmpty::default(),
            leave_groups: true,
            show_agent_name: false,
            mark_as_read: true,
            loading: true,
            api_base_url: "https://api.line.me".to_owned(),
            api_data_base_url: "https://api-data.line.me".to_owned(),
        }
    }

    /// Every secret with the name that its seal is bound to.
    pub fn secrets_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut Secret)> {
        let access = match &mut self.access {
            Access::LongLived { token } => Some(("channel_access_token", token)),
            Access::Assertion { key, .. } => Some(("assertion_key", key)),
            Access::Stateless => None,
        };
        let former = self.former_secret.as_mut().map(|former| ("channel_secret", &mut former.secret));
        [("channel_secret", &mut self.channel_secret)].into_iter().chain(former).chain(access)
    }

    /// Every secret.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let access = match &self.access {
            Access::LongLived { token: secret } | Access::Assertion { key: secret, .. } => Some(secret),
            Access::Stateless => None,
        };
        [&self.channel_secret].into_iter().chain(self.former_secret.as_ref().map(|former| &former.secret)).chain(access)
    }

    /// Whether these settings can be true.
    ///
    /// # Errors
    /// Names the field that cannot.
    pub(super) fn check(&self) -> Result<(), Rejected> {
        let fits = |secret: &Secret, most: usize| (1..=most).contains(&secret.len());
        if !fits(&self.channel_secret, CHANNEL_SECRET_BYTES) {
            return Err(Rejected::invalid("channel_secret", "1 to 200 bytes"));
        }
        if self.channel_id.len() > 20 || !self.channel_id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Rejected::invalid("channel_id", "at most 20 digits"));
        }
        match &self.access {
            Access::LongLived { token } if !fits(token, ACCESS_TOKEN_BYTES) => {
                return Err(Rejected::invalid("channel_access_token", "1 to 4,000 bytes"));
            }
            Access::Stateless | Access::Assertion { .. } if self.channel_id.is_empty() => {
                return Err(Rejected::invalid("channel_id", "needed to ask for tokens"));
            }
            Access::Assertion { kid, .. } if !is_key_id(kid) => {
                return Err(Rejected::invalid("assertion_kid", "1 to 200 visible ASCII characters"));
            }
            Access::Assertion { key, .. } if !fits(key, PRIVATE_KEY_BYTES) => {
                return Err(Rejected::invalid("assertion_key", "1 to 10,000 bytes"));
            }
            Access::LongLived { .. } | Access::Stateless | Access::Assertion { .. } => {}
        }
        for (field, url) in [("api_base_url", &self.api_base_url), ("api_data_base_url", &self.api_data_base_url)] {
            if !is_safe_base_url(url) {
                return Err(Rejected::invalid(field, "https, or http to the loopback address, without a path"));
            }
        }
        Ok(())
    }
}

fn is_key_id(kid: &str) -> bool {
    (1..=200).contains(&kid.len()) && kid.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Outside calls go over TLS; plain HTTP only to this machine, where a double may stand.
pub(super) fn is_safe_base_url(url: &str) -> bool {
    if let Some(host) = url.strip_prefix("https://") {
        return !host.is_empty() && host.len() < 300 && !host.contains(['/', '@', '?', '#', ' ']);
    }
    let Some(host) = url.strip_prefix("http://") else {
        return false;
    };
    let name = host
        .strip_prefix("[::1]")
        .or_else(|| host.strip_prefix("127.0.0.1"))
        .or_else(|| host.strip_prefix("localhost"));
    name.is_some_and(|port| port.is_empty() || port.strip_prefix(':').is_some_and(|p| p.parse::<u16>().is_ok()))
}
