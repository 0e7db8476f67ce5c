//! Where a bot hears: one address, signed deliveries only.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::HeaderMap;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use madoguchi_protocol::api::BotDelivery;
use tokio::net::TcpListener;

use super::signature::{header, is_signed};
use super::{Act, Heard, Manner, State};

/// Longest delivery that is read, in bytes.
const MAX_BODY: usize = 1 << 20;

pub(super) async fn serve(listener: TcpListener, state: Arc<State>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&state), request));
            // An error is a peer that went away.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let status = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => {
            state.busy.fetch_add(1, Ordering::SeqCst);
            let status = hear(&state, &head.headers, &body.to_bytes()).await;
            state.busy.fetch_sub(1, Ordering::SeqCst);
            status
        }
        Err(_) => 400,
    };
    let response = Response::builder().status(status).body(Full::new(Bytes::new()));
    Ok(response.unwrap_or_else(|_| Response::new(Full::new(Bytes::new()))))
}

async fn hear(state: &State, headers: &HeaderMap, body: &[u8]) -> u16 {
    let known = state.known.lock().clone();
    let signed = known.as_ref().is_some_and(|(secret, _)| is_signed(secret, headers, body));
    let Ok(delivery) = serde_json::from_slice::<BotDelivery>(body) else { return 400 };
    let id = header(headers, "webhook-id").to_owned();
    let manner = *state.manner.lock();
    state.heard.lock().push(Heard { delivery: delivery.clone(), id: id.clone(), body: body.to_vec(), signed, manner });
    let Some((_, mouth)) = known.filter(|_| signed) else { return 401 };
    match manner {
        Manner::Refuses(status) => return status,
        Manner::Silent => std::future::pending::<()>().await,
        Manner::Well | Manner::Slow(_) => {}
    }
    if let Some(status) = state.done.lock().get(&id) {
        return *status;
    }
    let acts: Vec<Act> = (state.brain)(&delivery);
    for (place, act) in acts.into_iter().enumerate() {
        let answered = mouth.act(&delivery, place, act).await;
        state.answers.lock().push(answered);
    }
    state.done.lock().insert(id, 200);
    if let Manner::Slow(for_so_long) = manner {
        tokio::time::sleep(for_so_long).await;
    }
    200
}
