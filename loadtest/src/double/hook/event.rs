//! What users do, before the platform gives it ids and tokens.

use serde_json::{Map, Value, json};

/// One thing that happens in a channel. Ids, tokens and the time are given when it is delivered.
#[derive(Clone, Debug)]
pub struct Event {
    pub(super) user: Option<String>,
    pub(super) kind: String,
    pub(super) fields: Map<String, Value>,
    pub(super) repliable: bool,
    pub(super) at_ms: Option<i64>,
    pub(super) standby: bool,
    pub(super) raw: Option<Value>,
}

impl Event {
    /// An event of any type, known or not, with the fields that are its own.
    #[must_use]
    pub fn new(user: &str, kind: &str, fields: Value) -> Self {
        let repliable = !matches!(kind, "unsend" | "unfollow" | "leave" | "memberLeft" | "delivery");
        let fields = if let Value::Object(fields) = fields { fields } else { Map::new() };
        Self {
            user: Some(user.to_owned()),
            kind: kind.to_owned(),
            fields,
            repliable,
            at_ms: None,
            standby: false,
            raw: None,
        }
    }

    /// A text message.
    #[must_use]
    pub fn text(user: &str, text: &str) -> Self {
        Self::new(user, "message", json!({ "message": { "type": "text", "text": text } }))
    }

    /// A sticker.
    #[must_use]
    pub fn sticker(user: &str, package: &str, sticker: &str) -> Self {
        let message = json!({
            "type": "sticker", "packageId": package, "stickerId": sticker, "stickerResourceType": "STATIC",
        });
        Self::new(user, "message", json!({ "message": message }))
    }

    /// A message of any type; id and tokens are added.
    #[must_use]
    pub fn message(user: &str, message: Value) -> Self {
        Self::new(user, "message", json!({ "message": message }))
    }

    /// The user takes a message back.
    #[must_use]
    pub fn unsend(user: &str, message: &str) -> Self {
        Self::new(user, "unsend", json!({ "unsend": { "messageId": message } }))
    }

    /// The user adds the account, or stops blocking it.
    #[must_use]
    pub fn follow(user: &str, unblocked: bool) -> Self {
        Self::new(user, "follow", json!({ "follow": { "isUnblocked": unblocked } }))
    }

    /// The user blocks the account.
    #[must_use]
    pub fn unfollow(user: &str) -> Self {
        Self::new(user, "unfollow", json!({}))
    }

    /// The user presses a button.
    #[must_use]
    pub fn postback(user: &str, data: &str) -> Self {
        Self::new(user, "postback", json!({ "postback": { "data": data } }))
    }

    /// Sent as it stands, whatever it is; changes nothing on the platform. For broken events.
    #[must_use]
    pub fn raw(event: Value) -> Self {
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        Self { user: None, kind, fields: Map::new(), repliable: false, at_ms: None, standby: false, raw: Some(event) }
    }

    /// Another channel holds the chat: no reply token.
    #[must_use]
    pub fn standby(mut self) -> Self {
        self.standby = true;
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
    pub fn quoting(mut self, message: &str) -> Self {
        if let Some(Value::Object(fields)) = self.fields.get_mut("message") {
            fields.insert("quotedMessageId".to_owned(), json!(message));
        }
        self
    }

    /// One event of every ordinary kind of a one-to-one chat, with texts that are not ASCII, spread over `users`.
    #[must_use]
    pub fn assortment(users: &[String]) -> Vec<Self> {
        let line = json!({ "type": "line" });
        let emoji = json!({ "index": 7, "length": 6, "productId": "5ac1bfd5040ab15980c9b435", "emojiId": "002" });
        let bodies = [
            ("message", json!({ "message": { "type": "text", "text": "注文番号は? (love)", "emojis": [emoji] } })),
            ("message", json!({ "message": { "type": "text", "text": "👨‍👩‍👧 \"引用\" \\ / \n\t髙﨑𠮷野" } })),
            ("message", json!({ "message": { "type": "image", "contentProvider": line } })),
            ("message", json!({ "message": { "type": "video", "duration": 6_000, "contentProvider": line } })),
            ("message", json!({ "message": { "type": "audio", "duration": 1_500, "contentProvider": line } })),
            ("message", json!({ "message": { "type": "file", "fileName": "見積書.pdf", "fileSize": 2_138 } })),
            (
                "message",
                json!({ "message": {
                    "type": "location", "title": "本社", "address": "東京都港区1-2-3",
                    "latitude": 35.687_574, "longitude": 139.729_22,
                } }),
            ),
            (
                "message",
                json!({ "message": {
                    "type": "sticker", "packageId": "446", "stickerId": "1988",
                    "stickerResourceType": "ANIMATION", "keywords": ["嬉しい", "happy"],
                } }),
            ),
            ("unsend", json!({ "unsend": { "messageId": "325708" } })),
            ("unfollow", json!({})),
            ("follow", json!({ "follow": { "isUnblocked": true } })),
            ("postback", json!({ "postback": { "data": "csat=1&理由=速い" } })),
            ("postback", json!({ "postback": { "data": "d", "params": { "datetime": "2026-11-21T09:30" } } })),
            ("videoPlayComplete", json!({ "videoPlayComplete": { "trackingId": "track-1" } })),
            ("accountLink", json!({ "link": { "result": "ok", "nonce": "bm9uY2Utbm9uY2U" } })),
            ("beacon", json!({ "beacon": { "hwid": "d41d8cd98f", "type": "enter", "dm": "1234567890" } })),
            ("membership", json!({ "membership": { "type": "joined", "membershipId": 3_189 } })),
        ];
        let users = users.iter().cycle();
        bodies.into_iter().zip(users).map(|((kind, fields), user)| Self::new(user, kind, fields)).collect()
    }
}
