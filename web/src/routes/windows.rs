//! Windows and who works in them.

use actix_web::web;
use madoguchi_engine::domain::id::FileId;
use madoguchi_engine::domain::id::{AgentId, WindowId};
use madoguchi_engine::domain::record::By;
use madoguchi_engine::domain::window::{Command, Window as State};
use madoguchi_engine::handle;
use madoguchi_protocol::Problem;
use madoguchi_protocol::api::{
    Items, NewWindow, Window, WindowMember, WindowPatch, WindowProduct, WindowSettingsPatch,
};

use super::{Answer, created, ok};
use crate::App;
use crate::audit::Acts;
use crate::auth::Identity;
use crate::authorize::{Action, Object, authorize};
use crate::commands::refused;
use crate::convert;
use crate::error::{from_failure, invalid, not_found};
use crate::extract::{Json, Place};

/// The windows that the caller sees: their own, for supervisors all.
#[utoipa::path(get, path = "/api/v1/windows", tag = "windows", responses((status = 200, description = "The windows.", body = Items<Window>)))]
pub(crate) async fn list(app: web::Data<App>, who: Identity) -> Answer {
    let items = visible(&app, &who).iter().filter_map(|id| describe(&app, id).ok()).collect();
    ok(&Items::<Window> { items, next_cursor: None })
}

/// Adds a window. It is empty: its maker takes no place.
#[utoipa::path(post, path = "/api/v1/windows", tag = "windows", request_body = NewWindow, responses((status = 201, description = "Added.", body = Window)))]
pub(crate) async fn create(app: web::Data<App>, who: Identity, acts: Acts, Json(new): Json<NewWindow>) -> Answer {
    let id = WindowId::new(&new.id).map_err(|rejected| from_failure(rejected.into(), &app.engine.org()))?;
    acts.about("window", &id);
    acts.changed("name", None, Some(new.name.trim().to_owned()));
    acts.changed("product", None, Some(new.product.to_string()));
    let picture = new.picture.as_deref().filter(|text| !text.is_empty()).map(picture_id).transpose()?;
    let new = handle::NewWindow {
        id: id.clone(),
        product: new.product,
        name: new.name,
        description: new.description,
        picture,
    };
    app.engine.add_window(By::Agent(who.agent), new).await.map_err(|failure| refused(&app, failure))?;
    created(&describe(&app, &id)?)
}

/// Calls or describes a window otherwise, or gives it another picture. Every open console shows it at once.
#[utoipa::path(patch, path = "/api/v1/windows/{window}", tag = "windows", request_body = WindowPatch,
    responses((status = 200, description = "Changed.", body = Window)))]
pub(crate) async fn change(
    app: web::Data<App>,
    who: Identity,
    place: Place,
    acts: Acts,
    Json(patch): Json<WindowPatch>,
) -> Answer {
    let id = place.window()?;
    let before = state(&app, &id)?;
    let picture = match patch.picture.as_deref() {
        None => None,
        Some("") => Some(None),
        Some(text) => Some(Some(picture_id(text)?)),
    };
    let change = handle::Change { name: patch.name, description: patch.description, picture };
    let done = app.engine.change_window(By::Agent(who.agent), &id, change).await;
    done.map_err(|failure| refused(&app, failure))?;
    let after = state(&app, &id)?;
    let picture = |state: &State| state.picture.as_ref().map(|picture| picture.name.clone());
    acts.changed("name", Some(before.name.clone()), Some(after.name.clone()));
    acts.changed("description", Some(before.description.clone()), Some(after.description.clone()));
    acts.changed("picture", picture(&before), picture(&after));
    ok(&describe(&app, &id)?)
}

fn picture_id(text: &str) -> Result<FileId, Problem> {
    text.parse().map_err(|_| invalid("picture", "a picture of POST /api/v1/pictures"))
}

/// Binds a window to another product. One of it must be free, and hold as many agents as the window has.
#[utoipa::path(put, path = "/api/v1/windows/{window}/product", tag = "windows", request_body = WindowProduct,
    responses((status = 200, description = "The former product is free.", body = Window)))]
