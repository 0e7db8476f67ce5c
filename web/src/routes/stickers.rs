//! Pictures of stickers, so that a console needs no address but ours.

use actix_web::{HttpResponse, web};

use super::{Answer, serving};
use crate::App;
use crate::commands::refused;
use crate::extract::Place;

/// The picture of one of LINE's stickers.
#[utoipa::path(get, path = "/api/v1/stickers/line/{sticker}", tag = "files",
    responses((status = 200, description = "The picture.", body = Vec<u8>, content_type = "image/png")))]
pub(crate) async fn line(app: web::Data<App>, place: Place) -> Answer {
    let sticker: String = place.id("sticker")?;
    let (bytes, mime) = app.engine.line_sticker(&sticker).await.map_err(|failure| refused(&app, failure))?;
    Ok(serving::guarded(HttpResponse::Ok().content_type(mime).body(bytes), serving::KEPT))
}
