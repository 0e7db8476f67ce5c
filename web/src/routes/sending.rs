//! Whether anything goes out: held after a restore, until somebody who knows lets go.

use actix_web::web;
use madoguchi_engine::sending;
use madoguchi_protocol::Problem;
use madoguchi_protocol::api::{ChangeSending, Sending};

use super::{Answer, ok};
use crate::App;
use crate::audit::Acts;
use crate::auth::Identity;
use crate::convert::time;
use crate::error::{invalid, problem};
use crate::extract::Json;

/// Whether anything goes out.
#[utoipa::path(get, path = "/api/v1/sending", tag = "operations", responses((status = 200, description = "Where it stands.", body = Sending)))]
pub(crate) async fn get(app: web::Data<App>, _: Identity) -> Answer {
    ok(&shown(app.engine.sending()))
}

/// Holds sending, or lets it go on.
#[utoipa::path(put, path = "/api/v1/sending", tag = "operations", request_body = ChangeSending,
    responses((status = 200, description = "Where it stands now.", body = Sending)))]
pub(crate) async fn put(app: web::Data<App>, who: Identity, acts: Acts, Json(wish): Json<ChangeSending>) -> Answer {
    tracing::info!(agent.id = %who.agent, held = wish.held, "sending is changed");
    let before = shown(app.engine.sending());
    let after = change(&app, wish).await?;
    acts.compare(&before, &after);
    ok(&after)
}

/// Does it; the operator's command line comes here too.
pub(crate) async fn change(app: &App, wish: ChangeSending) -> Result<Sending, Problem> {
    if !wish.held && app.engine.sending().1 {
        return Err(invalid("held", "engine.hold_sending is set in the settings"));
    }
    let changed = app.engine.change_sending(move |now| changed(now, wish)).await;
    changed.map_err(|fault| {
        tracing::error!(error = &fault as &dyn std::error::Error, "whether sending is held could not be written");
        problem(madoguchi_protocol::Code::DiskFull)
    })?;
    Ok(shown(app.engine.sending()))
}

/// What becomes of `now` by this wish.
pub(crate) fn changed(now: sending::Sending, wish: ChangeSending) -> sending::Sending {
    if wish.held { now.hold() } else { now.release(wish.send_waiting) }
}

/// As the wire has it.
pub(crate) fn shown((now, by_settings): (sending::Sending, bool)) -> Sending {
    Sending { held: now.held || by_settings, by_settings, unsure_before: now.unsure_before.map(time) }
}
