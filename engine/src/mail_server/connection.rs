//! One connection: bytes to and from the session, mail to the store. It waits for a peer that is slow, and not for ever.

use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;

use super::Shared;
use super::peers::Place;
use crate::actors::mail::accept::{Arrival, Spool, accept};
use crate::actors::mail::house::Addresses;
use crate::channels::mail::smtp::{Dialect, Session, Step, Stored};

/// Bytes that are read at a time.
const READ: usize = 16 * 1024;
/// How long bytes may take to be taken by the peer.
const WRITE: Duration = Duration::from_secs(60);
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(30);

/// What bytes go over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

/// A connection, encrypted or not.
pub(super) enum Line {
    Plain(Box<dyn Stream>),
    Tls(Box<tokio_rustls::server::TlsStream<Box<dyn Stream>>>),
    Gone,
}

impl Line {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer).await,
            Self::Tls(stream) => stream.read(buffer).await,
            Self::Gone => Ok(0),
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let writing = async {
            match self {
                Self::Plain(stream) => {
                    stream.write_all(bytes).await?;
                    stream.flush().await
                }
                Self::Tls(stream) => {
                    stream.write_all(bytes).await?;
                    stream.flush().await
                }
                Self::Gone => Err(io::ErrorKind::NotConnected.into()),
            }
        };
        tokio::time::timeout(WRITE, writing).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    async fn close(&mut self) {
        let closing = async {
            match self {
                Self::Plain(stream) => stream.shutdown().await,
                Self::Tls(stream) => stream.shutdown().await,
                Self::Gone => Ok(()),
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(5), closing).await;
    }
}

/// Serves one connection to its end.
pub(super) async fn serve(
    shared: Rc<Shared>,
    mut line: Line,
    dialect: Dialect,
    peer: String,
    place: Place,
    mut stopped: watch::Receiver<bool>,
) {
    if place.is_one_too_many() {
        refused("connections");
        let _ = line.write(b"421 4.7.0 too many connections, try again later\r\n").await;
        return line.close().await;
    }
    let over = if dialect == Dialect::Smtp { "smtp" } else { "lmtp" };
    let offers_tls = shared.certificate.is_some() && peer != "unix";
    let session = Session::new(dialect, shared.limits(dialect), &shared.listen.name, offers_tls);
    let house = Addresses { core: shared.core.clone() };
    let arrival = Arrival { peer, tls: false, over };
    let mut call =
        Call { shared, line, session, house, arrival, spool: Spool::default(), began: None, asked: Instant::now() };
    // A peer that goes away has nothing to be told.
    let _ = call.run(&mut stopped).await;
    call.line.close().await;
    drop(place);
}

fn refused(why: &'static str) {
    metrics::counter!("madoguchi_mail_refused_total", "why" => why).increment(1);
}

struct Call {
    shared: Rc<Shared>,
    line: Line,
    session: Session,
    house: Addresses,
    arrival: Arrival,
    spool: Spool,
    /// When the mail that is coming in began to.
    began: Option<Instant>,
    /// Since when the peer has the word: bytes that make no command buy no time.
    asked: Instant,
}

impl Call {
    async fn run(&mut self, stopped: &mut watch::Receiver<bool>) -> io::Result<()> {
        loop {
            match self.session.step(&self.house) {
                Step::Write(bytes) => {
                    count_refusals(&bytes);
                    self.line.write(&bytes).await?;
                    self.asked = Instant::now();
                }
                Step::StartTls => self.secure().await?,
                Step::Keep(bytes) => self.spool.take(&self.shared.core, &bytes).await,
                Step::Forget => self.spool = Spool::default(),
                Step::Store(envelope, last) => {
                    let mut spool = std::mem::take(&mut self.spool);
                    spool.take(&self.shared.core, &last).await;
                    let began = Instant::now();
                    let stored = accept(&self.shared.core, &envelope, &self.arrival, spool).await;
                    metrics::histogram!("madoguchi_mail_store_seconds", "over" => self.arrival.over)
                        .record(began.elapsed().as_secs_f64());
                    if matches!(stored, Stored::Yes(_)) {
                        metrics::counter!("madoguchi_mail_accepted_total", "over" => self.arrival.over).increment(1);
                    }
                    self.session.stored(stored);
                }
                Step::Close => return Ok(()),
                Step::Read => self.read(stopped).await?,
            }
        }
    }

    /// More bytes, or the end of patience.
    async fn read(&mut self, stopped: &mut watch::Receiver<bool>) -> io::Result<()> {
        let now = Instant::now();
        let mut patience = self.shared.listen.idle;
        if self.session.is_receiving() {
            let began = *self.began.get_or_insert(now);
            patience = patience.min((began + self.shared.listen.one_mail).saturating_duration_since(now));
        } else {
            self.began = None;
            patience = (self.asked + patience).saturating_duration_since(now);
        }
        let mut buffer = vec![0; READ];
        let read = tokio::select! {
            read = tokio::time::timeout(patience, self.line.read(&mut buffer)) => read,
            _ = stopped.wait_for(|stop| *stop) => {
                self.session.stopping();
                return Ok(());
            }
        };
        match read {
            Ok(Ok(0)) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(Ok(count)) => {
                self.session.push(&buffer[..count]);
                Ok(())
            }
            Ok(Err(error)) => Err(error),
            Err(_) => {
                refused("slow");
                self.session.timed_out();
                Ok(())
            }
        }
    }

    async fn secure(&mut self) -> io::Result<()> {
        let Some(certificate) = &self.shared.certificate else { return Err(io::ErrorKind::Unsupported.into()) };
        let Line::Plain(stream) = std::mem::replace(&mut self.line, Line::Gone) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let handshake = tokio::time::timeout(HANDSHAKE, certificate.acceptor().accept(stream)).await;
        let secured = handshake.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        self.line = Line::Tls(Box::new(secured));
        self.arrival.tls = true;
        self.session.secured();
        Ok(())
    }
}

/// Counts what is refused, by its code.
fn count_refusals(answers: &[u8]) {
    for line in answers.split(|byte| *byte == b'\n') {
        let why = match line.get(..9) {
            Some(b"550 5.1.1") => "unknown",
            Some(b"550 5.2.1") => "off",
            Some(b"550 5.7.1") => "relay",
            Some(b"550 5.5.2") => "half_lines",
            Some(b"552 5.3.4") => "too_long",
            Some(b"452 4.5.3") => "recipients",
            Some(b"452 4.3.1") => "no_room",
            Some(b"451 4.3.0") => "later",
            Some(b"554 5.5.1") => "no_waiting",
            Some(b"421 4.7.0") => "misbehaving",
            _ => continue,
        };
        refused(why);
    }
}
