//! Logging in and out.

use actix_web::{HttpRequest, HttpResponse, web};
use madoguchi_engine::domain::id::AgentId;
use madoguchi_engine::domain::org;
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::seat::ReleaseCause;
use madoguchi_protocol::api::{ChangePassword, Login, Me, MyWindow};
use madoguchi_protocol::limits::BROWSER_CHARS;
use madoguchi_protocol::{Code, Problem};

use super::{Answer, agents, done, ok};
use crate::App;
use crate::auth::passwords::Verdict;
use crate::auth::sessions::Origin;
use crate::auth::{Identity, SessionKey, fingerprint, rate_limited};
use crate::authorize::{Action, Members, Object, authorize};
use crate::commands::refused;
use crate::convert;
use crate::error::{Refusal, invalid, not_found, problem};
use crate::extract::Json;
use crate::peer::caller;

/// Logs in: sets the session cookie. What is wrong is not told, and takes as long for a login that does not exist.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = Login,
    responses((status = 200, description = "Logged in; the session is in the cookie.", body = Me)))]
pub(crate) async fn log_in(app: web::Data<App>, req: HttpRequest, Json(login): Json<Login>) -> Answer {
    if app.stopping.has_begun() {
        return Err(problem(Code::Stopping).into());
    }
    let has_origin = req.headers().contains_key("origin") || req.headers().contains_key("sec-fetch-site");
    if has_origin && !app.origins.allow(req.headers()) {
        return Err(problem(Code::OriginRefused).into());
    }
    let name = login.login.trim().to_lowercase();
    let from = caller(&req, &app.config.trusted_proxies);
    if let Some(wait) = app.auth.guessing.login_must_wait(&name, from) {
        return Err(rate_limited(wait).into());
    }
    let org = app.engine.org();
    let person = org.by_login(&name).filter(|person| !person.disabled);
    let verdict = app
        .auth
        .passwords
        .verify(login.password, person.map(|p| p.password_hash.as_str()))
        .await
        .map_err(|_| problem(Code::Overloaded).detail("too many are logging in"))?;
    let (Verdict::Right { rehashed }, Some(person)) = (verdict, person) else {
        app.auth.guessing.login_failed(&name, from);
        return Err(problem(Code::WrongCredentials).into());
    };
    if let Some(password_hash) = rehashed {
        keep_stronger_hash(&app, person.id, password_hash).await;
    }
    begin(&app, &req, person.id).await
}

/// A new session for every login, and the old one of this browser ends: nobody can plant a session beforehand.
async fn begin(app: &App, req: &HttpRequest, agent: AgentId) -> Answer {
    if let Some(old) = req.cookie(app.cookie.name()) {
        app.auth.sessions.end(fingerprint(old.value())).await;
    }
    let now = app.clock.now();
    let browser = req.headers().get("user-agent").and_then(|value| value.to_str().ok());
    let origin = Origin {
        address: Some(caller(req, &app.config.trusted_proxies)),
        browser: browser.map(|text| text.chars().take(BROWSER_CHARS).collect()),
    };
    let secret = app
        .auth
        .sessions
        .begin(agent, origin, now)
        .await
        .map_err(|_| problem(Code::Overloaded).detail("sessions cannot be stored"))?;
    let key = SessionKey::Cookie(fingerprint(&secret));
    // Disabled between the look at the password and now: the session is worth nothing.
    let who = app.auth.find(key, now).ok_or_else(|| problem(Code::WrongCredentials))?;
    app.engine.presence().seen(agent, now);
    let me = describe(app, &who)?;
    Ok(HttpResponse::Ok().cookie(app.cookie.carrying(secret)).json(me))
}

async fn keep_stronger_hash(app: &App, agent: AgentId, password_hash: String) {
    let command = org::Command::ChangePassword { agent, password_hash };
    if let Err(failure) = app.engine.org_command(By::Engine, command).await {
        tracing::warn!(agent.id = %agent, %failure, "a password keeps its old hash until the next login");
    }
}

/// Who is logged in, and which windows they see.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", responses((status = 200, description = "The caller.", body = Me)))]
pub(crate) async fn me(app: web::Data<App>, who: Identity) -> Answer {
    ok(&describe(&app, &who)?)
}

/// Logs out: the session ends at once. With the last one ends what the person holds.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses((status = 204, description = "Logged out.")))]
pub(crate) async fn log_out(app: web::Data<App>, who: Identity) -> Answer {
    if let Some(SessionKey::Cookie(print)) = who.session {
        let has_others = app.auth.sessions.end(print).await;
        app.sockets.recheck();
        if !has_others {
            app.engine.drop_agent(who.agent, ReleaseCause::LoggedOut).await;
        }
    }
    Ok(HttpResponse::NoContent().cookie(app.cookie.removal()).finish())
}

/// Changes the caller's own password. Their other sessions end; tokens stay. Wrong tries count as at the login.
#[utoipa::path(put, path = "/api/v1/session/password", tag = "session", request_body = ChangePassword,
    responses((status = 204, description = "Changed.")))]
pub(crate) async fn change_password(
    app: web::Data<App>,
    req: HttpRequest,
    who: Identity,
    Json(change): Json<ChangePassword>,
) -> Answer {
    let org = app.engine.org();
    let person = org.agents.get(&who.agent).ok_or_else(|| not_found("agent"))?;
    let from = caller(&req, &app.config.trusted_proxies);
    if let Some(wait) = app.auth.guessing.login_must_wait(&person.login, from) {
        return Err(rate_limited(wait).into());
    }
    let verdict = app.auth.passwords.verify(change.old_password, Some(&person.password_hash)).await;
    let verdict = verdict.map_err(|_| problem(Code::Overloaded).detail("too many are logging in"))?;
    if verdict == Verdict::Wrong {
        app.auth.guessing.login_failed(&person.login, from);
        return Err(invalid("old_password", "the password that counts now").into());
    }
    let about = vec![person.login.clone(), person.name.clone()];
    let password_hash = agents::hash(&app, "new_password", change.new_password, about).await?;
    let command = org::Command::ChangePassword { agent: who.agent, password_hash };
    app.engine.org_command(By::Agent(who.agent), command).await.map_err(|failure| refused(&app, failure))?;
    let kept = match who.session {
        Some(SessionKey::Cookie(print)) => Some(print),
        _ => None,
    };
    app.auth.sessions.end_others(who.agent, kept).await;
    app.sockets.recheck();
    done()
}

/// The person and the windows that they see.
pub(crate) fn describe(app: &App, who: &Identity) -> Result<Me, Problem> {
    let org = app.engine.org();
    let agent = org.agents.get(&who.agent).ok_or_else(|| not_found("agent"))?;
    let windows = org
        .windows
        .values()
        .filter(|window| app.engine.window(&window.id).is_some())
        .filter(|window| authorize(who, Action::ReadWindow, Object::Window(&window.id), &app.engine).is_ok())
        .map(|window| MyWindow {
            id: window.id.to_string(),
            name: window.name.clone(),
            member: app.engine.is_member(&window.id, who.agent),
        })
        .collect();
    Ok(Me { agent: convert::org::agent(agent), windows })
}

impl From<crate::desk::NotWritten> for Refusal {
    fn from(_: crate::desk::NotWritten) -> Self {
        problem(Code::Overloaded).detail("the desk store is busy").into()
    }
}
