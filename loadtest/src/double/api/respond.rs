//! An answer before it is bytes.

use hyper::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::Value;
use uuid::Uuid;

use super::body::Body;
use crate::double::media::Media;
use crate::double::refusal::Refusal;

#[derive(Clone, Debug)]
enum Payload {
    Json(Value),
    Media(Media),
    Page(&'static str, &'static str),
    Empty,
}

#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    payload: Payload,
    accepted_request: Option<Uuid>,
    /// The connection ends after so many bytes of the body.
    cut_after: Option<u64>,
}

impl Answer {
    pub(super) fn ok(body: Value) -> Self {
        Self::with_status(200, body)
    }

    pub(super) fn with_status(status: u16, body: Value) -> Self {
        Self::new(status, Payload::Json(body))
    }

    /// 200 without a body, as revoking answers.
    pub(super) fn empty(status: u16) -> Self {
        Self::new(status, Payload::Empty)
    }

    pub(super) fn media(media: Media) -> Self {
        Self::new(200, Payload::Media(media))
    }

    /// A file of the double's own pages.
    pub(super) fn page(content_type: &'static str, text: &'static str) -> Self {
        Self::new(200, Payload::Page(content_type, text))
    }

    pub(super) fn refused(refusal: &Refusal) -> Self {
        let accepted_request = refusal.accepted.as_ref().map(|(request, _)| *request);
        Self { accepted_request, ..Self::with_status(refusal.status, refusal.body()) }
    }

    pub(super) fn cut_after(self, bytes: u64) -> Self {
        Self { cut_after: Some(bytes), ..self }
    }

    fn new(status: u16, payload: Payload) -> Self {
        Self { status, payload, accepted_request: None, cut_after: None }
    }

    pub(super) fn response(&self, request_id: Uuid) -> Response<Body> {
        let (content_type, media) = match &self.payload {
            Payload::Json(value) => (None, Media::new("application/json", value.to_string())),
            Payload::Media(media) => (None, media.clone()),
            Payload::Page(content_type, text) => (Some(*content_type), Media::new(content_type, text.as_bytes())),
            Payload::Empty => (None, Media::new("", "")),
        };
        let kind = HeaderValue::from_str(media.content_type()).ok().filter(|kind| !kind.is_empty());
        let length = HeaderValue::from(media.size());
        let mut response = Response::new(Body::of(media, self.cut_after));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_LENGTH, length);
        if let Some(kind) = kind {
            headers.insert(CONTENT_TYPE, kind);
        }
        if content_type.is_some() {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.insert("content-security-policy", HeaderValue::from_static(PAGE_POLICY));
            headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
        }
        headers.insert("x-line-request-id", uuid_header(request_id));
        if let Some(request) = self.accepted_request {
            headers.insert("x-line-accepted-request-id", uuid_header(request));
        }
        response
    }
}

/// Scripts and styles only from the double itself; pictures and sound also from where messages say they are.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src * data: blob:; media-src *; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn uuid_header(id: Uuid) -> HeaderValue {
    HeaderValue::from_str(&id.to_string()).expect("a UUID is ASCII")
}
