//! An event takes place: it gets its ids and tokens, changes what the platform knows, and is kept for repetition.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::delivery::Placed;
use super::event::Event;
use crate::double::ids::{self, Ids};
use crate::double::media::Media;
use crate::double::state::{Author, ChannelState, Content, Readiness, Relation, Shown, World};

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

/// What holds for all events of one delivery.
struct Now<'a> {
    at_ms: i64,
    variety: bool,
    /// Base URL of what is served without a token.
    files: &'a str,
    most_shown: usize,
}

impl World {
    /// Lets events take place in a channel; `None` where there is no such channel.
    pub(crate) fn place(
        &mut self,
        channel_id: &str,
        events: Vec<Event>,
        now_ms: i64,
        variety: bool,
        files: &str,
    ) -> Option<PlacedEvents> {
        let most_recent = self.limits.recent_events;
        let now = Now { at_ms: now_ms, variety, files, most_shown: self.limits.shown };
        let mut made = PlacedEvents::default();
        for mut event in events {
            let (channel, ids, _) = self.parts(channel_id)?;
            let content = content(channel_id, &mut event);
            let (value, placed) = one(channel, ids, &event, &now);
            made.shown.extend(effects(channel, ids, &event, &value, &placed, &now));
            if let Some(event_id) = placed.event_id.clone() {
                let reply_token = placed.reply_token.clone();
                channel.recent.push_back(Sent { event_id, reply_token, value: value.clone() });
                while channel.recent.len() > most_recent {
                    channel.recent.pop_front();
                }
            }
            if let Some((id, content)) = event.raw.as_ref().and_then(|raw| content_of_raw(channel_id, raw)) {
                self.contents.keep(id, content);
            }
            if let (Some(content), Some(id)) = (content, placed.message_id.clone()) {
                let kept = if event.external { &mut self.outside } else { &mut self.contents };
                kept.keep(id, content);
            }
            if event.kind == "unsend" && event.raw.is_none() {
                let id = value["unsend"]["messageId"].as_str().unwrap_or_default();
                if let Some(content) = self.contents.get_mut(id).filter(|content| content.channel == channel_id) {
                    content.gone = true;
                }
            }
            made.values.push(value);
            made.placed.push(placed);
        }
        Some(made)
    }
}

/// What is to be kept for a message of a type that has content, and the properties of the message that say so.
fn content(channel: &str, event: &mut Event) -> Option<Content> {
    let message = event.fields.get_mut("message")?.as_object_mut().filter(|_| event.kind == "message")?;
    let kind = message.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    // The test says itself where it is: nothing of it is here.
    if message.get("contentProvider").is_some_and(|provider| provider["type"] == "external") {
        return None;
    }
    let made = || something(&kind, event.user.as_deref().unwrap_or_default(), message.get("fileSize"));
    let media = event.content.take().or_else(made)?;
    if kind == "file" {
        message.entry("fileSize").or_insert_with(|| json!(media.size()));
    } else {
        let kind = if event.external { "external" } else { "line" };
        message.entry("contentProvider").or_insert_with(|| json!({ "type": kind }));
    }
    Some(Content { channel: channel.to_owned(), kind, media, readiness: event.readiness, gone: false })
}

/// What is kept for a message that is sent as it stands.
fn content_of_raw(channel: &str, event: &Value) -> Option<(String, Content)> {
    let message = event.get("message").filter(|message| message["contentProvider"]["type"] != "external")?;
    let (kind, id) = (message["type"].as_str()?.to_owned(), message["id"].as_str()?.to_owned());
    let media = something(&kind, &id, message.get("fileSize"))?;
    Some((id, Content { channel: channel.to_owned(), kind, media, readiness: Readiness::Ready, gone: false }))
}

/// Something small for a message of a type that has content.
fn something(kind: &str, seed: &str, file_size: Option<&Value>) -> Option<Media> {
    Some(match kind {
        "image" => Media::picture(seed),
        "video" => Media::video(200_000),
        "audio" => Media::sound(20_000),
        "file" => Media::document(file_size.and_then(Value::as_u64).unwrap_or(2_138)),
        _ => return None,
    })
}

fn one(channel: &mut ChannelState, ids: &mut Ids, event: &Event, now: &Now<'_>) -> (Value, Placed) {
    if let Some(raw) = &event.raw {
        let event_id = raw["webhookEventId"].as_str().map(str::to_owned);
        return (raw.clone(), Placed { user: None, event_id, message_id: None, reply_token: None });
    }
    let at_ms = event.at_ms.unwrap_or(now.at_ms);
    let event_id = ids.event(at_ms);
    let chat = event.chat().to_owned();
    let mut value = event.fields.clone();
    let message_id = value.get_mut("message").and_then(Value::as_object_mut).map(|message| {
        // An edited message keeps its id.
        let known = message.get("id").and_then(Value::as_str).filter(|_| event.kind == "messageEdited");
        let id = known.map_or_else(|| ids.message(), str::to_owned);
        complete_message(message, &channel.public.secret, &chat, &id, event.kind == "messageEdited");
        if event.external {
            point_outside(message, now.files, &id);
        }
        if now.variety && ids.any().is_multiple_of(4) {
            message.insert("reactionHints".to_owned(), json!(["新しい項目", { "weight": 1.5 }]));
        }
        id
    });
    let reply_token = (event.repliable && !event.standby).then(|| ids.hex(16));
    if let Some(token) = &reply_token {
        channel.reply_tokens.issue(token.clone(), chat, at_ms, now.at_ms);
        value.insert("replyToken".to_owned(), json!(token));
    }
    value.insert("type".to_owned(), json!(event.kind));
    value.insert("mode".to_owned(), json!(if event.standby { "standby" } else { "active" }));
    value.insert("timestamp".to_owned(), json!(at_ms));
    if !event.sourceless {
        value.insert("source".to_owned(), event.source());
    }
    value.insert("webhookEventId".to_owned(), json!(event_id));
    value.insert("deliveryContext".to_owned(), json!({ "isRedelivery": false }));
    if now.variety && ids.any().is_multiple_of(4) {
        value.insert("futureProperty".to_owned(), json!({ "説明": "今後追加", "flags": [true, null, 0] }));
    }
    let placed = Placed { user: event.user.clone(), event_id: Some(event_id), message_id, reply_token };
    (Value::Object(value), placed)
}

