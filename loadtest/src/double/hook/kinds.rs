//! Every kind of thing a customer can do, one constructor each.

use serde_json::{Value, json};

use super::event::Event;
use crate::double::media::Media;

impl Event {
    /// A sticker.
    #[must_use]
    pub fn sticker(user: &str, package: &str, sticker: &str) -> Self {
        let message = json!({
            "type": "sticker", "packageId": package, "stickerId": sticker, "stickerResourceType": "STATIC",
        });
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

    /// A picture.
    #[must_use]
    pub fn image(user: &str) -> Self {
        Self::message(user, json!({ "type": "image" }))
    }

    /// Pictures sent together. Their events come out of order, as LINE's do; `index` in them says the right one.
    #[must_use]
    pub fn image_set(user: &str, pictures: &[Media]) -> Vec<Self> {
        let (id, total) = (ulid::Ulid::new().to_string(), pictures.len());
        let one = |(at, media): (usize, &Media)| {
            let set = json!({ "id": id, "index": at + 1, "total": total });
            Self::image(user).with("imageSet", set).with_content(media.clone())
        };
        let mut events: Vec<Self> = pictures.iter().enumerate().map(one).collect();
        // 1, 2, 5, 3, 4 is an order that was seen; two change places.
        if total > 2 {
            events[1..].rotate_right(1);
        } else {
            events.reverse();
        }
        events
    }

    /// A video.
    #[must_use]
    pub fn video(user: &str, duration_ms: u64) -> Self {
        Self::message(user, json!({ "type": "video", "duration": duration_ms }))
    }

    /// A voice message.
    #[must_use]
    pub fn audio(user: &str, duration_ms: u64) -> Self {
        Self::message(user, json!({ "type": "audio", "duration": duration_ms }))
    }

    /// A file; its size is that of its content.
    #[must_use]
    pub fn file(user: &str, name: &str) -> Self {
        Self::message(user, json!({ "type": "file", "fileName": name }))
    }

    /// A place on the map.
    #[must_use]
    pub fn location(user: &str, title: Option<&str>, address: Option<&str>, latitude: f64, longitude: f64) -> Self {
        let mut message = json!({ "type": "location", "latitude": latitude, "longitude": longitude });
        for (key, value) in [("title", title), ("address", address)] {
            if let Some(value) = value {
                message[key] = json!(value);
            }
        }
        Self::message(user, message)
    }

    /// The user presses a button with a date or a time to choose: `{"datetime": "2026-11-21T09:30"}`.
    #[must_use]
    pub fn postback_with(user: &str, data: &str, params: &Value) -> Self {
        Self::new(user, "postback", json!({ "postback": { "data": data, "params": params } }))
    }

    /// The button also writes this into the chat, in the user's name.
    #[must_use]
    pub fn displaying(mut self, text: &str) -> Self {
        self.display_text = Some(text.to_owned());
        self
    }

    /// The user has linked an account, or failed to: then LINE does not say who it was.
    #[must_use]
    pub fn account_link(user: &str, nonce: &str, ok: bool) -> Self {
        let result = if ok { "ok" } else { "failed" };
        let event = Self::new(user, "accountLink", json!({ "link": { "result": result, "nonce": nonce } }));
        Self { sourceless: !ok, repliable: ok, ..event }
    }

    /// A message of a group gets another text. The id stays; the event may come out of order.
    #[must_use]
    pub fn edited(user: &str, group: &str, message: &str, text: &str) -> Self {
        let message = json!({ "type": "text", "id": message, "text": text });
        Self::new(user, "messageEdited", json!({ "message": message })).in_group(group)
    }

    /// The account is asked into a group.
    #[must_use]
    pub fn join(group: &str) -> Self {
        Self::new("", "join", json!({})).in_group(group)
    }

    /// The account is thrown out of a group.
    #[must_use]
    pub fn leave(group: &str) -> Self {
        Self::new("", "leave", json!({})).in_group(group)
    }

    /// People join a group.
    #[must_use]
    pub fn member_joined(group: &str, users: &[String]) -> Self {
        Self::new("", "memberJoined", json!({ "joined": { "members": sources(users) } })).in_group(group)
    }

    /// People leave a group.
    #[must_use]
    pub fn member_left(group: &str, users: &[String]) -> Self {
        Self::new("", "memberLeft", json!({ "left": { "members": sources(users) } })).in_group(group)
    }

    /// One event of every ordinary kind of a one-to-one chat, with texts that are not ASCII, spread over `users`.
    #[must_use]
    pub fn assortment(users: &[String]) -> Vec<Self> {
        let emoji = json!({ "index": 7, "length": 6, "productId": "5ac1bfd5040ab15980c9b435", "emojiId": "002" });
        let user = |at: usize| users.get(at % users.len().max(1)).map_or("", String::as_str);
        let beacon = json!({ "beacon": { "hwid": "d41d8cd98f", "type": "enter", "dm": "1234567890" } });
        let events = vec![
            Self::text(user(0), "注文番号は? (love)").with("emojis", json!([emoji])),
            Self::text(user(1), "👨‍👩‍👧 \"引用\" \\ / \n\t髙﨑𠮷野"),
            Self::image(user(2)),
            Self::video(user(3), 6_000),
            Self::audio(user(4), 1_500),
            Self::file(user(5), "見積書.pdf"),
            Self::location(user(6), Some("本社"), Some("東京都港区1-2-3"), 35.687_574, 139.729_22),
            Self::sticker(user(7), "446", "1988").with("keywords", json!(["嬉しい", "happy"])),
            Self::unsend(user(8), "325708"),
            Self::unfollow(user(9)),
            Self::follow(user(10), true),
            Self::postback(user(11), "csat=1&理由=速い"),
            Self::postback_with(user(12), "d", &json!({ "datetime": "2026-11-21T09:30" })),
            Self::new(user(13), "videoPlayComplete", json!({ "videoPlayComplete": { "trackingId": "track-1" } })),
            Self::account_link(user(14), "bm9uY2Utbm9uY2U", true),
            Self::new(user(15), "beacon", beacon),
            Self::new(user(16), "membership", json!({ "membership": { "type": "joined", "membershipId": 3_189 } })),
        ];
        events
    }
}

fn sources(users: &[String]) -> Vec<Value> {
    users.iter().map(|user| json!({ "type": "user", "userId": user })).collect()
}
