//! The document of the interface, for programs and for people; needs nothing from outside.

use std::fmt::Write as _;
use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpResponse, Scope, web};
use madoguchi_protocol::Code;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::error::problem;
use crate::openapi;

static DOCUMENT: LazyLock<String> = LazyLock::new(openapi::json);

/// Scripts and styles of our own only. Swagger UI sets style attributes and inlines its icons.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// The OpenAPI document.
#[utoipa::path(get, path = "/api/openapi.json", tag = "operations", responses((status = 200, description = "This document.", body = serde_json::Value)))]
pub(crate) async fn document() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(DOCUMENT.as_str())
}

/// Every code of a problem, what it means, and whether coming back helps.
#[utoipa::path(get, path = "/api/problems", tag = "operations", responses((status = 200, description = "The codes.", body = String, content_type = "text/html")))]
pub(crate) async fn problems() -> HttpResponse {
    let mut rows = String::new();
    for code in Code::ALL {
        let word = code.as_str();
        let again = if code.is_worth_retrying() { "yes" } else { "no" };
        // Writing to a String cannot fail.
        let _ = write!(
            rows,
            "<tr id=\"{word}\"><td><code>{word}</code></td><td>{}</td><td>{}</td><td>{again}</td></tr>",
            problem(*code).status,
            code.title(),
        );
    }
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Problems</title><h1>Problems</h1>\
             <table><thead><tr><th>code</th><th>status</th><th>meaning</th><th>worth another try</th></tr></thead>\
             <tbody>{rows}</tbody></table></html>"
    ))
}

/// The readable form at `/api/docs/`.
pub(crate) fn pages() -> Scope<
    impl actix_web::dev::ServiceFactory<
        actix_web::dev::ServiceRequest,
        Config = (),
        Response = actix_web::dev::ServiceResponse<impl actix_web::body::MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    web::scope("/api/docs")
        .wrap(DefaultHeaders::new().add((header::CONTENT_SECURITY_POLICY, POLICY)))
        .route(
            "",
            web::get().to(|| async {
                HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/api/docs/")).finish()
            }),
        )
        .service(SwaggerUi::new("/{tail:.*}").config(Config::from("/api/openapi.json")))
}

#[cfg(test)]
mod tests {
    use actix_web::{App, test};

    #[actix_web::test]
    async fn the_documents_open_without_the_internet() {
        let service = test::init_service(App::new().configure(crate::router::configure)).await;
        for path in [
            "/api/docs/",
            "/api/docs/swagger-ui-bundle.js",
            "/api/docs/swagger-ui.css",
            "/api/docs/swagger-initializer.js",
        ] {
            let request = test::TestRequest::get().uri(path).to_request();
            let response = test::call_service(&service, request).await;
            assert_eq!(response.status(), 200, "{path}");
            let policy = response.headers().get("content-security-policy").cloned();
            assert!(policy.is_some(), "{path}");
            if path.ends_with("initializer.js") || path.ends_with('/') {
                let text = test::read_body(response).await;
                let text = String::from_utf8_lossy(&text).into_owned();
                assert!(!text.contains("https://"), "{path} fetches from outside");
            }
        }
    }

    #[actix_web::test]
    async fn every_problem_has_its_place_on_the_page() {
        let service = test::init_service(App::new().configure(crate::router::configure)).await;
        let request = test::TestRequest::get().uri("/api/problems").to_request();
        let body = test::call_and_read_body(&service, request).await;
        let page = String::from_utf8_lossy(&body);
        for code in madoguchi_protocol::Code::ALL {
            assert!(page.contains(&format!("id=\"{}\"", code.as_str())));
        }
    }
}
