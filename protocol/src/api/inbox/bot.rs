//! The settings of a bot channel: customers who write through another system, which speaks to us by signed webhooks.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Secret;

/// Settings of a bot channel as they are given.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBotChannelSettings {
    /// What the other system is called here; 1 to 50 characters.
    pub name: String,
    /// Where answers are delivered: https. Owners may name http on this machine.
    pub endpoint_url: String,
    /// Signs both ways: `whsec_` and the Base64 of 24 to 64 bytes of chance. Never shown again.
    pub secret: String,
}

/// Settings of a bot channel as they are changed.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BotChannelSettingsPatch {
    /// What the other system is called here.
    #[serde(default)]
    pub name: Option<String>,
    /// Where answers are delivered.
    #[serde(default)]
    pub endpoint_url: Option<String>,
    /// Signs both ways. Empty: stays as it was.
    #[serde(default)]
    pub secret: Option<String>,
    /// For how long the former secret is accepted and signs along, in seconds, from now on: up to 604,800; 0 withdraws it.
    /// Left out with another secret: 3,600.
    #[serde(default)]
    pub former_secret_for_s: Option<u32>,
}

/// Settings of a bot channel as they are shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BotChannelSettings {
    /// What the other system is called here.
    pub name: String,
    /// Where answers are delivered.
    pub endpoint_url: String,
    /// Whether it is there.
    pub secret: Secret,
    /// When it was given, where that is known.
    pub secret_set_at: Option<String>,
    /// Until when the former one is accepted and signs along; `null` where it does not.
    pub former_secret_until: Option<String>,
}
