//! A callback's body, translated (other-channels.md 1.3). It holds one event, without an id: what comes with the same bytes
//! is the same event. The body is kept beside the message, since nobody sends it again.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::channels::json::{self, Lazy};
use crate::channels::media::Gathering;
use crate::channels::words::{one_line, other, unknown};
use crate::channels::{Flaw, NotABody, Parsed, ParsedEvent};
use crate::domain::content::{Location, Media, MediaKind, MediaPlace, Sticker};
use crate::domain::conversation::{InboundKind, limits};
use crate::domain::message::Content;
use crate::domain::time::Timestamp;

/// Most bytes of an event that is kept beside its message; together with the text its record fits into the journal.
const MAX_KEPT: usize = 40 * 1024;
/// An event that is kept must not be nested deeper than this.
const MAX_DEPTH: usize = 32;
/// A time this much after the receipt, in milliseconds, cannot be true; the receipt's counts instead.
const MAX_AHEAD_MS: i64 = 86_400_000;
/// Longest name of a file, title and address of a place, in characters.
const NAME_CHARS: usize = 255;
/// What the platform says when somebody pressed the bot's start button.
const START: &str = "start";

/// Events of rooms, of which no conversation hears.
const HOUSEKEEPING: [&str; 4] = ["join", "leave", "joined", "left"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(borrow, rename = "type")]
    kind: Lazy<'a>,
    #[serde(borrow)]
    source: Lazy<'a>,
    #[serde(borrow)]
    issued_time: Lazy<'a>,
    #[serde(borrow)]
    content: Lazy<'a>,
    #[serde(borrow)]
    data: Lazy<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Source<'a> {
    #[serde(borrow)]
    user_id: Lazy<'a>,
    #[serde(borrow)]
    channel_id: Lazy<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said<'a> {
    #[serde(borrow, rename = "type")]
    kind: Lazy<'a>,
    #[serde(borrow)]
    text: Lazy<'a>,
    #[serde(borrow)]
    postback: Lazy<'a>,
    #[serde(borrow)]
    file_id: Lazy<'a>,
    #[serde(borrow)]
    file_name: Lazy<'a>,
    #[serde(borrow)]
    package_id: Lazy<'a>,
    #[serde(borrow)]
    sticker_id: Lazy<'a>,
    #[serde(borrow)]
    address: Lazy<'a>,
    #[serde(borrow)]
    latitude: Lazy<'a>,
    #[serde(borrow)]
    longitude: Lazy<'a>,
}

/// Reads a body. `received_at` stands in for the time of an event that tells none.
///
/// # Errors
/// It is no JSON object.
pub fn parse(body: &Bytes, received_at: Timestamp) -> Result<Parsed, NotABody> {
    let event_id = id_of(body);
    let raw: &RawValue = serde_json::from_slice(body).map_err(|_| NotABody)?;
    let fields: Fields<'_> = json::object(Some(raw)).ok_or(NotABody)?;
    Ok(match meaning(&fields, raw) {
        Ok(Meaning::Nothing(kind, among)) => Parsed::Ignored { kind, among },
        Ok(Meaning::Happened(user, what)) => Parsed::Event(ParsedEvent {
            event_id,
            thread: user.clone(),
            external_id: user,
            at: time(fields.issued_time, received_at),
            redelivery: false,
            context: None,
            who: None,
            what,
        }),
        Err(why) => Parsed::Broken { event_id, raw: body.clone(), why },
    })
}

/// By what a body is known when it comes again.
fn id_of(body: &[u8]) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

