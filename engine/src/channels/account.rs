//! Accounts as the engine calls them, whatever their platform: a call is one try, and every way in which it can end is
//! named.

use std::future::ready;

use futures_util::future::LocalBoxFuture;

use super::examine::{Endpoint, Examination};
use super::media::{Gathering, Known, Opened as OpenedMedia, Preparation};
use super::signed::{Posted, Posting};
use super::tokens::TokenState;
use crate::domain::content::Context;
use crate::domain::conversation::Outgoing;
use crate::domain::id::ConversationId;
use crate::domain::org::Inbox;
use crate::domain::time::Timestamp;

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

    /// Makes a signed call to an address that people named. A double leads nowhere.
    fn post<'a>(&'a self, _call: &'a Posting) -> LocalBoxFuture<'a, Posted> {
        Box::pin(ready(Posted::Unreachable))
    }
}

/// How long a platform shows that somebody is writing, in milliseconds.
pub const TYPING_MS: i64 = 20_000;

/// What a platform shows as one message.
#[derive(Clone, Debug, PartialEq)]
pub struct Bubble {
    /// The answers in it; one answer may also have several bubbles.
    pub numbers: Vec<u32>,
    /// It in the platform's own language.
    pub body: serde_json::Value,
}

/// One call's worth of bubbles, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Parcel<'a> {
    /// The conversation that it belongs to.
    pub conversation: ConversationId,
    /// The customer's id on the platform.
    pub to: &'a str,
    /// What the channel keeps the conversation apart by.
    pub thread: &'a str,
    /// What the channel keeps beside it.
    pub context: Option<&'a Context>,
    /// By which a platform that can recognises it when it comes again; the same for the same answers.
    pub retry_key: u128,
    /// What it holds.
    pub bubbles: &'a [Bubble],
}

/// What is to be made at a platform for a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Its name: the window's.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Where the platform fetches its picture.
    pub picture_url: String,
    /// The people at the platform who look after it, by their ids there.
    pub keepers: Vec<String>,
    /// Where what people write is to go.
    pub webhook_url: String,
}

/// What was made.
#[derive(Clone, PartialEq, Eq)]
pub struct Established {
    /// The platform's id of it.
    pub id: String,
    /// Signs what comes from it.
    pub secret: String,
}

/// One recipient's copy of an answer.
pub struct CopyParcel<'a> {
    /// The conversation that it belongs to.
    pub conversation: ConversationId,
    /// The customer's id on the platform.
    pub customer: &'a str,
    /// What the channel keeps beside the conversation.
    pub context: Option<&'a Context>,
    /// The answer.
    pub item: &'a Outgoing,
    /// Which of its recipients, from 0.
    pub copy: u16,
    /// Whose.
    pub to: &'a str,
    /// To be awaited before the last word is said; what it answers says whether it may be.
    pub begin: LocalBoxFuture<'a, bool>,
}

/// How a try to hand a copy over ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyOutcome {
    /// Taken.
    Taken {
        /// The other side's words.
        detail: String,
    },
    /// Refused for good.
    Refused {
        /// The other side's code; ours where it was not asked.
        code: u16,
        /// The other side's words.
        detail: String,
    },
    /// Certainly not taken; later perhaps.
    Later {
        /// The other side's code; 0 where there was none.
        code: u16,
        /// The other side's words.
        detail: String,
        /// It is a matter of the account, not of the copy: login, protection.
        shut: bool,
    },
    /// Nobody can know.
    Unknown,
    /// It was not allowed to go.
    Withdrawn,
}

/// One account's way to its platform. A call is one try.
pub trait Account {
    /// The bubbles of these answers; the same for the same answers. `joined`: texts in a row become one where they fit.
    fn bubbles(&self, items: &[Outgoing], joined: bool) -> Vec<Bubble>;
    /// Most bubbles of one call.
    fn bubbles_a_call(&self) -> usize;
    /// Answers free, once, under a single-use right. `TokenInvalid` where the platform has no such thing.
    fn reply<'a>(&'a self, _token: &'a str, _bubbles: &'a [Bubble]) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(ready(Outcome::TokenInvalid))
    }
    /// Sends a message of its own.
    fn push<'a>(&'a self, parcel: Parcel<'a>) -> LocalBoxFuture<'a, Outcome>;
    /// Asks whether the platform would take these, without sending anything. `Accepted` where it cannot be asked.
    fn check<'a>(&'a self, _bubbles: &'a [Bubble]) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(ready(Outcome::Accepted { external_ids: Vec::new(), request_id: None }))
    }
    /// Hands one recipient's copy over, on channels where each has one. Nowhere else is it called.
    fn send_copy<'a>(&'a self, _parcel: CopyParcel<'a>) -> LocalBoxFuture<'a, CopyOutcome> {
        Box::pin(ready(CopyOutcome::Withdrawn))
    }
    /// When a copy that was not taken is tried again; `None` when it is given up. `failed` counts tries, `share` is
    /// chance from 0 to 1.
    fn try_copy_again(&self, _queued_at: Timestamp, _now: Timestamp, _failed: u16, _share: f64) -> Option<Timestamp> {
        None
    }
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

    /// Asks for everything that the platform says about the account and its webhook at this address, and has it try
    /// that. `destination` is what the last webhook named, where one came.
    fn examine<'a>(&'a self, _webhook_url: &'a str, _destination: Option<&'a str>) -> LocalBoxFuture<'a, Examination> {
        Box::pin(ready(Examination::default()))
    }

    /// Asks where webhooks go; `Ok(None)` where nobody said it.
    fn endpoint(&self) -> LocalBoxFuture<'_, Result<Option<Endpoint>, Outcome>> {
        Box::pin(ready(Ok(None)))
    }

    /// Says where webhooks are to go. `NotSent` where that cannot be said.
    fn set_endpoint<'a>(&'a self, _url: &'a str) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(ready(Outcome::NotSent))
    }

    /// Asks where customers reach the account: an address that they can follow. `Ok(None)` where there is none.
    fn door(&self) -> LocalBoxFuture<'_, Result<Option<String>, Outcome>> {
        Box::pin(ready(Ok(None)))
    }

    /// How the account stands with its tokens.
    fn token_state(&self) -> TokenState {
        TokenState::default()
    }

    /// Renews the account's token where that is due. Nobody waits for it.
    fn keep_token(&self) -> LocalBoxFuture<'_, ()> {
        Box::pin(ready(()))
    }

    /// Makes at the platform what the account is to stand for, where that can be made by a program.
    fn establish<'a>(&'a self, _wish: &'a Wish) -> LocalBoxFuture<'a, Result<Established, Outcome>> {
        Box::pin(ready(Err(Outcome::NotSent)))
    }

    /// Gives what this product made there another name, as the window is called otherwise. `Accepted` where there is nothing
    /// of ours.
    fn rename<'a>(&'a self, _name: &'a str) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(ready(Outcome::Accepted { external_ids: Vec::new(), request_id: None }))
    }

    /// Takes away at the platform what this product made there, as the account goes: see PRODUCT W5. `Accepted` where there
    /// is nothing of ours.
    fn retire(&self) -> LocalBoxFuture<'_, Outcome> {
        Box::pin(ready(Outcome::Accepted { external_ids: Vec::new(), request_id: None }))
    }

    /// Leaves a place of several people. Answers whether the account is out.
    fn leave<'a>(&'a self, _gathering: &'a Gathering) -> LocalBoxFuture<'a, bool> {
        Box::pin(ready(true))
    }
}
