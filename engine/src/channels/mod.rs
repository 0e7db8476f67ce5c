//! Channels: each adapter turns the traffic of one platform into the forms below, and an answer back into a call.
//!
//! Translation only. An adapter knows no window, no seat, no contact and no journal; it decides nothing about a
//! conversation, reads no clock and keeps no state between two calls. What it cannot read it hands back as it came.
//! [`line`] is the LINE Official Account.

pub mod bot;
pub mod capabilities;
pub mod line;
pub mod media;
pub(crate) mod outside;
pub mod public;

use std::collections::HashMap;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use parking_lot::Mutex;

use self::line::assertion::SigningKey;
use self::line::client::{BadSettings, LineClient, Timeouts, http_client};
use self::line::console::{Endpoint, Examined};
use self::line::tokens::{Credential, TokenSource, TokenState};
use self::media::{Gathering, Known, Opened as OpenedMedia, Preparation};
use self::outside::Outside;

use crate::clock::Clock;
use crate::domain::conversation::{InboundKind, Outgoing};
use crate::domain::id::InboxId;
use crate::domain::org::{Access, Inbox, InboxSettings, LineSettings};
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::vault::{Opened, Place, Vault};

/// What an adapter made of one event of its platform.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// How one call that sends a message ended. Which of them is worth another try is the sender's to decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The platform took it, now or in an earlier call with the same retry key.
    Accepted {
        /// The platform's ids of the messages in the order of their texts; empty where it told none.
        external_ids: Vec<String>,
        /// The platform's id of the call that was accepted, for questions to its support.
        request_id: Option<String>,
    },
    /// The platform said no to this message; the same call will be refused again.
    Refused {
        /// The platform's status.
        status: u16,
        /// The platform's own words, at most 500 characters; empty where it gave none.
        detail: String,
    },
    /// The account's token or rights do not suffice. Nothing was sent.
    Unauthorised {
        /// The platform's status.
        status: u16,
    },
    /// The month's messages are used up. Nothing was sent.
    QuotaEmpty,
    /// Too fast. Nothing was sent.
    RateLimited,
    /// Nobody can know whether it was sent.
    Ambiguous,
    /// Certainly not sent: no connection came to be.
    NotSent,
    /// The single-use right to answer is used up, expired or unknown. This call sent nothing; an earlier one with the
    /// same right may have.
    TokenInvalid,
}

/// Where accounts lead: to the platforms over the network, or to a double in the same program.
pub trait Platform: Send + Sync {
    /// The account that an inbox stands for; `None` where its settings allow no call.
    fn account(&self, inbox: &Inbox) -> Option<Box<dyn Account>>;

    /// Asks for the bytes at an address that a stranger named. `local`: this machine may be called. A double leads nowhere.
    fn outside<'a>(&'a self, _address: &'a str, _local: bool) -> LocalBoxFuture<'a, OpenedMedia> {
        Box::pin(ready(OpenedMedia::Refused))
    }

    /// Tells a bot something. A double leads nowhere.
    fn post<'a>(&'a self, _call: &'a bot::Posting) -> LocalBoxFuture<'a, bot::Posted> {
        Box::pin(ready(bot::Posted::Unreachable))
    }
}

/// How long a platform shows that somebody is writing, in milliseconds.
pub const TYPING_MS: i64 = 20_000;

/// What the channel of these settings can carry.
#[must_use]
pub fn capabilities(settings: &InboxSettings) -> &'static capabilities::Capabilities {
    let InboxSettings::Line(_) = settings;
    &line::capabilities::LINE
}

/// What a platform shows as one message.
#[derive(Clone, Debug, PartialEq)]
pub struct Bubble {
    /// The answers in it; one answer may also have several bubbles.
    pub numbers: Vec<u32>,
    /// It in the platform's own language.
    pub body: serde_json::Value,
}

