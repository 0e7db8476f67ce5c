//! LINE WORKS as a channel: what its callbacks mean, what it carries, what it can be relied on for.

use bytes::Bytes;

use super::callback;
use super::capabilities::LINE_WORKS;
use crate::channels::capabilities::Capabilities;
use crate::channels::line::signature;
use crate::channels::{Adapter, Delivered, Header, NotABody, Traits};
use crate::domain::time::Timestamp;

/// The channel.
pub(crate) struct LineWorks;

impl Adapter for LineWorks {
    fn capabilities(&self) -> &'static Capabilities {
        &LINE_WORKS
    }

    /// A callback that fails is not sent again, sends have no id, and files are carried up (other-channels.md 1.3 to 1.5).
    fn traits(&self) -> Traits {
        Traits { redelivers: false, recognises_repeats: false, fetches_files: false }
    }

    /// The same proof as LINE's, under the bot's secret.
    fn is_signed(&self, secrets: &[&str], body: &[u8], header: &Header<'_>, _now: Timestamp) -> bool {
        signature::verify(secrets, body, header("x-works-signature"))
    }

    fn parse(&self, body: &Bytes, received_at: Timestamp) -> Result<Delivered, NotABody> {
        let event = callback::parse(body, received_at)?;
        Ok(Delivered { destination: None, events: vec![event] })
    }

    /// A body is one event.
    fn around(&self, parked: &Bytes) -> Option<Bytes> {
        Some(parked.clone())
    }
}
