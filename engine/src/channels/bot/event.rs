//! A webhook's body, translated. It holds one event, whose id the other system gives: what comes again under it is the same
//! event, whatever else changed.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::channels::json::{self, Lazy};
use crate::channels::media::Profile;
use crate::channels::words::{one_line, other, unknown};
use crate::channels::{Flaw, NotABody, Parsed, ParsedEvent};
use crate::domain::content::{Location, Media, MediaKind, MediaPlace, Sticker};
use crate::domain::conversation::{InboundKind, limits};
use crate::domain::message::Content;
use crate::domain::time::Timestamp;

/// Longest id of an event or a customer, in bytes.
const ID_BYTES: usize = 256;
/// Longest address of a file or picture, in bytes.
const URL_BYTES: usize = 2_048;
/// Most bytes of an event of an unknown kind, which is kept beside its line.
const MAX_KEPT: usize = 40 * 1024;
/// Such an event must not be nested deeper than this.
const MAX_DEPTH: usize = 32;
/// A time this much after the receipt, in milliseconds, cannot be true; the receipt's counts instead.
const MAX_AHEAD_MS: i64 = 86_400_000;
/// Longest name of a file, title and address of a place, words on a sticker, in characters.
const NAME_CHARS: usize = 255;

/// Our own deliveries, where somebody sends them back, or has us call ourselves: no customer says them, and no bot is to
/// answer them.
const OWN: [&str; 2] = ["answer", "ping"];

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    id: Lazy<'a>,
    #[serde(borrow, rename = "type")]
    kind: Lazy<'a>,
    #[serde(borrow)]
    at: Lazy<'a>,
    #[serde(borrow)]
    contact: Lazy<'a>,
    #[serde(borrow)]
    message: Lazy<'a>,
    #[serde(borrow)]
    message_id: Lazy<'a>,
}

#[derive(Deserialize)]
struct Contact<'a> {
    #[serde(borrow)]
    id: Lazy<'a>,
    #[serde(borrow)]
    name: Lazy<'a>,
    #[serde(borrow)]
    picture_url: Lazy<'a>,
}

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow, rename = "type")]
    kind: Lazy<'a>,
    #[serde(borrow)]
    text: Lazy<'a>,
    #[serde(borrow)]
    url: Lazy<'a>,
    #[serde(borrow)]
    name: Lazy<'a>,
    #[serde(borrow)]
    bytes: Lazy<'a>,
    #[serde(borrow)]
    duration_ms: Lazy<'a>,
    #[serde(borrow)]
    package_id: Lazy<'a>,
    #[serde(borrow)]
    sticker_id: Lazy<'a>,
    #[serde(borrow)]
    title: Lazy<'a>,
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
    let raw: &RawValue = serde_json::from_slice(body).map_err(|_| NotABody)?;
    let fields: Fields<'_> = json::object(Some(raw)).ok_or(NotABody)?;
    if let Some(kind) = json::text(fields.kind).and_then(|kind| OWN.into_iter().find(|own| *own == kind)) {
        return Ok(Parsed::Ignored { kind, among: None });
    }
    Ok(read(&fields, raw, received_at).map_or_else(
        |why| Parsed::Broken { event_id: id(fields.id).unwrap_or_else(|| digest(body)), raw: body.clone(), why },
        Parsed::Event,
    ))
}

fn read(fields: &Fields<'_>, raw: &RawValue, received_at: Timestamp) -> Result<ParsedEvent, Flaw> {
    let event_id = id(fields.id).ok_or(Flaw::NoId)?;
    let kind = json::text(fields.kind).ok_or(Flaw::NoType)?;
    let contact: Contact<'_> = json::object(fields.contact).ok_or(Flaw::NoUser)?;
    let customer = id(contact.id).ok_or(Flaw::NoUser)?;
    Ok(ParsedEvent {
        what: what(&kind, &event_id, fields, raw)?,
        event_id,
        thread: customer.clone(),
        external_id: customer,
        at: time(fields.at, received_at),
        redelivery: false,
        context: None,
        who: profile(&contact),
    })
}

