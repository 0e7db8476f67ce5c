//! The settings of a bot channel on the wire.

use madoguchi_engine::domain::org::BotChannelSettings as DomainSettings;
use madoguchi_protocol::api::BotChannelSettings;

use super::secret;
use crate::convert::time;

pub(super) fn settings(bot: &DomainSettings) -> BotChannelSettings {
    BotChannelSettings {
        name: bot.name.clone(),
        endpoint_url: bot.endpoint_url.clone(),
        secret: secret(Some(&bot.secret)),
        secret_set_at: bot.secret.set_at().map(time),
        former_secret_until: bot.former_secret.as_ref().map(|former| time(former.until)),
    }
}
