//! What is the same for every account of a channel, apart from calls: what its bytes mean, what it carries, what its
//! platform can be relied on for.
//!
//! Pure: no adapter reads a clock, keeps state or knows a conversation. What it cannot read it hands back as it came.

use bytes::Bytes;

use super::capabilities::Capabilities;
use super::media::{Gathering, Profile};
use crate::domain::content::Context;
use crate::domain::conversation::InboundKind;
use crate::domain::time::Timestamp;

/// A header of the call that brought a body, by its name in lower case.
pub type Header<'a> = dyn Fn(&str) -> Option<&'a str> + 'a;

/// One channel.
pub trait Adapter: Sync {
    /// What the channel carries.
    fn capabilities(&self) -> &'static Capabilities;

    /// What the platform can be relied on for.
    fn traits(&self) -> Traits;

    /// Whether one of `secrets` signed this body. Takes as long without a secret as with one, and looks at the bytes as they
    /// came.
    fn is_signed(&self, secrets: &[&str], body: &[u8], header: &Header<'_>, now: Timestamp) -> bool;

    /// Takes a verified body apart into events that cannot harm each other.
    ///
    /// # Errors
    /// It is no body of this channel: to be parked whole.
    fn parse(&self, body: &Bytes, received_at: Timestamp) -> Result<Delivered, NotABody>;

    /// A body around one event that was parked by itself; `None` where these bytes are a whole body of several.
    fn around(&self, parked: &Bytes) -> Option<Bytes>;

    /// A name as the channel shows senders; `None` where it shows none, or would refuse this one.
    fn sender_name(&self, _name: &str) -> Option<String> {
        None
    }
}

/// What differs between platforms in how far they can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits {
    /// What was not answered with success is delivered again. Where it is not, a body that cannot be taken at once is
    /// kept whole rather than refused, whatever the reason.
    pub redelivers: bool,
    /// A message of its own that is sent again is recognised by its retry key. Where it is not, a send that was begun and
    /// whose end is not known is unknown for ever.
    pub recognises_repeats: bool,
    /// Files are fetched by the platform from our public address, instead of being carried to it.
    pub fetches_files: bool,
}

/// What one body said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// The platform's name of the account that it was for, where it says.
    pub destination: Option<String>,
    /// Its events, in order.
    pub events: Vec<Parsed>,
}

/// Bytes that are no body of the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a body of this channel")]
pub struct NotABody;

/// What an adapter made of one event of its platform.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly all are events, and a list of them is made once a body")]
pub enum Parsed {
    /// Something for a conversation.
    Event(ParsedEvent),
    /// Understood, and nothing that a conversation hears of. Counted, not kept.
    Ignored {
        /// What it was. From a closed list, so that it may label a counter.
        kind: &'static str,
        /// The place of several people in which it happened, and in which the account therefore is.
        among: Option<Gathering>,
    },
    /// Not readable: to be parked with its bytes (要確認), where a later release may read it.
    Broken {
        /// The platform's id of the event, or one derived from what it says; the same when it is delivered again.
        event_id: String,
        /// The event exactly as it came; shares the body's memory.
        raw: Bytes,
        /// What is wrong with it.
        why: Flaw,
    },
}

/// An event for a conversation, before the engine knows whose it is. All of `domain::conversation::Inbound` that an
/// adapter can know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedEvent {
    /// The platform's id of the event, or one derived from what it says; the same when it is delivered again.
    pub event_id: String,
    /// The customer's id on the platform.
    pub external_id: String,
    /// What conversations are kept apart by: two events belong to one conversation if and only if inbox and this agree.
    pub thread: String,
    /// The platform's time of the event; the time of receipt where the platform gave none that can be true.
    pub at: Timestamp,
    /// The platform says that it delivers this event again.
    pub redelivery: bool,
    /// What the channel keeps beside the conversation from now on; `None` leaves it as it was.
    pub context: Option<Box<Context>>,
    /// Who the customer is, where the event itself says so; where the platform is asked instead, nothing.
    pub who: Option<Profile>,
    /// What happened.
    pub what: InboundKind,
}

/// Why an event could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Flaw {
    /// Its bytes are not UTF-8.
    #[error("not utf-8")]
    NotUtf8,
    /// It is no JSON object, or one that says the same thing twice.
    #[error("not an event object")]
    NotAnEvent,
    /// It does not say by which id it is known again.
    #[error("event without an id")]
    NoId,
    /// It does not say what kind of event it is.
    #[error("event without a type")]
    NoType,
    /// It does not say whom it is from.
    #[error("event without a user id")]
    NoUser,
    /// It comes from a kind of place that is not known.
    #[error("unknown kind of source")]
    UnknownSource,
    /// It speaks of a message and has none.
    #[error("event without its message")]
    NoMessage,
    /// A text message without its text.
    #[error("text message without a text")]
    NoText,
    /// More text than a message may hold.
    #[error("text or event too long")]
    TooLong,
    /// Nested deeper than anything that people write.
    #[error("nested too deeply")]
    TooDeep,
}

impl Flaw {
    /// A stable word for counters and lists.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotUtf8 => "not_utf8",
            Self::NotAnEvent => "not_an_event",
            Self::NoId => "no_id",
            Self::NoType => "no_type",
            Self::NoUser => "no_user",
            Self::UnknownSource => "unknown_source",
            Self::NoMessage => "no_message",
            Self::NoText => "no_text",
            Self::TooLong => "too_long",
            Self::TooDeep => "too_deep",
        }
    }
}
