//! Faults of the platform, switched on and off while it runs: for one kind of call, one channel, a number of times.
//!
//! Rules are tried in the order in which they were set; each call takes at most one.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// Most rules at once; setting more forgets the oldest.
const MAX_RULES: usize = 10_000;

/// A kind of API call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// `POST /v2/bot/message/reply`.
    Reply,
    /// `POST /v2/bot/message/push`.
    Push,
    /// `POST /v2/bot/message/multicast`.
    Multicast,
    /// `POST /v2/bot/message/broadcast`.
    Broadcast,
    /// `POST /v2/bot/message/validate/…`.
    Validate,
    /// `GET /v2/bot/info`.
    Info,
    /// `GET /v2/bot/profile/…`.
    Profile,
    /// `GET /v2/bot/message/quota` and its consumption.
    Quota,
    /// `/v2/bot/channel/webhook/…`.
    Webhook,
    /// `GET /v2/bot/message/{id}/content` of the content host.
    Content,
    /// `GET …/content/preview`.
    Preview,
    /// `GET …/content/transcoding`.
    Transcoding,
    /// `GET /v2/bot/followers/ids`.
    Followers,
    /// `/v2/bot/group/…` and `/v2/bot/room/…`.
    Group,
    /// `POST /v2/bot/chat/loading/start`.
    Loading,
    /// `POST /v2/bot/chat/markAsRead`.
    MarkAsRead,
    /// `POST /v2/bot/user/…/linkToken`.
    LinkToken,
    /// Issuing, verifying, revoking and listing of access tokens.
    Token,
}

impl Endpoint {
    /// Whether messages to people go through it.
    #[must_use]
    pub fn sends(self) -> bool {
        matches!(self, Self::Reply | Self::Push | Self::Multicast | Self::Broadcast)
    }
}

/// What goes wrong. "Before" means that the call has no effect, "after" that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The connection ends without an answer; nothing was done.
    DropBefore,
    /// The connection ends without an answer; it was done.
    DropAfter,
    /// This status; nothing was done.
    ErrorBefore(u16),
    /// This status; it was done.
    ErrorAfter(u16),
    /// No answer for ten minutes, then the connection ends; nothing was done.
    HangBefore,
    /// No answer for ten minutes, then the connection ends; it was done.
    HangAfter,
    /// Done only after so many milliseconds, even when the caller has gone by then.
    SlowBefore(u64),
    /// Done at once, answered after so many milliseconds.
    SlowAfter(u64),
    /// Done, but the connection ends after so many bytes of the answer's body.
    CutAfter(u64),
    /// 429: too many calls.
    RateLimited,
    /// 429: the month's messages are used up.
    QuotaReached,
    /// 401, as after the token was revoked.
    Unauthorized,
}

/// How often a rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Times {
    /// For the next so many calls.
    Next(u64),
    /// Until it is cleared.
    Always,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Which calls; all of them where it is missing.
    pub endpoint: Option<Endpoint>,
    /// Whose calls; everybody's where it is missing.
    #[serde(default)]
    pub channel: Option<String>,
    /// What happens to them.
    pub fault: Fault,
    /// How often.
    pub times: Times,
}

/// The rules in force. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<VecDeque<Rule>>>);

impl Faults {
    /// Adds a rule for one kind of call of every channel.
    pub fn set(&self, endpoint: Endpoint, fault: Fault, times: Times) {
        self.add(Rule { endpoint: Some(endpoint), channel: None, fault, times });
    }

    /// The fault for the next call of this kind only.
    pub fn once(&self, endpoint: Endpoint, fault: Fault) {
        self.set(endpoint, fault, Times::Next(1));
    }

    /// Adds a rule behind those in force.
    pub fn add(&self, rule: Rule) {
        let mut rules = self.0.lock();
        if rules.len() == MAX_RULES {
            rules.pop_front();
        }
        rules.push_back(rule);
    }

    /// Ends all faults. Calls that hang already go on hanging.
    pub fn clear(&self) {
        self.0.lock().clear();
    }

    /// The rules in force.
    #[must_use]
    pub fn rules(&self) -> Vec<Rule> {
        self.0.lock().iter().cloned().collect()
    }

    /// The fault for this call, and one time less for its rule.
    pub(crate) fn take(&self, endpoint: Endpoint, channel: &str) -> Option<Fault> {
        let mut rules = self.0.lock();
        rules.retain(|rule| rule.times != Times::Next(0));
        let rule = rules.iter_mut().find(|rule| {
            rule.endpoint.is_none_or(|only| only == endpoint)
                && rule.channel.as_deref().is_none_or(|only| only == channel)
        })?;
        if let Times::Next(left) = &mut rule.times {
            *left -= 1;
        }
        let fault = rule.fault;
        rules.retain(|rule| rule.times != Times::Next(0));
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, Fault, Faults, Rule, Times};

    #[test]
    fn a_fault_hits_only_the_calls_it_is_meant_for_and_only_so_often() {
        let faults = Faults::default();
        faults.set(Endpoint::Push, Fault::DropAfter, Times::Next(2));
        faults.once(Endpoint::Push, Fault::RateLimited);
        faults.add(Rule {
            endpoint: None,
            channel: Some("2".to_owned()),
            fault: Fault::Unauthorized,
            times: Times::Always,
        });
        assert_eq!(faults.take(Endpoint::Reply, "1"), None);
        let taken: Vec<_> = (0..4).map(|_| faults.take(Endpoint::Push, "1")).collect();
        assert_eq!(taken, [Some(Fault::DropAfter), Some(Fault::DropAfter), Some(Fault::RateLimited), None]);
        assert_eq!(faults.take(Endpoint::Info, "2"), Some(Fault::Unauthorized));
        assert_eq!(faults.rules().len(), 1);
        faults.clear();
        assert_eq!(faults.take(Endpoint::Info, "2"), None);
    }
}
