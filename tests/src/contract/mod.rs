//! What every channel promises, as one suite: a channel joins with a [`Channel`] of its own and one line in
//! `scenarios/contract.rs` (see docs/channels.md).
//!
//! [`front`] is the server with a window and an account of that channel; `suite` has the promises; the other files are the
//! channels, each with its platform's double. What a channel cannot have by its nature is a constant or an answer of its
//! [`Channel`], with what it promises instead; no promise is left out.

mod bot;
mod front;
mod line;
mod lineworks;
mod mail;
pub mod suite;

use bytes::Bytes;
use madoguchi_engine::Handle;
use madoguchi_engine::config::Config;
use madoguchi_engine::domain::org::InboxSettings;
use serde_json::Value;

pub use bot::BotChannel;
pub use front::Front;
pub use line::LineChannel;
pub use lineworks::LineWorksChannel;
pub use mail::MailChannel;

/// What goes wrong with the next send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendFault {
    /// The platform says no, for good.
    Refused,
    /// It takes the message, and its answer is lost.
    AnswerLost,
    /// It takes the message, and answers when the engine is long gone.
    Hangs,
    /// Too fast; nothing was taken.
    TooFast,
}

/// How something that was brought was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// With success: the engine has it.
    Taken,
    /// With this status, or code of a mail server.
    Refused(u16),
    /// Not at all.
    Nothing,
}

impl Answer {
    /// Of a webhook, by its status.
    #[must_use]
    pub fn of(status: Option<u16>) -> Self {
        match status {
            Some(200) => Self::Taken,
            Some(status) => Self::Refused(status),
            None => Self::Nothing,
        }
    }
}

/// What became of a file of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// It can be had; so many bytes.
    Kept(u64),
    /// It is said to be too large.
    TooLarge,
    /// It is said to be gone.
    Gone,
}

/// One channel with its platform. The server that it talks to is in [`Front`].
#[expect(async_fn_in_trait, reason = "only tests of this package call it, on one thread")]
pub trait Channel: Sized {
    /// The platform knows a message that is sent again.
    const RECOGNISES_REPEATS: bool;

    /// What is behind an answer that must wait, waits with it. Else each goes by itself, as mails do.
    const KEEPS_ORDER_IN_TROUBLE: bool = true;

    /// The setting of how large a customer's file may be, in bytes.
    const MEDIA_LIMIT: &str = "MADOGUCHI_MEDIA__IMAGE_BYTES";

    /// Starts the platform and a server in front of it, with these settings.
    async fn open(env: &[(&str, &str)]) -> Self;

    /// The server.
    fn front(&self) -> &Front;

    /// The same, to end and start it again.
    fn front_mut(&mut self) -> &mut Front;

    /// The server listens elsewhere now.
    fn moved(&mut self);

    /// Waits until everything that was taken so far is where it belongs. Nothing to wait for where success says so.
    async fn settled(&self) {}

    /// A new customer; answers with their id on the platform.
    fn customer(&self) -> String;

    /// The `n`th message of a customer as the platform brings it; a greater `n` was written later. The same for the same.
    fn message(&self, customer: &str, n: u32, text: &str) -> Bytes;

    /// A body with an event of a kind that nobody knows yet.
    fn unknown(&self, customer: &str) -> Bytes;

    /// A body that is rightly signed and holds an event that cannot be read.
    fn broken(&self) -> Bytes;

    /// Brings a message with a picture of so many bytes, or one that is gone: where messages carry their files, one that
    /// cannot be read out of its message.
    async fn bring_picture(&self, customer: &str, bytes: Option<usize>) -> Answer;

    /// What a line says about its file; `None` while that is not known.
    fn media(line: &Value) -> Option<Media> {
        let content = &line["content"];
        match (content["lost"].as_str(), content["file"]["bytes"].as_u64()) {
            (Some("too_large"), _) => Some(Media::TooLarge),
            (Some(_), _) => Some(Media::Gone),
            (None, kept) => kept.map(Media::Kept),
        }
    }

    /// Brings a body as the platform does, once.
    async fn bring(&self, body: Bytes) -> Answer;

    /// Brings a body as somebody would who has no right to: under a wrong signature, or to whom we do not take mail for.
    async fn forge(&self, body: Bytes) -> Answer;

    /// What the next send meets.
    fn next_send(&self, fault: SendFault);

    /// The texts on the customer's screen that came from us, in order.
    fn received(&self, customer: &str) -> Vec<String>;

    /// Settings of an account whose platform does not matter, for an engine in the test's own process.
    fn settings() -> InboxSettings;

    /// What such an engine must know besides, so that the account is one.
    fn configure(_config: &mut Config) {}

    /// A customer's id on such an account.
    fn offline_customer(n: u8) -> String;

    /// Brings such an account a message, and returns when the engine answered with success.
    async fn bring_offline(engine: &Handle, customer: &str, n: u32, text: &str);
}

/// Bytes that begin as a picture.
fn picture(bytes: usize) -> Vec<u8> {
    let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
    picture.resize(bytes.max(8), 0);
    picture
}
