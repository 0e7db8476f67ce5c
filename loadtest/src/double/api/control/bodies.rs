//! What the double's own calls take.

use serde::Deserialize;
use serde_json::Value;

use crate::double::hook::Redelivery;
use crate::double::state::{Account, Profile, Quota, Readiness, Relation, TokenKind};

#[derive(Deserialize)]
pub(super) struct NewChannel {
    #[serde(default)]
    pub(super) name: String,
    pub(super) webhook: Option<String>,
    /// All four or none: a channel that is known already.
    pub(super) known: Option<KnownChannel>,
}

#[derive(Deserialize)]
pub(super) struct KnownChannel {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) access_token: String,
    pub(super) bot_user_id: String,
}

#[derive(Deserialize)]
pub(super) struct ChannelSettings {
    pub(super) webhook: Option<String>,
    pub(super) use_webhook: Option<bool>,
    pub(super) redelivery: Option<Redelivery>,
    pub(super) account: Option<Account>,
    pub(super) quota: Option<Quota>,
    #[serde(default)]
    pub(super) used: u64,
}

#[derive(Deserialize)]
pub(super) struct NewUser {
    pub(super) name: String,
    pub(super) user: Option<String>,
    pub(super) relation: Option<Relation>,
}

#[derive(Deserialize)]
pub(super) struct UserSettings {
    pub(super) relation: Option<Relation>,
    pub(super) profile: Option<Profile>,
}

#[derive(Deserialize)]
pub(super) struct NewGroup {
    #[serde(default)]
    pub(super) name: String,
    pub(super) members: Vec<String>,
    /// A multi-person chat instead of a group.
    #[serde(default)]
    pub(super) room: bool,
}

#[derive(Deserialize)]
pub(super) struct NewToken {
    pub(super) kind: TokenKind,
    /// For ever where it is missing.
    pub(super) lives_ms: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Reissue {
    #[serde(default)]
    pub(super) grace_ms: i64,
}

#[derive(Deserialize)]
pub(super) struct Revoke {
    pub(super) token: String,
}

#[derive(Deserialize)]
pub(super) struct ContentSettings {
    pub(super) ready: Readiness,
}

#[derive(Deserialize)]
pub(super) struct Say {
    pub(super) text: String,
}

#[derive(Deserialize)]
pub(super) struct Events {
    pub(super) events: Vec<EventOf>,
}

#[derive(Deserialize)]
pub(super) struct EventOf {
    pub(super) user: Option<String>,
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) fields: Value,
    pub(super) raw: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Ids {
    pub(super) event_ids: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Ahead {
    pub(super) advance_ms: u64,
}

#[derive(Deserialize)]
pub(super) struct Link {
    pub(super) link_token: String,
    pub(super) nonce: String,
}
