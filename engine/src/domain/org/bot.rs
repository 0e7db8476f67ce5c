//! The bot in front of a window as the organisation knows it: where it is, and how both sides know each other. How it
//! stands in front of the window is told to the window's own stream ([`crate::domain::bot::BotRules`]).

use serde::{Deserialize, Serialize};

use super::{FormerSecret, Org};
use crate::domain::bot::BotRules;
use crate::domain::id::{BotId, WindowId};
use crate::domain::rejected::Rejected;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;

/// Longest name, in characters.
const NAME_CHARS: usize = 50;
/// Longest address, in bytes.
const URL_BYTES: usize = 2_000;
/// Accounts that may be named.
const INBOXES: usize = 100;
/// The shortest and longest time for an answer, in milliseconds.
const ANSWER_WITHIN_MS: std::ops::RangeInclusive<i64> = 1_000..=600_000;

/// A window's bot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bot {
    /// Its id; its secrets are bound to it.
    pub id: BotId,
    /// The window that it stands in front of.
    pub window: WindowId,
    /// Where it is told what happens.
    pub endpoint_url: String,
    /// Signs what it is told.
    pub secret: Secret,
    /// Signs along for a while, so that the other side can change over.
    pub former_secret: Option<FormerSecret>,
    /// SHA-256 of the token with which it calls.
    pub token_hash: [u8; 32],
    /// When that token was made.
    pub token_set_at: Timestamp,
    /// Conversations go to it.
    pub enabled: bool,
    /// How it stands in front of the window.
    pub rules: BotRules,
    /// When it last changed.
    pub changed_at: Timestamp,
}

impl Bot {
    /// How the window is to have it now.
    #[must_use]
    pub fn in_use(&self) -> Option<&BotRules> {
        self.enabled.then_some(&self.rules)
    }

    /// Every secret with the name that its seal is bound to.
    pub fn secrets_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut Secret)> {
        let former = self.former_secret.as_mut().map(|former| ("bot_secret", &mut former.secret));
        [("bot_secret", &mut self.secret)].into_iter().chain(former)
    }

    /// Every secret.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        [&self.secret].into_iter().chain(self.former_secret.as_ref().map(|former| &former.secret))
    }

    /// Whether its address is on this machine; only owners may name one.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.endpoint_url.starts_with("http://")
    }
}

/// Whether these settings can be true.
pub(super) fn check(org: &Org, bot: &Bot) -> Result<(), Rejected> {
    if !org.windows.contains_key(&bot.window) {
        return Err(Rejected::not_found("window"));
    }
    let chars = bot.rules.name.trim().chars().count();
    if !(1..=NAME_CHARS).contains(&chars) {
        return Err(Rejected::invalid("name", "1 to 50 characters"));
    }
    if !is_endpoint(&bot.endpoint_url) {
        return Err(Rejected::invalid("endpoint_url", "https, or http to the loopback address; at most 2,000 bytes"));
    }
    if !ANSWER_WITHIN_MS.contains(&bot.rules.answer_within_ms) {
        return Err(Rejected::invalid("answer_within_ms", "1,000 to 600,000"));
    }
    let is_here = |inbox| org.inboxes.get(inbox).is_some_and(|inbox: &super::Inbox| inbox.window == bot.window);
    if bot.rules.inboxes.len() > INBOXES || !bot.rules.inboxes.iter().all(is_here) {
        return Err(Rejected::invalid("inboxes", "at most 100 accounts of this window"));
    }
    Ok(())
}

/// An address with a host and without a password. Plain HTTP only to this machine, where a bot may be tried.
pub(super) fn is_endpoint(url: &str) -> bool {
    let is_plain = url.len() <= URL_BYTES && url.bytes().all(|byte| byte.is_ascii_graphic());
    let host = |rest: &str| rest.split(['/', '?', '#']).next().unwrap_or_default().to_owned();
    if let Some(rest) = url.strip_prefix("https://") {
        let host = host(rest);
        return is_plain && !host.is_empty() && !host.starts_with(':') && !host.contains(['@', '\\']);
    }
    let Some(host) = url.strip_prefix("http://").map(host) else { return false };
    let names = ["[::1]", "127.0.0.1", "localhost"];
    let port = names.iter().find_map(|name| host.strip_prefix(name));
    is_plain
        && port.is_some_and(|port| port.is_empty() || port.strip_prefix(':').is_some_and(|p| p.parse::<u16>().is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bot_is_called_over_tls_or_on_this_machine() {
        for good in [
            "https://bot.example.com/hook?x=1",
            "https://bot.example.com:8443",
            "http://127.0.0.1:9000/bot",
            "http://localhost/",
            "http://[::1]:80",
        ] {
            assert!(is_endpoint(good), "{good}");
        }
        for bad in [
            "http://bot.example.com/",
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@example.com/",
            "http://localhost:http/",
            "https:///x",
            "https://user:password@example.com/",
            "https://example.com/ü",
            "ftp://127.0.0.1/",
            "",
        ] {
            assert!(!is_endpoint(bad), "{bad}");
        }
    }
}
