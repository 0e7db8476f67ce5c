//! Mail as a channel: what it carries, what it can be relied on for. It has no webhook: mail comes over its own listener.

use bytes::Bytes;

use crate::channels::capabilities::{Capabilities, Features, Length, MediaRule, Unit};
use crate::channels::{Adapter, Delivered, Header, NotABody, Traits};
use crate::domain::content::MediaKind;
use crate::domain::time::Timestamp;

/// Longest attachment, in bytes.
pub const FILE_BYTES: u64 = 10 * 1024 * 1024;
/// Most attachments of one answer.
pub const FILES: usize = 20;
/// Longest answer as it goes on the wire, in bytes. Many mailboxes take no more.
pub const WIRE_BYTES: u64 = 25_000_000;

/// What mail carries.
pub static MAIL: Capabilities = Capabilities {
    text: Length { most: 24_996, unit: Unit::Utf16 },
    stickers: &[],
    media: &[MediaRule {
        kind: MediaKind::File,
        formats: &[],
        most_bytes: FILE_BYTES,
        needs_preview: false,
        needs_duration: false,
        as_link: false,
    }],
    location: None,
    cards: None,
    native: None,
    quick_replies: None,
    sender_name: None,
    bubbles_a_call: 1,
    features: Features {
        unsend: false,
        edit: false,
        react: false,
        delivered: true,
        seen: false,
        typing: false,
        mark_read: false,
        first_contact: false,
    },
};

/// The channel.
pub(crate) struct Mail;

impl Adapter for Mail {
    fn capabilities(&self) -> &'static Capabilities {
        &MAIL
    }

    fn traits(&self) -> Traits {
        Traits { redelivers: true, recognises_repeats: false, fetches_files: false }
    }

    fn is_signed(&self, _secrets: &[&str], _body: &[u8], _header: &Header<'_>, _now: Timestamp) -> bool {
        false
    }

    fn parse(&self, _body: &Bytes, _received_at: Timestamp) -> Result<Delivered, NotABody> {
        Err(NotABody)
    }
}
