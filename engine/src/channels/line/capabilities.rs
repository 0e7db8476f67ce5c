//! What LINE carries (line.md 2.7 and 4), as the one value that desks are told and answers are checked by.
//!
//! Where LINE has raised a limit lately, the old one stands here: it is taken everywhere.

use super::{flex, stickers, text};
use crate::channels::capabilities::{
    ButtonsRule, Capabilities, CardRule, CardsRule, Features, Length, MediaRule, NativeRule, PlaceRule, Unit,
};
use crate::domain::content::MediaKind;

/// Largest picture, in bytes.
pub const PICTURE_BYTES: u64 = 10 << 20;
/// Largest small picture, in bytes.
pub const PREVIEW_BYTES: u64 = 1 << 20;
/// Largest film or recording, in bytes.
pub const PLAYED_BYTES: u64 = 200 << 20;
/// Longest name of a sender, in UTF-16 code units.
pub const SENDER_UTF16: usize = 20;

/// Everything that a LINE Official Account can send.
pub static LINE: Capabilities = Capabilities {
    text: utf16(text::SURELY_FITS_UTF16),
    stickers: stickers::SENDABLE,
    media: &[
        MediaRule {
            kind: MediaKind::Image,
            formats: &["image/jpeg", "image/png"],
            most_bytes: PICTURE_BYTES,
            needs_preview: true,
            needs_duration: false,
            as_link: false,
        },
        MediaRule {
            kind: MediaKind::Video,
            formats: &["video/mp4"],
            most_bytes: PLAYED_BYTES,
            needs_preview: true,
            needs_duration: false,
            as_link: false,
        },
        MediaRule {
            kind: MediaKind::Audio,
            formats: &["audio/mpeg", "audio/mp4"],
            most_bytes: PLAYED_BYTES,
            needs_preview: false,
            needs_duration: true,
            as_link: false,
        },
        MediaRule {
            kind: MediaKind::File,
            formats: &[],
            most_bytes: PLAYED_BYTES,
            needs_preview: false,
            needs_duration: false,
            as_link: true,
        },
    ],
    location: Some(PlaceRule { title: utf16(100), address: utf16(100) }),
    cards: Some(CardsRule {
        most: 10,
        title: graphemes(40),
        alone: CardRule { text: graphemes(160), text_beside: graphemes(60), actions: buttons(4) },
        among: CardRule { text: graphemes(120), text_beside: graphemes(60), actions: buttons(3) },
    }),
    native: Some(NativeRule {
        kind: "flex",
        alt_text: utf16(1_500),
        most_bytes_one: 30_000,
        most_bytes_several: 50_000,
        most_parts: 12,
        check: flex::check,
    }),
    quick_replies: Some(buttons(13)),
    sender_name: Some(utf16(SENDER_UTF16)),
    bubbles_a_call: text::BUBBLES,
    features: Features {
        unsend: false,
        edit: false,
        react: false,
        delivered: false,
        seen: false,
        typing: true,
        mark_read: true,
        first_contact: false,
        mail: false,
    },
};

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
        schemes: &["https://", "http://", "line://", "tel:"],
    }
}

#[cfg(test)]
#[path = "capabilities_test.rs"]
mod tests;
