//! Answers as deliveries, one each; and what the other side's answer to a delivery means.
//!
//! What cannot be said here was refused when it was accepted ([`super::adapter`]); here it becomes no delivery.

use serde_json::{Value, json};

use crate::channels::public::PublicUrls;
use crate::channels::signed::Posted;
use crate::channels::{Bubble, Outcome};
use crate::domain::content::{Location, Media, MediaKind};
use crate::domain::conversation::Outgoing;
use crate::domain::message::Content;
use crate::domain::time::Timestamp;

/// Millionths in a degree.
const E6: f64 = 1_000_000.0;

/// The deliveries of these answers, without whom they are for.
pub(super) fn bubbles(items: &[Outgoing], urls: &PublicUrls) -> Vec<Bubble> {
    let one = |item: &Outgoing| {
        let message = message(&item.content, urls)?;
        let body = json!({ "type": "answer", "at": text_of(item.queued_at), "message": message });
        Some(Bubble { numbers: vec![item.number], body })
    };
    items.iter().filter_map(one).collect()
}

/// The delivery's id: the same for the same answer.
pub(super) fn delivery_id(retry_key: u128) -> String {
    format!("dlv_{retry_key:032x}")
}

/// A time as it is written there.
pub(super) fn text_of(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map(|at| format!("{at:.3}")).unwrap_or_default()
}

fn message(content: &Content, urls: &PublicUrls) -> Option<Value> {
    match content {
        Content::Text(text) => Some(json!({ "type": "text", "text": text })),
        Content::Location(place) => Some(location(place)),
        Content::Media(media) => self::media(media, urls),
        Content::Sticker(_)
        | Content::Cards(_)
        | Content::Native(_)
        | Content::Other { .. }
        | Content::Redacted
        | Content::Mail(_) => None,
    }
}

fn media(media: &Media, urls: &PublicUrls) -> Option<Value> {
    let file = media.file()?;
    let kind = match media.kind {
        MediaKind::Image => "image",
        MediaKind::Video => "video",
        MediaKind::Audio => "audio",
        MediaKind::File => "file",
    };
    let name = media.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let mut said = json!({
        "type": kind, "url": urls.url(file.id, name.unwrap_or(kind)), "mime": file.mime, "bytes": file.bytes,
    });
    if let Some(name) = name {
        said["name"] = name.into();
    }
    if let Some(duration) = media.duration_ms {
        said["duration_ms"] = duration.into();
    }
    Some(said)
}

fn location(place: &Location) -> Value {
    let mut said = json!({
        "type": "location",
        "latitude": f64::from(place.latitude_e6) / E6,
        "longitude": f64::from(place.longitude_e6) / E6,
    });
    for (field, text) in [("title", &place.title), ("address", &place.address)] {
        if let Some(text) = text {
            said[field] = text.as_str().into();
        }
    }
    said
}

/// What became of a delivery. The other side knows it again, so that what may have been taken is worth another try.
pub(super) fn outcome(posted: Posted) -> Outcome {
    let refused = |status, detail: &str| Outcome::Refused { status, detail: detail.to_owned() };
    match posted {
        Posted::Answered(200..300) => Outcome::Accepted { external_ids: Vec::new(), request_id: None },
        Posted::Answered(status @ (401 | 403)) => Outcome::Unauthorised { status },
        Posted::Answered(429) => Outcome::RateLimited,
        Posted::Answered(408 | 425 | 500..) | Posted::BrokeOff | Posted::TooSlow => Outcome::Ambiguous,
        Posted::Answered(status) => refused(status, ""),
        Posted::Unreachable => Outcome::NotSent,
        Posted::Unsafe => refused(0, "the endpoint's address may not be called"),
    }
}
