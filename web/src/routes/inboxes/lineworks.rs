//! The settings of a LINE WORKS bot, from the wire; and the bots that are made here.

use madoguchi_engine::channels::lineworks::client::{API_BASE_URL, AUTH_BASE_URL};
use madoguchi_engine::channels::signing::SigningKey;
use madoguchi_engine::channels::{Outcome, Wish};
use madoguchi_engine::domain::id::WindowId;
use madoguchi_engine::domain::org::{self, CALLS_A_MINUTE, InboxSettings, LineWorksSettings, Maker};
use madoguchi_engine::domain::secret::Secret;
use madoguchi_protocol::Problem;
use madoguchi_protocol::api::{LineWorksSettingsPatch, NewBot, NewLineWorksSettings};

use super::{Form, base_url};
use crate::commands::refused;
use crate::error::{invalid, not_found};

/// What stands for a bot that is not made yet; replaced before anything is recorded.
const NO_BOT: &str = "0";
/// Most members who look after a bot of ours.
const ADMINISTRATORS: usize = 3;

/// The settings in the domain. Makes the bot where that is wished.
pub(super) async fn settings(
    form: &Form<'_>,
    window: &WindowId,
    new: NewLineWorksSettings,
) -> Result<LineWorksSettings, Problem> {
    form.may_set_url("settings.api_base_url", new.api_base_url.as_ref())?;
    form.may_set_url("settings.auth_base_url", new.auth_base_url.as_ref())?;
    readable_key(&new.private_key)?;
    let none = || Secret::Plain(String::new());
    let mut works = LineWorksSettings {
        client_id: new.client_id,
        client_secret: form.seal("client_secret", Some(new.client_secret)).unwrap_or_else(none),
        service_account: new.service_account,
        private_key: form.seal("private_key", Some(new.private_key)).unwrap_or_else(none),
        bot_id: new.bot_id,
        bot_secret: form.seal("bot_secret", Some(new.bot_secret)).unwrap_or_else(none),
        former_secret: None,
        made_by: Maker::Customer,
        domain_id: new.domain_id,
        calls_a_minute: new.calls_a_minute.unwrap_or(CALLS_A_MINUTE),
        api_base_url: base_url(new.api_base_url, API_BASE_URL),
        auth_base_url: base_url(new.auth_base_url, AUTH_BASE_URL),
    };
    if let Some(wish) = new.make_bot {
        make(form, window, &mut works, wish).await?;
    }
    Ok(works)
}

async fn make(form: &Form<'_>, window: &WindowId, works: &mut LineWorksSettings, new: NewBot) -> Result<(), Problem> {
    if !works.bot_id.is_empty() || !works.bot_secret.is_empty() {
        return Err(invalid("settings.make_bot", "either a bot that exists or one to be made"));
    }
    if !(1..=ADMINISTRATORS).contains(&new.administrators.len()) {
        return Err(invalid("settings.make_bot.administrators", "1 to 3 members"));
    }
    if !new.picture_url.starts_with("https://") && !works.api_base_url.starts_with("http://") {
        return Err(invalid("settings.make_bot.picture_url", "an https address"));
    }
    let entry = form.app.engine.window(window).ok_or_else(|| not_found("window"))?;
    (works.made_by, works.bot_id) = (Maker::Product, NO_BOT.to_owned());
    // Whatever else is wrong is said before anything is made.
    works.bot_secret = Secret::from(NO_BOT);
    let settings = InboxSettings::LineWorks(Box::new(works.clone()));
    settings.check().map_err(|rejected| refused(form.app, rejected.into()))?;
    let inbox = org::Inbox { id: form.id, window: window.clone(), settings, changed_at: form.app.clock.now() };
    let wish = Wish {
        name: entry.name.clone(),
        description: new.description.unwrap_or_else(|| entry.name.clone()),
        picture_url: new.picture_url,
        keepers: new.administrators,
        webhook_url: form.app.webhook_url(&inbox),
    };
    let made = form.app.engine.establish(&inbox, &wish).await.map_err(|outcome| not_made(&outcome))?;
    works.bot_id = made.id;
    works.bot_secret = form.app.engine.seal(form.id, "bot_secret", &made.secret);
    Ok(())
}

