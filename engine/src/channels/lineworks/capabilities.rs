//! What a bot of LINE WORKS carries (other-channels.md 1.4 and 1.5), as the one value that desks are told and answers are
//! checked by. No reactions, no quoted replies, no forwarding, no taking back, no receipts: the platform has none of them
//! for bots.

use crate::channels::capabilities::{
    ButtonsRule, Capabilities, CardRule, CardsRule, Features, Length, MediaRule, NativeRule, PlaceRule, Unit,
};
use crate::channels::line::flex;
use crate::channels::line::stickers;
use crate::domain::content::MediaKind;

/// Longest text of one message, in characters as the platform counts them.
pub const TEXT_UTF16: usize = 2_000;
/// Largest picture or file, in bytes. The tenant's own rule may be smaller, and then the platform says so.
pub const FILE_BYTES: u64 = 10 << 20;
/// Largest film or recording, in bytes.
pub const PLAYED_BYTES: u64 = 1 << 20;

/// Everything that a bot can send.
pub static LINE_WORKS: Capabilities = Capabilities {
    text: utf16(TEXT_UTF16),
    stickers: stickers::SENDABLE,
    media: &[
        file(MediaKind::Image, &["image/jpeg", "image/png"], FILE_BYTES),
        file(MediaKind::Video, &["video/mp4"], PLAYED_BYTES),
        file(MediaKind::Audio, &["audio/mpeg", "audio/mp4"], PLAYED_BYTES),
        file(MediaKind::File, &[], FILE_BYTES),
    ],
    location: Some(PlaceRule { title: utf16(100), address: utf16(100) }),
    cards: Some(CardsRule {
        most: 10,
        title: graphemes(40),
        alone: CardRule { text: utf16(1_000), text_beside: graphemes(60), actions: buttons(10) },
        among: CardRule { text: graphemes(120), text_beside: graphemes(60), actions: buttons(3) },
    }),
    native: Some(NativeRule {
        kind: "flex",
        alt_text: utf16(400),
        most_bytes_one: 30_000,
        most_bytes_several: 50_000,
        most_parts: 10,
        check: flex::check,
    }),
    quick_replies: Some(buttons(13)),
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
        first_contact: true,
        mail: false,
    },
};

const fn file(kind: MediaKind, formats: &'static [&'static str], most_bytes: u64) -> MediaRule {
    MediaRule { kind, formats, most_bytes, needs_preview: false, needs_duration: false, as_link: false }
}

const fn utf16(most: usize) -> Length {
    Length { most, unit: Unit::Utf16 }
}

const fn graphemes(most: usize) -> Length {
    Length { most, unit: Unit::Graphemes }
}

const fn buttons(most: usize) -> ButtonsRule {
    ButtonsRule {
        most,
        label: graphemes(20),
        say: graphemes(300),
        data: utf16(300),
        display: graphemes(300),
        url: utf16(1_000),
        schemes: &["https://", "http://"],
    }
}
