//! One Messaging API channel: its secrets, its webhook, its friends and groups, its month's quota.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::chat::Chat;
use super::contact::Contact;
use super::group::Group;
use super::reply_token::ReplyTokens;
use super::retry_key::RetryKeys;
use crate::double::assertion::AssertionKey;
use crate::double::clock::japanese_month;
use crate::double::hook::{Redelivery, Sent};
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

/// How many recipients may be reached with pushes in a month of Japan's calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "lowercase")]
pub enum Quota {
    /// No limit.
    None,
    /// Free and bought messages together.
    Limited(u64),
}

/// The account's switches in LINE Official Account Manager, as far as the API shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// "Chat": on means `chatMode: chat` and marks set by hand; off means `bot`, and LINE marks everything as read.
    pub chat: bool,
    /// Verified or premium: may list its friends and the members of its groups.
    pub verified: bool,
}

impl Default for Account {
    fn default() -> Self {
        Self { chat: true, verified: false }
    }
}

#[derive(Debug)]
pub(crate) struct ChannelState {
    pub(crate) public: Channel,
    pub(crate) name: String,
    pub(crate) account: Account,
    pub(crate) webhook: Option<String>,
    /// "Use webhook" in the console.
    pub(crate) webhook_on: bool,
    pub(crate) redelivery: Redelivery,
    pub(crate) quota: Quota,
    /// Recipients reached, and the month they were counted in.
    used: u64,
    used_in: i32,
    /// Public keys that assertions may be signed with.
    pub(crate) keys: Vec<AssertionKey>,
    /// In the order of their ids, so that lists of friends can be paged.
    pub(crate) contacts: BTreeMap<String, Contact>,
    pub(crate) groups: HashMap<String, Group>,
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
            account: Account::default(),
            webhook: None,
            webhook_on: true,
            redelivery: Redelivery::Off,
            quota: Quota::None,
            used: 0,
            used_in: 0,
            keys: Vec::new(),
            contacts: BTreeMap::new(),
            groups: HashMap::new(),
            reply_tokens: ReplyTokens::new(limits.reply_tokens),
            retry_keys: RetryKeys::new(limits.retry_keys),
            recent: VecDeque::new(),
            unanswered: VecDeque::new(),
        }
    }

    /// The chat with a user, or of a group.
    pub(crate) fn chat(&self, id: &str) -> Option<&Chat> {
        let contact = self.contacts.get(id).map(|contact| &contact.chat);
        contact.or_else(|| self.groups.get(id).map(|group| &group.chat))
    }

    pub(crate) fn chat_mut(&mut self, id: &str) -> Option<&mut Chat> {
        let contact = self.contacts.get_mut(id).map(|contact| &mut contact.chat);
        contact.or_else(|| self.groups.get_mut(id).map(|group| &mut group.chat))
    }

    /// How many recipients were reached in this month.
    pub(crate) fn used(&self, now_ms: i64) -> u64 {
        if self.used_in == japanese_month(now_ms) { self.used } else { 0 }
    }

    pub(crate) fn set_used(&mut self, used: u64, now_ms: i64) {
        (self.used, self.used_in) = (used, japanese_month(now_ms));
    }
}