/// One account's way to its platform. A call is one try.
pub trait Account {
    /// The bubbles of these answers; the same for the same answers. `joined`: texts in a row become one where they fit.
    fn bubbles(&self, items: &[Outgoing], joined: bool) -> Vec<Bubble>;
    /// Most bubbles of one call.
    fn bubbles_a_call(&self) -> usize;
    /// Answers free, once, under a single-use right.
    fn reply<'a>(&'a self, token: &'a str, bubbles: &'a [Bubble]) -> LocalBoxFuture<'a, Outcome>;
    /// Sends a message of its own, which the platform recognises by `retry_key` when it comes again.
    fn push<'a>(&'a self, to: &'a str, bubbles: &'a [Bubble], retry_key: u128) -> LocalBoxFuture<'a, Outcome>;
    /// Asks whether the platform would take these, without sending anything. `Accepted` where it cannot be asked.
    fn check<'a>(&'a self, bubbles: &'a [Bubble]) -> LocalBoxFuture<'a, Outcome>;
    /// Shows the customer for [`TYPING_MS`] that somebody is writing. `NotSent` where the platform shows no such thing.
    fn show_typing<'a>(&'a self, _to: &'a str) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(ready(Outcome::NotSent))
    }
    /// Shows the customer that the message with this token, and all before it, were read. `NotSent` where the platform
    /// shows no such thing.
    fn mark_read<'a>(&'a self, _token: &'a str) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(ready(Outcome::NotSent))
    }

    /// Asks for the bytes of a message. Without such a call there are none.
    fn content<'a>(&'a self, _message_id: &'a str) -> LocalBoxFuture<'a, OpenedMedia> {
        Box::pin(ready(OpenedMedia::Gone))
    }

    /// Asks how far the preparation of a film or recording is.
    fn preparation<'a>(&'a self, _message_id: &'a str) -> LocalBoxFuture<'a, Preparation> {
        Box::pin(ready(Preparation::Ready))
    }

    /// Asks who a customer is. Without such a call nobody knows.
    fn profile<'a>(&'a self, _external_id: &'a str) -> LocalBoxFuture<'a, Known> {
        Box::pin(ready(Known::Nobody))
    }

    /// Asks for the month's limit, `None` without one, and how much of it is used. Without such a call there is none.
    fn quota(&self) -> LocalBoxFuture<'_, Result<(Option<u64>, u64), Outcome>> {
        Box::pin(ready(Ok((None, 0))))
    }

    /// Asks for everything that the platform says about the account and its webhook, and has it try that address.
    /// `None` where there is nothing to ask.
    fn examine<'a>(&'a self, _webhook_url: &'a str) -> LocalBoxFuture<'a, Option<Examined>> {
        Box::pin(ready(None))
    }

    /// Asks where webhooks go; `Ok(None)` where nobody said it.
    fn endpoint(&self) -> LocalBoxFuture<'_, Result<Option<Endpoint>, Outcome>> {
        Box::pin(ready(Ok(None)))
    }

    /// Says where webhooks are to go. `NotSent` where that cannot be said.
    fn set_endpoint<'a>(&'a self, _url: &'a str) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(ready(Outcome::NotSent))
    }

    /// How the account stands with its tokens.
    fn token_state(&self) -> TokenState {
        TokenState::default()
    }

    /// Renews the account's token where that is due. Nobody waits for it.
    fn keep_token(&self) -> LocalBoxFuture<'_, ()> {
        Box::pin(ready(()))
    }

    /// Leaves a place of several people. Answers whether the account is out.
    fn leave<'a>(&'a self, _gathering: &'a Gathering) -> LocalBoxFuture<'a, bool> {
        Box::pin(ready(true))
    }
}

/// The platforms themselves.
pub(crate) struct Network {
    http: reqwest::Client,
    /// For what may take long.
    media: reqwest::Client,
    outside: Outside,
    bots: Outside,
    /// Where platforms fetch what is sent.
    urls: public::PublicUrls,
    vault: Vault,
    clock: Clock,
    /// Where tokens come from, and the settings that this was made of.
    tokens: Mutex<HashMap<InboxId, (LineSettings, Arc<TokenSource>)>>,
}

