//! Whether the process lives, whether it is ready, and its figures.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::telemetry;

/// Whether the server is ready, and what keeps it from being so.
#[derive(Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// Everything below is open.
    ready: bool,
    /// What must be open before work is taken.
    latches: Vec<LatchState>,
    /// Answers are accepted and none goes out. No reason not to be ready: what customers write must come in.
    sending_held: bool,
}

/// One thing that must be open.
#[derive(Serialize, ToSchema)]
pub(crate) struct LatchState {
    /// Its name.
    name: &'static str,
    /// Whether it is.
    open: bool,
}

/// The process lives. Says nothing about whether it can work.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, description = "Alive.", body = String, content_type = "text/plain")))]
pub(crate) async fn alive() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("alive\n")
}

/// The server takes work: journal replayed, read models caught up, not stopping. 503 otherwise.
#[utoipa::path(get, path = "/readyz", tag = "operations",
    responses((status = 200, description = "Ready.", body = Readiness), (status = 503, description = "Not ready; the answer names what is missing.", body = Readiness)))]
pub(crate) async fn ready(req: HttpRequest) -> HttpResponse {
    let Some(app) = req.app_data::<web::Data<App>>() else {
        return HttpResponse::ServiceUnavailable().finish();
    };
    let mut latches: Vec<LatchState> =
        app.engine.latches().into_iter().map(|latch| LatchState { name: latch.name, open: latch.open }).collect();
    latches.push(LatchState { name: "not_stopping", open: !app.stopping.has_begun() });
    let ready = latches.iter().all(|latch| latch.open);
    let mut response = if ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    let (sending, by_settings) = app.engine.sending();
    response.json(Readiness { ready, latches, sending_held: sending.held || by_settings })
}

/// Figures for Prometheus. Holds no names and no content; keep it from the outside at the proxy all the same.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses((status = 200, description = "Figures.", body = String, content_type = "text/plain")))]
pub(crate) async fn metrics() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(telemetry::render())
}
