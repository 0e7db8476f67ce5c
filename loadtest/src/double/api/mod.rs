//! The HTTP side: from a request to an answer, with the faults in between.
//!
//! In reading order: `route` (which call), `call` (what it does; `people`, `chat`, `webhook`, `token`), `fault` (what goes
//! wrong on purpose), `control` and `phone` (the double's own calls), `files`. Every answer, errors too, carries an
//! `x-line-request-id`.

mod body;
mod call;
mod chat;
mod control;
mod fault;
mod files;
mod people;
mod phone;
mod respond;
mod route;
mod token;
mod webhook;

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response};
use uuid::Uuid;

use super::calls::Call;
use super::platform::Platform;
use super::refusal::Refusal;
use body::Body;
use respond::Answer;
use route::Route;

/// Largest request body, in bytes (Messaging API reference, "Request body size").
const MAX_BODY: usize = 2 * 1024 * 1024;

/// Which of LINE's two hosts a port stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// `api.line.me`.
    Api,
    /// `api-data.line.me`.
    Data,
    /// Neither: pictures of profiles, and content that is not LINE's own. Takes no token.
    Files,
}

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("no answer on purpose")]
pub(crate) struct NoAnswer;

/// One request that has passed the door: its channel is known and its body is read.
#[derive(Debug)]
struct Admitted {
    route: Route,
    /// What follows the `?` of the path.
    query: String,
    channel: String,
    retry_key: Option<String>,
    request_id: Uuid,
    body: Bytes,
}

pub(crate) async fn answer(
    platform: Arc<Platform>,
    host: Host,
    request: Request<Incoming>,
) -> Result<Response<Body>, NoAnswer> {
    let request_id = Uuid::new_v4();
    let (head, body) = request.into_parts();
    if host == Host::Files {
        return Ok(files::answer(&platform, head.uri.path()).response(request_id));
    }
    if host == Host::Api && phone::is_live(head.uri.path()) {
        return Ok(phone::live(&platform));
    }
    if host == Host::Api && phone::is_page(head.uri.path()) {
        return Ok(phone::page(head.uri.path()).response(request_id));
    }
    if host == Host::Api && head.uri.path().starts_with(control::PREFIX) {
        let answer = control::answer(&platform, &head, body).await;
        return Ok(answer.response(request_id));
    }
    let mut call = Call {
        number: 0,
        at_ms: 0,
        channel: None,
        endpoint: None,
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        request_id,
        retry_key: header(&head.headers, "x-line-retry-key"),
        body: Bytes::new(),
        accepted: false,
        status: None,
        fault: None,
    };
    match admit(&platform, host, &head, body, &mut call).await {
        Ok(admitted) => fault::run(&platform, admitted, call).await,
        Err(refusal) => {
            let answer = Answer::refused(&refusal);
            call.status = Some(answer.status);
            settle(&platform, call);
            Ok(answer.response(request_id))
        }
    }
}

/// Path, token, body, in this order.
async fn admit(
    platform: &Platform,
    host: Host,
    head: &Parts,
    body: Incoming,
    call: &mut Call,
) -> Result<Admitted, Refusal> {
    let route = Route::of(host, &head.method, head.uri.path())?;
    call.endpoint = Some(route.endpoint());
    let by_token = !matches!(route, Route::Token(_));
    let channel = if by_token { channel_of(platform, &head.headers)? } else { String::new() };
    call.channel = Some(channel.clone()).filter(|_| by_token);
    if head.method != Method::GET && route.has_body() {
        let expected = if by_token { "application/json" } else { "application/x-www-form-urlencoded" };
        let kind = header(&head.headers, CONTENT_TYPE.as_str()).unwrap_or_default();
        if !kind.to_ascii_lowercase().starts_with(expected) {
            return Err(Refusal::new(415, format!("The content type, {kind}, is not supported")));
        }
    }
    let body = read(body, MAX_BODY).await?;
    // Calls for tokens carry secrets. The copy: these bytes are a piece of the connection's read buffer, which the log
    // would keep alive as a whole.
    if by_token {
        call.body = Bytes::copy_from_slice(&body);
    }
    let query = head.uri.query().unwrap_or_default().to_owned();
    let retry_key = call.retry_key.clone();
    Ok(Admitted { route, query, channel, retry_key, request_id: call.request_id, body })
}

/// The channel whose access token the call bears.
fn channel_of(platform: &Platform, headers: &HeaderMap) -> Result<String, Refusal> {
    let token = header(headers, AUTHORIZATION.as_str());
    let token = token.as_deref().and_then(|value| value.strip_prefix("Bearer ")).ok_or_else(Refusal::unauthorized)?;
    let now_ms = platform.clock.now_ms();
    let channel = platform.world.lock().channel_of_token(token, now_ms).map(str::to_owned);
    channel.ok_or_else(Refusal::unauthorized)
}

/// The value of a parameter in a query or a form.
fn parameter(form: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(form).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

async fn read(body: Incoming, most: usize) -> Result<Bytes, Refusal> {
    match Limited::new(body, most).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refusal::new(413, "Request body is too large")),
        Err(_) => Err(Refusal::new(400, "The request body could not be read")),
    }
}

/// Writes the call into the log and wakes those who wait for it.
fn settle(platform: &Platform, call: Call) {
    let at_ms = platform.clock.now_ms();
    platform.calls.add(|number| Call { number, at_ms, ..call });
    platform.changed();
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}
