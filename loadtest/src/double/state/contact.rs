//! One person in one channel: how they stand to the account, and what their phone shows.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// For how long a non-friend who wrote can be reached (Messaging API reference, "Send push message").
const NON_FRIEND_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// How a user stands to the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Has added the account.
    Friend,
    /// Writes without having added it; reachable for seven days after each message.
    NonFriend,
    /// Has blocked it: sends are accepted and arrive nowhere.
    Blocked,
    /// Has deleted their own account: likewise.
    Deleted,
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The person with the phone.
    User,
    /// The official account.
    Account,
}

/// By which call a message of the account came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// `POST /v2/bot/message/reply`.
    Reply,
    /// `POST /v2/bot/message/push`.
    Push,
    /// `POST /v2/bot/message/multicast`.
    Multicast,
}

/// One message on a user's phone.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// The channel whose chat it is in.
    pub channel: String,
    /// Whose phone it is on.
    pub user: String,
    /// The message's id; it grows over the whole platform.
    pub id: String,
    /// Who wrote it.
    pub author: Author,
    /// Its text, where it has one.
    pub text: Option<String>,
    /// The message object as it was sent.
    pub message: Value,
    /// By which call it came; none for the user's own.
    pub via: Option<Via>,
    /// The call's `x-line-request-id`.
    pub request_id: Option<Uuid>,
    /// The call's `x-line-retry-key`.
    pub retry_key: Option<Uuid>,
    /// The token that a reply used, or that the user's message brought.
    pub reply_token: Option<String>,
    /// When it appeared, milliseconds since 1970 on the double's clock.
    pub at_ms: i64,
    /// Whether the user took it back.
    pub unsent: bool,
}

#[derive(Debug)]
pub(crate) struct Contact {
    pub(crate) name: String,
    pub(crate) relation: Relation,
    pub(crate) last_wrote_ms: Option<i64>,
    pub(crate) shown: VecDeque<Arc<Shown>>,
}

impl Contact {
    pub(crate) fn new(name: String, relation: Relation) -> Self {
        Self { name, relation, last_wrote_ms: None, shown: VecDeque::new() }
    }

    /// Whether a message sent now appears on the phone.
    pub(crate) fn reachable(&self, now_ms: i64) -> bool {
        match self.relation {
            Relation::Friend => true,
            Relation::NonFriend => self.last_wrote_ms.is_some_and(|at| now_ms - at <= NON_FRIEND_MS),
            Relation::Blocked | Relation::Deleted => false,
        }
    }

    /// Whether the account may see the profile: friends, and non-friends who wrote.
    pub(crate) fn profile_visible(&self) -> bool {
        match self.relation {
            Relation::Friend => true,
            Relation::NonFriend => self.last_wrote_ms.is_some(),
            Relation::Blocked | Relation::Deleted => false,
        }
    }

    pub(crate) fn show(&mut self, shown: Arc<Shown>, limit: usize) {
        self.shown.push_back(shown);
        while self.shown.len() > limit {
            self.shown.pop_front();
        }
    }

    /// Marks a message of the user as taken back.
    pub(crate) fn unsend(&mut self, id: &str) {
        if let Some(shown) = self.shown.iter_mut().rev().find(|shown| shown.id == id) {
            Arc::make_mut(shown).unsent = true;
        }
    }
}
