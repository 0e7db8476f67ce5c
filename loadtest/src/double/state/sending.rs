//! Accepting messages: the one place where a reply, push or multicast takes effect, all of it or nothing.
//!
//! Order of the checks: retry key, recipient or token, quote tokens, quota. The body was validated before.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::channel::{ChannelState, Quota};
use super::chat::{Author, Shown, Via};
use super::contact::Relation;
use super::world::World;
use crate::double::ids;
use crate::double::refusal::{Detail, Refusal};

/// To whom a call wants to send.
#[derive(Debug)]
pub(crate) enum Target {
    Reply { token: String },
    Push { to: String },
    Multicast { to: Vec<String> },
    Broadcast,
}

impl Target {
    /// Whether it is one chat, whose messages then get receipts.
    fn one_chat(&self) -> bool {
        matches!(self, Self::Reply { .. } | Self::Push { .. })
    }
}

/// One call that wants to send.
#[derive(Debug)]
pub(crate) struct Send {
    pub(crate) target: Target,
    pub(crate) messages: Vec<Map<String, Value>>,
    pub(crate) request_id: Uuid,
    pub(crate) retry_key: Option<Uuid>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Accepted {
    /// The body of the answer.
    pub(crate) answer: Value,
    /// What appeared on phones: nothing for those who blocked the account.
    pub(crate) arrived: Vec<Arc<Shown>>,
}

impl World {
    pub(crate) fn send(&mut self, channel: &str, send: &Send, now_ms: i64) -> Result<Accepted, Refusal> {
        let limit = self.limits.shown;
        let (channel, ids, _) = self.parts(channel).ok_or_else(Refusal::unauthorized)?;
        if let Some(first) = send.retry_key.and_then(|key| channel.retry_keys.first(&key, now_ms)) {
            return Err(Refusal::key_accepted(first.request_id, first.sent()));
        }
        let recipients = recipients(channel, &send.target, now_ms)?;
        check_by_chat(channel, &send.target, &recipients, &send.messages)?;
        let reached = spend(channel, &send.target, &recipients, now_ms)?;

        let one_chat = send.target.one_chat();
        let sent: Vec<String> = send.messages.iter().map(|_| ids.message()).collect();
        let mut arrived = Vec::new();
        for to in &reached {
            let channel_id = channel.public.id.clone();
            let Some(chat) = channel.chat_mut(to) else { continue };
            for (id, message) in sent.iter().zip(&send.messages) {
                let id = if one_chat { id.clone() } else { ids.message() };
                let shown = Arc::new(shown(&channel_id, to, id, message, send, now_ms));
                chat.show(Arc::clone(&shown), limit);
                arrived.push(shown);
            }
        }
        // Only replies and pushes name their messages: the others answer `{}`.
        let sent = recipients.first().filter(|_| one_chat).map(|to| {
            let receipts = sent.iter().zip(&send.messages).map(|(id, message)| receipt(channel, to, id, message));
            receipts.collect::<Value>()
        });
        if let Some(key) = send.retry_key {
            channel.retry_keys.remember(key, send.request_id, sent.as_ref(), now_ms);
        }
        let answer = sent.map_or_else(|| json!({}), |sent| json!({ "sentMessages": sent }));
        Ok(Accepted { answer, arrived })
    }
}

/// The chats a call names, refused where LINE refuses.
fn recipients(channel: &ChannelState, target: &Target, now_ms: i64) -> Result<Vec<String>, Refusal> {
    match target {
        Target::Reply { token } => {
            let chat = channel.reply_tokens.chat(token, now_ms).ok_or_else(Refusal::reply_token)?;
            let left = channel.groups.get(&chat).is_some_and(|group| !group.account_in);
            if left { Err(Refusal::reply_token()) } else { Ok(vec![chat]) }
        }
        Target::Push { to } => {
            if *to == channel.public.bot_user_id || !is_source(to, "UCR") {
                return Err(Refusal::property("to"));
            }
            let in_group = channel.groups.get(to).is_some_and(|group| group.account_in);
            if !in_group && !channel.contacts.contains_key(to) {
                return Err(Refusal::new(400, "Failed to send messages"));
            }
            Ok(vec![to.clone()])
        }
        Target::Multicast { to } => {
            let wrong = to.iter().position(|user| *user == channel.public.bot_user_id || !is_source(user, "U"));
            if let Some(at) = wrong {
                return Err(Refusal::property(&format!("to[{at}]")));
            }
            // A person named twice gets the messages once; unknown ones are passed over in silence.
            let mut known: Vec<String> =
                to.iter().filter(|user| channel.contacts.contains_key(*user)).cloned().collect();
            known.sort_unstable();
            known.dedup();
            Ok(known)
        }
        Target::Broadcast => {
            let friends = channel.contacts.iter().filter(|(_, contact)| contact.relation == Relation::Friend);
            Ok(friends.map(|(user, _)| user.clone()).collect())
        }
    }
}

/// What depends on the chat: quote tokens are good only where the quoted message is, and only by reply and push; people
/// are mentioned only in groups; plays of videos are followed only in one-to-one chats.
fn check_by_chat(
    channel: &ChannelState,
    target: &Target,
    recipients: &[String],
    messages: &[Map<String, Value>],
) -> Result<(), Refusal> {
    let mut details = Vec::new();
    let mut fault = |at: usize, property: &str, message: &'static str| {
        details.push(Detail { message: message.into(), property: format!("messages[{at}].{property}") });
    };
    let in_group = target.one_chat() && recipients.iter().all(|chat| is_source(chat, "CR"));
    for (at, message) in messages.iter().enumerate() {
        if let Some(token) = message.get("quoteToken").and_then(Value::as_str) {
            let known = recipients.iter().any(|chat| ids::quotes(&channel.public.secret, chat, token));
            if !(target.one_chat() && known) {
                fault(at, "quoteToken", "Invalid quote token");
            }
        }
        let substitution = message.get("substitution").and_then(Value::as_object);
        if !in_group && substitution.is_some_and(|all| all.values().any(|one| one["type"] == "mention")) {
            fault(at, "substitution", "Mentions can be sent only to groups and multi-person chats");
        }
        if in_group && message.contains_key("trackingId") {
            fault(at, "trackingId", "May not be set for groups and multi-person chats");
        }
    }
    if details.is_empty() { Ok(()) } else { Err(Refusal::details(details)) }
}

