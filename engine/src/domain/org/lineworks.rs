//! The settings of a LINE WORKS bot, and which of them can be true.

use serde::{Deserialize, Serialize};

use super::FormerSecret;
use super::line::is_safe_base_url;
use crate::domain::rejected::Rejected;
use crate::domain::secret::Secret;

/// Longest secret of the app or the bot, in bytes.
const SECRET_BYTES: usize = 200;
/// Longest private key, in bytes.
const PRIVATE_KEY_BYTES: usize = 10_000;
/// Calls of one kind in a minute that a tenant with the paid plan may make.
pub const CALLS_A_MINUTE: u32 = 240;

/// A bot of LINE WORKS, which members of one tenant write to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineWorksSettings {
    /// The app's id.
    pub client_id: String,
    /// The app's secret.
    pub client_secret: Secret,
    /// In whose name we ask for tokens.
    pub service_account: String,
    /// Signs our questions for tokens: RSA, as PEM.
    pub private_key: Secret,
    /// The bot's number.
    pub bot_id: String,
    /// Signs callbacks.
    pub bot_secret: Secret,
    /// Signed callbacks before, and still may.
    pub former_secret: Option<FormerSecret>,
    /// Who made the bot.
    pub made_by: Maker,
    /// The domain that the bot is registered in; empty where nobody said it. Needed for a bot of ours.
    pub domain_id: String,
    /// Calls of one kind in a minute that the tenant's plan allows; shared by every bot of one app.
    pub calls_a_minute: u32,
    /// Where the platform is.
    pub api_base_url: String,
    /// Where its tokens come from.
    pub auth_base_url: String,
}

/// Who made a bot (PRODUCT W5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Maker {
    /// The customer: it stays whatever becomes of the window.
    Customer,
    /// This product: it goes when its window is reset.
    Product,
}

impl LineWorksSettings {
    /// Every secret with the name that its seal is bound to.
    pub fn secrets_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut Secret)> {
        let former = self.former_secret.as_mut().map(|former| ("bot_secret", &mut former.secret));
        [
            ("client_secret", &mut self.client_secret),
            ("private_key", &mut self.private_key),
            ("bot_secret", &mut self.bot_secret),
        ]
        .into_iter()
        .chain(former)
    }

    /// Every secret.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let former = self.former_secret.as_ref().map(|former| &former.secret);
        [&self.client_secret, &self.private_key, &self.bot_secret].into_iter().chain(former)
    }

    /// Whether these settings can be true.
    ///
    /// # Errors
    /// Names the field that cannot.
    pub(super) fn check(&self) -> Result<(), Rejected> {
        let is_word = |text: &str| (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        let is_number = |text: &str| (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let secrets = [
            ("client_secret", &self.client_secret, SECRET_BYTES, "1 to 200 bytes"),
            ("private_key", &self.private_key, PRIVATE_KEY_BYTES, "1 to 10,000 bytes"),
            ("bot_secret", &self.bot_secret, SECRET_BYTES, "1 to 200 bytes"),
        ];
        for (field, secret, most, rule) in secrets {
            if !(1..=most).contains(&secret.len()) {
                return Err(Rejected::invalid(field, rule));
            }
        }
        for (field, text) in [("client_id", &self.client_id), ("service_account", &self.service_account)] {
            if !is_word(text) {
                return Err(Rejected::invalid(field, "1 to 200 visible ASCII characters"));
            }
        }
        if !is_number(&self.bot_id) {
            return Err(Rejected::invalid("bot_id", "1 to 20 digits"));
        }
        if !(is_number(&self.domain_id) || self.domain_id.is_empty() && self.made_by == Maker::Customer) {
            return Err(Rejected::invalid("domain_id", "1 to 20 digits"));
        }
        if !(1..=100_000).contains(&self.calls_a_minute) {
            return Err(Rejected::invalid("calls_a_minute", "1 to 100,000"));
        }
        for (field, url) in [("api_base_url", &self.api_base_url), ("auth_base_url", &self.auth_base_url)] {
            if !is_safe_base_url(url) {
                return Err(Rejected::invalid(field, "https, or http to the loopback address, without a path"));
            }
        }
        Ok(())
    }
}
