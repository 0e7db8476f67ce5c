//! A double of the LINE WORKS platform: tokens, bots, messages to members, files up and down, limits, callbacks.
//!
//! Faithful where an adapter can be wrong: assertions are verified, a callback is sent once and never again, sends have no
//! id and are not recognised, files lie on another host behind a redirect and want the token there, an upload address
//! works once. What goes wrong on purpose is [`Faults`]. In reading order: `world` (what there is), `serve` (requests),
//! `calls` (what each does), `hook` (callbacks), `control` (the double's own calls). Only for this machine.

mod calls;
mod control;
mod faults;
mod hook;
mod serve;
#[cfg(test)]
mod tests;
mod world;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::broadcast;

pub use faults::{Api, Faults};
pub use hook::Posted;
use world::World;
pub use world::{Bot, Call, Shown};

pub use crate::double::{Fault, Times};

/// The private key of the one app, PKCS#8. Known to all: it opens nothing but doubles.
const KEY: &[u8] = include_bytes!("../double/testdata/assertion-key.pk8");

/// How a double is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the interface, the token server and `/_double/` listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where files lie.
    pub listen_storage: SocketAddr,
    /// How long a token lives, in seconds.
    pub token_s: i64,
    /// Calls of one kind in a minute; none without a limit.
    pub calls_a_minute: Option<usize>,
    /// How long the engine may take for a callback.
    pub callback_timeout: Duration,
    /// Calls and messages that are remembered; the oldest are forgotten.
    pub remembered: usize,
}

impl Default for Options {
    fn default() -> Self {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen: free,
            listen_storage: free,
            token_s: 86_400,
            calls_a_minute: None,
            callback_timeout: Duration::from_secs(5),
            remembered: 100_000,
        }
    }
}

/// What the developer console shows of the app: what a customer enters in a settings screen.
#[derive(Clone, Debug, serde::Serialize)]
pub struct App {
    /// Its id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// In whose name it acts.
    pub service_account: String,
    /// Its key, as PEM.
    pub private_key: String,
    /// The tenant's domain.
    pub domain_id: String,
}

/// A running platform. Ends when dropped.
#[derive(Debug)]
pub struct LineWorksDouble {
    world: Arc<World>,
    runtime: Option<Runtime>,
    api_url: String,
    storage_url: String,
}

impl LineWorksDouble {
    /// Starts one.
    ///
    /// # Errors
    /// A port is taken.
    pub fn start(options: Options) -> std::io::Result<Self> {
        let api = std::net::TcpListener::bind(options.listen)?;
        let storage = std::net::TcpListener::bind(options.listen_storage)?;
        let (api_url, storage_url) =
            (format!("http://{}", api.local_addr()?), format!("http://{}", storage.local_addr()?));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("lineworks-double")
            .enable_all()
            .build()?;
        let world = Arc::new(World::new(options, &storage_url));
        for (listener, host) in [(api, serve::Host::Api), (storage, serve::Host::Storage)] {
            listener.set_nonblocking(true)?;
            let _inside = runtime.enter();
            let listener = tokio::net::TcpListener::from_std(listener)?;
            runtime.spawn(serve::serve(listener, Arc::clone(&world), host));
        }
        Ok(Self { world, runtime: Some(runtime), api_url, storage_url })
    }

    /// Where calls and questions for tokens go.
    #[must_use]
    pub fn api_url(&self) -> &str {
        &self.api_url
    }

    /// Where files lie.
    #[must_use]
    pub fn storage_url(&self) -> &str {
        &self.storage_url
    }

    /// The app that every double knows.
    #[must_use]
    pub fn app_of_all() -> App {
        app()
    }

    /// The settings of an inbox for this bot, as the interface takes them.
    #[must_use]
    pub fn settings(&self, bot: &Bot) -> Value {
        let app = app();
        json!({
            "client_id": app.client_id, "client_secret": app.client_secret,
            "service_account": app.service_account, "private_key": app.private_key,
            "bot_id": bot.id, "bot_secret": bot.secret, "domain_id": app.domain_id, "calls_a_minute": 100_000,
            "api_base_url": self.api_url, "auth_base_url": self.api_url,
        })
    }

    /// Makes a bot as an administrator does in the console.
    #[must_use]
    pub fn add_bot(&self, name: &str) -> Bot {
        self.world.add_bot(name)
    }

