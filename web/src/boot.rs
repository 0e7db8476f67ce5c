//! From nothing to ready: store, engine, listener, admin socket, the one line on standard output; and back.
//!
//! Settings are right before anything here runs. The order matters: nobody is answered before the journal is replayed,
//! and nothing outside learns the address before somebody answers there.

use std::any::Any;
use std::io::Write;
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix_web::dev::{Extensions, ServerHandle};
use actix_web::http::KeepAlive;
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::{HttpServer, web};
use madoguchi_engine::Handle;
use madoguchi_engine::handle::Encoder;
use socket2::SockRef;

use crate::admin::{say, socket};
use crate::app::App;
use crate::args::{EXIT_INTERNAL, EXIT_UNAVAILABLE};
use crate::config::Config;
use crate::{desk, observe, router, shutdown, telemetry};

/// A peer that takes nothing for this long is cut off by the kernel.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(20);
/// What the kernel may hold for a peer that is slow to read, in bytes.
const SEND_BUFFER_BYTES: usize = 64 * 1024;
/// A silent connection is probed after this.
const KEEP_ALIVE_PROBE: Duration = Duration::from_secs(30);
/// A connection that we close waits this long for the peer to close it too.
const LINGER: Duration = Duration::from_millis(500);
/// How often what is over is forgotten.
const SWEEP: Duration = Duration::from_secs(60);
/// How often the memory of histograms is tidied.
const UPKEEP: Duration = Duration::from_secs(5);

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum CannotStart {
    /// The engine does not open its store.
    #[error("the engine cannot start")]
    Engine(#[from] madoguchi_engine::handle::StartError),
    /// The desk store does not open.
    #[error(transparent)]
    Desk(#[from] desk::CannotOpen),
    /// The address is taken or not ours.
    #[error("cannot listen at {address}")]
    Listen {
        /// The address.
        address: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The admin socket cannot be made.
    #[error("cannot listen at the admin socket")]
    Admin(#[source] std::io::Error),
    /// The figures cannot be collected.
    #[error("metrics cannot be collected")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

/// The whole chain of causes on one line.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}

/// `serve`: runs until SIGTERM.
#[must_use]
pub fn serve(config: Config) -> ExitCode {
    telemetry::start_logging(&config.log);
    let deadline = Duration::from_millis(config.stop_deadline_ms);
    actix_web::rt::System::new().block_on(async move {
        // Before the start: a signal during a long replay is kept, and the stop is as clean as any other.
        let Ok(stop) = shutdown::first_signal() else {
            say("the system gives out no signals");
            return ExitCode::from(EXIT_INTERNAL);
        };
        let server = match Server::start(config).await {
            Ok(server) => server,
            Err(error) => {
                say(&chain(&error));
                return ExitCode::from(EXIT_UNAVAILABLE);
            }
        };
        // The only line on standard output. Who started us may have closed it, and that is no reason to stop.
        let _ = writeln!(std::io::stdout(), "listening {}", server.address);
        let _ = std::io::stdout().flush();
        stop.await;
        server.stop(deadline).await
    })
}

/// A server that answers.
pub struct Server {
    /// Where, such as `http://127.0.0.1:8080`.
    pub address: String,
    /// What its handlers share.
    pub app: web::Data<App>,
    http: ServerHandle,
    tasks: Vec<actix_web::rt::task::JoinHandle<()>>,
}

impl Server {
    /// Starts everything. On return the address answers. Must run inside an actix system.
    ///
    /// # Errors
    /// What does not open, with its cause.
    pub async fn start(config: Config) -> Result<Self, CannotStart> {
        telemetry::start_metrics()?;
        let failed = |source| CannotStart::Listen { address: config.listen.clone(), source };
        // Bound, and not yet accepting: a port that is taken is told before minutes of replay.
        let listener = TcpListener::bind(&config.listen).map_err(failed)?;
        let address = format!("http://{}", listener.local_addr().map_err(failed)?);
        let config = Arc::new(config);
        let app = web::Data::new(open(Arc::clone(&config), &address).await?);
        let admin = socket::listen(&socket::path(&config.data_dir)).map_err(CannotStart::Admin)?;
        let http = listen(listener, &app).map_err(|source| CannotStart::Listen { address: address.clone(), source })?;
        let handle = http.handle();
        let tasks = vec![
            actix_web::rt::spawn(async move {
                if let Err(error) = http.await {
                    tracing::error!(%error, "the http server ended");
                }
            }),
            actix_web::rt::spawn(socket::serve(admin, app.clone())),
            actix_web::rt::spawn(sweep(app.clone())),
            actix_web::rt::spawn(upkeep()),
        ];
        tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "ready");
        Ok(Self { address, app, http: handle, tasks })
    }

    /// Refuses new work, tells sockets, finishes what is in hand, syncs. Half of `deadline` is for requests
    /// in hand, a quarter for connections to close, the rest the engine's.
    pub async fn stop(mut self, deadline: Duration) -> ExitCode {
        let begun = Instant::now();
        tracing::info!("stopping");
        self.app.stopping.begin();
        let left = self.app.stopping.drained(deadline / 2).await;
        if left > 0 {
            tracing::warn!(requests = left, "requests did not finish in time");
        }
        let left = self.app.sockets.drained(deadline / 4).await;
        if left > 0 {
            tracing::warn!(sockets = left, "sockets were told to come back and did not go");
        }
        // Whatever is still connected is idle, or a socket that was told and did not go. Dropping the handle leaves it to
        // the end of the process.
        let quiet = tokio::time::timeout(deadline / 4, self.http.stop(true)).await;
        if quiet.is_err() {
            tracing::warn!("connections stayed open and are cut off");
        }
        let rest = deadline.saturating_sub(begun.elapsed());
        let stopped = tokio::time::timeout(rest, self.app.engine.stop()).await;
        for task in self.tasks.drain(..).skip(1) {
            task.abort();
        }
        let path = socket::path(&self.app.config.data_dir);
        if let Err(error) = std::fs::remove_file(path) {
            tracing::warn!(%error, "the admin socket stays behind");
        }
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        if stopped.is_err() {
            tracing::error!(took_ms, "the engine did not stop in time; its journal is replayed at the next start");
            return ExitCode::from(EXIT_INTERNAL);
        }
        tracing::info!(took_ms, "stopped");
        ExitCode::SUCCESS
    }
}

/// Opens engine and desk store for a server at `address`, or for one command without a server.
///
/// # Errors
/// What does not open, with its cause.
pub async fn open(config: Arc<Config>, address: &str) -> Result<App, CannotStart> {
    let mut settings = config.engine();
    settings.public_url = App::public_url(&config, address);
    settings.bot_bodies = Some(crate::convert::bot::bodies());
    let clock = settings.clock.clone();
    let engine = Handle::start(settings, encoder()).await?;
    Ok(App::new(engine, config, clock, address)?)
}

/// What turns a record into the frame that every socket of its window shares.
fn encoder() -> Encoder {
    Arc::new(crate::socket::encode_update)
}

fn listen(listener: TcpListener, app: &web::Data<App>) -> std::io::Result<actix_web::dev::Server> {
    let shared = app.clone();
    let limits = &app.config.limits;
    let started = Arc::new(AtomicUsize::new(0));
    let server = HttpServer::new(move || {
        // Called once on each worker's own thread.
        let worker = started.fetch_add(1, Ordering::Relaxed) % shared.config.worker_count();
        actix_web::rt::spawn(shared.engine.pulses().beat(format!("http-{worker}")));
        actix_web::App::new().app_data(shared.clone()).wrap(from_fn(observe::around)).configure(router::configure)
    })
    .workers(app.config.worker_count())
    .max_connections(limits.connections_per_worker)
    .keep_alive(KeepAlive::Timeout(Duration::from_millis(limits.keep_alive_ms)))
    .client_request_timeout(Duration::from_millis(limits.head_timeout_ms))
    .client_disconnect_timeout(LINGER)
    .tcp_nodelay(true)
    .on_connect(set_socket_options)
    .disable_signals()
    .shutdown_timeout(app.config.stop_deadline_ms.div_ceil(2_000).max(1))
    .listen(listener)?;
    Ok(server.run())
}

/// A peer that stops reading must cost little and not for long.
fn set_socket_options(connection: &dyn Any, about: &mut Extensions) {
    let Some(stream) = connection.downcast_ref::<TcpStream>() else {
        return;
    };
    crate::socket::Wire::keep(stream, about);
    let socket = SockRef::from(stream);
    let keep_alive = socket2::TcpKeepalive::new().with_time(KEEP_ALIVE_PROBE);
    let set = socket
        .set_tcp_user_timeout(Some(TCP_USER_TIMEOUT))
        .and_then(|()| socket.set_send_buffer_size(SEND_BUFFER_BYTES))
        .and_then(|()| socket.set_tcp_keepalive(&keep_alive));
    if let Err(error) = set {
        tracing::debug!(%error, "a connection keeps the system's options");
    }
}

async fn sweep(app: web::Data<App>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        app.auth.sweep(app.clock.now());
    }
}

async fn upkeep() {
    loop {
        tokio::time::sleep(UPKEEP).await;
        telemetry::upkeep();
    }
}
