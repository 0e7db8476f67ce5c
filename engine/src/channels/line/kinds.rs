//! The kinds of LINE message that are more than words (line.md 1.5). A kind without what makes it one is `None`: it is
//! shown as a line and kept whole.

use serde::Deserialize;

use crate::channels::json::{self, Lazy};
use crate::channels::words::one_line;
use crate::domain::content::{ImageSet, Location, Media, MediaKind, MediaPlace, Sticker};
use crate::domain::message::Content;

/// Longest name of a file, title and address of a place, in characters; the rest is cut off with `…`.
const NAME_CHARS: usize = 255;
/// Longest words on a sticker, in characters (100 at LINE).
const STICKER_CHARS: usize = 100;
/// Longest address of media, in bytes; a longer one is none that can be fetched.
const URL_BYTES: usize = 2_000;
/// Millionths in a degree.
const E6: f64 = 1_000_000.0;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(borrow)]
    package_id: Lazy<'a>,
    #[serde(borrow)]
    sticker_id: Lazy<'a>,
    #[serde(borrow)]
    text: Lazy<'a>,
    #[serde(borrow)]
    content_provider: Lazy<'a>,
    #[serde(borrow)]
    image_set: Lazy<'a>,
    #[serde(borrow)]
    duration: Lazy<'a>,
    #[serde(borrow)]
    file_name: Lazy<'a>,
    #[serde(borrow)]
    file_size: Lazy<'a>,
    #[serde(borrow)]
    title: Lazy<'a>,
    #[serde(borrow)]
    address: Lazy<'a>,
    #[serde(borrow)]
    latitude: Lazy<'a>,
    #[serde(borrow)]
    longitude: Lazy<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Provider<'a> {
    #[serde(borrow, rename = "type")]
    kind: Lazy<'a>,
    #[serde(borrow)]
    original_content_url: Lazy<'a>,
}

#[derive(Deserialize)]
struct Set<'a> {
    #[serde(borrow)]
    id: Lazy<'a>,
    #[serde(borrow)]
    index: Lazy<'a>,
    #[serde(borrow)]
    total: Lazy<'a>,
}

/// The content of a message of this kind, where it is a kind that is known and whole.
pub(super) fn read(kind: &str, raw: Lazy<'_>) -> Option<Content> {
    let fields: Fields<'_> = json::object(raw)?;
    match kind {
        "sticker" => sticker(&fields).map(Content::Sticker),
        "image" => Some(media(MediaKind::Image, &fields)),
        "video" => Some(media(MediaKind::Video, &fields)),
        "audio" => Some(media(MediaKind::Audio, &fields)),
        "file" => Some(media(MediaKind::File, &fields)),
        "location" => location(&fields).map(Content::Location),
        _ => None,
    }
}

fn sticker(fields: &Fields<'_>) -> Option<Sticker> {
    Some(Sticker {
        package_id: json::id(fields.package_id)?,
        sticker_id: json::id(fields.sticker_id)?,
        text: short(fields.text, STICKER_CHARS),
    })
}

fn media(kind: MediaKind, fields: &Fields<'_>) -> Content {
    Content::Media(Box::new(Media {
        kind,
        name: short(fields.file_name, NAME_CHARS),
        bytes: json::plain(fields.file_size),
        duration_ms: json::plain(fields.duration),
        set: image_set(fields.image_set),
        place: place(fields.content_provider),
    }))
}

/// Pictures that were sent together. A set without its count cannot be put in order, and is none.
fn image_set(raw: Lazy<'_>) -> Option<ImageSet> {
    let set: Set<'_> = json::object(raw)?;
    let (index, total) = (json::plain(set.index)?, json::plain(set.total)?);
    (1..=total).contains(&index).then_some(ImageSet { id: json::id(set.id)?, index, total })
}

/// Media that a third party holds have no content with LINE.
fn place(raw: Lazy<'_>) -> MediaPlace {
    let Some(provider) = json::object::<Provider<'_>>(raw) else { return MediaPlace::Platform };
    match json::text(provider.kind).as_deref() {
        Some("external") => {
            let url = json::text(provider.original_content_url).unwrap_or_default();
            MediaPlace::Url(if url.len() > URL_BYTES { String::new() } else { url })
        }
        _ => MediaPlace::Platform,
    }
}

