//! The settings of a bot channel, from the wire.

use madoguchi_engine::channels::signed;
use madoguchi_engine::domain::org::BotChannelSettings;
use madoguchi_engine::domain::secret::Secret;
use madoguchi_protocol::Problem;
use madoguchi_protocol::api::{BotChannelSettingsPatch, NewBotChannelSettings};

use super::Form;
use crate::error::invalid;

/// The settings in the domain.
pub(super) fn settings(form: &Form<'_>, new: NewBotChannelSettings) -> Result<BotChannelSettings, Problem> {
    may_name(form, &new.endpoint_url)?;
    may_sign(&new.secret)?;
    Ok(BotChannelSettings {
        name: new.name.trim().to_owned(),
        endpoint_url: new.endpoint_url.trim().to_owned(),
        secret: form.seal("secret", Some(new.secret)).unwrap_or_else(|| Secret::Plain(String::new())),
        former_secret: None,
    })
}

/// The settings after a change. What is left out stays as it was, and so does a secret that is left empty.
pub(super) fn patched(
    form: &Form<'_>,
    now: &BotChannelSettings,
    patch: BotChannelSettingsPatch,
) -> Result<BotChannelSettings, Problem> {
    let endpoint_url = patch.endpoint_url.map_or_else(|| now.endpoint_url.clone(), |url| url.trim().to_owned());
    if endpoint_url != now.endpoint_url {
        may_name(form, &endpoint_url)?;
    }
    let secret = patch.secret.filter(|secret| !secret.is_empty());
    secret.as_deref().map_or(Ok(()), may_sign)?;
    let secret = form.seal("secret", secret);
    let kept = (&now.secret, now.former_secret.as_ref());
    Ok(BotChannelSettings {
        name: patch.name.map_or_else(|| now.name.clone(), |name| name.trim().to_owned()),
        endpoint_url,
        former_secret: form.former_secret(kept, secret.is_some(), patch.former_secret_for_s)?,
        secret: secret.unwrap_or_else(|| now.secret.clone()),
    })
}

/// An address on this machine may be named by owners only: it may lead to services that trust whoever is here.
fn may_name(form: &Form<'_>, url: &str) -> Result<(), Problem> {
    let here = url.trim().starts_with("http://").then(|| url.to_owned());
    form.may_set_url("settings.endpoint_url", here.as_ref())
}

fn may_sign(secret: &str) -> Result<(), Problem> {
    if signed::is_secret(secret) {
        return Ok(());
    }
    Err(invalid("settings.secret", "whsec_ and the Base64 of 24 to 64 bytes"))
}
