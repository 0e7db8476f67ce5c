//! `/_double/`: the double by hand and from other processes. JSON in and out; no token, since it listens on this
//! machine only. The calls are listed in the crate's `README.md`.

mod bodies;
mod people;

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::respond::Answer;
use super::{parameter, read};
use crate::double::error::DoubleError;
use crate::double::faults::Rule;
use crate::double::hook::Event;
use crate::double::platform::Platform;
use crate::double::refusal::Refusal;
use crate::double::state::{Channel, Relation};
use bodies::{
    Ahead, ChannelSettings, ContentSettings, EventOf, Events, Ids, KnownChannel, NewChannel, NewGroup, NewToken,
    NewUser, Reissue, Revoke,
};

/// Where the double's own calls begin.
pub(super) const PREFIX: &str = "/_double/";
/// Largest body: a picture or a file that a person sends, in base64.
const MAX_BODY: usize = 32 * 1024 * 1024;

pub(super) async fn answer(platform: &Arc<Platform>, head: &Parts, body: Incoming) -> Answer {
    let body = match read(body, MAX_BODY).await {
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
        ("POST", ["channels", channel, "groups"]) => {
            let new: NewGroup = parse(body)?;
            let kind = if new.room { 'R' } else { 'C' };
            Ok(json!({ "group": platform.add_group(channel, kind, &new.name, &new.members)? }))
        }
        ("POST", ["channels", channel, "tokens"]) => {
            let new: NewToken = parse(body)?;
            let now_ms = platform.clock.now_ms();
            let until_ms = new.lives_ms.map_or(i64::MAX, |lives_ms| now_ms.saturating_add(lives_ms));
            Ok(json!({ "access_token": platform.add_token(channel, new.kind, until_ms)? }))
        }
        ("POST", ["channels", channel, "reissue_token"]) => {
            let token = platform.reissue_token(channel, parse::<Reissue>(body)?.grace_ms)?;
            Ok(json!({ "access_token": token }))
        }
        ("POST", ["channels", channel, "reissue_secret"]) => Ok(json!({ "secret": platform.reissue_secret(channel)? })),
        ("POST", ["channels", channel, "assertion_keys"]) => {
            platform.add_assertion_key(channel, parse(body)?)?;
            Ok(json!({}))
        }
        ("POST", ["tokens", "revoke"]) => {
            let token = parse::<Revoke>(body)?.token;
            Ok(json!({ "revoked": platform.world.lock().tokens.revoke(&token) }))
        }
        ("POST", ["contents", message]) => {
            platform.set_content(message, parse::<ContentSettings>(body)?.ready)?;
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
        _ => people::run(platform, method, path, query.unwrap_or_default(), body).await,
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
    if let Some(account) = set.account {
        platform.set_account(channel, account)?;
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
    let number = parameter(query.unwrap_or_default().as_bytes(), "since");
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
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
