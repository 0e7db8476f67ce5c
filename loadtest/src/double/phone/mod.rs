//! The customer's phone as a page: its files, and the state that they show.
//!
//! Hand-written, built into the program, nothing from outside. The script puts what people and engines wrote on the
//! page as text only.

use serde_json::{Value, json};

use super::error::DoubleError;
use super::platform::Platform;

/// Newest messages that the page shows.
const SHOWN: usize = 200;

/// A file of the page with its `Content-Type`; the page itself for an empty name.
pub(crate) fn file(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "" => ("text/html; charset=utf-8", include_str!("phone.html")),
        "phone.css" => ("text/css; charset=utf-8", include_str!("phone.css")),
        "bubbles.css" => ("text/css; charset=utf-8", include_str!("bubbles.css")),
        "phone.js" => ("text/javascript; charset=utf-8", include_str!("phone.js")),
        "bubbles.js" => ("text/javascript; charset=utf-8", include_str!("bubbles.js")),
        "cards.js" => ("text/javascript; charset=utf-8", include_str!("cards.js")),
        "flex.js" => ("text/javascript; charset=utf-8", include_str!("flex.js")),
        "compose.js" => ("text/javascript; charset=utf-8", include_str!("compose.js")),
        "dom.js" => ("text/javascript; charset=utf-8", include_str!("dom.js")),
        _ => return None,
    })
}

impl Platform {
    /// Everything the page shows of one chat.
    pub(crate) fn phone(&self, channel: &str, user: &str, chat: &str) -> Result<Value, DoubleError> {
        let now_ms = self.clock.now_ms();
        let world = self.world.lock();
        let state = world.channel(channel).ok_or(DoubleError::UnknownChannel)?;
        let shows = state.chat(chat).ok_or(DoubleError::UnknownUser)?;
        let names: Value = state
            .contacts
            .iter()
            .filter(|(id, _)| *id == user || state.groups.get(chat).is_some_and(|group| group.members.contains(id)))
            .map(|(id, contact)| (id.clone(), json!(contact.profile.name)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let skip = shows.shown.len().saturating_sub(SHOWN);
        let messages: Vec<Value> = shows.shown.iter().skip(skip).map(|shown| json!(**shown)).collect();
        let groups: Vec<Value> = state
            .groups
            .iter()
            .filter(|(_, group)| group.members.iter().any(|member| member == user))
            .map(|(id, group)| json!({ "id": id, "name": group.name }))
            .collect();
        Ok(json!({
            "user": user,
            "chat": chat,
            "channel": channel,
            "account": state.name,
            "account_picture": format!("{}/pictures/{}", self.files_url, state.public.bot_user_id),
            "files": self.files_url,
            "group": state.groups.get(chat).map(|group| &group.name),
            "groups": groups,
            "names": names,
            "relation": state.contacts.get(user).map(|contact| contact.relation),
            "read_up_to": shows.read_up_to,
            "loading": shows.loading_until_ms > now_ms,
            "loading_left_ms": (shows.loading_until_ms - now_ms).max(0),
            "messages": messages,
        }))
    }

    /// Every user of every channel, for the list of phones.
    pub(crate) fn phones(&self) -> Value {
        let world = self.world.lock();
        let of = |channel: &str| -> Vec<Value> {
            let state = world.channel(channel).into_iter();
            let contacts = state.flat_map(|state| state.contacts.iter());
            contacts.take(500).map(|(user, contact)| json!({ "user": user, "name": contact.profile.name })).collect()
        };
        world
            .channels()
            .map(|state| json!({ "channel": state.public.id, "name": state.name, "users": of(&state.public.id) }))
            .collect()
    }
}