enum Meaning {
    Happened(String, InboundKind),
    Nothing(&'static str, Option<Gathering>),
}

fn meaning(fields: &Fields<'_>, raw: &RawValue) -> Result<Meaning, Flaw> {
    let kind = json::text(fields.kind).ok_or(Flaw::NoType)?;
    let source: Source<'_> = json::object(fields.source).unwrap_or_default();
    let room = json::id(source.channel_id).map(Gathering::Room);
    if let Some(known) = HOUSEKEEPING.iter().find(|known| **known == kind) {
        return Ok(Meaning::Nothing(known, room.filter(|_| *known != "leave")));
    }
    if room.is_some() {
        return Ok(Meaning::Nothing("room", room));
    }
    let user = json::id(source.user_id).ok_or(Flaw::NoUser)?;
    let (external_id, content) = match kind.as_str() {
        "message" => {
            let said: Said<'_> = json::object(fields.content).ok_or(Flaw::NoMessage)?;
            if json::text(said.postback).as_deref() == Some(START) {
                return Ok(Meaning::Happened(user, InboundKind::Follow { unblocked: false, reply_token: None }));
            }
            said_content(&said)?
        }
        "postback" => {
            let data = json::text(fields.data).ok_or(Flaw::NoMessage)?;
            if data == START {
                return Ok(Meaning::Happened(user, InboundKind::Follow { unblocked: false, reply_token: None }));
            }
            (None, other("postback", &data))
        }
        kind => (None, other(kind, &unknown(kind))),
    };
    let raw = raw.get();
    if raw.len() + content.weight() > MAX_KEPT + limits::TEXT_BYTES || raw.len() > MAX_KEPT {
        return Err(Flaw::TooLong);
    }
    if json::depth(raw) > MAX_DEPTH {
        return Err(Flaw::TooDeep);
    }
    Ok(Meaning::Happened(
        user,
        InboundKind::Message { external_id, content, reply_token: None, read_token: None, raw: Some(raw.to_owned()) },
    ))
}

/// What was said, and the name under which the platform has its bytes.
fn said_content(said: &Said<'_>) -> Result<(Option<String>, Content), Flaw> {
    let kind = json::text(said.kind).unwrap_or_default();
    let media = |kind| media(kind, said);
    let content = match kind.as_str() {
        "text" => Some((None, Content::Text(text(said.text)?))),
        "image" => media(MediaKind::Image),
        "video" => media(MediaKind::Video),
        "audio" => media(MediaKind::Audio),
        "file" => media(MediaKind::File),
        "sticker" => sticker(said).map(|sticker| (None, Content::Sticker(sticker))),
        "location" => location(said).map(|place| (None, Content::Location(place))),
        _ => None,
    };
    Ok(content.unwrap_or_else(|| (None, other(&kind, &unknown(&kind)))))
}

fn text(raw: Lazy<'_>) -> Result<String, Flaw> {
    let text = json::text(raw).ok_or(Flaw::NoText)?;
    let fits = text.encode_utf16().count() <= limits::TEXT_UTF16 && text.len() <= limits::TEXT_BYTES;
    if fits { Ok(text) } else { Err(Flaw::TooLong) }
}

fn media(kind: MediaKind, said: &Said<'_>) -> Option<(Option<String>, Content)> {
    let id = json::id(said.file_id)?;
    let name = json::text(said.file_name).map(|name| one_line(&name, NAME_CHARS));
    let media = Media { kind, name, bytes: None, duration_ms: None, set: None, place: MediaPlace::Platform };
    Some((Some(id), Content::Media(Box::new(media))))
}

fn sticker(said: &Said<'_>) -> Option<Sticker> {
    Some(Sticker { package_id: json::id(said.package_id)?, sticker_id: json::id(said.sticker_id)?, text: None })
}

fn location(said: &Said<'_>) -> Option<Location> {
    Some(Location {
        title: None,
        address: json::text(said.address).map(|text| one_line(&text, NAME_CHARS)),
        latitude_e6: json::degrees_e6(said.latitude, 90)?,
        longitude_e6: json::degrees_e6(said.longitude, 180)?,
    })
}

/// The platform's time, where it can be true.
fn time(raw: Lazy<'_>, received_at: Timestamp) -> Timestamp {
    let told = json::text(raw).and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let told = told.map(|at| Timestamp(at.as_millisecond()));
    told.filter(|at| at.0 > 0 && at.since_ms(received_at) <= MAX_AHEAD_MS).unwrap_or(received_at)
}
