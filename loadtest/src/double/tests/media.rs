//! What the platform finds where the engine's messages point to.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use serde_json::json;
use tokio::net::TcpListener;

use super::{Line, PATIENCE};
use crate::double::{MediaOutcome, Options};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and the rest";

async fn file(asked: Arc<Mutex<Vec<bool>>>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    asked.lock().push(request.headers().contains_key("authorization"));
    let (status, kind, body) = match request.uri().path() {
        "/good.png" => (200, "image/png", Bytes::from_static(PNG)),
        "/page.png" => (200, "image/png", Bytes::from_static(b"<html>log in</html>")),
        "/named.webp" => (200, "image/webp", Bytes::from_static(PNG)),
        "/large.png" => (200, "image/png", [PNG, &vec![0; 1024 * 1024]].concat().into()),
        _ => (404, "text/plain", Bytes::new()),
    };
    let answer = Response::builder().status(status).header("content-type", kind).body(Full::new(body));
    Ok(answer.expect("an answer"))
}

#[tokio::test]
async fn media_is_fetched_without_credentials_and_every_fault_of_it_is_seen() {
    let line = Line::start();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let log = Arc::clone(&log);
            let service = service_fn(move |request| file(Arc::clone(&log), request));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    let image = |original: &str, preview: &str| json!({ "type": "image", "originalContentUrl": original, "previewImageUrl": preview });
    let at = |name: &str| format!("{base}/{name}");
    let messages = [
        image(&at("good.png"), &at("large.png")),
        image(&at("large.png"), &at("page.png")),
        image(&at("named.webp"), &at("missing.png")),
        image("https://files.example.com/a.png", "http://127.0.0.1:1/a.png"),
    ];
    let push = json!({ "to": line.user, "messages": messages });
    assert_eq!(line.post("/v2/bot/message/push", None, &push).await.map(|(status, ..)| status), Some(200));
    let all = |shown: &[Arc<super::Shown>]| shown.iter().all(|one| one.media.len() == 2);
    let shown = line.double.wait_for_conversation(&line.user, PATIENCE, all).await.expect("all are settled");
    let outcomes: Vec<_> = shown.iter().flat_map(|one| one.media.iter().map(|one| one.outcome)).collect();
    use MediaOutcome::{Good, NotTried, Refused, TooLarge, Unreachable, WrongType};
    assert_eq!(outcomes, [Good, TooLarge, Good, WrongType, WrongType, Refused, NotTried, Unreachable]);
    assert!(asked.lock().iter().all(|credentials| !credentials));
}

#[tokio::test]
async fn plain_http_is_refused_where_the_option_says_so() {
    let line = Line::with(Options { plain_http_media: false, ..Options::default() });
    let url = format!("{}/pictures/{}", line.double.files_url(), line.user);
    let image = json!({ "type": "image", "originalContentUrl": url, "previewImageUrl": url });
    let push = json!({ "to": line.user, "messages": [image] });
    let (status, _, body) = line.post("/v2/bot/message/push", None, &push).await.expect("an answer");
    assert_eq!((status, &body["details"][0]["message"]), (400, &json!("Invalid URI scheme")));
}