fn what(kind: &str, event_id: &str, fields: &Fields<'_>, raw: &RawValue) -> Result<InboundKind, Flaw> {
    let about = || id(fields.message_id).ok_or(Flaw::NoMessage);
    let said = || json::object::<Said<'_>>(fields.message).ok_or(Flaw::NoMessage);
    let message = |content, raw| InboundKind::Message {
        external_id: Some(event_id.to_owned()),
        content,
        reply_token: None,
        read_token: None,
        raw,
    };
    Ok(match kind {
        "message" => match content(&said()?)? {
            Ok(content) => message(content, None),
            Err(line) => message(line, Some(kept(raw)?)),
        },
        "message.edited" => InboundKind::Edit { external_id: about()?, content: Content::Text(text(said()?.text)?) },
        "message.taken_back" => InboundKind::Unsend { external_id: about()? },
        "contact.joined" => InboundKind::Follow { unblocked: false, reply_token: None },
        "contact.left" => InboundKind::Unfollow,
        kind => message(other(kind, &unknown(kind)), Some(kept(raw)?)),
    })
}

/// What was said; a line about it where it cannot be shown.
fn content(said: &Said<'_>) -> Result<Result<Content, Content>, Flaw> {
    let kind = json::text(said.kind).unwrap_or_default();
    let known = match kind.as_str() {
        "text" => Some(Content::Text(text(said.text)?)),
        "image" => media(MediaKind::Image, said),
        "video" => media(MediaKind::Video, said),
        "audio" => media(MediaKind::Audio, said),
        "file" => media(MediaKind::File, said),
        "sticker" => sticker(said).map(Content::Sticker),
        "location" => location(said).map(Content::Location),
        _ => None,
    };
    Ok(known.ok_or_else(|| other(&kind, &unknown(&kind))))
}

/// An event as it came, for a later release.
fn kept(raw: &RawValue) -> Result<String, Flaw> {
    let raw = raw.get();
    if raw.len() > MAX_KEPT {
        return Err(Flaw::TooLong);
    }
    if json::depth(raw) > MAX_DEPTH {
        return Err(Flaw::TooDeep);
    }
    Ok(raw.to_owned())
}

fn id(raw: Lazy<'_>) -> Option<String> {
    json::id(raw).filter(|id| id.len() <= ID_BYTES && !id.trim().is_empty())
}

/// By what a body without an id is known when it comes again.
fn digest(body: &[u8]) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn profile(contact: &Contact<'_>) -> Option<Profile> {
    let name = json::text(contact.name).map(|name| one_line(name.trim(), limits::NAME_CHARS))?;
    let picture_url = json::text(contact.picture_url).filter(|url| url.len() <= URL_BYTES && !url.is_empty());
    (!name.is_empty()).then_some(Profile { name, picture_url })
}

fn text(raw: Lazy<'_>) -> Result<String, Flaw> {
    let text = json::text(raw).ok_or(Flaw::NoText)?;
    let fits = text.encode_utf16().count() <= limits::TEXT_UTF16 && text.len() <= limits::TEXT_BYTES;
    if fits { Ok(text) } else { Err(Flaw::TooLong) }
}

fn named(raw: Lazy<'_>) -> Option<String> {
    json::text(raw).map(|text| one_line(&text, NAME_CHARS)).filter(|text| !text.trim().is_empty())
}

fn media(kind: MediaKind, said: &Said<'_>) -> Option<Content> {
    let url = json::text(said.url).filter(|url| (1..=URL_BYTES).contains(&url.len()))?;
    Some(Content::Media(Box::new(Media {
        kind,
        name: named(said.name),
        bytes: json::plain(said.bytes),
        duration_ms: json::plain(said.duration_ms),
        set: None,
        place: MediaPlace::Url(url),
    })))
}

fn sticker(said: &Said<'_>) -> Option<Sticker> {
    let number = |raw| json::id(raw).filter(|id| id.len() <= 20 && id.bytes().all(|byte| byte.is_ascii_digit()));
    Some(Sticker { package_id: number(said.package_id)?, sticker_id: number(said.sticker_id)?, text: named(said.text) })
}

fn location(said: &Said<'_>) -> Option<Location> {
    Some(Location {
        title: named(said.title),
        address: named(said.address),
        latitude_e6: json::degrees_e6(said.latitude, 90)?,
        longitude_e6: json::degrees_e6(said.longitude, 180)?,
    })
}

/// The other system's time, where it can be true.
fn time(raw: Lazy<'_>, received_at: Timestamp) -> Timestamp {
    let told = json::text(raw).and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let told = told.map(|at| Timestamp(at.as_millisecond()));
    told.filter(|at| at.0 > 0 && at.since_ms(received_at) <= MAX_AHEAD_MS).unwrap_or(received_at)
}
