//! Everything a run needs on the server and around it: windows, agents at work, LINE accounts, customers. Made over the
//! public REST interface, as an organisation would.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use hyper::Method;
use madoguchi_protocol::api::{Agent, Inbox};
use serde_json::{Value, json};

use super::api::Api;
use super::error::RunError;
use super::options::Options;
use super::robot;
use super::side::Kind;
use crate::bot::{Bot as Robot, System};
use crate::double::{Channel, Double, Limits, Options as DoubleOptions};
use crate::lineworks::{Bot, LineWorksDouble, Options as WorksOptions};
use crate::mail::{Door, MailDouble, Options as MailOptions};

/// Calls on their way at once while setting up.
const AT_ONCE: usize = 8;
/// How long a server may take to become ready.
const READY: Duration = Duration::from_secs(60);
/// The sizes in which windows are sold.
const PRODUCTS: [u32; 3] = [5, 30, 100];

/// An agent, logged in.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) login: String,
    pub(crate) api: Api,
}

/// The stage before the play.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) server: SocketAddr,
    pub(crate) owner: Api,
    pub(crate) double: Double,
    /// The LINE WORKS platform, where customers come through it.
    pub(crate) works: Option<LineWorksDouble>,
    /// The world of mail, where customers come through it.
    pub(crate) post: Option<Post>,
    /// By window.
    pub(crate) windows: Vec<Counter>,
    pub(crate) agents: Vec<Person>,
    /// The phone of each chat.
    pub(crate) users: Vec<String>,
}

/// A window, and the accounts that feed it.
#[derive(Debug)]
pub(crate) struct Counter {
    pub(crate) id: String,
    pub(crate) line: Option<Channel>,
    pub(crate) bot: Option<Bot>,
    /// The address that mail comes to.
    pub(crate) address: Option<String>,
    /// The LINE account with a bot in front, and that bot.
    pub(crate) fronted: Option<(Channel, Robot)>,
    /// The system behind a bot channel.
    pub(crate) system: Option<System>,
}

/// The world of mail, and where the server takes mail from it. It begins before the server, which must know the relay.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) double: MailDouble,
    pub(crate) door: Door,
    _folder: tempfile::TempDir,
}

impl Post {
    /// The domain of default addresses.
    const DOMAIN: &str = "in.load.example";

    pub(crate) fn open() -> Result<Self, RunError> {
        let machine = |source| RunError::Machine { what: "a port, a thread and a folder for the mail double", source };
        let folder = tempfile::Builder::new().prefix("madoguchi-mail-").tempdir().map_err(machine)?;
        let double = MailDouble::start(MailOptions { remembered: 16 }).map_err(machine)?;
        Ok(Self { door: Door::Lmtp(folder.path().join("lmtp")), double, _folder: folder })
    }

    /// The settings of a server that works with it.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        self.double.server_settings(Self::DOMAIN, &self.door)
    }
}

impl Scene {
    /// Sets everything up on the server at `base`.
    pub(crate) async fn set(
        base: &str,
        password: &str,
        post: Option<Post>,
        options: &Options,
    ) -> Result<Self, RunError> {
        let unreadable = || RunError::Server(format!("{base} is no address"));
        let server = base.trim_start_matches("http://").parse().map_err(|_| unreadable())?;
        let nobody = Api::new(base);
        ready(&nobody).await?;
        let owner = nobody.login(&options.login, password).await?;
        let double = Double::start(double_options(options.seed))?;
        let works = options.mix.has(Kind::Lineworks);
        let works = works.then(|| LineWorksDouble::start(works_options(options))).transpose();
        let works = works.map_err(|source| RunError::Machine { what: "ports for the LINE WORKS double", source })?;
        // Names of earlier runs are taken.
        let run = format!("{:08x}", rand::random::<u32>());
        let mut windows = Vec::new();
        for window in 0..options.windows {
            windows.push(open_window(&owner, base, (&double, works.as_ref()), &run, window, options).await?);
        }
        let made: Vec<Person> = stream::iter(0..options.agents)
            .map(|agent| hire(&owner, &nobody, &run, agent, &windows, options))
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let mut users = Vec::new();
        for chat in 0..options.chats {
            let counter = &windows[(chat % options.windows) as usize];
            let name = format!("客{chat}");
            let user = match options.mix.of(chat, options.windows) {
                Kind::Line => counter.line.as_ref().map(|account| double.add_user(account, &name)).transpose()?,
                Kind::Lineworks => works.as_ref().map(|works| works.add_member(&name)),
                Kind::Mail => post.as_ref().map(|post| post.double.add_customer(&name)),
                // Each window's system counts its customers from one.
                Kind::Botchannel => counter.system.as_ref().map(|_| format!("member-of-{chat}")),
                Kind::Bot => {
                    counter.fronted.as_ref().map(|(account, _)| double.add_user(account, &name)).transpose()?
                }
            };
            users.push(user.ok_or_else(|| RunError::Options("a channel without an account".to_owned()))?);
        }
        Ok(Self { server, owner, double, works, post, windows, agents: made, users })
    }

    /// The bots in front.
    pub(crate) fn robots(&self) -> impl Iterator<Item = &Robot> {
        self.windows.iter().filter_map(|counter| counter.fronted.as_ref().map(|(_, robot)| robot))
    }

