//! What an account can send, on the wire.

use madoguchi_engine::channels::capabilities as engine;
use madoguchi_engine::channels::capabilities::Capabilities as Rules;
use madoguchi_engine::domain::content::MediaKind;
use madoguchi_engine::domain::org::{InboxSettings, SendMode};
use madoguchi_protocol::api::{
    ButtonsRule, Capabilities, CardRule, CardsRule, Features, Length, LocationRule, MediaRule, NativeRule,
    StickerPackage, Unit,
};

use super::inbox::channel;

/// What can be sent over an account with these settings.
#[must_use]
pub fn capabilities(rules: &Rules, settings: &InboxSettings) -> Capabilities {
    Capabilities {
        channel: channel(settings.kind()),
        text: length(rules.text),
        stickers: rules.stickers.iter().map(package).collect(),
        image: rules.media(MediaKind::Image).map(medium),
        video: rules.media(MediaKind::Video).map(medium),
        audio: rules.media(MediaKind::Audio).map(medium),
        file: rules.media(MediaKind::File).map(medium),
        location: rules
            .location
            .map(|place| LocationRule { title: length(place.title), address: length(place.address) }),
        cards: rules.cards.as_ref().map(cards),
        native: rules.native.as_ref().map(native),
        quick_replies: rules.quick_replies.as_ref().map(buttons),
        messages_a_call: rules.bubbles_a_call,
        free_answers: settings.mode() != SendMode::Push,
        paid_answers: settings.mode() != SendMode::Reply,
        metered: settings.when_quota_empty().is_some(),
        features: Features {
            typing: rules.features.typing && settings.shows_typing(),
            mark_read: rules.features.mark_read && settings.marks_read(),
            ..features(rules.features)
        },
    }
}

fn length(length: engine::Length) -> Length {
    let unit = match length.unit {
        engine::Unit::Utf16 => Unit::Utf16,
        engine::Unit::Graphemes => Unit::Graphemes,
    };
    Length { most: length.most, unit }
}

fn package(package: &engine::StickerPackage) -> StickerPackage {
    StickerPackage {
        package_id: package.package_id.to_string(),
        sticker_ids: (package.first..=package.last).map(|id| id.to_string()).collect(),
    }
}

fn medium(rule: &engine::MediaRule) -> MediaRule {
    MediaRule {
        formats: rule.formats.iter().map(|&format| format.to_owned()).collect(),
        most_bytes: rule.most_bytes,
        as_link: rule.as_link,
    }
}

fn cards(rule: &engine::CardsRule) -> CardsRule {
    CardsRule { most: rule.most, title: length(rule.title), alone: card(&rule.alone), among: card(&rule.among) }
}

fn card(rule: &engine::CardRule) -> CardRule {
    CardRule { text: length(rule.text), text_beside: length(rule.text_beside), actions: buttons(&rule.actions) }
}

fn buttons(rule: &engine::ButtonsRule) -> ButtonsRule {
    ButtonsRule {
        most: rule.most,
        label: length(rule.label),
        text: length(rule.say),
        data: length(rule.data),
        display: length(rule.display),
        url: length(rule.url),
        schemes: rule.schemes.iter().map(|&scheme| scheme.to_owned()).collect(),
    }
}

fn native(rule: &engine::NativeRule) -> NativeRule {
    NativeRule {
        kind: rule.kind.to_owned(),
        alt_text: length(rule.alt_text),
        most_bytes_one: rule.most_bytes_one,
        most_bytes_several: rule.most_bytes_several,
        most_parts: rule.most_parts,
    }
}

fn features(features: engine::Features) -> Features {
    Features {
        unsend: features.unsend,
        edit: features.edit,
        react: features.react,
        delivered: features.delivered,
        seen: features.seen,
        typing: features.typing,
        mark_read: features.mark_read,
        first_contact: features.first_contact,
    }
}