/// Id and tokens of a message. Only some types can be quoted (Messaging API reference, "Message event"); an edited one
/// cannot be marked as read by itself.
fn complete_message(message: &mut Map<String, Value>, secret: &str, chat: &str, id: &str, edited: bool) {
    message.insert("id".to_owned(), json!(id));
    let kind = message.get("type").and_then(Value::as_str).unwrap_or_default();
    if matches!(kind, "text" | "image" | "video" | "sticker") {
        message.insert("quoteToken".to_owned(), json!(ids::quote_token(secret, chat, id)));
    }
    if !edited {
        message.insert("markAsReadToken".to_owned(), json!(ids::mark_as_read_token(secret, chat, id)));
    }
}

/// Says where content is that LINE does not keep.
fn point_outside(message: &mut Map<String, Value>, files: &str, id: &str) {
    let preview = matches!(message.get("type").and_then(Value::as_str), Some("image" | "video"));
    let Some(Value::Object(provider)) = message.get_mut("contentProvider") else { return };
    provider.insert("originalContentUrl".to_owned(), json!(format!("{files}/outside/{id}")));
    if preview {
        provider.insert("previewImageUrl".to_owned(), json!(format!("{files}/outside/{id}/preview")));
    }
}

/// What the event does to the platform's own picture.
fn effects(
    channel: &mut ChannelState,
    ids: &mut Ids,
    event: &Event,
    value: &Value,
    placed: &Placed,
    now: &Now<'_>,
) -> Option<Arc<Shown>> {
    let chat = event.chat();
    if event.raw.is_some() || event.sourceless {
        return None;
    }
    let user = event.user.clone().unwrap_or_default();
    let text = |message: &Value| message["text"].as_str().map(str::to_owned);
    let members = |key: &str| -> Vec<String> {
        let list = value[key]["members"].as_array().into_iter().flatten();
        list.filter_map(|one| one["userId"].as_str().map(str::to_owned)).collect()
    };
    match event.kind.as_str() {
        "follow" => channel.contacts.get_mut(&user)?.relation = Relation::Friend,
        "unfollow" => channel.contacts.get_mut(&user)?.relation = Relation::Blocked,
        "unsend" => channel.chat_mut(chat)?.unsend(value["unsend"]["messageId"].as_str().unwrap_or_default()),
        "join" => channel.groups.get_mut(chat)?.account_in = true,
        "leave" => channel.groups.get_mut(chat)?.account_in = false,
        "memberJoined" => channel.groups.get_mut(chat)?.members.extend(members("joined")),
        "memberLeft" => {
            let left = members("left");
            channel.groups.get_mut(chat)?.members.retain(|member| !left.contains(member));
        }
        "messageEdited" => {
            let id = placed.message_id.as_deref().unwrap_or_default();
            channel.chat_mut(chat)?.change(id, |shown| {
                shown.text = text(&value["message"]);
                shown.message = value["message"].clone();
            });
        }
        "message" => {
            let id = placed.message_id.clone().unwrap_or_default();
            let message = value["message"].clone();
            return wrote(channel, chat, user, id, message, placed.reply_token.clone(), now);
        }
        "postback" => {
            let said = event.display_text.as_ref()?;
            let message = json!({ "type": "text", "text": said });
            return wrote(channel, chat, user, ids.message(), message, None, now);
        }
        _ => {}
    }
    None
}

/// A message of the user's side appears in the chat. With the account's "Chat" off, LINE marks it as read itself.
fn wrote(
    channel: &mut ChannelState,
    chat: &str,
    user: String,
    id: String,
    message: Value,
    reply_token: Option<String>,
    now: &Now<'_>,
) -> Option<Arc<Shown>> {
    if let Some(contact) = channel.contacts.get_mut(&user).filter(|_| chat == user) {
        contact.last_wrote_ms = Some(now.at_ms);
    }
    let (channel_id, by_hand) = (channel.public.id.clone(), channel.account.chat);
    let shown_in = channel.chat_mut(chat)?;
    let shown = Arc::new(Shown {
        channel: channel_id,
        chat: chat.to_owned(),
        user,
        id,
        author: Author::User,
        text: message["text"].as_str().map(str::to_owned),
        message,
        via: None,
        request_id: None,
        retry_key: None,
        reply_token,
        at_ms: now.at_ms,
        unsent: false,
        media: Vec::new(),
    });
    shown_in.show(Arc::clone(&shown), now.most_shown);
    if !by_hand {
        shown_in.read(&shown.id);
    }
    Some(shown)
}
