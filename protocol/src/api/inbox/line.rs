//! The settings of a LINE Official Account.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Secret;

/// How answers go out over LINE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SendMode {
    /// Only as the one free answer to each message; what is too late waits for the next.
    #[default]
    Reply,
    /// Always as a message of its own, which costs.
    Push,
    /// As the free reply while its right lives, else as a push.
    Auto,
}

/// What becomes of an answer that would cost when the month's messages are used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenQuotaEmpty {
    /// It waits for the customer to write again, and goes free.
    #[default]
    Hold,
    /// It fails, and the agent sees why.
    Fail,
}

/// How calls to LINE are authorised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// By a token without an end, copied from LINE's console.
    #[default]
    LongLived,
    /// By tokens of 15 minutes, asked for with channel id and channel secret.
    Stateless,
    /// By tokens of v2.1, asked for with an assertion that is signed with a key of ours.
    Assertion,
}

/// Settings of a LINE Official Account as they are given.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLineSettings {
    /// Signs webhooks; 1 to 200 bytes.
    pub channel_secret: String,
    /// How calls are authorised.
    #[serde(default)]
    pub token_kind: TokenKind,
    /// Lets us send; 1 to 4,000 bytes. For `long_lived`.
    #[serde(default)]
    pub channel_access_token: String,
    /// LINE's number of the channel. For `stateless` and `assertion`.
    #[serde(default)]
    pub channel_id: String,
    /// LINE's id of the public key. For `assertion`.
    #[serde(default)]
    pub assertion_kid: String,
    /// The private key, RSA of 2,048 bits or more, as PEM or JWK. For `assertion`.
    #[serde(default)]
    pub assertion_key: String,
    /// How answers go out.
    #[serde(default)]
    pub mode: SendMode,
    /// What becomes of those that would cost when nothing is left.
    #[serde(default)]
    pub when_quota_empty: WhenQuotaEmpty,
    /// Leave a place of several people at once that takes the account in. True without a choice.
    #[serde(default)]
    pub leave_groups: Option<bool>,
    /// Show customers the name of the agent who wrote. False without a choice.
    #[serde(default)]
    pub show_agent_name: Option<bool>,
    /// Show customers that their messages were read. True without a choice.
    #[serde(default)]
    pub mark_as_read: Option<bool>,
    /// Show customers that somebody is writing. True without a choice.
    #[serde(default)]
    pub loading: Option<bool>,
    /// Where the platform is, when not at its own address. Owners only; https, or http to the loopback address.
    #[serde(default)]
    pub api_base_url: Option<String>,
    /// Where the platform's media are, when not at its own address. Owners only; https, or http to the loopback address.
    #[serde(default)]
    pub api_data_base_url: Option<String>,
}

/// Settings of a LINE Official Account as they are changed.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineSettingsPatch {
    /// Signs webhooks; at most 200 bytes. Empty: stays as it was.
    #[serde(default)]
    pub channel_secret: Option<String>,
    /// For how long the former secret is accepted besides the present one, in seconds, from now on: up to 604,800; 0
    /// withdraws it. Left out with another secret: 3,600.
    #[serde(default)]
    pub former_secret_for_s: Option<u32>,
    /// How calls are authorised. Another kind needs what it is authorised with.
    #[serde(default)]
    pub token_kind: Option<TokenKind>,
    /// Lets us send; at most 4,000 bytes. Empty: stays as it was.
    #[serde(default)]
    pub channel_access_token: Option<String>,
    /// LINE's number of the channel.
    #[serde(default)]
    pub channel_id: Option<String>,
    /// LINE's id of the public key.
    #[serde(default)]
    pub assertion_kid: Option<String>,
    /// The private key as PEM or JWK. Empty: stays as it was.
    #[serde(default)]
    pub assertion_key: Option<String>,
    /// How answers go out.
    #[serde(default)]
    pub mode: Option<SendMode>,
    /// What becomes of those that would cost when nothing is left.
    #[serde(default)]
    pub when_quota_empty: Option<WhenQuotaEmpty>,
    /// Leave a place of several people at once that takes the account in.
    #[serde(default)]
    pub leave_groups: Option<bool>,
    /// Show customers the name of the agent who wrote.
    #[serde(default)]
    pub show_agent_name: Option<bool>,
    /// Show customers that their messages were read.
    #[serde(default)]
    pub mark_as_read: Option<bool>,
    /// Show customers that somebody is writing.
    #[serde(default)]
    pub loading: Option<bool>,
    /// Where the platform is; empty for its own address. Owners only; https, or http to the loopback address.
    #[serde(default)]
    pub api_base_url: Option<String>,
    /// Where the platform's media are; empty for its own address. Owners only; https, or http to the loopback address.
    #[serde(default)]
    pub api_data_base_url: Option<String>,
}

/// Settings of a LINE Official Account as they are shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineSettings {
    /// Whether it is there.
    pub channel_secret: Secret,
    /// When it was given, where that is known.
    pub channel_secret_set_at: Option<String>,
    /// Until when the former one is accepted as well; `null` where it is not.
    pub former_secret_until: Option<String>,
    /// How calls are authorised.
    pub token_kind: TokenKind,
    /// LINE's number of the channel; empty where nobody said it.
    pub channel_id: String,
    /// LINE's id of the public key; empty where there is none.
    pub assertion_kid: String,
    /// Whether it is there.
    pub assertion_key: Secret,
    /// Whether it is there.
    pub channel_access_token: Secret,
    /// When it was given, where that is known.
    pub channel_access_token_set_at: Option<String>,
    /// How answers go out.
    pub mode: SendMode,
    /// What becomes of those that would cost when nothing is left.
    pub when_quota_empty: WhenQuotaEmpty,
    /// Whether places of several people are left at once.
    pub leave_groups: bool,
    /// Whether customers see the name of the agent who wrote.
    pub show_agent_name: bool,
    /// Whether customers see that their messages were read.
    pub mark_as_read: bool,
    /// Whether customers see that somebody is writing.
    pub loading: bool,
    /// Where the platform is.
    pub api_base_url: String,
    /// Where the platform's media are.
    pub api_data_base_url: String,
}
