//! Accounts on outside channels.

use actix_web::web;
use madoguchi_engine::channels::line::assertion::SigningKey;
use madoguchi_engine::domain::id::{InboxId, WindowId};
use madoguchi_engine::domain::org::{
    self, Access, FormerSecret, InboxSettings, LineSettings, SendMode, WhenQuotaEmpty,
};
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::secret::Secret;
use madoguchi_protocol::api::{
    self, Inbox, InboxKind, InboxPatch, Items, LineSettingsPatch, NewInbox, NewLineSettings, TokenKind,
};
use madoguchi_protocol::{Code, Problem};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, created, ok};
use crate::App;
use crate::audit::Acts;
use crate::auth::Identity;
use crate::authorize::{Action, Object, authorize};
use crate::commands::refused;
use crate::convert;
use crate::error::{invalid, not_found, problem};
use crate::extract::{Json, Place, Query};

/// Where LINE itself is.
const LINE_API: &str = "https://api.line.me";
/// Where LINE's media are.
const LINE_DATA_API: &str = "https://api-data.line.me";

/// For how long a replaced secret is accepted where nobody says it, in seconds.
const FORMER_SECRET_S: u32 = 3_600;
/// For how long it may be accepted, in seconds.
const FORMER_SECRET_MAX_S: u32 = 7 * 24 * 3_600;

/// Which inboxes.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Only those that feed this window.
    #[serde(default)]
    window: Option<String>,
}

/// Every account. Of secrets it says only whether they are set.
#[utoipa::path(get, path = "/api/v1/inboxes", tag = "inboxes", params(Filter), responses((status = 200, description = "The accounts.", body = Items<Inbox>)))]
pub(crate) async fn list(app: web::Data<App>, Query(filter): Query<Filter>) -> Answer {
    let org = app.engine.org();
    let items = org
        .inboxes
        .values()
        .filter(|inbox| filter.window.as_ref().is_none_or(|window| inbox.window.as_str() == window))
        .map(|inbox| convert::org::inbox(inbox, app.webhook_url(inbox.id)))
        .collect();
    ok(&Items::<Inbox> { items, next_cursor: None })
}

/// Adds an account. The answer has the address to enter at the platform.
#[utoipa::path(post, path = "/api/v1/inboxes", tag = "inboxes", request_body = NewInbox, responses((status = 201, description = "Added.", body = Inbox)))]
pub(crate) async fn create(app: web::Data<App>, who: Identity, acts: Acts, Json(new): Json<NewInbox>) -> Answer {
    let window = WindowId::new(&new.window).map_err(|_| not_found("window"))?;
    let InboxKind::Line = new.kind;
    let id = InboxId(ulid::Ulid::new().0);
    let inbox = org::Inbox {
        id,
        window,
        settings: InboxSettings::Line(line_settings(&app, &who, id, new.settings)?),
        changed_at: app.clock.now(),
    };
    let shown = convert::org::inbox(&inbox, app.webhook_url(inbox.id));
    acts.about("inbox", id);
    acts.about("window", &inbox.window);
    app.engine
        .org_command(By::Agent(who.agent), org::Command::CreateInbox(inbox))
        .await
        .map_err(|failure| refused(&app, failure))?;
    created(&shown)
}

/// One account.
#[utoipa::path(get, path = "/api/v1/inboxes/{inbox}", tag = "inboxes", responses((status = 200, description = "The account.", body = Inbox)))]
pub(crate) async fn get(app: web::Data<App>, place: Place) -> Answer {
    let org = app.engine.org();
    let id: InboxId = place.id("inbox")?;
    let inbox = org.inboxes.get(&id).ok_or_else(|| not_found("inbox"))?;
    ok(&convert::org::inbox(inbox, app.webhook_url(id)))
}

/// What can be sent over the account. The rules by which answers are checked, told before anything is written.
#[utoipa::path(get, path = "/api/v1/inboxes/{inbox}/capabilities", tag = "inboxes", responses((status = 200, description = "What can be sent.", body = api::Capabilities)))]
pub(crate) async fn capabilities(app: web::Data<App>, place: Place) -> Answer {
    let org = app.engine.org();
    let inbox = org.inboxes.get(&place.id("inbox")?).ok_or_else(|| not_found("inbox"))?;
    let rules = madoguchi_engine::channels::capabilities(&inbox.settings);
    ok(&convert::capabilities::capabilities(rules, &inbox.settings))
}

