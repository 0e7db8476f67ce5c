//! Pictures, films and recordings as LINE shows them. LINE has no files: they go as a link.

use serde_json::{Value, json};

use crate::channels::public::PublicUrls;
use crate::domain::content::{Media, MediaKind, StoredFile};

/// The bubble; `None` where the bytes are not there.
pub(super) fn message(media: &Media, urls: &PublicUrls) -> Option<Value> {
    let file = media.file()?;
    let name = media.name.as_deref().unwrap_or_default();
    let url = urls.url(file.id, &named(media.kind, file, name));
    Some(match media.kind {
        MediaKind::Image => {
            json!({ "type": "image", "originalContentUrl": url, "previewImageUrl": preview(file, urls)? })
        }
        MediaKind::Video => {
            json!({ "type": "video", "originalContentUrl": url, "previewImageUrl": preview(file, urls)? })
        }
        MediaKind::Audio => {
            json!({ "type": "audio", "originalContentUrl": url, "duration": media.duration_ms? })
        }
        MediaKind::File if name.is_empty() => json!({ "type": "text", "text": url }),
        MediaKind::File => json!({ "type": "text", "text": format!("{name}\n{url}") }),
    })
}

fn preview(file: &StoredFile, urls: &PublicUrls) -> Option<String> {
    // A preview is a JPEG, whatever it was made of.
    file.preview.map(|preview| urls.url(preview, "preview.jpg"))
}

/// The name at the end of the address: LINE looks at its ending, people at the whole.
fn named(kind: MediaKind, file: &StoredFile, name: &str) -> String {
    let plain = match (kind, file.mime.as_str()) {
        (MediaKind::File, _) if !name.is_empty() => return name.to_owned(),
        (MediaKind::File, _) => "file",
        (_, "image/png") => "image.png",
        (MediaKind::Image, _) => "image.jpg",
        (MediaKind::Video, _) => "video.mp4",
        (MediaKind::Audio, "audio/mpeg") => "audio.mp3",
        (MediaKind::Audio, _) => "audio.m4a",
    };
    plain.to_owned()
}
