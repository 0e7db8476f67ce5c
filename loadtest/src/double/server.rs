//! The two ports. A connection whose call must not be answered is simply closed, without a byte.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::api::{self, Host};
use super::platform::Platform;

/// Takes a port without waiting, so that its number is known before anything runs.
pub(crate) fn bind(address: SocketAddr) -> std::io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves a port until its task is dropped.
pub(crate) async fn serve(
    listener: std::net::TcpListener,
    platform: Arc<Platform>,
    host: Host,
    connections: Arc<Semaphore>,
) -> std::io::Result<Infallible> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let permit = Arc::clone(&connections).acquire_owned().await.expect("the semaphore is never closed");
        match listener.accept().await {
            Ok((stream, _)) => {
                let platform = Arc::clone(&platform);
                tokio::spawn(async move {
                    connection(stream, platform, host).await;
                    drop(permit);
                });
            }
            // Out of descriptors, or the peer has gone: neither ends the platform.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn connection(stream: TcpStream, platform: Arc<Platform>, host: Host) {
    // Without it an answer waits for the peer's delayed acknowledgement; a socket that refuses it still serves.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| api::answer(Arc::clone(&platform), host, request));
    // An error is a peer that went away, or a call that gets no answer on purpose.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