/// Changes an account's settings. What is left out stays as it was, and so does a secret that is left empty.
#[utoipa::path(patch, path = "/api/v1/inboxes/{inbox}", tag = "inboxes", request_body = InboxPatch, responses((status = 200, description = "Changed.", body = Inbox)))]
pub(crate) async fn change(
    app: web::Data<App>,
    who: Identity,
    place: Place,
    acts: Acts,
    Json(patch): Json<InboxPatch>,
) -> Answer {
    let id: InboxId = place.id("inbox")?;
    let mut inbox = app.engine.org().inboxes.get(&id).cloned().ok_or_else(|| not_found("inbox"))?;
    let before = convert::org::inbox(&inbox, app.webhook_url(id));
    let InboxSettings::Line(now) = &inbox.settings;
    let settings = InboxSettings::Line(patched(&app, &who, id, now, patch.settings)?);
    if settings != inbox.settings {
        inbox.settings = settings;
        inbox.changed_at = app.clock.now();
        app.engine
            .org_command(By::Agent(who.agent), org::Command::ChangeInbox(inbox.clone()))
            .await
            .map_err(|failure| refused(&app, failure))?;
    }
    let after = convert::org::inbox(&inbox, app.webhook_url(id));
    acts.compare(&before, &after);
    ok(&after)
}

fn patched(
    app: &App,
    who: &Identity,
    id: InboxId,
    now: &LineSettings,
    patch: LineSettingsPatch,
) -> Result<LineSettings, Problem> {
    may_set_urls(app, who, patch.api_base_url.as_ref(), patch.api_data_base_url.as_ref())?;
    let url = |given: Option<String>, now: &String, usual: &str| match given {
        Some(given) => base_url(Some(given), usual),
        None => now.clone(),
    };
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let channel_secret = given(patch.channel_secret).map(|text| app.engine.seal(id, "channel_secret", &text));
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
        former_secret: former_secret(app, now, channel_secret.is_some(), patch.former_secret_for_s)?,
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

/// The secret that is accepted besides the present one, after a change. One that is over is not kept.
fn former_secret(
    app: &App,
    now: &LineSettings,
    is_replaced: bool,
    for_s: Option<u32>,
) -> Result<Option<FormerSecret>, Problem> {
    if for_s.is_some_and(|seconds| seconds > FORMER_SECRET_MAX_S) {
        return Err(invalid("settings.former_secret_for_s", "at most 604,800"));
    }
    let time = app.clock.now();
    let until = |seconds: u32| time.plus_ms(i64::from(seconds) * 1_000);
    let former = match (is_replaced, for_s) {
        (true, seconds) => {
            Some(FormerSecret { secret: now.channel_secret.clone(), until: until(seconds.unwrap_or(FORMER_SECRET_S)) })
        }
        (false, Some(seconds)) => {
            now.former_secret.clone().map(|former| FormerSecret { until: until(seconds), ..former })
        }
        (false, None) => now.former_secret.clone(),
    };
    Ok(former.filter(|former| former.until > time))
}

/// The settings in the domain.
fn line_settings(app: &App, who: &Identity, id: InboxId, new: NewLineSettings) -> Result<LineSettings, Problem> {
    may_set_urls(app, who, new.api_base_url.as_ref(), new.api_data_base_url.as_ref())?;
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

/// Where the platform is may be said by owners only: messages and the access token go there.
fn may_set_urls(app: &App, who: &Identity, api: Option<&String>, data: Option<&String>) -> Result<(), Problem> {
    for (field, given) in [("settings.api_base_url", api), ("settings.api_data_base_url", data)] {
        let is_allowed = authorize(who, Action::SetBaseUrls, Object::Organisation, &app.engine).is_ok();
        if given.is_some() && !is_allowed {
            return Err(problem(Code::Forbidden).field(field).detail("only an owner may say where the platform is"));
        }
    }
    Ok(())
}

fn base_url(given: Option<String>, usual: &str) -> String {
    let given = given.filter(|url| !url.is_empty());
    given.map_or_else(|| usual.to_owned(), |url| url.trim_end_matches('/').to_owned())
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
