//! The settings of a LINE WORKS bot on the wire.

use madoguchi_engine::domain::org::{LineWorksSettings as DomainSettings, Maker};
use madoguchi_protocol::api::{BotMaker, LineWorksSettings};

use super::secret;
use crate::convert::time;

pub(super) fn settings(works: &DomainSettings) -> LineWorksSettings {
    LineWorksSettings {
        client_id: works.client_id.clone(),
        client_secret: secret(Some(&works.client_secret)),
        service_account: works.service_account.clone(),
        private_key: secret(Some(&works.private_key)),
        bot_id: works.bot_id.clone(),
        bot_secret: secret(Some(&works.bot_secret)),
        bot_secret_set_at: works.bot_secret.set_at().map(time),
        former_secret_until: works.former_secret.as_ref().map(|former| time(former.until)),
        made_by: match works.made_by {
            Maker::Customer => BotMaker::Customer,
            Maker::Product => BotMaker::Product,
        },
        domain_id: works.domain_id.clone(),
        calls_a_minute: works.calls_a_minute,
        api_base_url: works.api_base_url.clone(),
        auth_base_url: works.auth_base_url.clone(),
    }
}