    /// The agents' places by their ids.
    pub(crate) fn agents_by_id(&self) -> HashMap<String, u32> {
        self.agents.iter().map(|person| person.id.clone()).zip(0..).collect()
    }
}

fn works_options(options: &Options) -> WorksOptions {
    WorksOptions { remembered: 1_000, token_s: i64::from(options.lineworks_token_s), ..WorksOptions::default() }
}

/// The double keeps little: the run itself looks at everything that appears.
fn double_options(seed: u64) -> DoubleOptions {
    let limits = Limits {
        calls: 1_000,
        call_bytes: 4 * 1024 * 1024,
        deliveries: 1_000,
        shown: 16,
        recent_events: 1_000,
        reply_tokens: 50_000,
        retry_keys: 50_000,
        contents: 16,
        content_bytes: 1024 * 1024,
        connections: 4_096,
    };
    DoubleOptions { seed, variety: false, limits, ..DoubleOptions::default() }
}

async fn ready(api: &Api) -> Result<(), RunError> {
    let end = Instant::now() + READY;
    loop {
        match api.text(Method::GET, "/readyz", None).await {
            Ok(_) => return Ok(()),
            Err(error) if Instant::now() > end => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn open_window(
    owner: &Api,
    base: &str,
    (double, works): (&Double, Option<&LineWorksDouble>),
    run: &str,
    number: u32,
    options: &Options,
) -> Result<Counter, RunError> {
    let places = options.places();
    let product = PRODUCTS.into_iter().find(|product| *product >= places).unwrap_or(PRODUCTS[2]);
    let id = format!("load{run}n{number}");
    let window = json!({"id": id, "name": format!("負荷{run}-{number}"), "product": product});
    let _: Value = owner.call(Method::POST, "/api/v1/windows", Some(&window)).await?;
    let mut counter = Counter { id, line: None, bot: None, address: None, fronted: None, system: None };
    for kind in options.mix.kinds() {
        match kind {
            Kind::Line => counter.line = Some(open_line(owner, base, double, &counter.id).await?.0),
            // Every window has its address from the first.
            Kind::Mail => counter.address = Some(format!("{}@{}", counter.id, Post::DOMAIN)),
            Kind::Botchannel => {
                let failed = |source| RunError::Machine { what: "a port for the system of a bot channel", source };
                let system = System::start().map_err(failed)?;
                let inbox = json!({"window": counter.id, "kind": "bot", "settings": system.settings()});
                let inbox: Inbox = owner.call(Method::POST, "/api/v1/inboxes", Some(&inbox)).await?;
                system.set_hook(&format!("{base}/hooks/bot/{}", inbox.id));
                counter.system = Some(system);
            }
            Kind::Bot => {
                let (account, inbox) = open_line(owner, base, double, &counter.id).await?;
                let brain = robot::brain(options.seed);
                let only = json!({"inboxes": [inbox]});
                let robot = Robot::in_front(base, owner, &counter.id, &only, brain).await?;
                counter.fronted = Some((account, robot));
            }
            Kind::Lineworks => {
                let Some(works) = works else { continue };
                let bot = works.add_bot(&counter.id);
                let inbox = json!({"window": counter.id, "kind": "lineworks", "settings": works.settings(&bot)});
                let inbox: Inbox = owner.call(Method::POST, "/api/v1/inboxes", Some(&inbox)).await?;
                works.set_callback(&bot.id, &format!("{base}/hooks/lineworks/{}", inbox.id));
                counter.bot = Some(bot);
            }
        }
    }
    Ok(counter)
}

/// An account, and what it is called on the server.
async fn open_line(owner: &Api, base: &str, double: &Double, id: &str) -> Result<(Channel, String), RunError> {
    let channel = double.add_channel(id);
    let settings = json!({
        "mode": "auto", "channel_secret": channel.secret, "channel_access_token": channel.access_token,
        "api_base_url": double.api_url(), "api_data_base_url": double.data_url(),
    });
    let inbox = json!({"window": id, "kind": "line", "settings": settings});
    let inbox: Inbox = owner.call(Method::POST, "/api/v1/inboxes", Some(&inbox)).await?;
    // Not `webhook_url`: a public address may lead elsewhere.
    double.set_webhook(&channel, &format!("{base}/hooks/line/{}", inbox.id))?;
    Ok((channel, inbox.id))
}

async fn hire(
    owner: &Api,
    nobody: &Api,
    run: &str,
    number: u32,
    windows: &[Counter],
    options: &Options,
) -> Result<Person, RunError> {
    let login = format!("load{run}a{number}");
    let password = format!("{:032x}", rand::random::<u128>());
    let person = json!({"login": login, "name": format!("担当{number}"), "role": "agent", "password": password});
    let person: Agent = owner.call(Method::POST, "/api/v1/agents", Some(&person)).await?;
    for window in options.windows_of(number) {
        let path = format!("/api/v1/windows/{}/agents/{}", windows[window as usize].id, person.id);
        owner.text(Method::PUT, &path, Some(&json!({}))).await?;
    }
    let api = nobody.login(&login, &password).await?;
    Ok(Person { id: person.id, login, api })
}
