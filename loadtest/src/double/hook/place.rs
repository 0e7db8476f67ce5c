//! An event takes place: it gets its ids and tokens, changes what the platform knows, and is kept for repetition.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::deliver::Placed;
use super::event::Event;
use crate::double::ids::{self, Ids};
use crate::double::state::{Author, ChannelState, Contact, Relation, Shown, World};

/// An event as it went out.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) event_id: String,
    pub(crate) reply_token: Option<String>,
    pub(crate) value: Value,
}

/// What [`World::place`] made: the events for the body, what to tell the caller, what appeared on phones.
#[derive(Debug, Default)]
pub(crate) struct PlacedEvents {
    pub(crate) values: Vec<Value>,
    pub(crate) placed: Vec<Placed>,
    pub(crate) shown: Vec<Arc<Shown>>,
}

impl World {
    /// Lets events take place in a channel; `None` where there is no such channel.
    pub(crate) fn place(
        &mut self,
        channel: &str,
        events: Vec<Event>,
        now_ms: i64,
        variety: bool,
    ) -> Option<PlacedEvents> {
        let (channel, ids, limits) = self.parts(channel)?;
        let (recent, shown) = (limits.recent_events, limits.shown);
        let mut made = PlacedEvents::default();
        for event in events {
            let (value, placed) = one(channel, ids, &event, now_ms, variety);
            made.shown.extend(effects(channel, &event, &value, &placed, now_ms, shown));
            if let Some(event_id) = placed.event_id.clone() {
                let reply_token = placed.reply_token.clone();
                channel.recent.push_back(Sent { event_id, reply_token, value: value.clone() });
                while channel.recent.len() > recent {
                    channel.recent.pop_front();
                }
            }
            made.values.push(value);
            made.placed.push(placed);
        }
        Some(made)
    }
}

fn one(channel: &mut ChannelState, ids: &mut Ids, event: &Event, now_ms: i64, variety: bool) -> (Value, Placed) {
    if let Some(raw) = &event.raw {
        let event_id = raw["webhookEventId"].as_str().map(str::to_owned);
        return (raw.clone(), Placed { user: None, event_id, message_id: None, reply_token: None });
    }
    let at_ms = event.at_ms.unwrap_or(now_ms);
    let event_id = ids.event(at_ms);
    let user = event.user.clone().unwrap_or_default();
    let mut value = event.fields.clone();
    let message_id = value.get_mut("message").and_then(Value::as_object_mut).map(|message| {
        let id = ids.message();
        complete_message(message, &channel.public.secret, &user, &id);
        if variety && ids.any().is_multiple_of(4) {
            message.insert("reactionHints".to_owned(), json!(["新しい項目", { "weight": 1.5 }]));
        }
        id
    });
    let reply_token = (event.repliable && !event.standby).then(|| ids.hex(16));
    if let Some(token) = &reply_token {
        channel.reply_tokens.issue(token.clone(), user.clone(), at_ms, now_ms);
        value.insert("replyToken".to_owned(), json!(token));
    }
    value.insert("type".to_owned(), json!(event.kind));
    value.insert("mode".to_owned(), json!(if event.standby { "standby" } else { "active" }));
    value.insert("timestamp".to_owned(), json!(at_ms));
    value.insert("source".to_owned(), json!({ "type": "user", "userId": user }));
    value.insert("webhookEventId".to_owned(), json!(event_id));
    value.insert("deliveryContext".to_owned(), json!({ "isRedelivery": false }));
    if variety && ids.any().is_multiple_of(4) {
        value.insert("futureProperty".to_owned(), json!({ "説明": "今後追加", "flags": [true, null, 0] }));
    }
    let placed = Placed { user: Some(user), event_id: Some(event_id), message_id, reply_token };
    (Value::Object(value), placed)
}

/// Id and tokens of a message. Only some types can be quoted (Messaging API reference, "Message event").
fn complete_message(message: &mut Map<String, Value>, secret: &str, user: &str, id: &str) {
    message.insert("id".to_owned(), json!(id));
    let kind = message.get("type").and_then(Value::as_str).unwrap_or_default();
    if matches!(kind, "text" | "image" | "video" | "sticker") {
        message.insert("quoteToken".to_owned(), json!(ids::quote_token(secret, user, id)));
    }
    message.insert("markAsReadToken".to_owned(), json!(ids::mark_as_read_token(secret, user, id)));
}

/// What the event does to the platform's own picture.
fn effects(
    channel: &mut ChannelState,
    event: &Event,
    value: &Value,
    placed: &Placed,
    now_ms: i64,
    limit: usize,
) -> Option<Arc<Shown>> {
    let channel_id = channel.public.id.clone();
    let user = placed.user.clone()?;
    let contact = channel.contacts.get_mut(&user)?;
    match event.kind.as_str() {
        "follow" => contact.relation = Relation::Friend,
        "unfollow" => contact.relation = Relation::Blocked,
        "unsend" => contact.unsend(value["unsend"]["messageId"].as_str().unwrap_or_default()),
        "message" => return Some(wrote(contact, channel_id, user, value, placed, now_ms, limit)),
        _ => {}
    }
    None
}

fn wrote(
    contact: &mut Contact,
    channel: String,
    user: String,
    value: &Value,
    placed: &Placed,
    now_ms: i64,
    limit: usize,
) -> Arc<Shown> {
    contact.last_wrote_ms = Some(now_ms);
    let message = value["message"].clone();
    let shown = Arc::new(Shown {
        channel,
        user,
        id: placed.message_id.clone().unwrap_or_default(),
        author: Author::User,
        text: message["text"].as_str().map(str::to_owned),
        message,
        via: None,
        request_id: None,
        retry_key: None,
        reply_token: placed.reply_token.clone(),
        at_ms: now_ms,
        unsent: false,
    });
    contact.show(Arc::clone(&shown), limit);
    shown
}
