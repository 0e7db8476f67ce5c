//! What the organisation has under contract: products, the contact limit, the trial.

use actix_web::web;
use madoguchi_engine::domain::org::Command;
use madoguchi_engine::domain::record::By;
use madoguchi_protocol::Problem;
use madoguchi_protocol::api::{Products, ProductsPatch};

use super::{Answer, ok};
use crate::App;
use crate::audit::Acts;
use crate::auth::Identity;
use crate::commands::refused;
use crate::convert;
use crate::error::invalid;
use crate::extract::Json;

/// How many products are owned, in use and free; how many contacts are stored; the trial.
#[utoipa::path(get, path = "/api/v1/products", tag = "products", responses((status = 200, description = "What is under contract.", body = Products)))]
pub(crate) async fn get(app: web::Data<App>) -> Answer {
    shown(&app)
}

/// Says how many are owned from now on. Never fewer than are in use, and never none at all.
#[utoipa::path(patch, path = "/api/v1/products", tag = "products", request_body = ProductsPatch,
    responses((status = 200, description = "Changed.", body = Products)))]
pub(crate) async fn change(app: web::Data<App>, who: Identity, acts: Acts, Json(patch): Json<ProductsPatch>) -> Answer {
    if patch.items.is_empty() || patch.items.len() > 3 {
        return Err(invalid("items", "one to three products").into());
    }
    let wishes: Vec<_> = patch.items.iter().map(|item| (item.product, item.owned)).collect();
    let is_twice = |(place, (product, _)): (usize, &(u16, u16))| wishes[..place].iter().any(|(one, _)| one == product);
    if wishes.iter().enumerate().any(is_twice) {
        return Err(invalid("items", "each product once").into());
    }
    let before = app.engine.org().owned;
    for (product, owned) in &wishes {
        let field = format!("owned_{product}");
        acts.changed(&field, Some(before.of(*product).to_string()), Some(owned.to_string()));
    }
    tell(&app, &who, Command::OwnProducts(wishes)).await?;
    shown(&app)
}

/// Begins a trial of 30 days, for an organisation that has never had a window.
#[utoipa::path(post, path = "/api/v1/trial", tag = "products", responses((status = 200, description = "It runs.", body = Products)))]
pub(crate) async fn start_trial(app: web::Data<App>, who: Identity) -> Answer {
    app.engine.start_trial(By::Agent(who.agent)).await.map_err(|failure| refused(&app, failure))?;
    shown(&app)
}

/// Puts a contract after the trial, before its end or after it. Windows and their products stay.
#[utoipa::path(delete, path = "/api/v1/trial", tag = "products", responses((status = 200, description = "Regular use.", body = Products)))]
pub(crate) async fn end_trial(app: web::Data<App>, who: Identity) -> Answer {
    tell(&app, &who, Command::EndTrial).await?;
    shown(&app)
}

async fn tell(app: &App, who: &Identity, command: Command) -> Result<(), Problem> {
    app.engine.org_command(By::Agent(who.agent), command).await.map_err(|failure| refused(app, failure))
}

fn shown(app: &App) -> Answer {
    ok(&convert::window::products(&app.engine.org(), app.clock.now()))
}
