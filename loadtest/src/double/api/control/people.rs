//! The double's own calls about people: what they do, what their phones show.

use std::sync::Arc;

use serde_json::{Value, json};

use super::bodies::{Link, Say, UserSettings};
use super::{parameter, parse};
use crate::double::hook::{Act, Event};
use crate::double::platform::Platform;
use crate::double::refusal::Refusal;

pub(super) async fn run(
    platform: &Arc<Platform>,
    method: &str,
    path: &[&str],
    query: &str,
    body: &[u8],
) -> Result<Value, Refusal> {
    // Where a user is in several channels, `channel` says which is meant.
    let wished = parameter(query.as_bytes(), "channel");
    let channel_of = |chat: &str| wished.clone().map_or_else(|| platform.home(chat), Ok);
    match (method, path) {
        ("POST", ["channels", channel, "users", user]) => {
            let set: UserSettings = parse(body)?;
            if let Some(relation) = set.relation {
                platform.set_relation(channel, user, relation)?;
            }
            if let Some(profile) = set.profile {
                platform.set_profile(channel, user, profile)?;
            }
            Ok(json!({}))
        }
        ("POST", ["users", user, "say"]) => {
            let events = vec![Event::text(user, &parse::<Say>(body)?.text)];
            Ok(json!(*platform.deliver(&channel_of(user)?, events).await?))
        }
        ("POST", ["users", user, "send"]) => {
            let events = parse::<Act>(body)?.events(user).map_err(|why| Refusal::new(400, why))?;
            Ok(json!(*platform.deliver(&channel_of(user)?, events).await?))
        }
        ("POST", ["users", user, "link"]) => {
            let link: Link = parse(body)?;
            let (channel, event) = platform.linked(user, &link.link_token, &link.nonce)?;
            Ok(json!(*platform.deliver(&channel, vec![event]).await?))
        }
        ("GET", ["users", chat, "conversation"]) => {
            let shown = platform.conversation(&channel_of(chat)?, chat)?;
            Ok(shown.iter().map(|shown| json!(**shown)).collect())
        }
        ("GET", ["users", user, "phone"]) => {
            let chat = parameter(query.as_bytes(), "chat").unwrap_or_else(|| (*user).to_owned());
            Ok(platform.phone(&channel_of(user)?, user, &chat)?)
        }
        ("GET", ["phones"]) => Ok(platform.phones()),
        _ => Err(Refusal::not_found()),
    }
}
