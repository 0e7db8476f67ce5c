//! The webhook's address: asked, set and tried.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Admitted;
use super::call::of_channel;
use crate::double::clock::rfc3339;
use crate::double::hook::Reason;
use crate::double::platform::Platform;
use crate::double::refusal::Refusal;
use crate::double::state::ChannelState;

/// Longest webhook address, in bytes.
const MAX_WEBHOOK_URL: usize = 500;

pub(super) fn get(channel: &ChannelState) -> Result<Value, Refusal> {
    let endpoint = channel.webhook.as_ref().ok_or_else(|| Refusal::new(404, "Webhook endpoint not found"))?;
    Ok(json!({ "endpoint": endpoint, "active": channel.webhook_on }))
}

pub(super) fn set(platform: &Platform, admitted: &Admitted) -> Result<Value, Refusal> {
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

pub(super) async fn test(platform: &Arc<Platform>, admitted: &Admitted) -> Result<Value, Refusal> {
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
