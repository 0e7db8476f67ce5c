//! What a person does, as JSON says it: the control API's `send`. Each has the same meaning as the constructor of
//! [`Event`] with its name.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::event::Event;
use crate::double::media::Media;
use crate::double::state::Readiness;

/// Most pictures sent together, as in LINE's app.
const MAX_SET: usize = 20;

/// One thing to do.
#[derive(Debug, Deserialize)]
pub(crate) struct Act {
    /// The group or room to do it in.
    group: Option<String>,
    /// Another channel holds the chat.
    #[serde(default)]
    standby: bool,
    /// When it happened; now where it is missing.
    at_ms: Option<i64>,
    /// Which message is quoted.
    quote: Option<String>,
    /// Further properties of the message.
    #[serde(default)]
    fields: serde_json::Map<String, Value>,
    #[serde(flatten)]
    kind: Kind,
    #[serde(flatten)]
    content: ContentOf,
}

/// Content: `base64`, or something made of `size` bytes.
#[derive(Debug, Default, Deserialize)]
struct ContentOf {
    size: Option<u64>,
    base64: Option<String>,
    content_type: Option<String>,
    ready: Option<Readiness>,
    #[serde(default)]
    external: bool,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Kind {
    Text {
        text: String,
    },
    Sticker {
        package: String,
        sticker: String,
    },
    Image,
    Images {
        count: usize,
    },
    Video {
        duration_ms: Option<u64>,
    },
    Audio {
        duration_ms: Option<u64>,
    },
    File {
        name: String,
    },
    Location {
        title: Option<String>,
        address: Option<String>,
        latitude: f64,
        longitude: f64,
    },
    Postback {
        data: String,
        params: Option<Value>,
        display_text: Option<String>,
    },
    Follow {
        unblocked: Option<bool>,
    },
    Unfollow,
    Unsend {
        message: String,
    },
    Edited {
        message: String,
        text: String,
    },
    AccountLink {
        nonce: String,
        ok: Option<bool>,
    },
    Join,
    Leave,
    MemberJoined,
    MemberLeft,
    /// Any other event, with its own properties in `fields`.
    Other {
        r#type: String,
    },
}

impl Act {
    /// The events it makes for `user`; more than one only for pictures sent together. The error says what is wrong.
    pub(crate) fn events(self, user: &str) -> Result<Vec<Event>, &'static str> {
        let (group, fields) = (self.group.unwrap_or_default(), self.fields);
        let content = self.content.media(&self.kind, user)?;
        let members = [user.to_owned()];
        let one = match self.kind {
            Kind::Text { text } => Event::text(user, &text),
            Kind::Sticker { package, sticker } => Event::sticker(user, &package, &sticker),
            Kind::Image => Event::image(user),
            Kind::Images { count } if (1..=MAX_SET).contains(&count) => {
                let pictures: Vec<Media> = (0..count).map(|at| Media::picture(&format!("{user}{at}"))).collect();
                return Ok(Event::image_set(user, &pictures));
            }
            Kind::Images { .. } => return Err("count is not between 1 and 20"),
            Kind::Video { duration_ms } => Event::video(user, duration_ms.unwrap_or(6_000)),
            Kind::Audio { duration_ms } => Event::audio(user, duration_ms.unwrap_or(1_500)),
            Kind::File { name } => Event::file(user, &name),
            Kind::Location { title, address, latitude, longitude } => {
                Event::location(user, title.as_deref(), address.as_deref(), latitude, longitude)
            }
            Kind::Postback { data, params, display_text } => {
                let event = match params {
                    Some(params) => Event::postback_with(user, &data, &params),
                    None => Event::postback(user, &data),
                };
                display_text.iter().fold(event, |event, text| event.displaying(text))
            }
            Kind::Follow { unblocked } => Event::follow(user, unblocked.unwrap_or(false)),
            Kind::Unfollow => Event::unfollow(user),
            Kind::Unsend { message } => Event::unsend(user, &message),
            Kind::Edited { message, text } => Event::edited(user, &group, &message, &text),
            Kind::AccountLink { nonce, ok } => Event::account_link(user, &nonce, ok.unwrap_or(true)),
            Kind::Join => Event::join(&group),
            Kind::Leave => Event::leave(&group),
            Kind::MemberJoined => Event::member_joined(&group, &members),
            Kind::MemberLeft => Event::member_left(&group, &members),
            Kind::Other { r#type } => Event::new(user, &r#type, json!(fields)),
        };
        let mut event = fields.into_iter().fold(one, |event, (key, value)| event.with(&key, value));
        event.group = Some(group).filter(|group| !group.is_empty());
        event.at_ms = self.at_ms;
        event.content = content;
        event.readiness = self.content.ready.unwrap_or(Readiness::Ready);
        event.external = self.content.external;
        if let Some(message) = self.quote {
            event = event.quoting(&message);
        }
        Ok(vec![if self.standby { event.standby() } else { event }])
    }
}

impl ContentOf {
    fn media(&self, kind: &Kind, seed: &str) -> Result<Option<Media>, &'static str> {
        let made = match (&self.base64, self.size) {
            (Some(text), _) => {
                let bytes = STANDARD.decode(text).map_err(|_| "base64 is not base64")?;
                Some(Media::new("application/octet-stream", bytes))
            }
            (None, Some(size)) => match kind {
                Kind::Image => Some(Media::picture(seed).padded(size)),
                Kind::Video { .. } => Some(Media::video(size)),
                Kind::Audio { .. } => Some(Media::sound(size)),
                Kind::File { .. } => Some(Media::document(size)),
                _ => None,
            },
            (None, None) => None,
        };
        Ok(match &self.content_type {
            Some(content_type) => made.map(|media| media.named(content_type)),
            None => made,
        })
    }
}
