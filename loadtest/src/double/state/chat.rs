//! One chat as a phone shows it: what was said by both sides, how far the account has read, whether it is "typing".

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::double::fetch::Fetched;

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
    /// `POST /v2/bot/message/broadcast`.
    Broadcast,
}

/// One message on a user's phone.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    /// The channel whose chat it is in.
    pub channel: String,
    /// Which chat: the user's id, or the group's.
    pub chat: String,
    /// Who wrote it, or whose phone it is on; the group's id for what the account said to a group.
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
    /// What came of fetching the addresses in it; filled in once all of them are settled.
    pub media: Vec<Fetched>,
}

/// What one chat shows.
#[derive(Debug, Default)]
pub(crate) struct Chat {
    pub(crate) shown: VecDeque<Arc<Shown>>,
    /// The newest message of the user's side that the account has marked as read.
    pub(crate) read_up_to: Option<String>,
    /// Until when the loading animation runs.
    pub(crate) loading_until_ms: i64,
}

impl Chat {
    /// Adds a message; at the limit the oldest is forgotten. The account's message ends its loading animation.
    pub(crate) fn show(&mut self, shown: Arc<Shown>, limit: usize) {
        if shown.author == Author::Account {
            self.loading_until_ms = 0;
        }
        self.shown.push_back(shown);
        while self.shown.len() > limit {
            self.shown.pop_front();
        }
    }

    /// Marks a message of the user as taken back.
    pub(crate) fn unsend(&mut self, id: &str) {
        self.change(id, |shown| shown.unsent = true);
    }

    pub(crate) fn change(&mut self, id: &str, change: impl FnOnce(&mut Shown)) {
        if let Some(shown) = self.shown.iter_mut().rev().find(|shown| shown.id == id) {
            change(Arc::make_mut(shown));
        }
    }

    /// Everything up to this message is read. Ids have one length, so they compare as text; reading never goes back.
    pub(crate) fn read(&mut self, id: &str) {
        if self.read_up_to.as_deref().is_none_or(|read| read < id) {
            self.read_up_to = Some(id.to_owned());
        }
    }
}