    /// What is known of a bot; none where it was removed.
    #[must_use]
    pub fn bot(&self, id: &str) -> Option<Bot> {
        self.world.state.lock().bots.get(id).cloned()
    }

    /// Enters the address of a bot's callbacks.
    pub fn set_callback(&self, bot: &str, url: &str) {
        if let Some(bot) = self.world.state.lock().bots.get_mut(bot) {
            bot.callback_url = url.to_owned();
        }
    }

    /// A member of the tenant; answers with their id.
    #[must_use]
    pub fn add_member(&self, name: &str) -> String {
        self.world.add_member(name)
    }

    /// A file that a member attached; answers with its id.
    #[must_use]
    pub fn add_file(&self, mime: &str, bytes: Bytes) -> String {
        self.world.add_file(mime, bytes)
    }

    /// Forgets a file, as the platform does after its time.
    pub fn forget_file(&self, id: &str) {
        self.world.state.lock().files.remove(id);
    }

    /// Ends every token that was given.
    pub fn revoke_tokens(&self) {
        self.world.state.lock().tokens.clear();
    }

    /// How many tokens were given.
    #[must_use]
    pub fn tokens_given(&self) -> u64 {
        self.world.state.lock().tokens_given
    }

    /// A member writes to a bot.
    pub async fn say(&self, bot: &str, user: &str, text: &str) -> Posted {
        self.send(bot, user, json!({ "type": "text", "text": text })).await
    }

    /// A member sends content of any kind to a bot.
    pub async fn send(&self, bot: &str, user: &str, content: Value) -> Posted {
        let body = self.world.event(user, content);
        self.post(bot, body).await
    }

    /// Sends a body as a callback of this bot, rightly signed. Once: the platform never repeats.
    pub async fn post(&self, bot: &str, body: Bytes) -> Posted {
        let world = Arc::clone(&self.world);
        let bot = self.bot(bot);
        self.on_own_threads(async move {
            match bot {
                Some(bot) => hook::post(&world, &bot, body, None).await,
                None => Posted { status: None },
            }
        })
        .await
    }

    /// The same with this signature.
    pub async fn post_signed(&self, bot: &Bot, body: Bytes, signature: &str) -> Posted {
        let (world, bot, signature) = (Arc::clone(&self.world), bot.clone(), signature.to_owned());
        self.on_own_threads(async move { hook::post(&world, &bot, body, Some(signature)).await }).await
    }

    async fn on_own_threads(&self, work: impl Future<Output = Posted> + Send + 'static) -> Posted {
        let runtime = self.runtime.as_ref().expect("it is there until it is dropped");
        runtime.spawn(work).await.unwrap_or(Posted { status: None })
    }

    /// What a member's app shows of bots, in order.
    #[must_use]
    pub fn phone(&self, user: &str) -> Vec<Shown> {
        self.world.state.lock().shown.iter().filter(|shown| shown.user == user).cloned().collect()
    }

    /// The texts among them.
    #[must_use]
    pub fn texts(&self, user: &str) -> Vec<String> {
        self.phone(user).iter().filter_map(|shown| shown.content["text"].as_str().map(str::to_owned)).collect()
    }

    /// Every message that appears from now on.
    #[must_use]
    pub fn stream(&self) -> broadcast::Receiver<Shown> {
        self.world.appearing.subscribe()
    }

    /// The calls so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.world.state.lock().calls.iter().cloned().collect()
    }

    /// What goes wrong on purpose.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.world.faults
    }

    /// The bytes of a file that was carried up or attached.
    #[must_use]
    pub fn file(&self, id: &str) -> Option<Bytes> {
        self.world.state.lock().files.get(id).map(|file| file.bytes.clone())
    }
}

impl Drop for LineWorksDouble {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A runtime must not be dropped inside another, so a thread does it.
            let _ = thread::spawn(move || drop(runtime)).join();
        }
    }
}

pub(crate) fn app() -> App {
    App {
        client_id: "Double_c1".to_owned(),
        client_secret: "double-client-secret".to_owned(),
        service_account: "dbl01.serviceaccount@double.example".to_owned(),
        private_key: format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(KEY)),
        domain_id: "40029600".to_owned(),
    }
}