/// Takes the quota (or the reply token) and says who is reached. Replies are free; who blocked the account is not
/// counted.
fn spend(
    channel: &mut ChannelState,
    target: &Target,
    recipients: &[String],
    now_ms: i64,
) -> Result<Vec<String>, Refusal> {
    // People behind a chat who hear of it: none of a user who blocked the account, every member of a group.
    let people = |chat: &String| match (channel.contacts.get(chat), channel.groups.get(chat)) {
        (Some(contact), _) => u64::from(contact.reachable(now_ms)),
        (None, group) => group.map_or(0, |group| group.members.len() as u64),
    };
    let counts: Vec<u64> = recipients.iter().map(people).collect();
    let reached = recipients.iter().zip(&counts).filter(|(_, people)| **people > 0).map(|(chat, _)| chat.clone());
    let reached: Vec<String> = reached.collect();
    if let Target::Reply { token } = target {
        channel.reply_tokens.spend(token);
        return Ok(reached);
    }
    let used = channel.used(now_ms) + counts.iter().sum::<u64>();
    if matches!(channel.quota, Quota::Limited(limit) if used > limit) {
        return Err(Refusal::quota());
    }
    channel.set_used(used, now_ms);
    Ok(reached)
}

fn shown(channel: &str, chat: &str, id: String, message: &Map<String, Value>, send: &Send, now_ms: i64) -> Shown {
    let (via, reply_token) = match &send.target {
        Target::Reply { token } => (Via::Reply, Some(token.clone())),
        Target::Push { .. } => (Via::Push, None),
        Target::Multicast { .. } => (Via::Multicast, None),
        Target::Broadcast => (Via::Broadcast, None),
    };
    Shown {
        channel: channel.to_owned(),
        chat: chat.to_owned(),
        user: chat.to_owned(),
        id,
        author: Author::Account,
        text: message.get("text").and_then(Value::as_str).map(str::to_owned),
        message: Value::Object(message.clone()),
        via: Some(via),
        request_id: Some(send.request_id),
        retry_key: send.retry_key,
        reply_token,
        at_ms: now_ms,
        unsent: false,
        media: Vec::new(),
    }
}

/// One entry of `sentMessages`. Only some types can be quoted (LINE, "Get quote tokens").
fn receipt(channel: &ChannelState, chat: &str, id: &str, message: &Map<String, Value>) -> Value {
    let kind = message.get("type").and_then(Value::as_str).unwrap_or_default();
    if matches!(kind, "text" | "textV2" | "sticker" | "image" | "video" | "template" | "flex") {
        json!({ "id": id, "quoteToken": ids::quote_token(&channel.public.secret, chat, id) })
    } else {
        json!({ "id": id })
    }
}

/// Whether `id` has the form of a source id whose first letter is one of `kinds`.
pub(crate) fn is_source(id: &str, kinds: &str) -> bool {
    let (kind, digits) = (id.chars().next(), id.get(1..).unwrap_or_default());
    kind.is_some_and(|kind| kinds.contains(kind))
        && digits.len() == 32
        && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
