//! What a message holds besides words.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// A picture, film, recording or file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Medium {
    /// Its file; null while it is being fetched, and where it is lost.
    pub file: Option<File>,
    /// Why it cannot be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<MediaLoss>,
    /// Its name, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many bytes it has, as its sender said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// How long it plays, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u32>,
    /// The pictures it was sent together with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<ImageSet>,
}

/// A stored file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct File {
    /// Its id.
    pub id: String,
    /// Where its bytes are, for whoever may read the conversation.
    pub url: String,
    /// Where a small picture of it is.
    pub preview_url: Option<String>,
    /// Its media type.
    pub mime: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// Width in pixels, of pictures and films.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Height in pixels, of pictures and films.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

/// Why media cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediaLoss {
    /// Larger than the installation keeps.
    TooLarge,
    /// The platform has it no more.
    Gone,
    /// The platform was never done preparing it.
    NeverReady,
    /// The platform refused, or could not be reached for too long.
    Refused,
    /// The address is none that may be called.
    UnsafeAddress,
}

/// Pictures that were sent together, and arrive one by one in any order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImageSet {
    /// The same for all of them.
    pub id: String,
    /// The place of this one, from 1.
    pub index: u32,
    /// How many there are.
    pub total: u32,
}

/// A card with buttons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Card {
    /// Its heading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it says.
    pub text: String,
    /// A picture above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<File>,
    /// Its buttons.
    pub actions: Vec<Action>,
}

/// A file that an agent wants to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMedium {
    /// The id that the upload was answered with.
    pub file: String,
    /// Its name; the upload's own where it is left out. At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How long it plays, in milliseconds; as read from the file where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u32>,
}

/// A card that an agent wants to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCard {
    /// Its heading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it says.
    pub text: String,
    /// A picture above it: the id that its upload was answered with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Its buttons.
    pub actions: Vec<Action>,
}

/// What became of an upload: ready to be named in a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Upload {
    /// As it will be sent; pictures may have been converted.
    #[serde(flatten)]
    pub file: File,
    /// As what it can be sent.
    pub kind: UploadKind,
    /// The name that it came with.
    pub name: Option<String>,
    /// How long it plays, in milliseconds.
    pub duration_ms: Option<u32>,
}

/// What an upload was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UploadKind {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// A recording.
    Audio,
    /// Any other file.
    File,
}

/// A button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Action {
    /// What stands on it.
    pub label: String,
    /// What it does.
    #[serde(flatten)]
    pub does: Does,
}

/// What a button does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "does", rename_all = "snake_case")]
pub enum Does {
    /// The customer says `text`.
    Say {
        /// What they say.
        text: String,
    },
    /// We are told `data`.
    Postback {
        /// What we are told.
        data: String,
        /// What is shown as said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        display: Option<String>,
    },
    /// Opens an address.
    Open {
        /// The address.
        url: String,
    },
}

/// Degrees north or east, kept in millionths so that equal places are equal; a plain number on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Degrees(pub i32);

const E6: f64 = 1_000_000.0;

impl Serialize for Degrees {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / E6)
    }
}

impl<'de> Deserialize<'de> for Degrees {
    #[expect(clippy::cast_possible_truncation, reason = "at most 180,000,000 either way")]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let degrees = f64::deserialize(deserializer)?;
        if !(-180.0..=180.0).contains(&degrees) {
            return Err(serde::de::Error::custom("degrees from -180 to 180"));
        }
        Ok(Self((degrees * E6).round() as i32))
    }
}
