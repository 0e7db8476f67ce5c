//! What an account can do in a chat besides sending: be seen typing, mark as read, ask for a link.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Admitted;
use crate::double::ids;
use crate::double::platform::Platform;
use crate::double::refusal::{Detail, Refusal};
use crate::double::state::is_source;

/// The loading animation: one-to-one only, for 5 to 60 seconds in steps of five.
pub(super) fn start_loading(platform: &Arc<Platform>, admitted: &Admitted) -> Result<(), Refusal> {
    let body = object(&admitted.body)?;
    let fault = |property: &str, message: &'static str| {
        Refusal::details(vec![Detail { message: message.into(), property: property.to_owned() }])
    };
    let chat = body["chatId"].as_str().filter(|chat| is_source(chat, "U"));
    let chat = chat.ok_or_else(|| fault("chatId", "The value must be a user ID"))?;
    let seconds = match &body["loadingSeconds"] {
        Value::Null => Some(20),
        value => value.as_i64(),
    };
    let seconds = seconds.filter(|seconds| (5..=60).contains(seconds) && seconds % 5 == 0);
    let seconds = seconds.ok_or_else(|| fault("loadingSeconds", "Must be a multiple of 5 between 5 and 60"))?;
    let until_ms = platform.clock.now_ms() + seconds * 1_000;
    if let Some(state) = platform.world.lock().channel_mut(&admitted.channel)
        && let Some(contact) = state.contacts.get_mut(chat)
    {
        contact.chat.loading_until_ms = until_ms;
    }
    platform.changed();
    Ok(())
}

/// Marks everything up to a message as read.
pub(super) fn mark_as_read(platform: &Arc<Platform>, admitted: &Admitted) -> Result<Value, Refusal> {
    let body = object(&admitted.body)?;
    let token = body["markAsReadToken"].as_str().unwrap_or_default();
    {
        let mut world = platform.world.lock();
        let state = world.channel_mut(&admitted.channel).ok_or_else(Refusal::unauthorized)?;
        let Some((chat, message)) = ids::marks_as_read(&state.public.secret, token) else {
            return Err(Refusal::new(400, "Invalid markAsReadToken. The token is not one of this account."));
        };
        if let Some(chat) = state.chat_mut(chat) {
            chat.read(message);
        }
    }
    platform.changed();
    Ok(json!({}))
}

pub(super) fn link_token(platform: &Arc<Platform>, admitted: &Admitted, user: &str) -> Result<Value, Refusal> {
    let now_ms = platform.clock.now_ms();
    let mut world = platform.world.lock();
    let state = world.channel(&admitted.channel).ok_or_else(Refusal::unauthorized)?;
    if !state.contacts.contains_key(user) {
        return Err(Refusal::not_found());
    }
    let token = world.ids.hex(16);
    world.link_tokens.issue(token.clone(), &admitted.channel, user, now_ms);
    Ok(json!({ "linkToken": token }))
}

fn object(body: &[u8]) -> Result<Value, Refusal> {
    let value: Value = serde_json::from_slice(body).map_err(|error| Refusal::not_json(&error))?;
    if value.is_object() { Ok(value) } else { Err(Refusal::property("-")) }
}
