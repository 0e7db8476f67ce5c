//! Accepting messages: the one place where a reply, push or multicast takes effect, all of it or nothing.
//!
//! Order of the checks: retry key, recipient or token, quote tokens, quota. The body was validated before.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::channel::{ChannelState, Quota};
use super::contact::{Author, Shown, Via};
use super::world::World;
use crate::double::ids;
use crate::double::refusal::{Detail, Refusal};

/// To whom a call wants to send.
#[derive(Debug)]
pub(crate) enum Target {
    Reply { token: String },
    Push { to: String },
    Multicast { to: Vec<String> },
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
        check_quotes(channel, &send.target, &recipients, &send.messages)?;
        let reached = spend(channel, &send.target, &recipients, now_ms)?;

        let one_chat = !matches!(send.target, Target::Multicast { .. });
        let sent: Vec<String> = send.messages.iter().map(|_| ids.message()).collect();
        let mut arrived = Vec::new();
        for user in &reached {
            let Some(contact) = channel.contacts.get_mut(user) else { continue };
            for (id, message) in sent.iter().zip(&send.messages) {
                let id = if one_chat { id.clone() } else { ids.message() };
                let shown = Arc::new(shown(&channel.public.id, user, id, message, send, now_ms));
                contact.show(Arc::clone(&shown), limit);
                arrived.push(shown);
            }
        }
        // Multicast names no messages: it answers `{}`.
        let sent = recipients.first().filter(|_| one_chat).map(|user| {
            let receipts = sent.iter().zip(&send.messages).map(|(id, message)| receipt(channel, user, id, message));
            receipts.collect::<Value>()
        });
        if let Some(key) = send.retry_key {
            channel.retry_keys.remember(key, send.request_id, sent.as_ref(), now_ms);
        }
        let answer = sent.map_or_else(|| json!({}), |sent| json!({ "sentMessages": sent }));
        Ok(Accepted { answer, arrived })
    }
}

/// The users a call names, refused where LINE refuses.
fn recipients(channel: &ChannelState, target: &Target, now_ms: i64) -> Result<Vec<String>, Refusal> {
    match target {
        Target::Reply { token } => {
            let user = channel.reply_tokens.user(token, now_ms).ok_or_else(Refusal::reply_token)?;
            Ok(vec![user])
        }
        Target::Push { to } => {
            if *to == channel.public.bot_user_id || !is_source(to, "UCR") {
                return Err(Refusal::property("to"));
            }
            if !channel.contacts.contains_key(to) {
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
    }
}

/// Quote tokens are good only in the chat that the quoted message is in, and only by reply and push.
fn check_quotes(
    channel: &ChannelState,
    target: &Target,
    recipients: &[String],
    messages: &[Map<String, Value>],
) -> Result<(), Refusal> {
    let mut details = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let Some(token) = message.get("quoteToken").and_then(Value::as_str) else { continue };
        let one_chat = !matches!(target, Target::Multicast { .. });
        let known = recipients.iter().any(|user| ids::quotes(&channel.public.secret, user, token));
        if !(one_chat && known) {
            let property = format!("messages[{at}].quoteToken");
            details.push(Detail { message: "Invalid quote token".into(), property });
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
    let reachable = |user: &&String| channel.contacts.get(*user).is_some_and(|contact| contact.reachable(now_ms));
    let reached: Vec<String> = recipients.iter().filter(reachable).cloned().collect();
    if let Target::Reply { token } = target {
        channel.reply_tokens.spend(token);
        return Ok(reached);
    }
    let used = channel.used + reached.len() as u64;
    if matches!(channel.quota, Quota::Limited(limit) if used > limit) {
        return Err(Refusal::quota());
    }
    channel.used = used;
    Ok(reached)
}

fn shown(channel: &str, user: &str, id: String, message: &Map<String, Value>, send: &Send, now_ms: i64) -> Shown {
    let (via, reply_token) = match &send.target {
        Target::Reply { token } => (Via::Reply, Some(token.clone())),
        Target::Push { .. } => (Via::Push, None),
        Target::Multicast { .. } => (Via::Multicast, None),
    };
    Shown {
        channel: channel.to_owned(),
        user: user.to_owned(),
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
    }
}

/// One entry of `sentMessages`. Only some types can be quoted (LINE, "Get quote tokens").
fn receipt(channel: &ChannelState, user: &str, id: &str, message: &Map<String, Value>) -> Value {
    let kind = message.get("type").and_then(Value::as_str).unwrap_or_default();
    if matches!(kind, "text" | "textV2" | "sticker" | "image" | "video" | "template" | "flex") {
        json!({ "id": id, "quoteToken": ids::quote_token(&channel.public.secret, user, id) })
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
