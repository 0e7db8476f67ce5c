//! One Messaging API channel: its secrets, its webhook, its friends, its month's quota.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::contact::Contact;
use super::reply_token::ReplyTokens;
use super::retry_key::RetryKeys;
use crate::double::hook::Redelivery;
use crate::double::hook::Sent;
use crate::double::options::Limits;

/// What the owner of a channel knows about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Channel {
    /// Ten digits.
    pub id: String,
    /// Key of the webhooks' signatures: 32 hex digits, used as text.
    pub secret: String,
    /// A long-lived access token.
    pub access_token: String,
    /// The account's own user id: `destination` of its webhooks.
    pub bot_user_id: String,
}

/// How many recipients may be reached with pushes in this month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "lowercase")]
pub enum Quota {
    /// No limit.
    None,
    /// Free and bought messages together.
    Limited(u64),
}

#[derive(Debug)]
pub(crate) struct ChannelState {
    pub(crate) public: Channel,
    pub(crate) name: String,
    pub(crate) webhook: Option<String>,
    /// "Use webhook" in the console.
    pub(crate) webhook_on: bool,
    pub(crate) redelivery: Redelivery,
    pub(crate) quota: Quota,
    pub(crate) used: u64,
    pub(crate) contacts: HashMap<String, Contact>,
    pub(crate) reply_tokens: ReplyTokens,
    pub(crate) retry_keys: RetryKeys,
    /// Events that went out, oldest first, for duplicates and redeliveries.
    pub(crate) recent: VecDeque<Sent>,
    /// Ids of events that got no 2xx and wait for their redelivery, oldest first.
    pub(crate) unanswered: VecDeque<String>,
}

impl ChannelState {
    pub(crate) fn new(public: Channel, name: String, limits: &Limits) -> Self {
        Self {
            public,
            name,
            webhook: None,
            webhook_on: true,
            redelivery: Redelivery::Off,
            quota: Quota::None,
            used: 0,
            contacts: HashMap::new(),
            reply_tokens: ReplyTokens::new(limits.reply_tokens),
            retry_keys: RetryKeys::new(limits.retry_keys),
            recent: VecDeque::new(),
            unanswered: VecDeque::new(),
        }
    }
}
