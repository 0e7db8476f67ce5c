//! The account, its people and its groups, as the API shows them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::route::InGroup;
use super::{Admitted, parameter};
use crate::double::platform::Platform;
use crate::double::refusal::Refusal;
use crate::double::state::{ChannelState, Group, Profile, is_source};

/// Most friends on one page, and how many without a wish.
const MAX_FOLLOWERS: usize = 1_000;
const FOLLOWERS: usize = 300;
/// Members of a group on one page.
const MEMBERS: usize = 100;

pub(super) fn info(channel: &ChannelState, files: &str) -> Value {
    let (chat_mode, marks) = if channel.account.chat { ("chat", "manual") } else { ("bot", "auto") };
    json!({
        "userId": channel.public.bot_user_id,
        "basicId": format!("@{}", channel.public.id),
        "displayName": channel.name,
        "pictureUrl": format!("{files}/pictures/{}", channel.public.bot_user_id),
        "chatMode": chat_mode,
        "markAsReadMode": marks,
    })
}

pub(super) fn profile(channel: &ChannelState, user: &str, files: &str) -> Result<Value, Refusal> {
    if !is_source(user, "U") {
        return Err(Refusal::new(400, "The value for the 'userId' parameter is invalid"));
    }
    let contact = channel.contacts.get(user).filter(|contact| contact.profile_visible());
    let contact = contact.ok_or_else(Refusal::not_found)?;
    let mut profile = member(&contact.profile, user, files);
    for (key, value) in [("statusMessage", &contact.profile.status_message), ("language", &contact.profile.language)] {
        if let Some(value) = value {
            profile[key] = json!(value);
        }
    }
    Ok(profile)
}

/// What a group shows of its member.
fn member(profile: &Profile, user: &str, files: &str) -> Value {
    let mut shown = json!({ "displayName": profile.name, "userId": user });
    if profile.picture {
        shown["pictureUrl"] = json!(format!("{files}/pictures/{user}"));
    }
    shown
}

/// The account's friends by page. `next` is the last id of the page before.
pub(super) fn followers(channel: &ChannelState, query: &str) -> Result<Value, Refusal> {
    verified(channel)?;
    let limit = parameter(query.as_bytes(), "limit").map_or(Some(FOLLOWERS), |limit| limit.parse().ok());
    let limit = limit.filter(|limit| (1..=MAX_FOLLOWERS).contains(limit));
    let limit = limit.ok_or_else(|| Refusal::new(400, "The value for the 'limit' parameter is invalid"))?;
    let friends = channel.contacts.iter().filter(|(_, contact)| contact.relation == crate::double::Relation::Friend);
    Ok(paged(friends.map(|(user, _)| user), query, limit, "userIds"))
}

fn paged<'a>(all: impl Iterator<Item = &'a String>, query: &str, limit: usize, name: &str) -> Value {
    let after = parameter(query.as_bytes(), "start").unwrap_or_default();
    let mut rest = all.filter(|user| **user > after);
    let page: Vec<&String> = rest.by_ref().take(limit).collect();
    let mut answer = json!({ name: page });
    if let (Some(last), Some(_)) = (page.last(), rest.next()) {
        answer["next"] = json!(last);
    }
    answer
}

fn verified(channel: &ChannelState) -> Result<(), Refusal> {
    if channel.account.verified {
        Ok(())
    } else {
        Err(Refusal::new(403, "Access to this API is not available for your account"))
    }
}

pub(super) fn group(platform: &Arc<Platform>, admitted: &Admitted, id: &str, call: &InGroup) -> Result<Value, Refusal> {
    let mut world = platform.world.lock();
    let channel = world.channel_mut(&admitted.channel).ok_or_else(Refusal::unauthorized)?;
    let known = channel.groups.get(id).filter(|group| group.account_in);
    let group: &Group = known.ok_or_else(Refusal::not_found)?;
    let files = &platform.files_url;
    match call {
        InGroup::Summary => {
            let picture = format!("{files}/pictures/{id}");
            Ok(json!({ "groupId": id, "groupName": group.name, "pictureUrl": picture }))
        }
        InGroup::Count => Ok(json!({ "count": group.members.len() })),
        InGroup::Ids => {
            verified(channel)?;
            let mut members: Vec<&String> = group.members.iter().collect();
            members.sort_unstable();
            Ok(paged(members.into_iter(), &admitted.query, MEMBERS, "memberIds"))
        }
        InGroup::Member(user) => {
            let contact = channel.contacts.get(user).filter(|_| group.members.contains(user));
            Ok(member(&contact.ok_or_else(Refusal::not_found)?.profile, user, files))
        }
        InGroup::Leave => {
            if let Some(group) = channel.groups.get_mut(id) {
                group.account_in = false;
            }
            Ok(json!({}))
        }
    }
}
