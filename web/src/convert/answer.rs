//! What an agent wants to say, from the wire into the domain.
//!
//! Whether the channel can carry it is not looked at here: the engine checks it against the capabilities.

use std::collections::BTreeMap;

use madoguchi_engine::domain::content::{
    Action, Card, Does, Dress, Location, Media, MediaKind, MediaPlace, Native, Sticker, StoredFile,
};
use madoguchi_engine::domain::id::FileId;
use madoguchi_engine::domain::mail::{MailPart, PartPlace};
use madoguchi_engine::domain::message::Content;
use madoguchi_engine::uploads::Upload;
use madoguchi_protocol::api::{self, NewCard, NewContent, NewMedium};
use madoguchi_protocol::{Problem, limits};

use crate::error::invalid;

/// Uploads that are looked up for one answer: more than any channel carries in one. Those behind are not found.
const NAMED: usize = 32;

/// Uploads that an answer names, by id.
pub type Uploads = BTreeMap<FileId, Upload>;

/// The uploads that an answer names. What is no id is left out, and refused by [`content`].
#[must_use]
pub fn named(content: &NewContent) -> Vec<FileId> {
    let ids: Vec<&String> = match content {
        NewContent::Image(medium)
        | NewContent::Video(medium)
        | NewContent::Audio(medium)
        | NewContent::File(medium) => vec![&medium.file],
        NewContent::Mail(mail) => mail.files.iter().collect(),
        NewContent::Cards { cards } => cards.iter().filter_map(|card| card.image.as_ref()).collect(),
        NewContent::Text { .. }
        | NewContent::Sticker { .. }
        | NewContent::Location { .. }
        | NewContent::Native { .. } => Vec::new(),
    };
    ids.into_iter().filter_map(|id| id.parse().ok()).take(NAMED).collect()
}

/// The content in the domain.
///
/// # Errors
/// It names a file that was not uploaded, or a name is too long.
pub fn content(new: NewContent, uploads: &Uploads) -> Result<Content, Problem> {
    Ok(match new {
        NewContent::Text { text } => Content::Text(text),
        NewContent::Sticker { package_id, sticker_id } => {
            Content::Sticker(Sticker { package_id, sticker_id, text: None })
        }
        NewContent::Image(medium) => media(MediaKind::Image, medium, uploads)?,
        NewContent::Video(medium) => media(MediaKind::Video, medium, uploads)?,
        NewContent::Audio(medium) => media(MediaKind::Audio, medium, uploads)?,
        NewContent::File(medium) => media(MediaKind::File, medium, uploads)?,
        NewContent::Location { title, address, latitude, longitude } => {
            Content::Location(Location { title, address, latitude_e6: latitude.0, longitude_e6: longitude.0 })
        }
        NewContent::Cards { cards } => {
            let card = |(index, card)| self::card(index, card, uploads);
            Content::Cards(cards.into_iter().enumerate().map(card).collect::<Result<_, _>>()?)
        }
        NewContent::Mail(_) => return Err(invalid("content", "something that this channel carries")),
        NewContent::Native { alt_text, message } => Content::Native(Native { alt_text, json: message.to_string() }),
    })
}

/// What goes along with an answer by mail.
///
/// # Errors
/// It names a file that was not uploaded.
pub fn parts(files: &[String], uploads: &Uploads) -> Result<Vec<MailPart>, Problem> {
    let part = |id: &String| {
        let upload = upload("content.files", id, uploads)?;
        Ok(MailPart {
            name: upload.name.clone().unwrap_or_else(|| "file".to_owned()),
            mime: upload.file.mime.clone(),
            bytes: upload.file.bytes,
            content_id: None,
            place: PartPlace::Stored(upload.file.clone()),
        })
    };
    files.iter().map(part).collect()
}

/// What goes with it.
#[must_use]
pub fn dress(quick_replies: Vec<api::Action>) -> Dress {
    Dress { quick_replies: quick_replies.into_iter().map(action).collect(), sender: None }
}

fn media(kind: MediaKind, medium: NewMedium, uploads: &Uploads) -> Result<Content, Problem> {
    let upload = upload("content.file", &medium.file, uploads)?;
    // Everything may go as a plain file; nothing may pretend to be a picture that is none.
    if kind != MediaKind::File && kind != upload.kind {
        return Err(invalid("content.file", "a file of this kind; see the answer to its upload"));
    }
    if medium.name.as_ref().is_some_and(|name| name.chars().count() > limits::FILE_NAME_CHARS) {
        return Err(invalid("content.name", "at most 200 characters"));
    }
    Ok(Content::Media(Box::new(Media {
        kind,
        name: medium.name.or_else(|| upload.name.clone()),
        bytes: Some(upload.file.bytes),
        duration_ms: upload.duration_ms.or(medium.duration_ms),
        set: None,
        place: MediaPlace::Stored(upload.file.clone()),
    })))
}

fn card(index: usize, card: NewCard, uploads: &Uploads) -> Result<Card, Problem> {
    let image = |id: String| -> Result<StoredFile, Problem> {
        let field = format!("content.cards[{index}].image");
        let upload = upload(&field, &id, uploads)?;
        if upload.kind != MediaKind::Image {
            return Err(invalid(&field, "a picture; see the answer to its upload"));
        }
        Ok(upload.file.clone())
    };
    Ok(Card {
        title: card.title,
        text: card.text,
        image: card.image.map(image).transpose()?,
        actions: card.actions.into_iter().map(action).collect(),
    })
}

fn upload<'a>(field: &str, id: &str, uploads: &'a Uploads) -> Result<&'a Upload, Problem> {
    let known = id.parse().ok().and_then(|id: FileId| uploads.get(&id));
    known.ok_or_else(|| invalid(field, "the id of a file that was uploaded"))
}

fn action(action: api::Action) -> Action {
    let does = match action.does {
        api::Does::Say { text } => Does::Say(text),
        api::Does::Postback { data, display } => Does::Postback { data, display },
        api::Does::Open { url } => Does::Open(url),
    };
    Action { label: action.label, does }
}
