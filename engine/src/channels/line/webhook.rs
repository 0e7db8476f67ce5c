//! A webhook's body, taken apart (line.md 1.3). Its signature must have been checked over the same bytes before.
//!
//! The body is read twice, each time only as deep as needed: once for where its events begin and end, then each event
//! by itself. So an event that cannot be read never takes a neighbour with it, and what is kept of it are its own bytes.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::event;
use crate::channels::json;
use crate::channels::{Flaw, Parsed};
use crate::domain::time::Timestamp;

/// Most events of one body. A body with more is not taken apart; it is to be kept whole.
pub const MAX_EVENTS: usize = 20_000;

/// What a body says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The account that LINE means, to be compared with the one the address belongs to.
    pub destination: Option<String>,
    /// Its events in the order of the body. None at all is LINE's connection check.
    pub events: Vec<Parsed>,
}

/// Why a body cannot be taken apart. It is to be kept whole. Says nothing of what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unparsable {
    /// It is not JSON.
    #[error("not json (line {line}, column {column})")]
    NotJson {
        /// Where reading ended; 1 is the first.
        line: usize,
        /// Where in that line; 1 is the first.
        column: usize,
    },
    /// It is JSON, but no object with a list of events.
    #[error("no list of events")]
    NoEvents,
    /// It holds more than [`MAX_EVENTS`].
    #[error("more than {MAX_EVENTS} events")]
    TooManyEvents,
}

/// Takes a body apart. `received_at` stands in for the time of events that tell none.
///
/// # Errors
/// The envelope cannot be read; no event of it counts.
pub fn parse(body: &Bytes, received_at: Timestamp) -> Result<Webhook, Unparsable> {
    let (text, bad) = readable(body);
    let envelope: Envelope<'_> = serde_json::from_str(&text).map_err(|error| {
        if error.is_data() {
            Unparsable::NoEvents
        } else {
            Unparsable::NotJson { line: error.line(), column: error.column() }
        }
    })?;
    let Events { list, too_many } = envelope.events.ok_or(Unparsable::NoEvents)?;
    if too_many {
        return Err(Unparsable::TooManyEvents);
    }
    let events = list
        .into_iter()
        .map(|json| {
            let place = place_in(&text, json.get());
            let raw = body.slice(place.clone());
            let spoilt = bad.partition_point(|at| *at < place.start);
            if bad.get(spoilt).is_some_and(|at| *at < place.end) {
                return event::broken(&raw, None, Flaw::NotUtf8);
            }
            event::parse(Some(json), &raw, received_at)
        })
        .collect();
    Ok(Webhook { destination: json::id(envelope.destination), events })
}

/// The body as text of the same length, and where bytes were replaced because they are no UTF-8. Every bad byte
/// becomes one `?`, so that places in the text are places in the body.
fn readable(body: &[u8]) -> (Cow<'_, str>, Vec<usize>) {
    if let Ok(text) = std::str::from_utf8(body) {
        return (Cow::Borrowed(text), Vec::new());
    }
    let mut text = String::with_capacity(body.len());
    let mut bad = Vec::new();
    for chunk in body.utf8_chunks() {
        text.push_str(chunk.valid());
        for _ in chunk.invalid() {
            bad.push(text.len());
            text.push('?');
        }
    }
    (Cow::Owned(text), bad)
}

/// Where `part`, a slice of `whole`, lies in it.
fn place_in(whole: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr() as usize - whole.as_ptr() as usize;
    start..start + part.len()
}

struct Envelope<'a> {
    destination: json::Lazy<'a>,
    events: Option<Events<'a>>,
}

/// The events, not yet looked at. Behind the limit they are only counted.
struct Events<'a> {
    list: Vec<&'a RawValue>,
    too_many: bool,
}

// By hand, because a derived form also takes an array for an object, and because the list has a limit.
impl<'de> Deserialize<'de> for Envelope<'de> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with events")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope<'de>, A::Error> {
        let mut envelope = Envelope { destination: None, events: None };
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            match name.as_ref() {
                "destination" => envelope.destination = map.next_value()?,
                "events" if envelope.events.is_some() => {
                    return Err(de::Error::duplicate_field("events"));
                }
                "events" => envelope.events = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(envelope)
    }
}

impl<'de> Deserialize<'de> for Events<'de> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(EventsVisitor)
    }
}

struct EventsVisitor;

impl<'de> Visitor<'de> for EventsVisitor {
    type Value = Events<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Events<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(event) = seq.next_element::<&'de RawValue>()? {
            if list.len() == MAX_EVENTS {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(Events { list: Vec::new(), too_many: true });
            }
            list.push(event);
        }
        Ok(Events { list, too_many: false })
    }
}
