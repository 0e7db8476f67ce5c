//! What users do, before the platform gives it ids and tokens.

use serde_json::{Map, Value, json};

use crate::double::media::Media;
use crate::double::state::Readiness;

/// One thing that happens in a channel. Ids, tokens and the time are given when it is delivered.
#[derive(Clone, Debug)]
pub struct Event {
    pub(super) user: Option<String>,
    /// The group or room it happens in; none for one-to-one chats.
    pub(super) group: Option<String>,
    pub(super) kind: String,
    pub(super) fields: Map<String, Value>,
    pub(super) repliable: bool,
    pub(super) at_ms: Option<i64>,
    pub(super) standby: bool,
    pub(super) raw: Option<Value>,
    /// What can be fetched under the message's id.
    pub(super) content: Option<Media>,
    pub(super) readiness: Readiness,
    /// The picture is kept by somebody else: its address is in the event, on the double's files port.
    pub(super) external: bool,
    /// What a pressed button writes into the chat in the user's name; LINE tells the account nothing of it.
    pub(super) display_text: Option<String>,
    /// Neither source nor reply token: a link that failed.
    pub(super) sourceless: bool,
}

impl Event {
    /// An event of any type, known or not, with the fields that are its own.
    #[must_use]
    pub fn new(user: &str, kind: &str, fields: Value) -> Self {
        let repliable = !matches!(
            kind,
            "unsend" | "unfollow" | "leave" | "memberLeft" | "delivery" | "module" | "activated" | "deactivated"
        );
        let fields = if let Value::Object(fields) = fields { fields } else { Map::new() };
        Self {
            user: Some(user.to_owned()).filter(|user| !user.is_empty()),
            group: None,
            kind: kind.to_owned(),
            fields,
            repliable,
            at_ms: None,
            standby: false,
            raw: None,
            content: None,
            readiness: Readiness::Ready,
            external: false,
            display_text: None,
            sourceless: false,
        }
    }

    /// A text message.
    #[must_use]
    pub fn text(user: &str, text: &str) -> Self {
        Self::new(user, "message", json!({ "message": { "type": "text", "text": text } }))
    }

    /// A message of any type; id and tokens are added.
    #[must_use]
    pub fn message(user: &str, message: Value) -> Self {
        Self::new(user, "message", json!({ "message": message }))
    }

    /// Sent as it stands, whatever it is; changes nothing on the platform, but that something small can be fetched under a
    /// message's id where its type has content. For events that a test writes itself, broken ones too.
    #[must_use]
    pub fn raw(event: Value) -> Self {
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        Self { repliable: false, raw: Some(event), ..Self::new("", &kind, Value::Null) }
    }

    /// Another channel holds the chat: no reply token.
    #[must_use]
    pub fn standby(mut self) -> Self {
        self.standby = true;
        self
    }

    /// In a group or a multi-person chat.
    #[must_use]
    pub fn in_group(mut self, group: &str) -> Self {
        self.group = Some(group.to_owned());
        self
    }

    /// What its picture, video, sound or file consists of; without it the double makes something small.
    #[must_use]
    pub fn with_content(mut self, media: Media) -> Self {
        self.content = Some(media);
        self
    }

    /// When its content can be fetched.
    #[must_use]
    pub fn ready(mut self, readiness: Readiness) -> Self {
        self.readiness = readiness;
        self
    }

    /// Its content is kept by somebody else: `contentProvider.type` is `external`, and the content calls find nothing.
    #[must_use]
    pub fn external(mut self) -> Self {
        self.external = true;
        self
    }

    /// A further property of the message, or another value of one.
    #[must_use]
    pub fn with(mut self, key: &str, value: Value) -> Self {
        if let Some(Value::Object(message)) = self.fields.get_mut("message") {
            message.insert(key.to_owned(), value);
        }
        self
    }

    /// It happened at `at_ms`, not now.
    #[must_use]
    pub fn at_ms(mut self, at_ms: i64) -> Self {
        self.at_ms = Some(at_ms);
        self
    }

    /// The message quotes another.
    #[must_use]
    pub fn quoting(self, message: &str) -> Self {
        self.with("quotedMessageId", json!(message))
    }

    /// Who does it.
    pub(crate) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The chat it happens in: the user's, or the group's.
    pub(super) fn chat(&self) -> &str {
        self.group.as_deref().or(self.user.as_deref()).unwrap_or_default()
    }

    /// `source`.
    pub(super) fn source(&self) -> Value {
        let Some(group) = &self.group else {
            return json!({ "type": "user", "userId": self.user.as_deref().unwrap_or_default() });
        };
        let mut source = if group.starts_with('R') {
            json!({ "type": "room", "roomId": group })
        } else {
            json!({ "type": "group", "groupId": group })
        };
        if let Some(user) = &self.user {
            source["userId"] = json!(user);
        }
        source
    }
}
