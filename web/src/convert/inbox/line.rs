//! The settings of a LINE Official Account on the wire.

use madoguchi_engine::domain::org::{
    Access, LineSettings as DomainLineSettings, SendMode as DomainSendMode, WhenQuotaEmpty as DomainWhenQuotaEmpty,
};
use madoguchi_engine::domain::secret::Secret as DomainSecret;
use madoguchi_protocol::api::{LineSettings, SendMode, TokenKind, WhenQuotaEmpty};

use super::secret;
use crate::convert::time;

pub(super) fn settings(line: &DomainLineSettings) -> LineSettings {
    LineSettings {
        channel_secret: secret(Some(&line.channel_secret)),
        channel_secret_set_at: line.channel_secret.set_at().map(time),
        former_secret_until: line.former_secret.as_ref().map(|former| time(former.until)),
        token_kind: match &line.access {
            Access::LongLived { .. } => TokenKind::LongLived,
            Access::Stateless => TokenKind::Stateless,
            Access::Assertion { .. } => TokenKind::Assertion,
        },
        channel_id: line.channel_id.clone(),
        assertion_kid: match &line.access {
            Access::Assertion { kid, .. } => kid.clone(),
            Access::LongLived { .. } | Access::Stateless => String::new(),
        },
        assertion_key: secret(match &line.access {
            Access::Assertion { key, .. } => Some(key),
            Access::LongLived { .. } | Access::Stateless => None,
        }),
        channel_access_token: secret(token(line)),
        channel_access_token_set_at: token(line).and_then(DomainSecret::set_at).map(time),
        mode: match line.mode {
            DomainSendMode::Auto => SendMode::Auto,
            DomainSendMode::Reply => SendMode::Reply,
            DomainSendMode::Push => SendMode::Push,
        },
        when_quota_empty: match line.when_quota_empty {
            DomainWhenQuotaEmpty::Hold => WhenQuotaEmpty::Hold,
            DomainWhenQuotaEmpty::Fail => WhenQuotaEmpty::Fail,
        },
        leave_groups: line.leave_groups,
        show_agent_name: line.show_agent_name,
        mark_as_read: line.mark_as_read,
        loading: line.loading,
        api_base_url: line.api_base_url.clone(),
        api_data_base_url: line.api_data_base_url.clone(),
    }
}

fn token(line: &DomainLineSettings) -> Option<&DomainSecret> {
    match &line.access {
        Access::LongLived { token } => Some(token),
        Access::Stateless | Access::Assertion { .. } => None,
    }
}
