//! Mail as a channel. What arrives is a file and an envelope rather than a body, so that it is read by
//! `actors::mail`; what an answer may hold stands here.

use bytes::Bytes;

use crate::channels::capabilities::{Capabilities, Features, Length, MediaRule, Unit};
use crate::channels::{Adapter, Delivered, Header, NotABody, Traits};
use crate::domain::content::MediaKind;
use crate::domain::time::Timestamp;

/// Largest attachment, in bytes (PRODUCT M1).
pub(crate) const ATTACHMENT_BYTES: u64 = 10 << 20;
/// Most attachments of one answer.
pub(crate) const ATTACHMENTS: usize = 20;
/// Longest answer as it goes on the wire, in bytes. Many mailboxes take no more.
pub(crate) const WIRE_BYTES: u64 = 25_000_000;

/// The channel.
pub(crate) struct Mail;

/// Everything that a mail can hold.
static MAIL: Capabilities = Capabilities {
    text: Length { most: 24_996, unit: Unit::Utf16 },
    stickers: &[],
    media: &[file(MediaKind::Image), file(MediaKind::Video), file(MediaKind::Audio), file(MediaKind::File)],
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
        mail: true,
    },
};

const fn file(kind: MediaKind) -> MediaRule {
    MediaRule {
        kind,
        formats: &[],
        most_bytes: ATTACHMENT_BYTES,
        needs_preview: false,
        needs_duration: false,
        as_link: false,
    }
}

impl Adapter for Mail {
    fn capabilities(&self) -> &'static Capabilities {
        &MAIL
    }

    fn traits(&self) -> Traits {
        Traits { redelivers: true, recognises_repeats: false, fetches_files: false }
    }

    fn is_signed(&self, _: &[&str], _: &[u8], _: &Header<'_>, _: Timestamp) -> bool {
        false
    }

    fn parse(&self, _: &Bytes, _: Timestamp) -> Result<Delivered, NotABody> {
        Err(NotABody)
    }

    fn around(&self, _: &Bytes) -> Option<Bytes> {
        None
    }
}
