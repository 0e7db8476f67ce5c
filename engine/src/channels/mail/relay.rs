//! The way out: one relay that takes our mails and finds their recipients (RFC 5321, 3207, 4954).
//!
//! One recipient a transaction, so that each has an answer of their own. A call is one try and says how far it came: what
//! the relay has not been told to keep (the final dot) is certainly not sent; what it was told and did not answer for,
//! nobody can know. Decides nothing about another try.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::clock::Clock;
use crate::domain::time::Timestamp;

/// How the way to the relay is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protection {
    /// STARTTLS with a good certificate, or nothing is sent.
    #[default]
    Required,
    /// TLS from the first byte (port 465).
    Implicit,
    /// STARTTLS where the relay offers it. Anybody between can take the offer away.
    Opportunistic,
    /// None: for a relay on this machine.
    None,
}

/// Where the relay is and what it may be burdened with.
#[derive(Clone)]
pub struct RelaySettings {
    /// Its name or address. The name that its certificate must have.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is protected.
    pub protection: Protection,
    /// Login and password, where it wants some. Never said without TLS, but to this machine.
    pub login: Option<(String, crate::vault::Opened)>,
    /// What we call ourselves (EHLO).
    pub hello: String,
    /// More roots of certificates, as PEM.
    pub roots_pem: Option<Vec<u8>>,
    /// Connections at a time.
    pub connections: usize,
    /// Mails a minute; 0 for no limit.
    pub per_minute: u32,
    /// How long one answer may take, and how long until another try.
    pub patience: Patience,
}

impl std::fmt::Debug for RelaySettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, port, protection, .. } = self;
        f.debug_struct("RelaySettings")
            .field("host", host)
            .field("port", port)
            .field("protection", protection)
            .finish_non_exhaustive()
    }
}

/// How long one answer may take (RFC 5321, 4.5.3.2), and how long until another try.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// A connection.
    pub connect: Duration,
    /// The answer to a command.
    pub command: Duration,
    /// Taking the mail, and the answer to its end.
    pub end: Duration,
    /// Until a mail that was not taken is tried the second time; later tries are farther apart.
    pub retry: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            command: Duration::from_secs(120),
            end: Duration::from_secs(600),
            retry: Duration::from_secs(60),
        }
    }
}

/// How one try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The relay keeps it.
    Taken {
        /// Its words, at most 500 characters.
        reply: String,
    },
    /// It said no, and would say so again.
    Refused {
        /// Its code.
        code: u16,
        /// Its words, at most 500 characters.
        detail: String,
    },
    /// Certainly not taken; later perhaps.
    NotNow {
        /// Its code; 0 where there was no answer.
        code: u16,
        /// Its words, or ours for what did not come to be.
        detail: String,
    },
    /// The relay does not let us in: login, or the protection that is asked for. Certainly not taken.
    Shut {
        /// Its words, or ours.
        detail: String,
    },
    /// It was told the end, and did not answer.
    Unknown,
    /// The caller did not let it go.
    Withdrawn,
}

/// A connection that rests.
struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
    mails: u32,
}

/// How long a connection rests before it is closed.
const REST: Duration = Duration::from_secs(60);
/// Mails over one connection.
const MAILS_A_CONNECTION: u32 = 100;
/// Bytes handed to the connection at a time.
const CHUNK: usize = 32 * 1024;

/// The relay. Shared by everything that sends mail.
pub struct Relay {
    settings: RelaySettings,
    tls: Option<TlsParameters>,
    hello: ClientId,
    places: Semaphore,
    idle: Mutex<Vec<Idle>>,
    /// When the next mail may go.
    next: Mutex<Timestamp>,
    clock: Clock,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the relay's settings: {0}")]
pub struct BadRelay(String);

/// One copy, and what is to happen before its last word.
pub struct Copy<'a> {
    /// The envelope's sender; `None` for mail that nobody answers.
    pub sender: Option<&'a str>,
    /// The recipient.
    pub to: &'a str,
    /// The mail.
    pub bytes: &'a [u8],
    /// Called when the relay is ready to take it; what it answers says whether it goes.
    pub begin: LocalBoxFuture<'a, bool>,
}

impl Relay {
    /// The relay with these settings. Connects to nothing yet.
    ///
    /// # Errors
    /// The settings contradict each other, or name roots that are none.
    pub fn new(settings: RelaySettings, clock: Clock) -> Result<Arc<Self>, BadRelay> {
        let tls = (settings.protection != Protection::None).then(|| tls(&settings)).transpose()?;
        Ok(Arc::new(Self {
            tls,
            hello: hello(&settings.hello)?,
            places: Semaphore::new(settings.connections.max(1)),
            idle: Mutex::default(),
            next: Mutex::new(Timestamp(0)),
            clock,
            settings,
        }))
    }

