//! What every channel promises, as one suite: a channel joins with a [`Channel`] of its own and one line in
//! `scenarios/contract.rs` (see docs/channels.md).
//!
//! [`front`] is the server with a window and an account of that channel; `suite` has the promises; the other files are the
//! channels, each with its platform's double.

mod bot;
mod front;
mod line;
mod lineworks;
pub mod suite;

use bytes::Bytes;
use madoguchi_engine::domain::org::InboxSettings;

pub use bot::BotChannel;
pub use front::Front;
pub use line::LineChannel;
pub use lineworks::LineWorksChannel;

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

/// One channel with its platform. The server that it talks to is in [`Front`].
#[expect(async_fn_in_trait, reason = "only tests of this package call it, on one thread")]
pub trait Channel: Sized {
    /// The platform knows a message that is sent again.
    const RECOGNISES_REPEATS: bool;

    /// Starts the platform and a server in front of it, with these settings.
    async fn open(env: &[(&str, &str)]) -> Self;

    /// The server.
    fn front(&self) -> &Front;

    /// The same, to end and start it again.
    fn front_mut(&mut self) -> &mut Front;

    /// The server listens elsewhere now.
    fn moved(&mut self);

    /// A new customer; answers with their id on the platform.
    fn customer(&self) -> String;

    /// The `n`th message of a customer as the platform brings it; a greater `n` was written later. The same for the same.
    fn message(&self, customer: &str, n: u32, text: &str) -> Bytes;

    /// A body with an event of a kind that nobody knows yet.
    fn unknown(&self, customer: &str) -> Bytes;

    /// A body that is rightly signed and holds an event that cannot be read.
    fn broken(&self) -> Bytes;

    /// Brings a message with a picture of so many bytes, or one that is gone.
    async fn bring_picture(&self, customer: &str, bytes: Option<usize>) -> Option<u16>;

    /// Brings a body, rightly signed, once. The status, if an answer came.
    async fn bring(&self, body: Bytes) -> Option<u16>;

    /// Brings a body with a wrong signature.
    async fn forge(&self, body: Bytes) -> Option<u16>;

    /// What the next send meets.
    fn next_send(&self, fault: SendFault);

    /// The texts on the customer's screen that came from us, in order.
    fn received(&self, customer: &str) -> Vec<String>;

    /// Settings of an account whose platform does not matter, for an engine in the test's own process.
    fn settings() -> InboxSettings;

    /// A message for such an account.
    fn offline_message(customer: &str, n: u32, text: &str) -> Bytes;
}

/// Bytes that begin as a picture.
fn picture(bytes: usize) -> Vec<u8> {
    let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
    picture.resize(bytes.max(8), 0);
    picture
}