/// How long a bot may take for the answer to one delivery.
const BOT_TOTAL: Duration = Duration::from_secs(10);
/// How long the bytes of one file may take.
const MEDIA_TOTAL: Duration = Duration::from_secs(900);

impl Network {
    pub(crate) fn open(urls: public::PublicUrls, vault: Vault, clock: Clock) -> Result<Self, BadSettings> {
        Ok(Self {
            http: http_client(Timeouts::default())?,
            media: http_client(Timeouts { total: MEDIA_TOTAL, ..Timeouts::default() })?,
            outside: Outside::new(MEDIA_TOTAL)?,
            bots: Outside::new(BOT_TOTAL)?,
            urls,
            vault,
            clock,
            tokens: Mutex::default(),
        })
    }

    fn open_secret(&self, inbox: InboxId, field: &'static str, secret: &Secret) -> Option<Opened> {
        self.vault.open_secret(Place { inbox, field }, secret).ok()
    }

    /// Where the account's tokens come from: the same as long as what they are asked with is the same.
    fn tokens(&self, inbox: InboxId, line: &LineSettings) -> Option<Arc<TokenSource>> {
        let mut known = self.tokens.lock();
        if let Some((made_of, tokens)) = known.get(&inbox)
            && asks_alike(made_of, line)
        {
            return Some(tokens.clone());
        }
        let channel_id = line.channel_id.clone();
        let credential = match &line.access {
            Access::LongLived { .. } => return None,
            Access::Stateless => Credential::Secret {
                channel_id,
                secret: self.open_secret(inbox, "channel_secret", &line.channel_secret)?,
            },
            Access::Assertion { kid, key } => {
                let key = Box::new(SigningKey::read(&self.open_secret(inbox, "assertion_key", key)?).ok()?);
                Credential::Assertion { channel_id, kid: kid.clone(), key }
            }
        };
        let tokens = TokenSource::new(self.http.clone(), &line.api_base_url, credential, self.clock.clone()).ok()?;
        let tokens = Arc::new(tokens);
        known.insert(inbox, (line.clone(), tokens.clone()));
        Some(tokens)
    }
}

/// Whether tokens are asked for with the same, at the same place.
fn asks_alike(one: &LineSettings, other: &LineSettings) -> bool {
    let by_secret = matches!(one.access, Access::Stateless);
    one.access == other.access
        && one.channel_id == other.channel_id
        && one.api_base_url == other.api_base_url
        && (!by_secret || one.channel_secret == other.channel_secret)
}

impl Platform for Network {
    fn account(&self, inbox: &Inbox) -> Option<Box<dyn Account>> {
        let InboxSettings::Line(line) = &inbox.settings;
        let client = match &line.access {
            Access::LongLived { token } => {
                let token = self.open_secret(inbox.id, "channel_access_token", token)?;
                LineClient::new(self.http.clone(), &line.api_base_url, &token).ok()?
            }
            Access::Stateless | Access::Assertion { .. } => {
                let tokens = self.tokens(inbox.id, line)?;
                LineClient::asking(self.http.clone(), &line.api_base_url, tokens).ok()?
            }
        };
        let client = client.with_data(self.media.clone(), &line.api_data_base_url).ok()?;
        Some(Box::new(line::account::LineAccount { client, urls: self.urls.clone() }))
    }

    fn outside<'a>(&'a self, address: &'a str, local: bool) -> LocalBoxFuture<'a, OpenedMedia> {
        Box::pin(self.outside.open(address, local))
    }

    fn post<'a>(&'a self, call: &'a bot::Posting) -> LocalBoxFuture<'a, bot::Posted> {
        Box::pin(self.bots.post(call))
    }
}
