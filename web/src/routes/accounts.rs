//! Accounts as people see to them: how they stand, what was sent, whether the connection holds.

use actix_web::web;
use madoguchi_engine::accounts::month_of;
use madoguchi_engine::channels::Outcome;
use madoguchi_engine::channels::examine::{Endpoint, Finding};
use madoguchi_engine::domain::id::{InboxId, WindowId};
use madoguchi_engine::domain::org::Inbox;
use madoguchi_protocol::Problem;
use madoguchi_protocol::api::{AccountHealth, ConnectionTest, Meter, WebhookEndpoint};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, ok};
use crate::App;
use crate::commands::refused;
use crate::convert;
use crate::error::{invalid, not_found};
use crate::extract::{Place, Query};

/// Which month.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Month {
    /// A month of Japan's calendar, such as `2026-11`; the present one when left out.
    #[serde(default)]
    month: Option<String>,
}

/// How an account stands: what was last heard of its platform and said to it, its token, its quota.
#[utoipa::path(get, path = "/api/v1/inboxes/{inbox}/health", tag = "inboxes", responses((status = 200, description = "How it stands.", body = AccountHealth)))]
pub(crate) async fn health(app: web::Data<App>, place: Place) -> Answer {
    let inbox = entry(&app, &place)?;
    ok(&convert::account::health(&inbox, &app.engine.account_health(inbox.id)))
}

/// Tries the connection of an account and names what is wrong. LINE tries our webhook for it, at most 60 times an hour.
#[utoipa::path(post, path = "/api/v1/inboxes/{inbox}/test", tag = "inboxes", responses((status = 200, description = "What is wrong, if anything.", body = ConnectionTest)))]
pub(crate) async fn test(app: web::Data<App>, place: Place) -> Answer {
    let inbox = entry(&app, &place)?;
    let report = app.engine.test_account(inbox.id, &app.webhook_url(&inbox)).await;
    ok(&convert::account::test(report.map_err(|failure| refused(&app, failure))?))
}

/// Asks the platform where the account's webhooks go.
#[utoipa::path(get, path = "/api/v1/inboxes/{inbox}/webhook", tag = "inboxes", responses((status = 200, description = "Where they go.", body = WebhookEndpoint)))]
pub(crate) async fn webhook(app: web::Data<App>, place: Place) -> Answer {
    let inbox = entry(&app, &place)?;
    ok(&endpoint(&app, &inbox).await?)
}

/// Has the platform call our address from now on. LINE may take a minute to follow.
#[utoipa::path(put, path = "/api/v1/inboxes/{inbox}/webhook", tag = "inboxes", responses((status = 200, description = "Where they go now.", body = WebhookEndpoint)))]
pub(crate) async fn set_webhook(app: web::Data<App>, place: Place) -> Answer {
    let inbox = entry(&app, &place)?;
    let url = app.webhook_url(&inbox);
    if !url.starts_with("https://") && !inbox.settings.is_local() {
        return Err(invalid("public_url", "an https address, which the platform can call").into());
    }
    match app.engine.set_endpoint(inbox.id, &url).await.map_err(|failure| refused(&app, failure))? {
        Outcome::Accepted { .. } => ok(&endpoint(&app, &inbox).await?),
        outcome => ok(&shown(url, None, Some(finding(&outcome)))),
    }
}

/// What a window sent in a month, free and paid, and what is left of the present one.
#[utoipa::path(get, path = "/api/v1/windows/{window}/meter", tag = "windows", params(Month), responses((status = 200, description = "The sums.", body = Meter)))]
pub(crate) async fn meter(app: web::Data<App>, place: Place, Query(query): Query<Month>) -> Answer {
    let window: WindowId = place.window()?;
    let month = match query.month {
        None => month_of(app.clock.now()),
        Some(text) => parsed(&text).ok_or_else(|| invalid("month", "a month such as 2026-11"))?,
    };
    let sums = app.engine.sums(&window, month).await.map_err(|failure| refused(&app, failure))?;
    ok(&convert::account::meter(window.as_str(), month, sums, remaining(&app, &window)))
}

/// What is left over all accounts of a window, where every one of them has a limit that is known.
fn remaining(app: &App, window: &WindowId) -> Option<u64> {
    let accounts = app.engine.accounts_of(window).into_iter();
    let left: Vec<_> = accounts.map(|(_, health)| health.quota?.remaining()).collect();
    if left.is_empty() { None } else { left.into_iter().sum() }
}

fn parsed(text: &str) -> Option<u32> {
    let (year, month) = text.split_once('-')?;
    if year.len() != 4 || month.len() != 2 || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return None;
    }
    let (year, month): (u32, u32) = (year.parse().ok()?, month.parse().ok()?);
    (1..=12).contains(&month).then_some(year * 100 + month)
}

fn entry(app: &App, place: &Place) -> Result<Inbox, Problem> {
    let id: InboxId = place.id("inbox")?;
    app.engine.org().inboxes.get(&id).cloned().ok_or_else(|| not_found("inbox"))
}

async fn endpoint(app: &App, inbox: &Inbox) -> Result<WebhookEndpoint, Problem> {
    let url = app.webhook_url(inbox);
    let asked = app.engine.endpoint(inbox.id).await.map_err(|failure| refused(app, failure))?;
    Ok(match asked {
        Ok(None) => shown(url, None, Some(Finding::NoEndpoint)),
        Ok(Some(endpoint)) => {
            let finding = match &endpoint {
                Endpoint { url: there, .. } if *there != url => Some(Finding::OtherEndpoint),
                Endpoint { active: false, .. } => Some(Finding::WebhookOff),
                Endpoint { .. } => None,
            };
            shown(url, Some(endpoint), finding)
        }
        Err(outcome) => shown(url, None, Some(finding(&outcome))),
    })
}

fn shown(webhook_url: String, endpoint: Option<Endpoint>, finding: Option<Finding>) -> WebhookEndpoint {
    WebhookEndpoint {
        webhook_url,
        active: endpoint.as_ref().map(|endpoint| endpoint.active),
        platform_url: endpoint.map(|endpoint| endpoint.url),
        finding: finding.map(convert::account::finding_code),
    }
}

fn finding(outcome: &Outcome) -> Finding {
    match outcome {
        Outcome::Unauthorised { .. } => Finding::TokenRefused,
        Outcome::Refused { .. } => Finding::PublicUrlNotHttps,
        _ => Finding::LineUnreachable,
    }
}
