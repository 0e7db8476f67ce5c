//! Media, files and buttons on the wire.

use madoguchi_engine::domain::content::{self as domain, MediaKind, MediaPlace};
use madoguchi_engine::domain::id::FileId;
use madoguchi_protocol::api::{Action, Card, Content, Does, File, ImageSet, MediaLoss, Medium};

/// Where whoever may read the conversation gets a file.
#[must_use]
pub fn url(file: FileId) -> String {
    format!("/api/v1/files/{file}")
}

/// A medium as the kind of content that it is.
#[must_use]
pub fn content(media: &domain::Media) -> Content {
    let medium = medium(media);
    match media.kind {
        MediaKind::Image => Content::Image(medium),
        MediaKind::Video => Content::Video(medium),
        MediaKind::Audio => Content::Audio(medium),
        MediaKind::File => Content::File(medium),
    }
}

fn medium(media: &domain::Media) -> Medium {
    let lost = match &media.place {
        MediaPlace::Lost(why) => Some(loss(*why)),
        MediaPlace::Platform | MediaPlace::Url(_) | MediaPlace::Stored(_) => None,
    };
    Medium {
        file: media.file().map(file),
        lost,
        name: media.name.clone(),
        bytes: media.bytes,
        duration_ms: media.duration_ms,
        set: media.set.as_ref().map(|set| ImageSet { id: set.id.clone(), index: set.index, total: set.total }),
    }
}

/// A stored file.
#[must_use]
pub fn file(file: &domain::StoredFile) -> File {
    File {
        id: file.id.to_string(),
        url: url(file.id),
        preview_url: file.preview.map(url),
        mime: file.mime.clone(),
        bytes: file.bytes,
        width: file.size.map(|(width, _)| width),
        height: file.size.map(|(_, height)| height),
    }
}

/// Why media cannot be had.
#[must_use]
pub fn loss(why: domain::MediaLoss) -> MediaLoss {
    match why {
        domain::MediaLoss::TooLarge => MediaLoss::TooLarge,
        domain::MediaLoss::Gone => MediaLoss::Gone,
        domain::MediaLoss::NeverReady => MediaLoss::NeverReady,
        domain::MediaLoss::Refused => MediaLoss::Refused,
        domain::MediaLoss::UnsafeAddress => MediaLoss::UnsafeAddress,
    }
}

/// A card with buttons.
#[must_use]
pub fn card(card: &domain::Card) -> Card {
    Card {
        title: card.title.clone(),
        text: card.text.clone(),
        image: card.image.as_ref().map(file),
        actions: card.actions.iter().map(action).collect(),
    }
}

/// A button on the wire.
#[must_use]
pub fn action(action: &domain::Action) -> Action {
    let does = match &action.does {
        domain::Does::Say(text) => Does::Say { text: text.clone() },
        domain::Does::Postback { data, display } => Does::Postback { data: data.clone(), display: display.clone() },
        domain::Does::Open(url) => Does::Open { url: url.clone() },
    };
    Action { label: action.label.clone(), does }
}
