//! The settings of a bot channel (PRODUCT B3), and which of them can be true: customers of another system, which speaks to
//! us by signed webhooks. Not to be confused with the bot in front of a window, which is no channel.

use serde::{Deserialize, Serialize};

use super::FormerSecret;
use super::bot::is_endpoint;
use crate::domain::rejected::Rejected;
use crate::domain::secret::Secret;

/// Longest name, in characters.
const NAME_CHARS: usize = 50;
/// Longest secret, in bytes.
const SECRET_BYTES: usize = 200;

/// Another system whose customers are served here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BotChannelSettings {
    /// What it is called here.
    pub name: String,
    /// Where answers are delivered.
    pub endpoint_url: String,
    /// Signs both ways.
    pub secret: Secret,
    /// Signed before; is accepted, and signs along, for a while.
    pub former_secret: Option<FormerSecret>,
}

impl BotChannelSettings {
    /// Every secret with the name that its seal is bound to.
    pub fn secrets_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut Secret)> {
        let former = self.former_secret.as_mut().map(|former| ("secret", &mut former.secret));
        [("secret", &mut self.secret)].into_iter().chain(former)
    }

    /// Every secret.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        [&self.secret].into_iter().chain(self.former_secret.as_ref().map(|former| &former.secret))
    }

    /// Whether these settings can be true.
    ///
    /// # Errors
    /// Names the field that cannot.
    pub(super) fn check(&self) -> Result<(), Rejected> {
        if !(1..=NAME_CHARS).contains(&self.name.trim().chars().count()) {
            return Err(Rejected::invalid("name", "1 to 50 characters"));
        }
        if !is_endpoint(&self.endpoint_url) {
            let rule = "https, or http to the loopback address; at most 2,000 bytes";
            return Err(Rejected::invalid("endpoint_url", rule));
        }
        if !(1..=SECRET_BYTES).contains(&self.secret.len()) {
            return Err(Rejected::invalid("secret", "1 to 200 bytes"));
        }
        Ok(())
    }
}
