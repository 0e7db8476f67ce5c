//! One person in one channel: how they stand to the account, their profile, and their one-to-one chat.

use serde::{Deserialize, Serialize};

use super::chat::Chat;

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

/// What a person tells about themselves. Changing it makes no event, as on LINE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// `displayName`.
    pub name: String,
    /// Whether there is a picture; the double draws one for each user and serves it on its files port.
    pub picture: bool,
    /// `statusMessage`.
    pub status_message: Option<String>,
    /// `language`, as BCP 47 has it.
    pub language: Option<String>,
}

impl Default for Profile {
    fn default() -> Self {
        Self { name: String::new(), picture: true, status_message: None, language: Some("ja".to_owned()) }
    }
}

impl Profile {
    /// A profile with a name, a picture and the language `ja`.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
}

#[derive(Debug)]
pub(crate) struct Contact {
    pub(crate) profile: Profile,
    pub(crate) relation: Relation,
    pub(crate) last_wrote_ms: Option<i64>,
    pub(crate) chat: Chat,
}

impl Contact {
    pub(crate) fn new(name: &str, relation: Relation) -> Self {
        Self { profile: Profile::named(name), relation, last_wrote_ms: None, chat: Chat::default() }
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
}
