//! The settings of a LINE Official Account, from the wire.

use madoguchi_engine::channels::signing::SigningKey;
use madoguchi_engine::domain::id::InboxId;
use madoguchi_engine::domain::org::{Access, LineSettings, SendMode, WhenQuotaEmpty};
use madoguchi_engine::domain::secret::Secret;
use madoguchi_protocol::Problem;
use madoguchi_protocol::api::{self, LineSettingsPatch, NewLineSettings, TokenKind};

use super::{Form, base_url};
use crate::App;
use crate::error::invalid;

/// Where LINE itself is.
const LINE_API: &str = "https://api.line.me";
/// Where LINE's media are.
const LINE_DATA_API: &str = "https://api-data.line.me";

/// The settings after a change. What is left out stays as it was, and so does a secret that is left empty.
pub(super) fn patched(form: &Form<'_>, now: &LineSettings, patch: LineSettingsPatch) -> Result<LineSettings, Problem> {
    let (app, id) = (form.app, form.id);
    form.may_set_url("settings.api_base_url", patch.api_base_url.as_ref())?;
    form.may_set_url("settings.api_data_base_url", patch.api_data_base_url.as_ref())?;
    let url = |given: Option<String>, now: &String, usual: &str| match given {
        Some(given) => base_url(Some(given), usual),
        None => now.clone(),
    };
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let channel_secret = form.seal("channel_secret", patch.channel_secret);
    let access = access(
        app,
        id,
        Some(&now.access),
        patch.token_kind,
        Credentials {
            token: given(patch.channel_access_token),
            kid: given(patch.assertion_kid),
            key: given(patch.assertion_key),
        },
    )?;
    Ok(LineSettings {
        channel_id: patch.channel_id.unwrap_or_else(|| now.channel_id.clone()),
        former_secret: form.former_secret(
            (&now.channel_secret, now.former_secret.as_ref()),
            channel_secret.is_some(),
            patch.former_secret_for_s,
        )?,
        channel_secret: channel_secret.unwrap_or_else(|| now.channel_secret.clone()),
        access,
        mode: patch.mode.map_or(now.mode, mode),
        when_quota_empty: patch.when_quota_empty.map_or(now.when_quota_empty, when_quota_empty),
        leave_groups: patch.leave_groups.unwrap_or(now.leave_groups),
        show_agent_name: patch.show_agent_name.unwrap_or(now.show_agent_name),
        mark_as_read: patch.mark_as_read.unwrap_or(now.mark_as_read),
        loading: patch.loading.unwrap_or(now.loading),
        api_base_url: url(patch.api_base_url, &now.api_base_url, LINE_API),
        api_data_base_url: url(patch.api_data_base_url, &now.api_data_base_url, LINE_DATA_API),
    })
}

/// What calls are authorised with, as far as it was given.
struct Credentials {
    token: Option<String>,
    kid: Option<String>,
    key: Option<String>,
}

/// How calls are authorised after a change; what was not given stays, where it is of the same kind.
fn access(
    app: &App,
    id: InboxId,
    now: Option<&Access>,
    kind: Option<TokenKind>,
    given: Credentials,
) -> Result<Access, Problem> {
    let kind = kind.unwrap_or(match now {
        None | Some(Access::LongLived { .. }) => TokenKind::LongLived,
        Some(Access::Stateless) => TokenKind::Stateless,
        Some(Access::Assertion { .. }) => TokenKind::Assertion,
    });
    if let Some(key) = &given.key
        && SigningKey::read(key).is_err()
    {
        return Err(invalid("assertion_key", "an RSA private key of at least 2,048 bits, as PEM or JWK"));
    }
    let seal = |field, text: Option<String>| text.map(|text| app.engine.seal(id, field, &text));
    let none = || Secret::Plain(String::new());
    Ok(match (kind, now) {
        (TokenKind::LongLived, now) => {
            let kept = match now {
                Some(Access::LongLived { token }) => Some(token.clone()),
                _ => None,
            };
            Access::LongLived { token: seal("channel_access_token", given.token).or(kept).unwrap_or_else(none) }
        }
        (TokenKind::Stateless, _) => Access::Stateless,
        (TokenKind::Assertion, now) => {
            let (kid, key) = match now {
                Some(Access::Assertion { kid, key }) => (kid.clone(), Some(key.clone())),
                _ => (String::new(), None),
            };
            let key = seal("assertion_key", given.key).or(key).unwrap_or_else(none);
            Access::Assertion { kid: given.kid.unwrap_or(kid), key }
        }
    })
}

/// The settings in the domain.
pub(super) fn settings(form: &Form<'_>, new: NewLineSettings) -> Result<LineSettings, Problem> {
    let (app, id) = (form.app, form.id);
    form.may_set_url("settings.api_base_url", new.api_base_url.as_ref())?;
    form.may_set_url("settings.api_data_base_url", new.api_data_base_url.as_ref())?;
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let credentials = Credentials {
        token: given(new.channel_access_token),
        kid: given(new.assertion_kid),
        key: given(new.assertion_key),
    };
    let access = access(app, id, None, Some(new.token_kind), credentials)?;
    let usual = LineSettings::new(app.engine.seal(id, "channel_secret", &new.channel_secret), access, mode(new.mode));
    Ok(LineSettings {
        channel_id: new.channel_id,
        when_quota_empty: when_quota_empty(new.when_quota_empty),
        leave_groups: new.leave_groups.unwrap_or(usual.leave_groups),
        show_agent_name: new.show_agent_name.unwrap_or(usual.show_agent_name),
        mark_as_read: new.mark_as_read.unwrap_or(usual.mark_as_read),
        loading: new.loading.unwrap_or(usual.loading),
        api_base_url: base_url(new.api_base_url, LINE_API),
        api_data_base_url: base_url(new.api_data_base_url, LINE_DATA_API),
        ..usual
    })
}

fn mode(mode: api::SendMode) -> SendMode {
    match mode {
        api::SendMode::Auto => SendMode::Auto,
        api::SendMode::Reply => SendMode::Reply,
        api::SendMode::Push => SendMode::Push,
    }
}

fn when_quota_empty(when: api::WhenQuotaEmpty) -> WhenQuotaEmpty {
    match when {
        api::WhenQuotaEmpty::Hold => WhenQuotaEmpty::Hold,
        api::WhenQuotaEmpty::Fail => WhenQuotaEmpty::Fail,
    }
}
