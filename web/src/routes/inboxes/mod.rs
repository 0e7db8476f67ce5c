//! Accounts on outside channels. What differs from channel to channel is in a file each, and read in two steps: which
//! channel first, so that a wrong field is named by its place.

mod bot;
mod line;
mod lineworks;
mod mail;

use actix_web::web;
use madoguchi_engine::domain::id::{InboxId, WindowId};
use madoguchi_engine::domain::org::{self, FormerSecret, InboxSettings};
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::secret::Secret;
use madoguchi_protocol::api::{self, Channel, Inbox, InboxPatch, Items, NewInbox};
use madoguchi_protocol::{Code, Problem};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::IntoParams;

use super::{Answer, created, ok};
use crate::App;
use crate::audit::Acts;
use crate::auth::Identity;
use crate::authorize::{Action, Object, authorize};
use crate::commands::refused;
use crate::convert;
use crate::error::{invalid, not_found, problem};
use crate::extract::{Json, Place, Query, parse_part};

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
        .map(|inbox| convert::inbox::inbox(inbox, app.webhook_url(inbox)))
        .collect();
    ok(&Items::<Inbox> { items, next_cursor: None })
}

/// Adds an account. The answer has the address to enter at the platform.
#[utoipa::path(post, path = "/api/v1/inboxes", tag = "inboxes", request_body = NewInbox, responses((status = 201, description = "Added.", body = Inbox)))]
pub(crate) async fn create(app: web::Data<App>, who: Identity, acts: Acts, Json(new): Json<NewInbox>) -> Answer {
    let window = WindowId::new(&new.window).map_err(|_| not_found("window"))?;
    let id = InboxId(ulid::Ulid::new().0);
    let form = Form { app: &app, who: &who, id };
    let settings = match new.kind {
        Channel::Line => InboxSettings::Line(line::settings(&form, given(new.settings)?)?),
        Channel::Lineworks => {
            let works = lineworks::settings(&form, &window, given(new.settings)?).await?;
            InboxSettings::LineWorks(Box::new(works))
        }
        Channel::Mail => InboxSettings::Mail(mail::settings(given(new.settings)?)?),
        Channel::Bot => InboxSettings::Bot(bot::settings(&form, given(new.settings)?)?),
    };
    let inbox = org::Inbox { id, window, settings, changed_at: app.clock.now() };
    let shown = convert::inbox::inbox(&inbox, app.webhook_url(&inbox));
    acts.about("inbox", id);
    acts.about("window", &inbox.window);
    let recorded = app.engine.org_command(By::Agent(who.agent), org::Command::CreateInbox(inbox.clone())).await;
    if let Err(failure) = recorded {
        // What was made for it at the platform must not stay behind.
        app.engine.retire(&inbox).await;
        return Err(refused(&app, failure).into());
    }
    created(&shown)
}

/// One account.
#[utoipa::path(get, path = "/api/v1/inboxes/{inbox}", tag = "inboxes", responses((status = 200, description = "The account.", body = Inbox)))]
pub(crate) async fn get(app: web::Data<App>, place: Place) -> Answer {
    let org = app.engine.org();
    let id: InboxId = place.id("inbox")?;
    let inbox = org.inboxes.get(&id).ok_or_else(|| not_found("inbox"))?;
    ok(&convert::inbox::inbox(inbox, app.webhook_url(inbox)))
}

/// What can be sent over the account. The rules by which answers are checked, told before anything is written.
#[utoipa::path(get, path = "/api/v1/inboxes/{inbox}/capabilities", tag = "inboxes", responses((status = 200, description = "What can be sent.", body = api::Capabilities)))]
pub(crate) async fn capabilities(app: web::Data<App>, place: Place) -> Answer {
    let org = app.engine.org();
    let inbox = org.inboxes.get(&place.id("inbox")?).ok_or_else(|| not_found("inbox"))?;
    let rules = madoguchi_engine::channels::of(inbox.settings.kind()).capabilities();
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
    let before = convert::inbox::inbox(&inbox, app.webhook_url(&inbox));
    let form = Form { app: &app, who: &who, id };
    let settings = match &inbox.settings {
        InboxSettings::Line(now) => InboxSettings::Line(line::patched(&form, now, given(patch.settings)?)?),
        InboxSettings::LineWorks(now) => {
            let works = lineworks::patched(&form, now, given(patch.settings)?).await?;
            InboxSettings::LineWorks(Box::new(works))
        }
        InboxSettings::Mail(now) => InboxSettings::Mail(mail::patched(now, given(patch.settings)?)?),
        InboxSettings::Bot(now) => InboxSettings::Bot(bot::patched(&form, now, given(patch.settings)?)?),
    };
    if settings != inbox.settings {
        inbox.settings = settings;
        inbox.changed_at = app.clock.now();
        app.engine
            .org_command(By::Agent(who.agent), org::Command::ChangeInbox(inbox.clone()))
            .await
            .map_err(|failure| refused(&app, failure))?;
    }
    let after = convert::inbox::inbox(&inbox, app.webhook_url(&inbox));
    acts.compare(&before, &after);
    ok(&after)
}

/// Settings of one channel, out of what was sent.
fn given<T: DeserializeOwned>(settings: Value) -> Result<T, Problem> {
    parse_part("settings", settings)
}

/// What the settings of every channel are read with.
struct Form<'a> {
    app: &'a App,
    who: &'a Identity,
    id: InboxId,
}

impl Form<'_> {
    /// Seals what was given for a field; nothing where it was left empty.
    fn seal(&self, field: &'static str, text: Option<String>) -> Option<Secret> {
        text.filter(|text| !text.is_empty()).map(|text| self.app.engine.seal(self.id, field, &text))
    }

    /// The secret that is accepted besides the present one, after a change. One that is over is not kept.
    fn former_secret(
        &self,
        (secret, former): (&Secret, Option<&FormerSecret>),
        is_replaced: bool,
        for_s: Option<u32>,
    ) -> Result<Option<FormerSecret>, Problem> {
        if for_s.is_some_and(|seconds| seconds > FORMER_SECRET_MAX_S) {
            return Err(invalid("settings.former_secret_for_s", "at most 604,800"));
        }
        let time = self.app.clock.now();
        let until = |seconds: u32| time.plus_ms(i64::from(seconds) * 1_000);
        let former = match (is_replaced, for_s) {
            (true, seconds) => {
                Some(FormerSecret { secret: secret.clone(), until: until(seconds.unwrap_or(FORMER_SECRET_S)) })
            }
            (false, Some(seconds)) => former.cloned().map(|former| FormerSecret { until: until(seconds), ..former }),
            (false, None) => former.cloned(),
        };
        Ok(former.filter(|former| former.until > time))
    }

    /// Where a platform is may be said by owners only: messages and secrets go there.
    fn may_set_url(&self, field: &'static str, given: Option<&String>) -> Result<(), Problem> {
        if given.is_none() || authorize(self.who, Action::SetBaseUrls, Object::Organisation, &self.app.engine).is_ok() {
            return Ok(());
        }
        Err(problem(Code::Forbidden).field(field).detail("only an owner may say where the platform is"))
    }
}

fn base_url(given: Option<String>, usual: &str) -> String {
    let given = given.filter(|url| !url.is_empty());
    given.map_or_else(|| usual.to_owned(), |url| url.trim_end_matches('/').to_owned())
}