    /// Until a mail that was not taken is tried the second time, in milliseconds.
    #[must_use]
    pub fn retry_ms(&self) -> i64 {
        i64::try_from(self.settings.patience.retry.as_millis()).unwrap_or(i64::MAX)
    }

    /// Name and port, for people.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}:{}", self.settings.host, self.settings.port)
    }

    /// Tries to hand one copy over.
    pub async fn send(&self, copy: Copy<'_>) -> Told {
        let (sender, to) = match addresses(&copy) {
            Ok(both) => both,
            Err(told) => return told,
        };
        let Ok(_place) = self.places.acquire().await else { return Told::Withdrawn };
        self.pace().await;
        let (mut connection, mails) = match self.connection().await {
            Ok(connection) => connection,
            Err(told) => return told,
        };
        let told = self.transact(&mut connection, sender, to, copy).await;
        let again = matches!(told, Told::Taken { .. }) && !connection.has_broken() && mails + 1 < MAILS_A_CONNECTION;
        if again {
            self.idle.lock().push(Idle { connection, since: Instant::now(), mails: mails + 1 });
        } else {
            // A transaction that was left half-way must not be finished by whatever comes next over this connection.
            let _ = timeout(Duration::from_secs(5), connection.abort()).await;
        }
        told
    }

    /// Whether the relay can be reached and lets us in, without a mail.
    ///
    /// # Errors
    /// As a try would have ended.
    pub async fn knock(&self) -> Result<(), Told> {
        let Ok(_place) = self.places.acquire().await else { return Err(Told::Withdrawn) };
        let (mut connection, _) = self.connect().await?;
        let _ = timeout(Duration::from_secs(5), connection.abort()).await;
        Ok(())
    }

    async fn pace(&self) {
        if self.settings.per_minute == 0 {
            return;
        }
        let mine = {
            let mut next = self.next.lock();
            let mine = (*next).max(self.clock.now());
            *next = mine.plus_ms(60_000 / i64::from(self.settings.per_minute));
            mine
        };
        self.clock.sleep_until(mine).await;
    }

    async fn connection(&self) -> Result<(AsyncSmtpConnection, u32), Told> {
        loop {
            let rested = self.idle.lock().pop();
            let Some(mut idle) = rested else { return self.connect().await };
            let fresh = idle.since.elapsed() < REST;
            if fresh && timeout(self.settings.patience.command, idle.connection.test_connected()).await == Ok(true) {
                return Ok((idle.connection, idle.mails));
            }
            let _ = timeout(Duration::from_secs(5), idle.connection.abort()).await;
        }
    }

    async fn connect(&self) -> Result<(AsyncSmtpConnection, u32), Told> {
        let RelaySettings { host, port, protection, patience, .. } = &self.settings;
        let mut connection = if *protection == Protection::Implicit {
            let at = (host.as_str(), *port);
            let tls = self.tls.clone();
            let connecting = AsyncSmtpConnection::connect_tokio1(at, Some(patience.connect), &self.hello, tls, None);
            within(patience.connect + patience.command, connecting).await?
        } else {
            let greeting = AsyncSmtpConnection::connect_with_transport(Box::new(self.stream().await?), &self.hello);
            within(patience.command, greeting).await?
        };
        let wants = matches!(protection, Protection::Required | Protection::Opportunistic);
        if let Some(tls) = self.tls.clone().filter(|_| wants && connection.can_starttls()) {
            within(patience.command, connection.starttls(tls, &self.hello)).await?;
        } else if *protection == Protection::Required {
            connection.abort().await;
            return Err(Told::Shut { detail: "the relay offers no STARTTLS".to_owned() });
        }
        if let Some((login, password)) = &self.settings.login {
            if !connection.is_encrypted() && !is_here(host) {
                connection.abort().await;
                return Err(Told::Shut { detail: "no password is said without TLS".to_owned() });
            }
            let credentials = Credentials::new(login.clone(), password.to_string());
            within(patience.command, connection.auth(DEFAULT_MECHANISMS, &credentials)).await.map_err(shut)?;
        }
        Ok((connection, 0))
    }

    /// The end of a mail is a write of its own, which would wait for the peer's delayed acknowledgement of the one before it:
    /// some 40 ms a mail.
    async fn stream(&self) -> Result<TcpStream, Told> {
        let RelaySettings { host, port, patience, .. } = &self.settings;
        let not_now = |detail: String| Told::NotNow { code: 0, detail: words(detail) };
        let connecting = timeout(patience.connect, TcpStream::connect((host.as_str(), *port))).await;
        let stream = connecting.map_err(|_| not_now("no connection in time".to_owned()))?;
        let stream = stream.map_err(|error| not_now(error.to_string()))?;
        stream.set_nodelay(true).map_err(|error| not_now(error.to_string()))?;
        Ok(stream)
    }

    async fn transact(
        &self,
        connection: &mut AsyncSmtpConnection,
        sender: Option<Address>,
        to: Address,
        copy: Copy<'_>,
    ) -> Told {
        let Patience { command, end, .. } = self.settings.patience;
        if let Err(told) = within(command, connection.command(Mail::new(sender, Vec::new()))).await {
            return told;
        }
        if let Err(told) = within(command, connection.command(Rcpt::new(to, Vec::new()))).await {
            return told;
        }
        if let Err(told) = within(command, connection.command(Data)).await {
            return told;
        }
        if !copy.begin.await {
            return Told::Withdrawn;
        }
        let mut whole = false;
        let chunks = Chunks { left: copy.bytes.chunks(CHUNK), whole: &mut whole };
        match timeout(end, connection.message_iter(chunks)).await {
            Ok(Ok(response)) => Told::Taken { reply: words(response.message().collect::<Vec<_>>().join(" ")) },
            Ok(Err(error)) if error.status().is_some() => told(&error),
            // The end was never said: whatever the relay has, it has no mail.
            _ if !whole => Told::NotNow { code: 0, detail: "the connection ended inside the mail".to_owned() },
            _ => Told::Unknown,
        }
    }
}

