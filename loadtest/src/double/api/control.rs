//! `/_double/`: the double by hand and from other processes. JSON in and out; no token, since it listens on this
//! machine only. The calls are listed in the crate's `README.md`.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::read;
use super::respond::Answer;
use crate::double::error::DoubleError;
use crate::double::faults::Rule;
use crate::double::hook::{Event, Redelivery};
use crate::double::platform::Platform;
use crate::double::refusal::Refusal;
use crate::double::state::{Channel, Quota, Relation};

/// Where the double's own calls begin.
pub(super) const PREFIX: &str = "/_double/";

#[derive(Deserialize)]
struct NewChannel {
    #[serde(default)]
    name: String,
    webhook: Option<String>,
    /// All four or none: a channel that is known already.
    known: Option<KnownChannel>,
}

#[derive(Deserialize)]
struct KnownChannel {
    id: String,
    secret: String,
    access_token: String,
    bot_user_id: String,
}

#[derive(Deserialize)]
struct ChannelSettings {
    webhook: Option<String>,
    use_webhook: Option<bool>,
    redelivery: Option<Redelivery>,
    quota: Option<Quota>,
    #[serde(default)]
    used: u64,
}

#[derive(Deserialize)]
struct NewUser {
    name: String,
    user: Option<String>,
    relation: Option<Relation>,
}

#[derive(Deserialize)]
struct UserSettings {
    relation: Relation,
}

#[derive(Deserialize)]
struct Say {
    text: String,
}

#[derive(Deserialize)]
struct Events {
    events: Vec<EventOf>,
}

#[derive(Deserialize)]
struct EventOf {
    user: Option<String>,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    fields: Value,
    raw: Option<Value>,
}

#[derive(Deserialize)]
struct Ids {
    event_ids: Vec<String>,
}

#[derive(Deserialize)]
struct Ahead {
    advance_ms: u64,
}

pub(super) async fn answer(platform: &Arc<Platform>, head: &Parts, body: Incoming) -> Answer {
    let body = match read(body).await {
        Ok(body) => body,
        Err(refusal) => return Answer::refused(&refusal),
    };
    let path = head.uri.path().trim_start_matches(PREFIX);
    let parts: Vec<&str> = path.split('/').collect();
    match run(platform, head.method.as_str(), &parts, head.uri.query(), &body).await {
        Ok(value) => Answer::ok(value),
        Err(refusal) => Answer::refused(&refusal),
    }
}

