//! The server that mail comes to: SMTP for strangers, LMTP for a mail server of our own. It runs on a thread of its own
//! beside everything else, and knows of a mail only how to take it safely.

mod connection;
mod peers;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;

use crate::actors::Core;
use crate::channels::mail::smtp::{BareLines, Dialect, SessionLimits};

use connection::{Line, serve};
use peers::Peers;

pub use tls::{BadCertificate, Certificate};

/// Where mail comes to, and what it is held to.
#[derive(Clone, Debug)]
pub struct MailListen {
    /// Where strangers hand mail over, as `address:port`; `None` for nowhere.
    pub smtp: Option<String>,
    /// Where our own mail server does, as `address:port` or `unix:/path`; `None` for nowhere.
    pub lmtp: Option<String>,
    /// What the server calls itself.
    pub name: String,
    /// The certificate and its key, in PEM. Read again when they change.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// Longest mail, in bytes.
    pub max_message: u64,
    /// Most recipients of one mail.
    pub max_recipients: usize,
    /// Most connections.
    pub max_connections: usize,
    /// Most connections of one address; our own mail server is not counted.
    pub max_per_address: usize,
    /// Most mails of one connection of a stranger.
    pub max_mails: usize,
    /// What is done about half line ends, from strangers and from our own mail server.
    pub bare_lines: (BareLines, BareLines),
    /// A silent connection ends after this.
    pub idle: Duration,
    /// One mail may take this long.
    pub one_mail: Duration,
}

impl Default for MailListen {
    fn default() -> Self {
        Self {
            smtp: None,
            lmtp: None,
            name: "localhost".to_owned(),
            certificate: None,
            max_message: 41_943_040,
            max_recipients: 100,
            max_connections: 200,
            max_per_address: 20,
            max_mails: 10,
            bare_lines: (BareLines::Reject, BareLines::Normalise),
            idle: Duration::from_secs(300),
            one_mail: Duration::from_secs(600),
        }
    }
}

