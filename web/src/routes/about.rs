//! What a page may know before anybody has logged in. Never what would help somebody who should not come in.

use actix_web::web;
use madoguchi_protocol::api::About;

use super::{Answer, ok};
use crate::App;

/// What the login page says.
#[utoipa::path(get, path = "/api/v1/about", tag = "operations", responses((status = 200, description = "What everybody may know.", body = About)))]
pub(crate) async fn about(app: web::Data<App>) -> Answer {
    let hint = app.config.login_hint.trim();
    ok(&About { login_hint: (!hint.is_empty()).then(|| hint.to_owned()) })
}
