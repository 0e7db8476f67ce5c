//! Requests and answers, with the faults in between. A connection whose call must not be answered is closed without a byte.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::faults::Api;
use super::world::{Call, World};
use super::{Fault, calls, control};

/// Longest request, in bytes.
const MAX_BODY: usize = 64 * 1024 * 1024;
/// How long a call hangs before its connection is closed all the same.
const HANG: Duration = Duration::from_secs(600);

/// Which host a port stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// `www.worksapis.com` and `auth.worksmobile.com`.
    Api,
    /// Where files lie.
    Storage,
}

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("no answer on purpose")]
pub(super) struct NoAnswer;

/// A request, read.
pub(super) struct Asked {
    pub(super) method: Method,
    /// The parts of its path, decoded.
    pub(super) path: Vec<String>,
    pub(super) token: Option<String>,
    pub(super) content_type: String,
    pub(super) body: Bytes,
}

/// An answer before it is bytes.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) body: Bytes,
    pub(super) headers: Vec<(&'static str, String)>,
}

impl Answer {
    pub(super) fn json(status: u16, value: &Value) -> Self {
        let body = Bytes::from(value.to_string());
        Self { status, content_type: "application/json".to_owned(), body, headers: Vec::new() }
    }

    pub(super) fn empty(status: u16) -> Self {
        Self { status, content_type: String::new(), body: Bytes::new(), headers: Vec::new() }
    }

    pub(super) fn refused(status: u16, code: &str, description: &str) -> Self {
        Self::json(status, &json!({ "code": code, "description": description }))
    }

    pub(super) fn redirect(to: String) -> Self {
        Self { headers: vec![("location", to)], ..Self::empty(302) }
    }

    fn response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if let Ok(kind) = HeaderValue::from_str(&self.content_type)
            && !self.content_type.is_empty()
        {
            headers.insert(CONTENT_TYPE, kind);
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                let name = if name == "location" { LOCATION } else { hyper::header::HeaderName::from_static(name) };
                headers.insert(name, value);
            }
        }
        response
    }
}

pub(super) async fn serve(listener: TcpListener, world: Arc<World>, host: Host) -> Infallible {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        // Without it an answer waits for the peer's delayed acknowledgement.
        let _ = stream.set_nodelay(true);
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&world), host, request));
            // An error is a peer that went away, or a call that gets no answer on purpose.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(world: Arc<World>, host: Host, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, NoAnswer> {
    let (head, body) = request.into_parts();
    let text = head.uri.path().to_owned();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        return Ok(Answer::refused(413, "TOO_LARGE", "the body is too large").response());
    };
    let asked = Asked {
        method: head.method,
        path: parts(&text),
        token: header(&head.headers, AUTHORIZATION.as_str())
            .and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned)),
        content_type: header(&head.headers, CONTENT_TYPE.as_str()).unwrap_or_default(),
        body: body.to_bytes(),
    };
    if host == Host::Api && text.starts_with("/_double") {
        return Ok(control::answer(&world, &asked).await.response());
    }
    let api = calls::api_of(host, &asked);
    let fault = api.and_then(|api| world.faults.take(api));
    let ended = |status, done| world.note(Call { api, path: text.clone(), status, done });
    if let Some(instead) = before(fault) {
        let answer = instead.await;
        ended(answer.as_ref().ok().map(|answer| answer.status), false);
        return answer.map(Answer::response);
    }
    if let Some(Fault::SlowBefore(ms)) = fault {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    let mut answer = calls::run(&world, host, api, &asked);
    let done = answer.status < 400;
    match fault {
        Some(Fault::DropAfter | Fault::CutAfter(_)) => {
            ended(None, done);
            return Err(NoAnswer);
        }
        Some(Fault::HangAfter) => {
            ended(None, done);
            tokio::time::sleep(HANG).await;
            return Err(NoAnswer);
        }
        Some(Fault::ErrorAfter(status)) => answer = Answer::refused(status, "INTERNAL_ERROR", "on purpose"),
        Some(Fault::SlowAfter(ms)) => tokio::time::sleep(Duration::from_millis(ms)).await,
        _ => {}
    }
    ended(Some(answer.status), done);
    Ok(answer.response())
}

type Instead = std::pin::Pin<Box<dyn Future<Output = Result<Answer, NoAnswer>> + Send>>;

/// What the caller gets instead, where nothing is to be done.
fn before(fault: Option<Fault>) -> Option<Instead> {
    let answer = match fault? {
        Fault::ErrorBefore(status) => Ok(Answer::refused(status, "INTERNAL_ERROR", "on purpose")),
        Fault::RateLimited | Fault::QuotaReached => Ok(calls::too_many(1)),
        Fault::Unauthorized => Ok(Answer::refused(401, "UNAUTHORIZED", "Authentication failed.")),
        Fault::DropBefore => Err(NoAnswer),
        Fault::HangBefore => {
            return Some(Box::pin(async {
                tokio::time::sleep(HANG).await;
                Err(NoAnswer)
            }));
        }
        _ => return None,
    };
    Some(Box::pin(std::future::ready(answer)))
}

/// A path's parts, percent-decoded.
fn parts(path: &str) -> Vec<String> {
    let decode = |part: &str| {
        let form = form_urlencoded::parse(part.as_bytes()).next();
        form.map_or_else(String::new, |(key, _)| key.into_owned())
    };
    path.split('/').filter(|part| !part.is_empty()).map(decode).collect()
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

impl Asked {
    /// The body as JSON; null where it is none.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Which of the kinds of call is counted by the platform.
pub(super) fn is_counted(api: Api) -> bool {
    !matches!(api, Api::Token | Api::Storage)
}