/// The mail, piece by piece, and whether the end follows next.
struct Chunks<'a, 'b> {
    left: std::slice::Chunks<'a, u8>,
    whole: &'b mut bool,
}

impl<'a> Iterator for Chunks<'a, '_> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let next = self.left.next();
        *self.whole = next.is_none();
        next
    }
}

fn addresses(copy: &Copy<'_>) -> Result<(Option<Address>, Address), Told> {
    let parse = |address: &str| {
        let wire = super::address::on_the_wire(address);
        let detail = "this address cannot be told to a relay".to_owned();
        wire.is_ascii().then(|| wire.parse().ok()).flatten().ok_or(Told::Refused { code: 553, detail })
    };
    Ok((copy.sender.map(parse).transpose()?, parse(copy.to)?))
}

async fn within<T>(limit: Duration, what: impl Future<Output = Result<T, Error>>) -> Result<T, Told> {
    match timeout(limit, what).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(told(&error)),
        Err(_) => Err(Told::NotNow { code: 0, detail: "no answer in time".to_owned() }),
    }
}

/// What an error means before the end was said.
fn told(error: &Error) -> Told {
    let code: u16 = error.status().map_or(0, |code| code.to_string().parse().unwrap_or(0));
    let detail = words(std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string));
    if error.is_tls() {
        return Told::Shut { detail };
    }
    match code {
        530 | 534 | 535 | 538 => Told::Shut { detail },
        500..=599 => Told::Refused { code, detail },
        code => Told::NotNow { code, detail },
    }
}

/// A no to the login is no word about the mail.
fn shut(told: Told) -> Told {
    match told {
        Told::Refused { detail, .. } => Told::Shut { detail },
        other => other,
    }
}

fn words(text: String) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect::<String>().trim().to_owned()
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn hello(name: &str) -> Result<ClientId, BadRelay> {
    let fits = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.[]:".contains(&b));
    if fits { Ok(ClientId::Domain(name.to_owned())) } else { Err(BadRelay("the name for EHLO is none".to_owned())) }
}

fn tls(settings: &RelaySettings) -> Result<TlsParameters, BadRelay> {
    let bad = |error: &Error| BadRelay(error.to_string());
    let mut builder = TlsParameters::builder(settings.host.clone()).certificate_store(CertificateStore::Default);
    if let Some(pem) = &settings.roots_pem {
        builder = builder.add_root_certificate(Certificate::from_pem(pem).map_err(|error| bad(&error))?);
    }
    builder.build_rustls().map_err(|error| bad(&error))
}

#[cfg(test)]
#[path = "relay_test.rs"]
mod tests;
