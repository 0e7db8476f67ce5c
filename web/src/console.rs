//! The agents' console in the binary: the built files of `web/console/dist`, with the headers that a page needs.
//!
//! Release builds carry the files; debug builds read them from the folder, so that building the console and reloading
//! is enough. Without them a page says how to build them. Never answers under `/api` or `/hooks`.

use std::borrow::Cow;

use actix_web::http::{Method, header};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use madoguchi_protocol::Code;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::error::{problem, respond};
use crate::observe::Template;

#[derive(RustEmbed)]
#[folder = "console/dist/"]
#[allow_missing = true]
struct Dist;

const INDEX: &str = "index.html";

/// Svelte moves and sizes things by style attributes; scripts are files of our own only.
const POLICY: &str = "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; \
                      frame-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Names under here carry a hash of the content, so what a browser has once it has for ever.
const HASHED: &str = "assets/";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Madoguchi</title>\
    <h1>Madoguchi</h1><p>The server runs. Its console is not built yet:</p><pre>make console</pre>\
    <p>and build the server again, or reload where it is a debug build. \
    The interface for programs is at <a href=\"/api/docs/\">/api/docs/</a>.</p></html>";

/// Answers every address that is nobody else's: a file of the console, or the page itself, which reads the address.
pub(crate) async fn page(req: HttpRequest) -> HttpResponse {
    let path = req.path().trim_start_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    if !matches!(*req.method(), Method::GET | Method::HEAD) || matches!(first, "api" | "hooks") {
        return respond(&problem(Code::NotFound));
    }
    req.extensions_mut().insert(Template("console"));
    let name = if path.contains('.') { path } else { INDEX };
    match Dist::get(name) {
        Some(file) => answer(&req, name, &file),
        None if name == INDEX => html().insert_header((header::CACHE_CONTROL, "no-store")).body(NOT_BUILT),
        None => respond(&problem(Code::NotFound)),
    }
}

fn html() -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.content_type("text/html; charset=utf-8").insert_header((header::CONTENT_SECURITY_POLICY, POLICY));
    response
}

fn answer(req: &HttpRequest, name: &str, plain: &EmbeddedFile) -> HttpResponse {
    let asked = req.headers().get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let packed = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(coding, _)| accepts(asked, coding))
        .find_map(|(coding, ending)| Some((coding, Dist::get(&format!("{name}.{ending}"))?)));
    let etag = format!("\"{}{}\"", hex(plain), packed.as_ref().map_or("", |(coding, _)| coding));
    let cache = if name.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let unchanged = req.headers().get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    // What says that nothing changed says so of the policy too: browsers take its headers for the stored answer's
    // (RFC 9111, section 3.2), and the one that is put where none stands would leave a blank page.
    response
        .content_type(media_type(name))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, cache))
        .insert_header((header::VARY, "accept-encoding"))
        .insert_header((header::ETAG, etag));
    if unchanged {
        return response.finish();
    }
    match packed {
        Some((coding, file)) => response.insert_header((header::CONTENT_ENCODING, coding)).body(bytes(file.data)),
        None => response.body(bytes(plain.data.clone())),
    }
}

/// Whether a client takes a coding (RFC 9110 12.5.3): named, and not with a weight of nothing.
fn accepts(asked: &str, coding: &str) -> bool {
    asked.split(',').any(|part| {
        let mut words = part.split(';').map(str::trim);
        words.next().is_some_and(|name| name.eq_ignore_ascii_case(coding))
            && !words.any(|weight| weight.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0)))
    })
}

fn hex(file: &EmbeddedFile) -> String {
    use std::fmt::Write as _;
    file.metadata.sha256_hash().iter().take(12).fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bytes(data: Cow<'static, [u8]>) -> bytes::Bytes {
    match data {
        Cow::Borrowed(built_in) => bytes::Bytes::from_static(built_in),
        Cow::Owned(read) => bytes::Bytes::from(read),
    }
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webmanifest") => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{App, test};

    use super::*;

    #[actix_web::test]
    async fn every_address_of_a_page_gives_the_page_and_nobody_elses_does() {
        let service = test::init_service(App::new().configure(crate::router::configure)).await;
        for (path, status, kind) in [
            ("/", 200, "text/html"),
            ("/w/support", 200, "text/html"),
            ("/w/support/c/01KAH3QZ6M2F8V7X1S4J0B9TNC", 200, "text/html"),
            ("/missing.js", 404, "application/problem+json"),
            ("/.git/config", 404, "application/problem+json"),
            ("/assets/../../Cargo.toml", 404, "application/problem+json"),
            ("/api", 404, "application/problem+json"),
            ("/api/nothing", 404, "application/problem+json"),
            ("/hooks/nothing", 404, "application/problem+json"),
        ] {
            let response = test::call_service(&service, test::TestRequest::get().uri(path).to_request()).await;
            assert_eq!(response.status().as_u16(), status, "{path}");
            let found = response.headers().get(header::CONTENT_TYPE).expect("a kind").to_str().expect("text");
            assert!(found.starts_with(kind), "{path}: {found}");
            if status == 200 {
                let policy = response.headers().get(header::CONTENT_SECURITY_POLICY).expect("a policy");
                assert_eq!(policy, POLICY, "{path}");
            }
        }
        let posted = test::call_service(&service, test::TestRequest::post().uri("/w/support").to_request()).await;
        assert_eq!(posted.status().as_u16(), 404);
    }

    #[actix_web::test]
    async fn what_is_known_is_not_sent_again_and_what_is_hashed_is_kept_for_ever() {
        let service = test::init_service(App::new().configure(crate::router::configure)).await;
        for name in Dist::iter().filter(|name| !name.ends_with(".br") && !name.ends_with(".gz")) {
            let get = || test::TestRequest::get().uri(&format!("/{name}"));
            let response = test::call_service(&service, get().to_request()).await;
            assert_eq!(response.status(), 200, "{name}");
            let cache = response.headers().get(header::CACHE_CONTROL).expect("said").to_str().expect("text").to_owned();
            assert_eq!(cache.contains("immutable"), name.starts_with(HASHED), "{name}");
            let etag = response.headers().get(header::ETAG).expect("an entity tag").clone();
            let plain = test::read_body(response).await;
            let again = test::call_service(&service, get().insert_header((header::IF_NONE_MATCH, etag)).to_request());
            let again = again.await;
            assert_eq!(again.status(), 304, "{name}");
            let policy = again.headers().get(header::CONTENT_SECURITY_POLICY).map(|policy| policy.as_bytes());
            assert_eq!(policy, Some(POLICY.as_bytes()), "{name}: it replaces the stored one");
            let packed = get().insert_header((header::ACCEPT_ENCODING, "gzip;q=0, br")).to_request();
            let packed = test::call_service(&service, packed).await;
            if let Some(coding) = packed.headers().get(header::CONTENT_ENCODING) {
                assert_eq!(coding, "br", "{name}");
                assert!(test::read_body(packed).await.len() < plain.len(), "{name}");
            }
        }
    }

    #[::core::prelude::v1::test]
    fn a_coding_that_was_declined_is_not_used() {
        assert!(accepts("gzip, deflate, br;q=1.0", "br"));
        assert!(accepts("GZIP", "gzip"));
        assert!(!accepts("gzip;q=0, identity", "gzip"));
        assert!(!accepts("brotli", "br"));
        assert!(!accepts("", "gzip"));
    }
}
