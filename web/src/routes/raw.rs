//! Stored webhook bodies that wait for a person (要確認).

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use madoguchi_engine::domain::record::By;
use madoguchi_protocol::Problem;
use madoguchi_protocol::api::{Items, RawBody, Replayed};
use ulid::Ulid;

use super::{Answer, ok};
use crate::App;
use crate::auth::Identity;
use crate::commands::refused;
use crate::convert;
use crate::extract::Place;

/// The bodies of a window that wait.
#[utoipa::path(get, path = "/api/v1/windows/{window}/raw", tag = "raw", responses((status = 200, description = "The stored bodies.", body = Items<RawBody>)))]
pub(crate) async fn list(app: web::Data<App>, place: Place) -> Answer {
    let rows = app.engine.raw_bodies(&place.window()?).await.map_err(|failure| refused(&app, failure))?;
    ok(&Items { items: rows.iter().map(convert::org::raw_body).collect(), next_cursor: None })
}

/// The bytes of a stored body, exactly as they came.
#[utoipa::path(get, path = "/api/v1/windows/{window}/raw/{raw}", tag = "raw",
    responses((status = 200, description = "The bytes.", body = Vec<u8>, content_type = "application/octet-stream")))]
pub(crate) async fn bytes(app: web::Data<App>, place: Place) -> Answer {
    let raw = raw_id(&place)?;
    let window = place.window()?;
    let mail = app.engine.raw_mail(&window, raw).await.map_err(|failure| refused(&app, failure))?;
    let (bytes, ending) = match mail {
        Some(mail) => (mail, "eml"),
        None => (app.engine.raw_body(&window, raw).await.map_err(|failure| refused(&app, failure))?, "bin"),
    };
    // A stranger wrote this: a browser must save it, never show it.
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.{ending}\"", Ulid(raw))))
        .body(bytes))
}

/// Interprets a stored body again. Events that were recorded before stay single.
#[utoipa::path(post, path = "/api/v1/windows/{window}/raw/{raw}/replay", tag = "raw",
    responses((status = 200, description = "Interpreted.", body = Replayed)))]
pub(crate) async fn replay(app: web::Data<App>, who: Identity, place: Place) -> Answer {
    let taken = app
        .engine
        .replay_raw(By::Agent(who.agent), &place.window()?, raw_id(&place)?)
        .await
        .map_err(|failure| refused(&app, failure))?;
    ok(&Replayed { recorded: taken.recorded, duplicates: taken.duplicates, still_waiting: taken.stored_whole })
}

/// Puts a stored body that cannot be read away, after somebody looked at it. Its bytes go, also from the disk.
#[utoipa::path(delete, path = "/api/v1/windows/{window}/raw/{raw}", tag = "raw",
    responses((status = 204, description = "Put away."), (status = 422, description = "It can be read, and will be.", body = Problem)))]
pub(crate) async fn dismiss(app: web::Data<App>, who: Identity, place: Place) -> Answer {
    app.engine
        .dismiss_raw(By::Agent(who.agent), &place.window()?, raw_id(&place)?)
        .await
        .map_err(|failure| refused(&app, failure))?;
    Ok(HttpResponse::NoContent().finish())
}

fn raw_id(place: &Place) -> Result<u128, Problem> {
    place.id::<Ulid>("raw").map(|id| id.0)
}