async fn run(
    platform: &Arc<Platform>,
    method: &str,
    path: &[&str],
    query: Option<&str>,
    body: &[u8],
) -> Result<Value, Refusal> {
    match (method, path) {
        ("POST", ["channels"]) => add_channel(platform, body),
        ("GET", ["channels"]) => {
            let world = platform.world.lock();
            Ok(world.channels().map(|channel| json!(channel.public)).collect())
        }
        ("POST", ["channels", channel]) => set_channel(platform, channel, body),
        ("POST", ["channels", channel, "users"]) => {
            let new: NewUser = parse(body)?;
            let relation = new.relation.unwrap_or(Relation::Friend);
            let user = platform.add_user(channel, new.user.as_deref(), &new.name, relation)?;
            Ok(json!({ "user": user }))
        }
        ("POST", ["channels", channel, "users", user]) => {
            platform.set_relation(channel, user, parse::<UserSettings>(body)?.relation)?;
            Ok(json!({}))
        }
        ("POST", ["channels", channel, "deliver"]) => {
            let events = parse::<Events>(body)?.events.into_iter().map(event).collect();
            Ok(json!(*platform.deliver(channel, events).await?))
        }
        ("POST", ["channels", channel, "assortment"]) => {
            let users = assortment_users(platform, channel)?;
            Ok(json!(*platform.deliver(channel, Event::assortment(&users)).await?))
        }
        ("POST", ["channels", channel, "duplicate"]) => {
            Ok(json!(*platform.repeat(channel, &parse::<Ids>(body)?.event_ids, false).await?))
        }
        ("POST", ["channels", channel, "redeliver_events"]) => {
            Ok(json!(*platform.repeat(channel, &parse::<Ids>(body)?.event_ids, true).await?))
        }
        ("POST", ["channels", channel, "redeliver"]) => {
            let deliveries = platform.redeliver(channel).await?;
            Ok(deliveries.iter().map(|delivery| json!(**delivery)).collect())
        }
        ("POST", ["users", user, "say"]) => {
            let events = vec![Event::text(user, &parse::<Say>(body)?.text)];
            Ok(json!(*platform.deliver(&platform.home(user)?, events).await?))
        }
        ("GET", ["users", user, "conversation"]) => {
            let shown = platform.conversation(&platform.home(user)?, user)?;
            Ok(shown.iter().map(|shown| json!(**shown)).collect())
        }
        ("GET", ["calls"]) => Ok(platform.calls.since(since(query)).iter().map(|call| json!(**call)).collect()),
        ("GET", ["deliveries"]) => Ok(platform.deliveries.since(since(query)).iter().map(|one| json!(**one)).collect()),
        ("POST", ["faults"]) => {
            platform.faults.add(parse::<Rule>(body)?);
            Ok(json!(platform.faults.rules()))
        }
        ("GET", ["faults"]) => Ok(json!(platform.faults.rules())),
        ("DELETE", ["faults"]) => {
            platform.faults.clear();
            Ok(json!([]))
        }
        ("POST", ["clock"]) => {
            platform.clock.advance(Duration::from_millis(parse::<Ahead>(body)?.advance_ms));
            Ok(json!({ "now_ms": platform.clock.now_ms() }))
        }
        _ => Err(Refusal::not_found()),
    }
}

fn add_channel(platform: &Platform, body: &[u8]) -> Result<Value, Refusal> {
    let new: NewChannel = parse(body)?;
    let channel = match new.known {
        None => platform.world.lock().add_channel(new.name),
        Some(KnownChannel { id, secret, access_token, bot_user_id }) => {
            let channel = Channel { id, secret, access_token, bot_user_id };
            platform.world.lock().put_channel(channel.clone(), new.name);
            channel
        }
    };
    if let Some(url) = new.webhook {
        platform.set_webhook(&channel.id, Some(url), true)?;
    }
    Ok(json!(channel))
}

fn set_channel(platform: &Arc<Platform>, channel: &str, body: &[u8]) -> Result<Value, Refusal> {
    let set: ChannelSettings = parse(body)?;
    platform.world.lock().channel(channel).ok_or(DoubleError::UnknownChannel)?;
    if let Some(url) = set.webhook {
        platform.set_webhook(channel, Some(url), true)?;
    }
    if let Some(on) = set.use_webhook {
        platform.use_webhook(channel, on)?;
    }
    if let Some(quota) = set.quota {
        platform.set_quota(channel, quota, set.used)?;
    }
    if let Some(redelivery) = set.redelivery {
        platform.set_redelivery(channel, redelivery)?;
    }
    Ok(json!({}))
}

fn event(event: EventOf) -> Event {
    match (event.raw, event.user) {
        (Some(raw), _) => Event::raw(raw),
        (None, user) => Event::new(&user.unwrap_or_default(), &event.kind, event.fields),
    }
}

fn assortment_users(platform: &Platform, channel: &str) -> Result<Vec<String>, Refusal> {
    let world = platform.world.lock();
    let state = world.channel(channel).ok_or(DoubleError::UnknownChannel)?;
    let users: Vec<String> = state.contacts.keys().take(5).cloned().collect();
    if users.is_empty() { Err(DoubleError::UnknownUser.into()) } else { Ok(users) }
}

fn since(query: Option<&str>) -> u64 {
    query.and_then(|query| query.strip_prefix("since=")).and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| Refusal::new(400, error.to_string()))
}

impl From<DoubleError> for Refusal {
    fn from(error: DoubleError) -> Self {
        Self::new(404, error.to_string())
    }
}
