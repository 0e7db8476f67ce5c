//! What each call does. Everything but the webhook test is one step under the world's lock.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::Admitted;
use super::respond::Answer;
use super::route::Route;
use crate::double::clock::rfc3339;
use crate::double::hook::Reason;
use crate::double::platform::Platform;
use crate::double::refusal::Refusal;
use crate::double::state::{ChannelState, Send, is_source};
use crate::double::validate::{self, Shape};

/// Longest webhook address, in bytes.
const MAX_WEBHOOK_URL: usize = 500;

pub(super) async fn run(platform: &Arc<Platform>, admitted: &Admitted) -> Answer {
    let done = match retry_key(admitted) {
        Err(refusal) => Err(refusal),
        Ok(key) => match &admitted.route {
            Route::Send(shape) => send(platform, admitted, *shape, key),
            Route::Validate => validate::body(Shape::Messages, &admitted.body).map(|_| json!({})),
            Route::Info => of_channel(platform, admitted, info),
            Route::Profile(user) => {
                of_channel(platform, admitted, |channel| profile(channel, user)).and_then(std::convert::identity)
            }
            Route::Quota => of_channel(platform, admitted, |channel| json!(channel.quota)),
            Route::Consumption => of_channel(platform, admitted, |channel| json!({ "totalUsage": channel.used })),
            Route::WebhookGet => of_channel(platform, admitted, webhook).and_then(std::convert::identity),
            Route::WebhookPut => set_webhook(platform, admitted),
            Route::WebhookTest => test_webhook(platform, admitted).await,
        },
    };
    done.map_or_else(|refusal| Answer::refused(&refusal), Answer::ok)
}

/// The retry key: a UUID with dashes, and only where it means something (LINE, "Retrying an API request").
fn retry_key(admitted: &Admitted) -> Result<Option<Uuid>, Refusal> {
    let Some(key) = &admitted.retry_key else { return Ok(None) };
    if !admitted.route.takes_retry_key() {
        return Err(Refusal::new(400, "The retry key is not supported by this endpoint"));
    }
    let dashed = key.len() == 36;
    let key = Uuid::parse_str(key).ok().filter(|_| dashed);
    key.map(Some).ok_or_else(|| Refusal::new(400, "The retry key is invalid"))
}

fn send(platform: &Platform, admitted: &Admitted, shape: Shape, retry_key: Option<Uuid>) -> Result<Value, Refusal> {
    let (target, messages) = validate::body(shape, &admitted.body)?;
    let target = target.ok_or_else(|| Refusal::property("to"))?;
    let send = Send { target, messages, request_id: admitted.request_id, retry_key };
    let accepted = platform.world.lock().send(&admitted.channel, &send, platform.clock.now_ms())?;
    platform.announce(accepted.arrived);
    Ok(accepted.answer)
}

fn of_channel<T>(
    platform: &Platform,
    admitted: &Admitted,
    read: impl FnOnce(&ChannelState) -> T,
) -> Result<T, Refusal> {
    platform.world.lock().channel(&admitted.channel).map(read).ok_or_else(Refusal::unauthorized)
}

fn info(channel: &ChannelState) -> Value {
    json!({
        "userId": channel.public.bot_user_id,
        "basicId": format!("@{}", &channel.public.id),
        "displayName": channel.name,
        "chatMode": "chat",
        "markAsReadMode": "manual",
    })
}

fn profile(channel: &ChannelState, user: &str) -> Result<Value, Refusal> {
    if !is_source(user, "U") {
        return Err(Refusal::new(400, "The value for the 'userId' parameter is invalid"));
    }
    let contact = channel.contacts.get(user).filter(|contact| contact.profile_visible());
    let contact = contact.ok_or_else(Refusal::not_found)?;
    Ok(json!({ "displayName": contact.name, "userId": user, "language": "ja" }))
}

fn webhook(channel: &ChannelState) -> Result<Value, Refusal> {
    let endpoint = channel.webhook.as_ref().ok_or_else(|| Refusal::new(404, "Webhook endpoint not found"))?;
    Ok(json!({ "endpoint": endpoint, "active": channel.webhook_on }))
}

fn set_webhook(platform: &Platform, admitted: &Admitted) -> Result<Value, Refusal> {
    let endpoint = endpoint(&admitted.body)?.ok_or_else(|| Refusal::new(400, "Invalid webhook endpoint URL"))?;
    let mut world = platform.world.lock();
    let channel = world.channel_mut(&admitted.channel).ok_or_else(Refusal::unauthorized)?;
    channel.webhook = Some(endpoint);
    Ok(json!({}))
}

/// The `endpoint` of a body. LINE takes https only; the double also plain http on this machine, where engines under
/// test listen.
fn endpoint(body: &[u8]) -> Result<Option<String>, Refusal> {
    if body.is_empty() {
        return Ok(None);
    }
    let body: Value = serde_json::from_slice(body).map_err(|error| Refusal::not_json(&error))?;
    let Some(url) = body.get("endpoint").and_then(Value::as_str) else { return Ok(None) };
    let well_formed = url.parse::<hyper::Uri>().is_ok_and(|uri| match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) => true,
        (Some("http"), Some(host)) => matches!(host, "127.0.0.1" | "localhost" | "[::1]"),
        _ => false,
    });
    if well_formed && url.len() <= MAX_WEBHOOK_URL {
        Ok(Some(url.to_owned()))
    } else {
        Err(Refusal::new(400, "Invalid webhook endpoint URL"))
    }
}

async fn test_webhook(platform: &Arc<Platform>, admitted: &Admitted) -> Result<Value, Refusal> {
    let url = endpoint(&admitted.body)?;
    let url = match url {
        Some(url) => url,
        None => of_channel(platform, admitted, |channel| channel.webhook.clone())?
            .ok_or_else(|| Refusal::new(404, "Webhook endpoint not found"))?,
    };
    let posted = platform.check(&admitted.channel, &url).await.map_err(|_| Refusal::unauthorized())?;
    let detail = match posted.reason {
        Reason::Ok => "200".to_owned(),
        Reason::ErrorStatusCode => posted.status.unwrap_or_default().to_string(),
        Reason::CouldNotConnect => "connection failed".to_owned(),
        Reason::RequestTimeout => "no answer in time".to_owned(),
        Reason::Unclassified | Reason::NotSent => "unknown".to_owned(),
    };
    Ok(json!({
        "success": posted.reason == Reason::Ok,
        "timestamp": rfc3339(platform.clock.now_ms()),
        "statusCode": posted.status.unwrap_or(0),
        "reason": posted.reason,
        "detail": detail,
    }))
}
