//! Where people are logged in: for themselves, and for administrators.

use actix_web::web;
use madoguchi_engine::domain::id::AgentId;
use madoguchi_engine::domain::seat::ReleaseCause;
use madoguchi_protocol::api::{Items, OpenSession};
use ulid::Ulid;

use super::{Answer, done, ok};
use crate::App;
use crate::audit::Acts;
use crate::auth::{Identity, SessionKey};
use crate::convert::time;
use crate::error::not_found;
use crate::extract::Place;

/// The caller's own sessions, the newest first.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "session", responses((status = 200, description = "The sessions.", body = Items<OpenSession>)))]
pub(crate) async fn own(app: web::Data<App>, who: Identity) -> Answer {
    ok(&shown(&app, &who, who.agent))
}

/// Ends every session of the caller but the one that asks.
#[utoipa::path(delete, path = "/api/v1/sessions", tag = "session", responses((status = 204, description = "Ended.")))]
pub(crate) async fn end_others(app: web::Data<App>, who: Identity) -> Answer {
    let kept = match who.session {
        Some(SessionKey::Cookie(print)) => Some(print),
        _ => None,
    };
    app.auth.sessions.end_others(who.agent, kept).await;
    app.sockets.recheck();
    if kept.is_none() {
        app.engine.drop_agent(who.agent, ReleaseCause::LoggedOut).await;
    }
    done()
}

/// Ends one session of the caller.
#[utoipa::path(delete, path = "/api/v1/sessions/{session}", tag = "session", responses((status = 204, description = "Ended.")))]
pub(crate) async fn end_own(app: web::Data<App>, who: Identity, place: Place) -> Answer {
    end(&app, who.agent, place.id("session")?).await
}

/// A person's sessions, the newest first.
#[utoipa::path(get, path = "/api/v1/agents/{agent}/sessions", tag = "agents", responses((status = 200, description = "The sessions.", body = Items<OpenSession>)))]
pub(crate) async fn of_agent(app: web::Data<App>, who: Identity, place: Place) -> Answer {
    ok(&shown(&app, &who, place.id("agent")?))
}

/// Ends every session of a person, and what they hold. Their tokens stay.
#[utoipa::path(delete, path = "/api/v1/agents/{agent}/sessions", tag = "agents", responses((status = 204, description = "Ended.")))]
pub(crate) async fn end_all(app: web::Data<App>, acts: Acts, place: Place) -> Answer {
    let agent: AgentId = place.id("agent")?;
    for session in app.auth.sessions.of(agent, app.clock.now()) {
        acts.about("session", session.id);
    }
    app.auth.sessions.end_all(agent).await;
    app.sockets.recheck();
    app.engine.drop_agent(agent, ReleaseCause::LoggedOut).await;
    done()
}

/// Ends one session of a person. With the last one ends what they hold.
#[utoipa::path(delete, path = "/api/v1/agents/{agent}/sessions/{session}", tag = "agents", responses((status = 204, description = "Ended.")))]
pub(crate) async fn end_one(app: web::Data<App>, place: Place) -> Answer {
    end(&app, place.id("agent")?, place.id("session")?).await
}

async fn end(app: &App, agent: AgentId, session: Ulid) -> Answer {
    let has_others = app.auth.sessions.end_named(agent, session).await.ok_or_else(|| not_found("session"))?;
    app.sockets.recheck();
    if !has_others {
        app.engine.drop_agent(agent, ReleaseCause::LoggedOut).await;
    }
    done()
}

fn shown(app: &App, who: &Identity, agent: AgentId) -> Items<OpenSession> {
    let sessions = app.auth.sessions.of(agent, app.clock.now());
    let items = sessions.into_iter().map(|session| OpenSession {
        id: session.id.to_string(),
        current: who.session == Some(SessionKey::Cookie(session.print)),
        created_at: time(session.created_at),
        seen_at: time(session.seen_at),
        address: session.origin.address.map(|address| address.to_string()),
        browser: session.origin.browser,
    });
    Items { items: items.collect(), next_cursor: None }
}