fn not_made(outcome: &Outcome) -> Problem {
    let why = match outcome {
        Outcome::Unauthorised { .. } => "the platform gives no token for this app, or the app lacks the scope bot",
        Outcome::RateLimited => "too many calls to the platform; try again in a minute",
        Outcome::Refused { detail, .. } => return invalid("settings.make_bot", &format!("refused: {detail}")),
        _ => "the platform could not be reached; nothing was recorded here",
    };
    invalid("settings.make_bot", why)
}

fn readable_key(key: &str) -> Result<(), Problem> {
    if !key.is_empty() && SigningKey::read(key).is_err() {
        return Err(invalid("settings.private_key", "an RSA private key of at least 2,048 bits, as PEM"));
    }
    Ok(())
}

/// The settings after a change. What is left out stays as it was, and so does a secret that is left empty.
pub(super) async fn patched(
    form: &Form<'_>,
    now: &LineWorksSettings,
    patch: LineWorksSettingsPatch,
) -> Result<LineWorksSettings, Problem> {
    form.may_set_url("settings.api_base_url", patch.api_base_url.as_ref())?;
    form.may_set_url("settings.auth_base_url", patch.auth_base_url.as_ref())?;
    readable_key(patch.private_key.as_deref().unwrap_or_default())?;
    let is_ours = now.made_by == Maker::Product;
    if is_ours && patch.bot_id.as_ref().is_some_and(|id| *id != now.bot_id) {
        return Err(invalid("settings.bot_id", "this bot was made here and stays"));
    }
    if let Some(name) = &patch.bot_name {
        rename(form, is_ours, name).await?;
    }
    let url = |given: Option<String>, now: &String, usual: &str| match given {
        Some(given) => base_url(Some(given), usual),
        None => now.clone(),
    };
    let bot_secret = form.seal("bot_secret", patch.bot_secret);
    let kept = (&now.bot_secret, now.former_secret.as_ref());
    Ok(LineWorksSettings {
        client_id: patch.client_id.unwrap_or_else(|| now.client_id.clone()),
        client_secret: form.seal("client_secret", patch.client_secret).unwrap_or_else(|| now.client_secret.clone()),
        service_account: patch.service_account.unwrap_or_else(|| now.service_account.clone()),
        private_key: form.seal("private_key", patch.private_key).unwrap_or_else(|| now.private_key.clone()),
        bot_id: patch.bot_id.unwrap_or_else(|| now.bot_id.clone()),
        former_secret: form.former_secret(kept, bot_secret.is_some(), patch.former_secret_for_s)?,
        bot_secret: bot_secret.unwrap_or_else(|| now.bot_secret.clone()),
        made_by: now.made_by,
        domain_id: patch.domain_id.unwrap_or_else(|| now.domain_id.clone()),
        calls_a_minute: patch.calls_a_minute.unwrap_or(now.calls_a_minute),
        api_base_url: url(patch.api_base_url, &now.api_base_url, API_BASE_URL),
        auth_base_url: url(patch.auth_base_url, &now.auth_base_url, AUTH_BASE_URL),
    })
}

async fn rename(form: &Form<'_>, is_ours: bool, name: &str) -> Result<(), Problem> {
    if !is_ours || !(1..=100).contains(&name.trim().chars().count()) {
        return Err(invalid("settings.bot_name", "1 to 100 characters, for a bot that was made here"));
    }
    let outcome = form.app.engine.rename(form.id, name).await.map_err(|failure| refused(form.app, failure))?;
    if matches!(outcome, Outcome::Accepted { .. }) { Ok(()) } else { Err(not_made(&outcome)) }
}
