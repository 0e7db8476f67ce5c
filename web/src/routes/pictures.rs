//! Pictures of windows on their way in: sent first, named by a window later.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use bytes::Bytes;
use madoguchi_engine::content::NoPicture;
use madoguchi_protocol::api::Picture;
use madoguchi_protocol::limits::PICTURE_BYTES;
use madoguchi_protocol::{Code, Problem};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Answer, created};
use crate::App;
use crate::auth::Identity;
use crate::commands::refused;
use crate::error::{Refusal, invalid, problem};
use crate::extract::{Query, read_body};

/// How it is called.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Named {
    /// The name of its file: lower-case letters and digits, then `.png`.
    name: String,
}

/// The bytes of a picture, of fewer than there may be.
pub(crate) struct PictureBody(Bytes);

impl FromRequest for PictureBody {
    type Error = Refusal;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let req = req.clone();
        let mut payload = payload.take();
        Box::pin(async move {
            let limits = &req.app_data::<web::Data<App>>().ok_or_else(|| problem(Code::Internal))?.config.limits;
            let patience = std::time::Duration::from_millis(limits.upload_timeout_ms);
            let most = usize::try_from(PICTURE_BYTES - 1).unwrap_or(usize::MAX);
            let body = read_body(&req, &mut payload, most, patience).await;
            Ok(Self(body.map_err(|problem| if problem.code == Code::TooLarge { too_long() } else { problem })?))
        })
    }
}

fn too_long() -> Problem {
    problem(Code::TooLarge).field("picture").limit(PICTURE_BYTES).detail("picture: below 10 MB")
}

/// Takes a picture as the body. What it is, is seen from its bytes; what a program wrote beside it is not kept.
#[utoipa::path(post, path = "/api/v1/pictures", tag = "windows", params(Named),
    request_body(content = Vec<u8>, content_type = "image/png"),
    responses((status = 201, description = "A window may have it.", body = Picture)))]
pub(crate) async fn upload(
    app: web::Data<App>,
    who: Identity,
    Query(named): Query<Named>,
    PictureBody(bytes): PictureBody,
) -> Answer {
    let _in_hand = app.stopping.take_in_hand();
    let stored = app.engine.store_picture(who.agent, named.name.clone(), bytes).await;
    let file = stored.map_err(|failure| refused(&app, failure))?.map_err(|why| unusable(&why))?;
    let (width, height) = file.size.unwrap_or_default();
    created(&Picture { id: file.id.to_string(), name: named.name, width, height, bytes: file.bytes })
}

fn unusable(why: &NoPicture) -> Problem {
    match why {
        NoPicture::TooLong => too_long(),
        NoPicture::NotPng => problem(Code::UnsupportedMediaType).field("picture").detail("picture: a PNG file"),
        NoPicture::Broken | NoPicture::TooManyPixels => invalid("picture", &why.to_string()),
        NoPicture::Disk(error) => {
            tracing::error!(%error, "a picture could not be stored");
            problem(Code::Interrupted)
        }
    }
}
