//! A double of the LINE platform: both API hosts, webhooks, and the phones of its users.
//!
//! It keeps LINE's rules (reply tokens, retry keys, quotas, refusals) and lets a test break what a platform breaks
//! (`faults`). It says what the engine did, it never judges it. What it leaves out: rate limits, rich menus, narrowcast,
//! statistics. Read next: `Double` below, `console` and `people` (what a test does with it), `state/sending.rs` (the
//! rules of a send), `hook/deliver.rs` (webhooks), `api/fault.rs`, `phone` (the customer's phone as a page). `README.md`
//! of this crate has the control API for hand use.

mod api;
mod assertion;
mod calls;
mod clock;
mod console;
mod error;
mod faults;
mod fetch;
mod hook;
mod ids;
mod log;
mod media;
mod operate;
mod options;
mod people;
mod phone;
mod platform;
mod refusal;
mod server;
mod state;
#[cfg(test)]
mod tests;
mod validate;
mod wait;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, broadcast};

pub use assertion::AssertionKey;
pub use calls::Call;
pub use clock::Clock;
pub use error::DoubleError;
pub use faults::{Endpoint, Fault, Faults, Rule, Times};
pub use fetch::{Fetched, MediaOutcome};
pub use hook::{Delivered, Delivery, Event, Placed, Reason, Redelivery, sign};
pub use media::Media;
pub use options::{Limits, Options};
pub use state::{Account, Author, Channel, Profile, Quota, Readiness, Relation, Shown, TokenKind, Via};

use api::Host;
use platform::Platform;

/// A running platform. It has threads of its own, so it can be started and used on any runtime, and it works on while
/// the caller's runtime is busy. Dropping it breaks off its connections and frees its ports.
///
/// Methods that take a user act in the first channel the user joined; those named `…_in` say which.
#[derive(Debug)]
pub struct Double {
    platform: Arc<Platform>,
    /// Taken out only by `drop`.
    runtime: Option<Runtime>,
    api: SocketAddr,
    data: SocketAddr,
    files: SocketAddr,
}

impl Double {
    /// Takes its three ports and serves them. Returns at once; the ports accept from then on.
    ///
    /// # Errors
    /// [`DoubleError::Start`] where a port is taken.
    pub fn start(options: Options) -> Result<Self, DoubleError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(options.threads.max(1))
            .thread_name("line-double")
            .enable_all()
            .build()
            .map_err(DoubleError::Start)?;
        let api = server::bind(options.api_listen).map_err(DoubleError::Start)?;
        let data = server::bind(options.data_listen).map_err(DoubleError::Start)?;
        let files = server::bind(options.files_listen).map_err(DoubleError::Start)?;
        let address = |listener: &std::net::TcpListener| listener.local_addr().map_err(DoubleError::Start);
        let (api_address, data_address, files_address) = (address(&api)?, address(&data)?, address(&files)?);
        let platform = Arc::new(Platform::new(&options, format!("http://{files_address}")));
        for (listener, host) in [(api, Host::Api), (data, Host::Data), (files, Host::Files)] {
            let connections = Arc::new(Semaphore::new(options.limits.connections));
            runtime.spawn(server::serve(listener, Arc::clone(&platform), host, connections));
        }
        Ok(Self { platform, runtime: Some(runtime), api: api_address, data: data_address, files: files_address })
    }

    /// Base URL of the messaging API: `http://127.0.0.1:40001`.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("http://{}", self.api)
    }

    /// Base URL of the content API.
    #[must_use]
    pub fn data_url(&self) -> String {
        format!("http://{}", self.data)
    }

    /// Base URL of what needs no token: pictures of profiles, and content that is not LINE's own.
    #[must_use]
    pub fn files_url(&self) -> String {
        format!("http://{}", self.files)
    }

    /// The page that plays a user's phone.
    #[must_use]
    pub fn phone_url(&self, user: &str) -> String {
        format!("{}/phone/{user}", self.api_url())
    }

    /// The clock that the platform's rules go by.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.platform.clock.clone()
    }

    /// The faults, to set and to clear.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.platform.faults.clone()
    }

    /// What the user's phone shows, in order: their own messages and those that arrived.
    ///
    /// # Errors
    /// [`DoubleError::UnknownUser`].
    pub fn conversation(&self, user: &str) -> Result<Vec<Arc<Shown>>, DoubleError> {
        self.platform.conversation(&self.platform.home(user)?, user)
    }

    /// [`Double::conversation`] in one of the user's channels.
    ///
    /// # Errors
    /// [`DoubleError::UnknownUser`].
    pub fn conversation_in(&self, channel: &Channel, user: &str) -> Result<Vec<Arc<Shown>>, DoubleError> {
        self.platform.conversation(&channel.id, user)
    }

    /// Everything that appears on phones from now on. A reader more than 65,536 messages behind is told so.
    #[must_use]
    pub fn stream(&self) -> broadcast::Receiver<Arc<Shown>> {
        self.platform.stream()
    }

    /// The API calls that are remembered, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<Arc<Call>> {
        self.platform.calls.since(0)
    }

    /// The calls among them that send messages to people, oldest first.
    #[must_use]
    pub fn sends(&self) -> Vec<Arc<Call>> {
        self.calls().into_iter().filter(|call| call.endpoint.is_some_and(Endpoint::sends)).collect()
    }

    /// The API calls from a number on.
    #[must_use]
    pub fn calls_since(&self, number: u64) -> Vec<Arc<Call>> {
        self.platform.calls.since(number)
    }

    /// The webhook requests that are remembered, in the order of their answers.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Arc<Delivery>> {
        self.platform.deliveries.since(0)
    }

    /// How many calls and deliveries the logs have forgotten: a test that counts must see zeros.
    #[must_use]
    pub fn forgotten(&self) -> (u64, u64) {
        (self.platform.calls.forgotten(), self.platform.deliveries.forgotten())
    }

    /// Runs on the double's own threads, to which its connections belong.
    async fn run<T, F>(&self, work: impl FnOnce(Arc<Platform>) -> F) -> Result<T, DoubleError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, DoubleError>> + Send + 'static,
    {
        let runtime = self.runtime.as_ref().ok_or(DoubleError::Stopped)?;
        runtime.spawn(work(Arc::clone(&self.platform))).await.unwrap_or(Err(DoubleError::Stopped))
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A runtime must not be dropped inside another, so a thread does it. It is waited for, so that the ports are
            // free when this returns; no task of the double computes for long.
            let _ = thread::spawn(move || drop(runtime)).join();
        }
    }
}
