//! A double of the LINE platform: both API hosts, webhooks, and the phones of its users.
//!
//! It keeps LINE's rules (reply tokens, retry keys, quotas, refusals) and lets a test break what a platform breaks
//! (`faults`). It says what the engine did, it never judges it. What it leaves out: rate limits, message content,
//! groups, rich menus, token issue. Read next: `Double` below, `state/sending.rs` (the rules of a send),
//! `hook/deliver.rs` (webhooks), `api/fault.rs`. `README.md` of this crate has the control API for hand use.

mod api;
mod calls;
mod clock;
mod error;
mod faults;
mod hook;
mod ids;
mod log;
mod operate;
mod options;
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

use bytes::Bytes;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, broadcast};

pub use calls::Call;
pub use clock::Clock;
pub use error::DoubleError;
pub use faults::{Endpoint, Fault, Faults, Rule, Times};
pub use hook::{Delivered, Delivery, Event, Placed, Reason, Redelivery, sign};
pub use options::{Limits, Options};
pub use state::{Author, Channel, Quota, Relation, Shown, Via};

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
}

impl Double {
    /// Takes both ports and serves them. Returns at once; the ports accept from then on.
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
        let (api_address, data_address) = match (api.local_addr(), data.local_addr()) {
            (Ok(api), Ok(data)) => (api, data),
            (Err(error), _) | (_, Err(error)) => return Err(DoubleError::Start(error)),
        };
        let platform = Arc::new(Platform::new(&options));
        for (listener, host) in [(api, Host::Api), (data, Host::Data)] {
            let connections = Arc::new(Semaphore::new(options.limits.connections));
            runtime.spawn(server::serve(listener, Arc::clone(&platform), host, connections));
        }
        Ok(Self { platform, runtime: Some(runtime), api: api_address, data: data_address })
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

    /// A new channel with ids and secrets of its own, without webhook, without quota.
    #[must_use]
    pub fn add_channel(&self, name: &str) -> Channel {
        self.platform.world.lock().add_channel(name.to_owned())
    }

    /// A channel with ids and secrets given: the same platform after a restart, or known values.
    pub fn put_channel(&self, channel: Channel, name: &str) {
        self.platform.world.lock().put_channel(channel, name.to_owned());
    }

    /// A further access token, good until `until_ms` on the double's clock.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`].
    pub fn add_token(&self, channel: &Channel, until_ms: i64) -> Result<String, DoubleError> {
        self.platform.world.lock().add_token(&channel.id, until_ms).ok_or(DoubleError::UnknownChannel)
    }

    /// Ends an access token; `false` where there was none.
    pub fn revoke_token(&self, token: &str) -> bool {
        self.platform.world.lock().revoke_token(token)
    }

    /// A new friend of the channel. No `follow` is delivered.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`].
    pub fn add_user(&self, channel: &Channel, name: &str) -> Result<String, DoubleError> {
        self.platform.add_user(&channel.id, None, name, Relation::Friend)
    }

    /// Lets a known user join another channel of the same provider, with the same user id.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`].
    pub fn join(&self, channel: &Channel, user: &str, name: &str) -> Result<(), DoubleError> {
        self.platform.add_user(&channel.id, Some(user), name, Relation::Friend).map(drop)
    }

    /// Changes how a user stands to a channel, without an event.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`], [`DoubleError::UnknownUser`].
    pub fn set_relation(&self, channel: &Channel, user: &str, relation: Relation) -> Result<(), DoubleError> {
        self.platform.set_relation(&channel.id, user, relation)
    }

