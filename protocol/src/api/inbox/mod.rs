//! Accounts on outside channels. Secrets go in and never come out.
//!
//! What is given is read in two steps, `kind` first, so that a wrong field is named by its place. A new channel adds a
//! variant to each of the three enums of settings below, with the settings in a file of its own.

mod bot;
mod line;
mod lineworks;
mod mail;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

pub use bot::{BotChannelSettings, BotChannelSettingsPatch, NewBotChannelSettings};
pub use line::{LineSettings, LineSettingsPatch, NewLineSettings, SendMode, TokenKind, WhenQuotaEmpty};
pub use lineworks::{BotMaker, LineWorksSettings, LineWorksSettingsPatch, NewBot, NewLineWorksSettings};
pub use mail::{MailSettings, MailSettingsPatch, NewMailSettings};

use super::conversation::Channel;

/// `POST /api/v1/inboxes`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInbox {
    /// The one window it feeds.
    pub window: String,
    /// Which channel.
    pub kind: Channel,
    /// The channel's own settings.
    #[schema(value_type = NewSettings)]
    pub settings: Value,
}

/// `PATCH /api/v1/inboxes/{inbox}`. What is left out stays as it was.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InboxPatch {
    /// The channel's own settings.
    #[schema(value_type = SettingsPatch)]
    pub settings: Value,
}

/// Settings as they are given; which of them, `kind` says.
#[derive(Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum NewSettings {
    /// For `line`.
    Line(NewLineSettings),
    /// For `lineworks`.
    Lineworks(NewLineWorksSettings),
    /// For `mail`.
    Mail(NewMailSettings),
    /// For `bot`.
    Bot(NewBotChannelSettings),
}

/// Settings as they are changed; which of them, the account's `kind` says.
#[derive(Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum SettingsPatch {
    /// For `line`.
    Line(LineSettingsPatch),
    /// For `lineworks`.
    Lineworks(LineWorksSettingsPatch),
    /// For `mail`.
    Mail(MailSettingsPatch),
    /// For `bot`.
    Bot(BotChannelSettingsPatch),
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Inbox {
    /// Its id.
    pub id: String,
    /// The one window it feeds.
    pub window: String,
    /// The address that the platform calls; empty for a channel that calls none.
    pub webhook_url: String,
    /// Which channel, and its own settings without what is secret.
    #[serde(flatten)]
    pub settings: ChannelSettings,
    /// When it last changed.
    pub changed_at: String,
}

/// `kind` and `settings` of an account as they are shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "settings", rename_all = "snake_case")]
pub enum ChannelSettings {
    /// A LINE Official Account.
    Line(LineSettings),
    /// A LINE WORKS bot.
    Lineworks(LineWorksSettings),
    /// The mail of a window.
    Mail(MailSettings),
    /// Another system.
    Bot(BotChannelSettings),
}

/// All that is ever told of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Secret {
    /// It is stored.
    Set,
    /// It is not.
    NotSet,
}
