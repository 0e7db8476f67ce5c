//! An answer before it is bytes.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::Value;
use uuid::Uuid;

use crate::double::refusal::Refusal;

#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
    accepted_request: Option<Uuid>,
}

impl Answer {
    pub(super) fn ok(body: Value) -> Self {
        Self::with_status(200, body)
    }

    pub(super) fn with_status(status: u16, body: Value) -> Self {
        Self { status, body, accepted_request: None }
    }

    pub(super) fn refused(refusal: &Refusal) -> Self {
        let accepted_request = refusal.accepted.as_ref().map(|(request, _)| *request);
        Self { status: refusal.status, body: refusal.body(), accepted_request }
    }

    pub(super) fn response(&self, request_id: Uuid) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(self.body.to_string())));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("x-line-request-id", uuid_header(request_id));
        if let Some(request) = self.accepted_request {
            headers.insert("x-line-accepted-request-id", uuid_header(request));
        }
        response
    }
}

fn uuid_header(id: Uuid) -> HeaderValue {
    HeaderValue::from_str(&id.to_string()).expect("a UUID is ASCII")
}
