//! What stands in for the engine: takes webhooks, keeps their bytes, answers as told.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How one webhook is answered.
#[derive(Clone, Copy)]
pub(super) enum Reaction {
    Status(u16),
    Late(Duration),
}

pub(super) struct Hook {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Hook {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("webhooks are JSON")
    }
}

#[derive(Default)]
struct Inner {
    hooks: Mutex<Vec<Hook>>,
    /// How the next ones are answered; then with 200.
    reactions: Mutex<VecDeque<Reaction>>,
}

pub(super) struct Engine {
    pub(super) url: String,
    inner: Arc<Inner>,
    count: watch::Receiver<usize>,
}

impl Engine {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hooks/line/1", listener.local_addr().expect("an address"));
        let inner = Arc::new(Inner::default());
        let (counter, count) = watch::channel(0);
        let shared = Arc::clone(&inner);
        tokio::spawn(async move {
            let counter = Arc::new(counter);
            while let Ok((stream, _)) = listener.accept().await {
                let (inner, counter) = (Arc::clone(&shared), Arc::clone(&counter));
                let service = service_fn(move |request| take(Arc::clone(&inner), Arc::clone(&counter), request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { url, inner, count }
    }

    pub(super) fn react(&self, reactions: impl IntoIterator<Item = Reaction>) {
        self.inner.reactions.lock().extend(reactions);
    }

    pub(super) fn hooks(&self) -> parking_lot::MutexGuard<'_, Vec<Hook>> {
        self.inner.hooks.lock()
    }

    /// Returns once so many webhooks have come.
    pub(super) async fn came(&mut self, count: usize) {
        let came = self.count.wait_for(|came| *came >= count);
        tokio::time::timeout(super::PATIENCE, came).await.expect("webhooks come").expect("the engine runs");
    }
}

async fn take(
    inner: Arc<Inner>,
    counter: Arc<watch::Sender<usize>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    inner.hooks.lock().push(Hook { headers: head.headers, body });
    counter.send_modify(|count| *count += 1);
    let reaction = inner.reactions.lock().pop_front().unwrap_or(Reaction::Status(200));
    let mut response = Response::new(Full::new(Bytes::from_static(b"{}")));
    match reaction {
        Reaction::Status(status) => *response.status_mut() = status.try_into().expect("a status"),
        Reaction::Late(delay) => tokio::time::sleep(delay).await,
    }
    Ok(response)
}
