//! The settings of a LINE WORKS bot.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Secret;

/// Settings of a LINE WORKS bot as they are given. Either `bot_id` and `bot_secret` of a bot that exists, or `make_bot`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLineWorksSettings {
    /// The app's id.
    pub client_id: String,
    /// The app's secret; 1 to 200 bytes.
    pub client_secret: String,
    /// The app's service account.
    pub service_account: String,
    /// The app's private key, as PEM.
    pub private_key: String,
    /// The bot's number.
    #[serde(default)]
    pub bot_id: String,
    /// The bot's secret, which signs callbacks.
    #[serde(default)]
    pub bot_secret: String,
    /// Have a bot made, which goes when its window is reset. Needs `domain_id`.
    #[serde(default)]
    pub make_bot: Option<NewBot>,
    /// The number of the domain whose members see the bot.
    #[serde(default)]
    pub domain_id: String,
    /// Calls of one kind in a minute that the tenant's plan allows; 240 without a choice, 60 on the free plan.
    #[serde(default)]
    pub calls_a_minute: Option<u32>,
    /// Where the platform is, when not at its own address. Owners only; https, or http to the loopback address.
    #[serde(default)]
    pub api_base_url: Option<String>,
    /// Where its tokens come from, when not at its own address. Owners only; https, or http to the loopback address.
    #[serde(default)]
    pub auth_base_url: Option<String>,
}

/// A bot that is to be made.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBot {
    /// Where the platform fetches its picture: a PNG over https.
    pub picture_url: String,
    /// The members who look after it, by their ids or login addresses; 1 to 3.
    pub administrators: Vec<String>,
    /// What it is for, as members read it; the window's name without a choice.
    #[serde(default)]
    pub description: Option<String>,
}

/// Settings of a LINE WORKS bot as they are changed.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineWorksSettingsPatch {
    /// The app's id.
    #[serde(default)]
    pub client_id: Option<String>,
    /// The app's secret. Empty: stays as it was.
    #[serde(default)]
    pub client_secret: Option<String>,
    /// The app's service account.
    #[serde(default)]
    pub service_account: Option<String>,
    /// The app's private key. Empty: stays as it was.
    #[serde(default)]
    pub private_key: Option<String>,
    /// The bot's number. Only of a bot that the customer made.
    #[serde(default)]
    pub bot_id: Option<String>,
    /// The bot's secret. Empty: stays as it was.
    #[serde(default)]
    pub bot_secret: Option<String>,
    /// For how long the former bot secret is accepted besides the present one, in seconds, from now on: up to 604,800; 0
    /// withdraws it. Left out with another secret: 3,600.
    #[serde(default)]
    pub former_secret_for_s: Option<u32>,
    /// Another name for a bot that was made here.
    #[serde(default)]
    pub bot_name: Option<String>,
    /// The number of the domain whose members see the bot.
    #[serde(default)]
    pub domain_id: Option<String>,
    /// Calls of one kind in a minute that the tenant's plan allows.
    #[serde(default)]
    pub calls_a_minute: Option<u32>,
    /// Where the platform is; empty for its own address. Owners only; https, or http to the loopback address.
    #[serde(default)]
    pub api_base_url: Option<String>,
    /// Where its tokens come from; empty for its own address. Owners only; https, or http to the loopback address.
    #[serde(default)]
    pub auth_base_url: Option<String>,
}

/// Settings of a LINE WORKS bot as they are shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineWorksSettings {
    /// The app's id.
    pub client_id: String,
    /// Whether it is there.
    pub client_secret: Secret,
    /// The app's service account.
    pub service_account: String,
    /// Whether it is there.
    pub private_key: Secret,
    /// The bot's number.
    pub bot_id: String,
    /// Whether it is there.
    pub bot_secret: Secret,
    /// When it was given, where that is known.
    pub bot_secret_set_at: Option<String>,
    /// Until when the former one is accepted as well; `null` where it is not.
    pub former_secret_until: Option<String>,
    /// Who made the bot.
    pub made_by: BotMaker,
    /// The number of the domain whose members see the bot; empty where nobody said it.
    pub domain_id: String,
    /// Calls of one kind in a minute that the tenant's plan allows.
    pub calls_a_minute: u32,
    /// Where the platform is.
    pub api_base_url: String,
    /// Where its tokens come from.
    pub auth_base_url: String,
}

/// Who made a bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BotMaker {
    /// The customer: it stays when its window is reset.
    Customer,
    /// This product: it goes when its window is reset.
    Product,
}