fn location(fields: &Fields<'_>) -> Option<Location> {
    let latitude_e6 = millionths(fields.latitude, 90.0)?;
    let longitude_e6 = millionths(fields.longitude, 180.0)?;
    let (title, address) = (short(fields.title, NAME_CHARS), short(fields.address, NAME_CHARS));
    Some(Location { title, address, latitude_e6, longitude_e6 })
}

#[expect(clippy::cast_possible_truncation, reason = "at most 180,000,000 either way")]
fn millionths(raw: Lazy<'_>, most: f64) -> Option<i32> {
    let degrees: f64 = json::plain(raw)?;
    (-most..=most).contains(&degrees).then(|| (degrees * E6).round() as i32)
}

fn short(raw: Lazy<'_>, chars: usize) -> Option<String> {
    let text = one_line(&json::text(raw)?, chars);
    (!text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    fn read_json(kind: &str, json: &str) -> Option<Content> {
        let raw = RawValue::from_string(json.to_owned()).unwrap();
        read(kind, Some(&raw))
    }

    fn media_of(kind: &str, json: &str) -> Media {
        match read_json(kind, json) {
            Some(Content::Media(media)) => *media,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_sticker_is_known_by_both_its_names() {
        let json = r#"{"packageId":"11537","stickerId":52002734,"text":"おはよう","stickerResourceType":"TOMORROW"}"#;
        let expected =
            Sticker { package_id: "11537".into(), sticker_id: "52002734".into(), text: Some("おはよう".into()) };
        assert_eq!(read_json("sticker", json), Some(Content::Sticker(expected)));
        assert_eq!(read_json("sticker", r#"{"packageId":"11537"}"#), None);
    }

    #[test]
    fn media_say_what_they_are_before_anybody_fetched_them() {
        let file = media_of("file", r#"{"fileName":"見積\u202e.pdf","fileSize":2138}"#);
        assert_eq!((file.kind, file.name.as_deref(), file.bytes), (MediaKind::File, Some("見積.pdf"), Some(2_138)));
        assert_eq!(file.place, MediaPlace::Platform);
        let audio = media_of("audio", r#"{"duration":5200,"contentProvider":{"type":"line"}}"#);
        assert_eq!((audio.duration_ms, audio.place), (Some(5_200), MediaPlace::Platform));
        let odd = media_of("video", r#"{"duration":"long","fileSize":-1}"#);
        assert_eq!((odd.duration_ms, odd.bytes), (None, None));
    }

    #[test]
    fn an_outside_address_is_kept_and_never_taken_for_lines() {
        let json = r#"{"contentProvider":{"type":"external","originalContentUrl":"https://example.com/o.mp4"}}"#;
        assert_eq!(media_of("video", json).place, MediaPlace::Url("https://example.com/o.mp4".into()));
        let long =
            format!(r#"{{"contentProvider":{{"type":"external","originalContentUrl":"{}"}}}}"#, "x".repeat(2_001));
        assert_eq!(media_of("image", &long).place, MediaPlace::Url(String::new()));
    }

    #[test]
    fn pictures_sent_together_know_their_place() {
        let image = |set: &str| media_of("image", &format!(r#"{{"imageSet":{set}}}"#)).set;
        let second = image(r#"{"id":"S","index":2,"total":5}"#).map(|set| (set.id, set.index, set.total));
        assert_eq!(second, Some(("S".to_owned(), 2, 5)));
        for none in [r#"{"id":"S"}"#, r#"{"id":"S","index":6,"total":5}"#, r#"{"id":"S","index":0,"total":5}"#, "7"] {
            assert_eq!(image(none), None, "{none}");
        }
    }

    #[test]
    fn a_place_without_coordinates_or_beyond_the_earth_is_none() {
        let json = r#"{"title":"本社","address":"東京都","latitude":35.681236,"longitude":-139.7671249}"#;
        let Some(Content::Location(place)) = read_json("location", json) else { panic!("a place") };
        assert_eq!((place.latitude_e6, place.longitude_e6), (35_681_236, -139_767_125));
        for none in [r#"{"title":"x"}"#, r#"{"latitude":91,"longitude":0}"#, r#"{"latitude":1,"longitude":180.1}"#] {
            assert_eq!(read_json("location", none), None, "{none}");
        }
    }
}
