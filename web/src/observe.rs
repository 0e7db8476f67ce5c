//! Around every request: an id, the headers of a careful server, counts by address, a line in the log where it failed.
//!
//! Never a body, a token or a name: the log says method, address pattern, status and time.

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};

use crate::App;

/// The pattern of the address, such as `/api/v1/windows/{window}`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Template(pub &'static str);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Wraps the whole service.
pub(crate) async fn around<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let begun = Instant::now();
    let id = format!("{:016x}", rand::random::<u64>());
    let app = req.app_data::<web::Data<App>>().cloned();
    let in_hand = app.as_ref().map(|app| app.stopping.take_in_hand());
    let is_https = app.is_some_and(|app| app.public_url.starts_with("https://"));
    let mut response = next.call(req).await?.map_into_boxed_body();
    drop(in_hand);
    let template = response.request().extensions().get::<Template>().map_or("other", |template| template.0);
    let is_api = response.request().path().starts_with("/api/");
    dress(response.headers_mut(), &id, is_api, is_https);
    count(&response, template, begun, &id);
    Ok(response)
}

/// Sets what is not set yet.
fn dress(headers: &mut HeaderMap, id: &str, is_api: bool, is_https: bool) {
    let mut set = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CONTENT_SECURITY_POLICY, API_POLICY);
    set(header::CROSS_ORIGIN_OPENER_POLICY, "same-origin");
    set(header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin");
    if is_api {
        set(header::CACHE_CONTROL, "no-store");
    }
    if is_https {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}

fn count(response: &ServiceResponse, template: &'static str, begun: Instant, id: &str) {
    let took = begun.elapsed();
    let status = response.status();
    let method = match response.request().method().as_str() {
        known @ ("GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS") => known.to_owned(),
        // Whatever a caller invents must not become a label.
        _ => "other".to_owned(),
    };
    metrics::counter!(
        "madoguchi_http_requests_total",
        "method" => method.clone(),
        "route" => template,
        "status" => status.as_u16().to_string(),
    )
    .increment(1);
    metrics::histogram!("madoguchi_http_request_seconds", "route" => template).record(took);
    let duration_ms = took.as_secs_f64() * 1_000.0;
    if status.is_server_error() && status.as_u16() != 503 {
        tracing::error!(
            request.id = id,
            method,
            route = template,
            status = status.as_u16(),
            duration_ms,
            "a request failed"
        );
    } else {
        tracing::debug!(request.id = id, method, route = template, status = status.as_u16(), duration_ms, "answered");
    }
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::{App as Server, test};

    use super::*;

    #[actix_web::test]
    async fn every_answer_wears_the_headers_of_a_careful_server() {
        let service = test::init_service(Server::new().wrap(from_fn(around)).configure(crate::router::configure)).await;
        for path in ["/healthz", "/api/openapi.json", "/api/v1/nothing", "/.git/config"] {
            let request = test::TestRequest::get().uri(path).to_request();
            let response = test::call_service(&service, request).await;
            let header = |name: &str| {
                response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
            };
            assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
            assert!(header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
            assert_eq!(header("x-request-id").len(), 16, "{path}");
            if path.starts_with("/api/") {
                assert_eq!(header("cache-control"), "no-store", "{path}");
            }
        }
    }

    #[actix_web::test]
    async fn what_is_not_there_and_what_does_not_fit_are_problems_too() {
        let service = test::init_service(Server::new().wrap(from_fn(around)).configure(crate::router::configure)).await;
        for (request, status, code) in [
            (test::TestRequest::get().uri("/api/v1/nothing"), 404, "not_found"),
            (test::TestRequest::patch().uri("/api/v1/session"), 405, "method_not_allowed"),
        ] {
            let response = test::call_service(&service, request.to_request()).await;
            assert_eq!(response.status().as_u16(), status);
            let body: madoguchi_protocol::Problem = test::read_body_json(response).await;
            assert_eq!(body.code.as_str(), code);
        }
    }
}
