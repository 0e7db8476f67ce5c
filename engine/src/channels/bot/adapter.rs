//! The channel: what its webhooks mean, what it carries, what the other side can be relied on for.

use bytes::Bytes;

use super::event;
use crate::channels::capabilities::{Capabilities, Features, Length, MediaRule, PlaceRule, Unit};
use crate::channels::signed;
use crate::channels::{Adapter, Delivered, Header, NotABody, Traits};
use crate::domain::content::MediaKind;
use crate::domain::time::Timestamp;

/// Longest text of an answer, in UTF-16 code units.
pub const TEXT_UTF16: usize = 10_000;
/// Largest file of an answer, in bytes.
pub const FILE_BYTES: u64 = 200 << 20;

/// The channel.
pub(crate) struct Bot;

/// What every system behind the contract has to show: words, files, places. What only some could show is not offered.
static BOT: Capabilities = Capabilities {
    text: utf16(TEXT_UTF16),
    stickers: &[],
    media: &[file(MediaKind::Image), file(MediaKind::Video), file(MediaKind::Audio), file(MediaKind::File)],
    location: Some(PlaceRule { title: utf16(100), address: utf16(100) }),
    cards: None,
    native: None,
    quick_replies: None,
    sender_name: None,
    bubbles_a_call: 1,
    features: Features {
        unsend: false,
        edit: false,
        react: false,
        delivered: false,
        seen: false,
        typing: false,
        mark_read: false,
        first_contact: false,
        mail: false,
    },
};

const fn utf16(most: usize) -> Length {
    Length { most, unit: Unit::Utf16 }
}

const fn file(kind: MediaKind) -> MediaRule {
    MediaRule {
        kind,
        formats: &[],
        most_bytes: FILE_BYTES,
        needs_preview: false,
        needs_duration: false,
        as_link: false,
    }
}

impl Adapter for Bot {
    fn capabilities(&self) -> &'static Capabilities {
        &BOT
    }

    /// The contract asks the other side to repeat what was not answered with 200, but programs differ: what can be kept is
    /// kept. That the other side knows a delivery again is what the contract stands on.
    fn traits(&self) -> Traits {
        Traits { redelivers: false, recognises_repeats: true, fetches_files: true }
    }

    fn is_signed(&self, secrets: &[&str], body: &[u8], header: &Header<'_>, now: Timestamp) -> bool {
        signed::is_signed(secrets, body, header, now)
    }

    fn parse(&self, body: &Bytes, received_at: Timestamp) -> Result<Delivered, NotABody> {
        let event = event::parse(body, received_at)?;
        Ok(Delivered { destination: None, events: vec![event] })
    }

    /// A body is one event.
    fn around(&self, parked: &Bytes) -> Option<Bytes> {
        Some(parked.clone())
    }
}
