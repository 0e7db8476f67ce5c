//! Files that agents send: uploaded first, named in a message later, and fetched by platforms without a login.

use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, web};
use futures_util::StreamExt as _;
use madoguchi_engine::domain::content::MediaKind;
use madoguchi_engine::domain::id::AgentId;
use madoguchi_engine::uploads::{self, Unusable};
use madoguchi_protocol::api::{Upload, UploadKind};
use madoguchi_protocol::limits::FILE_NAME_CHARS;
use madoguchi_protocol::{Code, Problem};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, created, serving};
use crate::App;
use crate::auth::Identity;
use crate::commands::refused;
use crate::convert;
use crate::error::{invalid, not_found, problem};
use crate::extract::{Place, Query, part};

/// How an upload is called.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Named {
    /// Its name; at most 200 characters. Of an upload that is sent as a file the customer sees it.
    #[serde(default)]
    name: Option<String>,
}

/// Takes a file as the body, whatever its media type: what it is, is seen from its bytes. Pictures become JPEG or PNG
/// without what a camera wrote beside them. It goes after a day if no message names it.
#[utoipa::path(post, path = "/api/v1/files", tag = "files", params(Named),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, description = "It can be named in messages.", body = Upload)))]
pub(crate) async fn upload(
    app: web::Data<App>,
    req: HttpRequest,
    who: Identity,
    Query(named): Query<Named>,
    body: web::Payload,
) -> Answer {
    take_in(&app, &req, who.agent, named, body).await
}

/// Takes a file in for whoever sends it.
pub(super) async fn take_in(
    app: &App,
    req: &HttpRequest,
    sender: AgentId,
    named: Named,
    mut body: web::Payload,
) -> Answer {
    let name = named.name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    if name.as_ref().is_some_and(|name| name.chars().count() > FILE_NAME_CHARS || name.chars().any(char::is_control)) {
        return Err(invalid("name", "at most 200 characters, none of them a control character").into());
    }
    let announced = req.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|bytes: u64| bytes > uploads::MOST_BYTES) {
        return Err(unusable(&Unusable::TooLong).into());
    }
    let _in_hand = app.stopping.take_in_hand();
    let mut incoming = app.engine.begin_upload().await.map_err(|failure| refused(app, failure))?;
    // A sender may be slow, but not silent.
    let patience = Duration::from_millis(app.config.limits.body_timeout_ms);
    let deadline = tokio::time::Instant::now() + Duration::from_millis(app.config.limits.upload_timeout_ms);
    loop {
        let until = deadline.min(tokio::time::Instant::now() + patience);
        let next = tokio::time::timeout_at(until, body.next()).await.map_err(|_| slow())?;
        let Some(chunk) = next else { break };
        let chunk = chunk.map_err(|_| problem(Code::Malformed).detail("the body broke off"))?;
        app.engine.upload_may_go_on().map_err(|failure| refused(app, failure))?;
        incoming.write(chunk).await.map_err(|why| unusable(&why))?;
    }
    let upload = incoming.finish(app.engine.sender(sender, name)).await.map_err(|why| unusable(&why))?;
    created(&Upload {
        kind: match upload.kind {
            MediaKind::Image => UploadKind::Image,
            MediaKind::Video => UploadKind::Video,
            MediaKind::Audio => UploadKind::Audio,
            MediaKind::File => UploadKind::File,
        },
        file: convert::media::file(&upload.file),
        name: upload.name,
        duration_ms: upload.duration_ms,
    })
}

fn slow() -> Problem {
    let mut slow = problem(Code::Malformed).detail("the body did not come in time");
    slow.status = 408;
    slow
}

/// Why an upload is of no use, in the words of the wire.
fn unusable(why: &Unusable) -> Problem {
    match why {
        Unusable::TooLong => problem(Code::TooLarge).limit(uploads::MOST_BYTES).detail(why.to_string()),
        Unusable::Disk(_) | Unusable::NotKept(_) => {
            tracing::error!(error = why as &dyn std::error::Error, "an upload could not be stored");
            problem(Code::Interrupted)
        }
        Unusable::NoHeif => problem(Code::UnsupportedMediaType).field("file").detail(why.to_string()),
        Unusable::Empty | Unusable::BrokenPicture(_) | Unusable::TooManyPixels | Unusable::NotConverted => {
            invalid("file", &why.to_string())
        }
    }
}

/// The bytes of a file, whole or a range of them, for whoever may read the conversation that it belongs to; of an upload
/// that no message names yet, for who sent it. Plain pictures, films and sound may be shown in their place; all else is to
/// be saved.
#[utoipa::path(get, path = "/api/v1/files/{file}", tag = "files",
    responses((status = 200, description = "The bytes.", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "The range that was asked for."),
        (status = 304, description = "The caller has it already.")))]
pub(crate) async fn get(app: web::Data<App>, req: HttpRequest, place: Place) -> Answer {
    let (note, file) = app.engine.file(place.id("file")?).await.map_err(|failure| refused(&app, failure))?;
    serving::file(&req, &note, file, serving::ASKED_EACH_TIME)
}

/// The bytes of a file that was sent, for whoever was sent its address. No login; every wrong address is 404.
#[utoipa::path(get, path = "/media/{token}/{name}", tag = "files",
    responses((status = 200, description = "The bytes; ranges are served.", body = Vec<u8>, content_type = "application/octet-stream")))]
pub(crate) async fn public(app: web::Data<App>, req: HttpRequest) -> Answer {
    let token = part(&req, "token").unwrap_or_default();
    let id = app.engine.public_file(token).ok_or_else(|| not_found("file"))?;
    let (note, file) = app.engine.file(id).await.map_err(|failure| refused(&app, failure))?;
    serving::file(&req, &note, file, serving::KEPT)
}