/// A mail server that runs. Dropped, it goes on; see [`MailServer::stop`].
#[derive(Debug)]
pub struct MailServer {
    /// Where strangers reach it, with the port that the system chose.
    pub smtp: Option<SocketAddr>,
    /// Where our own mail server reaches it, if that is no socket of a path.
    pub lmtp: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum CannotServe {
    /// Somebody else is at an address, or it is none.
    #[error("cannot listen for mail at {address}")]
    Listen {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The certificate is of no use.
    #[error(transparent)]
    Certificate(#[from] BadCertificate),
    /// No thread, or no runtime.
    #[error("no thread for mail")]
    Thread(#[source] io::Error),
}

enum Door {
    Tcp(TcpListener, Dialect),
    Unix(UnixListener),
}

impl MailServer {
    /// Listens, and takes mail from then on.
    pub(crate) fn start(core: &Arc<Core>, listen: MailListen) -> Result<Self, CannotServe> {
        let certificate = listen.certificate.as_ref().map(|(chain, key)| Certificate::open(chain, key)).transpose()?;
        let (stop, stopped) = watch::channel(false);
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let core = core.clone();
        let work = move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(tell.send(Err(CannotServe::Thread(error)))),
            };
            let local = tokio::task::LocalSet::new();
            local.block_on(&runtime, async move {
                match open(&listen).await {
                    Ok((doors, smtp, lmtp)) => {
                        let _ = tell.send(Ok((smtp, lmtp)));
                        run(core, listen, certificate, doors, stopped).await;
                    }
                    Err(error) => drop(tell.send(Err(error))),
                }
            });
        };
        let thread = std::thread::Builder::new().name("mail".to_owned()).spawn(work).map_err(CannotServe::Thread)?;
        let gone = || CannotServe::Thread(io::Error::other("it ended"));
        let (smtp, lmtp) = told.recv().map_err(|_| gone())??;
        Ok(Self { smtp, lmtp, stop, thread })
    }

    /// Takes no more connections, lets those end that are storing a mail, and ends.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let thread = self.thread;
        // A thread that panicked has ended too.
        let _ = tokio::task::spawn_blocking(move || thread.join()).await;
    }
}

type Opened = (Vec<Door>, Option<SocketAddr>, Option<SocketAddr>);

async fn open(listen: &MailListen) -> Result<Opened, CannotServe> {
    let mut doors = Vec::new();
    let mut addresses = [None, None];
    for (place, (address, dialect)) in
        [(&listen.smtp, Dialect::Smtp), (&listen.lmtp, Dialect::Lmtp)].into_iter().enumerate()
    {
        let Some(address) = address else { continue };
        let failed = |source| CannotServe::Listen { address: address.clone(), source };
        if let Some(path) = address.strip_prefix("unix:") {
            // What a process that was killed left behind.
            let _ = std::fs::remove_file(path);
            doors.push(Door::Unix(UnixListener::bind(path).map_err(failed)?));
            continue;
        }
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        addresses[place] = Some(listener.local_addr().map_err(failed)?);
        doors.push(Door::Tcp(listener, dialect));
    }
    let [smtp, lmtp] = addresses;
    Ok((doors, smtp, lmtp))
}

async fn run(
    core: Arc<Core>,
    listen: MailListen,
    certificate: Option<Certificate>,
    doors: Vec<Door>,
    stopped: watch::Receiver<bool>,
) {
    let peers = Rc::new(Peers::new(listen.max_connections, listen.max_per_address));
    let shared = Rc::new(Shared { core, listen, certificate });
    let mut doors: Vec<_> = doors
        .into_iter()
        .map(|door| tokio::task::spawn_local(attend(shared.clone(), peers.clone(), door, stopped.clone())))
        .collect();
    for door in doors.drain(..) {
        let _ = door.await;
    }
    peers.gone().await;
}

/// What every connection shares.
pub(crate) struct Shared {
    pub(crate) core: Arc<Core>,
    pub(crate) listen: MailListen,
    pub(crate) certificate: Option<Certificate>,
}

impl Shared {
    fn limits(&self, dialect: Dialect) -> SessionLimits {
        let (strangers, own) = self.listen.bare_lines;
        SessionLimits {
            max_message: self.listen.max_message,
            max_recipients: self.listen.max_recipients,
            max_mails: if dialect == Dialect::Smtp { self.listen.max_mails } else { 0 },
            bare_lines: if dialect == Dialect::Smtp { strangers } else { own },
        }
    }
}

/// How long a door that cannot accept waits: out of file descriptors, most likely.
const AGAIN: Duration = Duration::from_millis(200);

async fn attend(shared: Rc<Shared>, peers: Rc<Peers>, door: Door, mut stopped: watch::Receiver<bool>) {
    loop {
        let came = tokio::select! {
            came = accept(&door) => came,
            _ = stopped.wait_for(|stop| *stop) => return,
        };
        let Ok((line, address, dialect)) = came else {
            tokio::time::sleep(AGAIN).await;
            continue;
        };
        let counted = address.filter(|_| dialect == Dialect::Smtp).map(|address| address.ip());
        let place = peers.enter(counted);
        let (shared, stopped) = (shared.clone(), stopped.clone());
        tokio::task::spawn_local(async move {
            let peer = address.map_or_else(|| "unix".to_owned(), |address| address.ip().to_string());
            serve(shared, line, dialect, peer, place, stopped).await;
        });
    }
}

async fn accept(door: &Door) -> io::Result<(Line, Option<SocketAddr>, Dialect)> {
    match door {
        Door::Tcp(listener, dialect) => {
            let (stream, address) = listener.accept().await?;
            let _ = stream.set_nodelay(true);
            Ok((Line::Plain(Box::new(stream)), Some(address), *dialect))
        }
        Door::Unix(listener) => {
            let (stream, _) = listener.accept().await?;
            Ok((Line::Plain(Box::new(stream)), None, Dialect::Lmtp))
        }
    }
}
