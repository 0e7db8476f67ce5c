//! All of a mail that is kept: what it says, its HTML for a sandboxed frame, what hangs on it. Rights are its file's.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use madoguchi_engine::channels::mail::html;
use madoguchi_engine::content::is_plain_picture;
use madoguchi_engine::domain::id::FileId;
use madoguchi_protocol::api::WholeMail;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, ok, serving};
use crate::App;
use crate::commands::refused;
use crate::convert;
use crate::error::not_found;
use crate::extract::{self, Place, Query};

/// All of a mail: everything that it says, quoted text included, its header, and where the rest of it is.
#[utoipa::path(get, path = "/api/v1/files/{file}/mail", tag = "files",
    responses((status = 200, description = "The mail.", body = WholeMail)))]
pub(crate) async fn whole(app: web::Data<App>, place: Place) -> Answer {
    let id: FileId = place.id("file")?;
    let (note, mail) = app.engine.whole_mail(id).await.map_err(|failure| refused(&app, failure))?;
    let url = convert::media::url(note.file.id);
    let shown = mail.html.as_deref().filter(|html| html::is_bearable(html));
    ok(&WholeMail {
        html_url: shown.map(|_| format!("{url}/mail.html")),
        remote_pictures: shown.is_some_and(html::has_remote_pictures),
        text: mail.text,
        original_url: url,
        header: mail.header,
        invitation: mail.invitation.map(convert::mail::invitation),
    })
}

/// How a mail's HTML is shown.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Shown {
    /// With pictures that are elsewhere; whoever has them sees that the mail was read.
    #[serde(default)]
    pictures: bool,
}

/// The HTML of a mail, cleaned: for a frame in a sandbox, and harmless without one.
#[utoipa::path(get, path = "/api/v1/files/{file}/mail.html", tag = "files", params(Shown),
    responses((status = 200, description = "The document.", body = String, content_type = "text/html")))]
pub(crate) async fn document(app: web::Data<App>, place: Place, Query(how): Query<Shown>) -> Answer {
    let found = app.engine.mail_document(place.id("file")?, how.pictures).await;
    let (_, document) = found.map_err(|failure| refused(&app, failure))?;
    let response = HttpResponse::Ok().content_type("text/html; charset=utf-8").body(document);
    let mut response = serving::guarded(response, serving::ASKED_EACH_TIME);
    let policy = if how.pictures { html::POLICY_WITH_PICTURES } else { html::POLICY };
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    Ok(response)
}

/// Something that hangs on a mail, by its address in the message. Plain pictures may be shown in their place; all else is to
/// be saved.
#[utoipa::path(get, path = "/api/v1/files/{file}/parts/{part}", tag = "files",
    responses((status = 200, description = "The bytes.", body = Vec<u8>, content_type = "application/octet-stream")))]
pub(crate) async fn part(app: web::Data<App>, req: HttpRequest, place: Place) -> Answer {
    let part = extract::part(&req, "part").and_then(convert::mail::place).ok_or_else(|| not_found("part"))?;
    let found = app.engine.mail_part(place.id("file")?, part).await;
    let (_, (part, bytes)) = found.map_err(|failure| refused(&app, failure))?;
    // By its bytes, not by anybody's word.
    let mime = madoguchi_engine::content::mime_of(&bytes);
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_DISPOSITION, serving::named(&part.name, is_plain_picture(mime))));
    Ok(serving::guarded(response.content_type(mime).body(bytes), serving::ASKED_EACH_TIME))
}
