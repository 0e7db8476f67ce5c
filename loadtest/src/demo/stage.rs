//! What a demo needs on the server: the window, its agents, its LINE account. Looked for first and made where missing, so
//! that a second demo on the same store finds everything and adds nothing.

use hyper::Method;
use madoguchi_protocol::api::{Agent, Inbox, Items, Me};
use serde_json::{Value, json};

use super::keys::Keys;
use super::options::Options;
use super::people::{AGENTS, AgentName, Person};
use crate::double::{Channel, Double, DoubleError, Media, Options as DoubleOptions, Redelivery};
use crate::run::RunError;
use crate::run::api::Api;

/// The window's address.
pub(super) const WINDOW: &str = "support";
const NAME: &str = "サポート窓口";
/// Webhooks that the server did not take come again after this: it may be started anew in the middle of a demo.
const REDELIVERY_MS: u64 = 2_000;

/// The platform, played in this process, with the account and the customers of the demo.
#[derive(Debug)]
pub(super) struct Platform {
    pub(super) double: Double,
    channel: Channel,
    /// The customers' ids on the platform, in their order.
    pub(super) users: Vec<String>,
}

impl Platform {
    /// Starts it. Account and customers are the same for every demo of a seed; ids of events and messages are not.
    pub(super) fn start(options: &Options, customers: &[Person]) -> Result<Self, RunError> {
        let here = |api_listen| {
            Double::start(DoubleOptions {
                api_listen,
                seed: rand::random(),
                variety: false,
                ..DoubleOptions::default()
            })
        };
        let anywhere = std::net::SocketAddr::new(options.phones.ip(), 0);
        let double = match here(options.phones) {
            Err(DoubleError::Start(_)) => here(anywhere)?,
            started => started?,
        };
        let channel = Channel {
            id: format!("{:010}", 1_600_000_000 + options.seed % 100_000_000),
            secret: format!("{:032x}", u128::from(options.seed) << 64 | 0x6d61_646f_6775_6368),
            access_token: format!("demo-{}", options.seed),
            bot_user_id: format!("U{:032x}", options.seed),
        };
        double.put_channel(channel.clone(), NAME);
        let mut users = Vec::new();
        for (place, person) in customers.iter().enumerate() {
            let user = format!("U{:032x}", (u128::from(options.seed) << 32) + 0x1000 + place as u128);
            double.join(&channel, &user, person.name)?;
            users.push(user);
        }
        Ok(Self { double, channel, users })
    }

    /// Has webhooks go to this address, again and again until they are taken.
    async fn call(&self, webhook: &str) -> Result<(), RunError> {
        self.double.set_webhook(&self.channel, webhook)?;
        self.double.set_redelivery(&self.channel, Redelivery::AfterMs(REDELIVERY_MS)).await?;
        Ok(())
    }
}

/// Sets everything up on the server at `base`, as its owner would.
pub(super) async fn set(base: &str, owner: &Api, keys: &Keys, platform: &Platform) -> Result<(), RunError> {
    let me: Me = owner.get("/api/v1/session").await?;
    if !me.windows.iter().any(|window| window.id == WINDOW) {
        let window = json!({"id": WINDOW, "name": NAME, "product": 5});
        let _: Value = owner.call(Method::POST, "/api/v1/windows", Some(&window)).await?;
    }
    let known: Items<Agent> = owner.get("/api/v1/agents").await?;
    for agent in AGENTS {
        let id = match known.items.iter().find(|known| known.login == agent.login) {
            Some(agent) => agent.id.clone(),
            None => hire(owner, agent, keys).await?,
        };
        let path = format!("/api/v1/windows/{WINDOW}/agents/{id}");
        owner.text(Method::PUT, &path, Some(&json!({}))).await?;
    }
    let inbox = account(owner, platform).await?;
    // Not `webhook_url`: a public address may lead elsewhere.
    platform.call(&format!("{base}/hooks/line/{}", inbox.id)).await
}

async fn hire(owner: &Api, agent: AgentName, keys: &Keys) -> Result<String, RunError> {
    let AgentName { login, name, role } = agent;
    let person = json!({"login": login, "name": name, "role": role, "password": keys.agents});
    let person: Agent = owner.call(Method::POST, "/api/v1/agents", Some(&person)).await?;
    Ok(person.id)
}

/// The window's LINE account, led to the platform of this demo.
async fn account(owner: &Api, platform: &Platform) -> Result<Inbox, RunError> {
    let settings = json!({
        "mode": "auto",
        "channel_secret": platform.channel.secret, "channel_access_token": platform.channel.access_token,
        "api_base_url": platform.double.api_url(), "api_data_base_url": platform.double.data_url(),
    });
    let known: Items<Inbox> = owner.get("/api/v1/inboxes").await?;
    if let Some(inbox) = known.items.iter().find(|inbox| inbox.window == WINDOW) {
        let path = format!("/api/v1/inboxes/{}", inbox.id);
        return owner.call(Method::PATCH, &path, Some(&json!({ "settings": settings }))).await;
    }
    let inbox = json!({"window": WINDOW, "kind": "line", "settings": settings});
    owner.call(Method::POST, "/api/v1/inboxes", Some(&inbox)).await
}

/// A picture that somebody takes with their phone.
pub(super) fn picture(seed: &str) -> Media {
    Media::drawing(640, 480, seed)
}
