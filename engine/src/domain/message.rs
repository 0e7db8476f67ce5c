//! What is said in a conversation, and what became of it.

use serde::{Deserialize, Serialize};

use super::content::{Card, Location, Media, Native, Sticker};
use super::id::AgentId;
use super::mail::{Mail, MailMark};

/// What an utterance holds. Kinds that this release cannot show are kept readable as [`Content::Other`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Content {
    /// Plain text.
    Text(String),
    /// Anything else that a channel delivered: its kind in the channel's own word, and a line for the reader.
    Other {
        /// The channel's word, such as `sticker`.
        kind: String,
        /// A line that says what it was.
        summary: String,
    },
    /// The content was removed on request; position, time and number stay.
    Redacted,
    /// A sticker.
    Sticker(Sticker),
    /// A picture, film, recording or file.
    Media(Box<Media>),
    /// A place.
    Location(Location),
    /// Cards with buttons, shown side by side.
    Cards(Vec<Card>),
    /// A message in the platform's own language.
    Native(Native),
    /// A mail.
    Mail(Box<Mail>),
}

impl Content {
    /// Length in UTF-16 code units, the way LINE counts.
    #[must_use]
    pub fn utf16_len(&self) -> usize {
        match self {
            Self::Text(text) => text.encode_utf16().count(),
            Self::Other { summary, .. } => summary.encode_utf16().count(),
            _ => 0,
        }
    }

    /// The addresses that get a copy each, on channels where recipients have one of their own; else nobody.
    #[must_use]
    pub fn recipients(&self) -> Vec<&str> {
        match self {
            Self::Mail(mail) => mail.to.iter().chain(&mail.cc).map(|one| one.address.as_str()).collect(),
            _ => Vec::new(),
        }
    }

    /// What it says that the customer with this id on the channel is called; `None` where messages say nothing of it.
    #[must_use]
    pub fn name_of(&self, external_id: &str) -> Option<&str> {
        match self {
            Self::Mail(mail) => mail.name_of(external_id),
            _ => None,
        }
    }

    /// Whether somebody waits for an answer to it. Nobody does who let a machine answer.
    #[must_use]
    pub fn awaits_answer(&self) -> bool {
        !matches!(self, Self::Mail(mail) if mail.is(MailMark::AutoReply))
    }

    /// Whether a machine of ours may answer it: never where a machine may have written it, or its sender wants none.
    #[must_use]
    pub fn may_be_answered_by_machine(&self) -> bool {
        let never =
            [MailMark::Automatic, MailMark::AutoReply, MailMark::NoAutoReply, MailMark::List, MailMark::Stranger];
        !matches!(self, Self::Mail(mail) if never.into_iter().any(|mark| mail.is(mark)))
    }

    /// About how many bytes of people's words it holds, for the limits of records and queues.
    #[must_use]
    pub fn weight(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Other { kind, summary } => kind.len() + summary.len(),
            Self::Redacted => 0,
            Self::Sticker(sticker) => 64 + sticker.text.as_ref().map_or(0, String::len),
            Self::Media(media) => 256 + media.name.as_ref().map_or(0, String::len),
            Self::Location(place) => {
                64 + place.title.as_ref().map_or(0, String::len) + place.address.as_ref().map_or(0, String::len)
            }
            Self::Cards(cards) => cards.iter().map(Card::weight).sum(),
            Self::Native(native) => native.alt_text.len() + native.json.len(),
            Self::Mail(mail) => mail.weight(),
        }
    }
}

/// What became of an outbound message. Inbound ones are `received`, memos have no state of delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delivery {
    /// Accepted and waiting its turn (未送信 while it waits).
    Queued,
    /// The first byte may be on the wire; recorded before it is.
    Sending,
    /// The platform took it.
    Sent,
    /// The platform refused it for good (失敗).
    Failed,
    /// Nobody can know whether it arrived (不明); never repeated by itself.
    Unknown,
    /// Withdrawn before it went out.
    Cancelled,
    /// Waits for the customer to write again (未送信): there is no way to send it now.
    Unsent,
}

/// Which way a message went out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Route {
    /// As the free answer to one inbound message; cannot be recognised when repeated.
    Reply {
        /// The platform's single-use token.
        token: String,
    },
    /// As a message of its own, recognised by its retry key.
    Push,
    /// As a message of its own, which the platform cannot recognise when it is repeated.
    Once,
}

/// Why a message failed for good. The text is for the agent; never the customer's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureReason {
    /// The platform said no to this message.
    Refused {
        /// The platform's status.
        status: u16,
        /// The platform's own words, at most 500 characters.
        detail: String,
    },
    /// The account's token or rights do not suffice.
    Unauthorised {
        /// The platform's status.
        status: u16,
    },
    /// The month's free and bought messages are used up.
    QuotaEmpty,
    /// It was never accepted within the time that a retry is safe.
    GaveUp,
    /// The inbox is gone or cannot send.
    InboxGone,
}

/// Who wrote an outbound message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Author {
    /// A person.
    Agent(AgentId),
    /// The window itself: greeting, absence, end notice.
    Window,
    /// The bot in front of the window.
    Bot,
}
