//! Serves the customer's phone: `/phone/{user}`, its files, and a stream that says when to look again.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use hyper::Response;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};

use super::body::Body;
use super::respond::Answer;
use crate::double::phone;
use crate::double::platform::Platform;
use crate::double::refusal::Refusal;

const LIVE: &str = "/_double/live";
const FILES: &str = "/phone/files/";
/// Changes closer together than this are told once.
const CALM: Duration = Duration::from_millis(100);
/// Without changes the stream says so from time to time, so that a reader that has gone is noticed.
const HEARTBEAT: Duration = Duration::from_secs(15);

pub(super) fn is_live(path: &str) -> bool {
    path == LIVE
}

pub(super) fn is_page(path: &str) -> bool {
    path == "/phone" || path.starts_with("/phone/")
}

/// The page for any user, known or not, and the files beside it.
pub(super) fn page(path: &str) -> Answer {
    let name = path.strip_prefix(FILES).unwrap_or_default();
    match phone::file(name) {
        Some((content_type, text)) => Answer::page(content_type, text),
        None => Answer::refused(&Refusal::not_found()),
    }
}

/// Server-sent events: one without content whenever anything on the platform has changed.
pub(super) fn live(platform: &Arc<Platform>) -> Response<Body> {
    let changes = platform.changes();
    let ticks = stream::unfold((changes, true), |(mut changes, first)| async move {
        if first {
            return Some((Bytes::from_static(b"data: look\n\n"), (changes, false)));
        }
        match tokio::time::timeout(HEARTBEAT, changes.changed()).await {
            Ok(Ok(())) => {
                tokio::time::sleep(CALM).await;
                changes.mark_unchanged();
                Some((Bytes::from_static(b"data: look\n\n"), (changes, false)))
            }
            Ok(Err(_)) => None,
            Err(_) => Some((Bytes::from_static(b": still here\n\n"), (changes, false))),
        }
    });
    let mut response = Response::new(Body::Live(ticks.boxed()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