pub(crate) async fn change_product(
    app: web::Data<App>,
    who: Identity,
    place: Place,
    acts: Acts,
    Json(wish): Json<WindowProduct>,
) -> Answer {
    let id = place.window()?;
    acts.changed("product", Some(state(&app, &id)?.places.to_string()), Some(wish.product.to_string()));
    let done = app.engine.change_product(By::Agent(who.agent), &id, wish.product).await;
    done.map_err(|failure| refused(&app, failure))?;
    ok(&describe(&app, &id)?)
}

/// One window.
#[utoipa::path(get, path = "/api/v1/windows/{window}", tag = "windows", responses((status = 200, description = "The window.", body = Window)))]
pub(crate) async fn get(app: web::Data<App>, place: Place) -> Answer {
    ok(&describe(&app, &place.window()?)?)
}

/// Changes how a window works. What is left out stays as it was.
#[utoipa::path(patch, path = "/api/v1/windows/{window}/settings", tag = "windows", request_body = WindowSettingsPatch,
    responses((status = 200, description = "Changed.", body = Window)))]
pub(crate) async fn change_settings(
    app: web::Data<App>,
    who: Identity,
    place: Place,
    Json(patch): Json<WindowSettingsPatch>,
) -> Answer {
    let id = place.window()?;
    let now = state(&app, &id)?;
    let settings = convert::org::patched(&now.settings, &patch);
    command(&app, &who, &id, Command::ChangeSettings(settings)).await?;
    ok(&describe(&app, &id)?)
}

/// Who works in a window, and how they are.
#[utoipa::path(get, path = "/api/v1/windows/{window}/agents", tag = "windows", responses((status = 200, description = "The members.", body = Items<WindowMember>)))]
pub(crate) async fn members(app: web::Data<App>, place: Place) -> Answer {
    let window = describe(&app, &place.window()?)?;
    ok(&Items { items: window.agents, next_cursor: None })
}

/// Makes a person a member; they see the window at once. Already a member: nothing changes.
#[utoipa::path(put, path = "/api/v1/windows/{window}/agents/{agent}", tag = "windows", responses((status = 200, description = "A member now.", body = Window)))]
pub(crate) async fn add_member(app: web::Data<App>, who: Identity, place: Place) -> Answer {
    let id = place.window()?;
    let agent: AgentId = place.id("agent")?;
    if !app.engine.org().agents.contains_key(&agent) {
        return Err(not_found("agent").into());
    }
    command(&app, &who, &id, Command::AddAgent { agent }).await?;
    ok(&describe(&app, &id)?)
}

/// Takes a person out. What they hold in this window ends in the same moment.
#[utoipa::path(delete, path = "/api/v1/windows/{window}/agents/{agent}", tag = "windows", responses((status = 200, description = "No member any more.", body = Window)))]
pub(crate) async fn remove_member(app: web::Data<App>, who: Identity, place: Place) -> Answer {
    let id = place.window()?;
    let agent: AgentId = place.id("agent")?;
    command(&app, &who, &id, Command::RemoveAgent { agent }).await?;
    ok(&describe(&app, &id)?)
}

/// The windows that a person may read.
pub(crate) fn visible(app: &App, who: &Identity) -> Vec<WindowId> {
    app.engine
        .org()
        .windows
        .keys()
        .filter(|id| authorize(who, Action::ReadWindow, Object::Window(id), &app.engine).is_ok())
        .cloned()
        .collect()
}

async fn command(app: &App, who: &Identity, id: &WindowId, command: Command) -> Result<(), Problem> {
    app.engine
        .window_command(By::Agent(who.agent), id, command)
        .await
        .map(|_| ())
        .map_err(|failure| refused(app, failure))
}

fn state(app: &App, id: &WindowId) -> Result<std::sync::Arc<State>, Problem> {
    app.engine.window(id).ok_or_else(|| not_found("window"))
}

fn describe(app: &App, id: &WindowId) -> Result<Window, Problem> {
    let org = app.engine.org();
    let entry = org.windows.get(id).ok_or_else(|| not_found("window"))?;
    let state = state(app, id)?;
    let now = app.clock.now();
    let presence = |agent| app.engine.presence().state(agent, now);
    Ok(convert::org::window(entry, &state, &org, now, &app.public_url, presence))
}