    /// Where the channel's webhooks go: plain http on this machine; anything else "could not connect".
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`].
    pub fn set_webhook(&self, channel: &Channel, url: &str) -> Result<(), DoubleError> {
        self.platform.set_webhook(&channel.id, Some(url.to_owned()), true)
    }

    /// The console's switch "Use webhook".
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`].
    pub fn use_webhook(&self, channel: &Channel, on: bool) -> Result<(), DoubleError> {
        self.platform.use_webhook(&channel.id, on)
    }

    /// The console's switch "Webhook redelivery".
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`].
    pub async fn set_redelivery(&self, channel: &Channel, redelivery: Redelivery) -> Result<(), DoubleError> {
        let id = channel.id.clone();
        self.run(move |platform| async move { platform.set_redelivery(&id, redelivery) }).await
    }

    /// The month's limit, and how much of it is used.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`].
    pub fn set_quota(&self, channel: &Channel, quota: Quota, used: u64) -> Result<(), DoubleError> {
        self.platform.set_quota(&channel.id, quota, used)
    }

    /// A user writes a text; returns when the engine has answered the webhook or its time is up.
    ///
    /// # Errors
    /// [`DoubleError::UnknownUser`], [`DoubleError::Stopped`].
    pub async fn say(&self, user: &str, text: &str) -> Result<Delivered, DoubleError> {
        let channel = self.platform.home(user)?;
        self.act(channel, Event::text(user, text)).await
    }

    /// [`Double::say`] in one of the user's channels.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`], [`DoubleError::Stopped`].
    pub async fn say_in(&self, channel: &Channel, user: &str, text: &str) -> Result<Delivered, DoubleError> {
        self.act(channel.id.clone(), Event::text(user, text)).await
    }

    async fn act(&self, channel: String, event: Event) -> Result<Delivered, DoubleError> {
        let delivery = self.run(move |platform| async move { platform.deliver(&channel, vec![event]).await }).await?;
        Ok(Delivered::of(&delivery))
    }

    /// Delivers events, of one user or many, in one request. None make a connection check.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`], [`DoubleError::Stopped`].
    pub async fn deliver(&self, channel: &Channel, events: Vec<Event>) -> Result<Arc<Delivery>, DoubleError> {
        let id = channel.id.clone();
        self.run(move |platform| async move { platform.deliver(&id, events).await }).await
    }

    /// Posts bytes as they are, with this `x-line-signature` or without. For a right one see [`sign`].
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`], [`DoubleError::Stopped`].
    pub async fn deliver_raw(
        &self,
        channel: &Channel,
        body: impl Into<Bytes>,
        signature: Option<&str>,
    ) -> Result<Arc<Delivery>, DoubleError> {
        let (id, body, signature) = (channel.id.clone(), body.into(), signature.map(str::to_owned));
        self.run(move |platform| async move { platform.deliver_raw(&id, body, signature.as_deref()).await }).await
    }

    /// Delivers known events once more as if for the first time (`isRedelivery: false`), as happens for network reasons.
    ///
    /// # Errors
    /// [`DoubleError::UnknownEvent`] also for events that are no longer remembered.
    pub async fn duplicate(&self, channel: &Channel, event_ids: &[String]) -> Result<Arc<Delivery>, DoubleError> {
        let (id, events) = (channel.id.clone(), event_ids.to_vec());
        self.run(move |platform| async move { platform.repeat(&id, &events, false).await }).await
    }

    /// Delivers known events once more with `isRedelivery: true`, whatever the switch and the first answer.
    ///
    /// # Errors
    /// [`DoubleError::UnknownEvent`] also for events that are no longer remembered.
    pub async fn redeliver_events(
        &self,
        channel: &Channel,
        event_ids: &[String],
    ) -> Result<Arc<Delivery>, DoubleError> {
        let (id, events) = (channel.id.clone(), event_ids.to_vec());
        self.run(move |platform| async move { platform.repeat(&id, &events, true).await }).await
    }

    /// Redelivers all events without a 2xx that wait, in another order; those that fail again wait again.
    ///
    /// # Errors
    /// [`DoubleError::UnknownChannel`], [`DoubleError::Stopped`].
    pub async fn redeliver(&self, channel: &Channel) -> Result<Vec<Arc<Delivery>>, DoubleError> {
        let id = channel.id.clone();
        self.run(move |platform| async move { platform.redeliver(&id).await }).await
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
