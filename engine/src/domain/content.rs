//! The kinds of content that are more than words, as every channel shares them. What one channel cannot do is its
//! adapter's to say, before anything is sent.

use serde::{Deserialize, Serialize};

use super::id::FileId;

/// A sticker, by its platform's names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sticker {
    /// The package that it belongs to.
    pub package_id: String,
    /// The sticker in the package.
    pub sticker_id: String,
    /// The words printed on it, or that describe it.
    pub text: Option<String>,
}

/// The kinds of media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// A recording.
    Audio,
    /// Any other file.
    File,
}

/// A picture, film, recording or file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Media {
    /// Which kind.
    pub kind: MediaKind,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// How many bytes it has, as its sender said.
    pub bytes: Option<u64>,
    /// How long it plays, in milliseconds.
    pub duration_ms: Option<u32>,
    /// The pictures it was sent together with.
    pub set: Option<ImageSet>,
    /// Where its bytes are.
    pub place: MediaPlace,
}

/// Pictures that were sent together, and arrive one by one in any order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ImageSet {
    /// The same for all of them.
    pub id: String,
    /// The place of this one, from 1.
    pub index: u32,
    /// How many there are.
    pub total: u32,
}

/// Where the bytes of media are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MediaPlace {
    /// With the platform, under the message's id; to be fetched.
    Platform,
    /// At an address that the customer's side named; to be fetched with suspicion.
    Url(String),
    /// In the content store.
    Stored(StoredFile),
    /// Nowhere that we could get them from.
    Lost(MediaLoss),
}

/// Why media could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// A file of the content store.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StoredFile {
    /// Its name there. Cannot be guessed.
    pub id: FileId,
    /// What it is, by its bytes and not by anybody's word: a media type.
    pub mime: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// Width and height in pixels, of pictures and films.
    pub size: Option<(u32, u32)>,
    /// A small picture of it, where there is one.
    pub preview: Option<FileId>,
}

/// A place on the earth.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Location {
    /// What it is called.
    pub title: Option<String>,
    /// Its address in words.
    pub address: Option<String>,
    /// Degrees north, in millionths.
    pub latitude_e6: i32,
    /// Degrees east, in millionths.
    pub longitude_e6: i32,
}

/// A card with buttons.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Card {
    /// Its heading.
    pub title: Option<String>,
    /// What it says.
    pub text: String,
    /// A picture above it.
    pub image: Option<StoredFile>,
    /// Its buttons.
    pub actions: Vec<Action>,
}

/// A button, on a card or below the last message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Action {
    /// What stands on it.
    pub label: String,
    /// What it does.
    pub does: Does,
}

/// What a button does.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Does {
    /// The customer says this.
    Say(String),
    /// The customer's side tells us `data`, and shows `display` as said.
    Postback {
        /// What we are told.
        data: String,
        /// What is shown as said.
        display: Option<String>,
    },
    /// Opens an address.
    Open(String),
}

/// A message in the platform's own language, for what the common kinds cannot say.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Native {
    /// What lists, notifications and old devices show instead.
    pub alt_text: String,
    /// The platform's own JSON, checked by the channel before it was accepted.
    pub json: String,
}

/// What goes with an answer besides its content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Dress {
    /// Buttons below it, while it is the newest.
    pub quick_replies: Vec<Action>,
    /// Under which name it appears, instead of the account's.
    pub sender: Option<SenderName>,
}

/// The name and picture under which an answer appears.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SenderName {
    /// The name.
    pub name: String,
    /// Where the platform fetches the picture.
    pub icon_url: Option<String>,
}

/// What a channel keeps beside a conversation: what it is about, and what an answer needs that no message says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Context {
    /// What the customer says it is about, shown to agents; `None` on channels without such a thing.
    pub subject: Option<String>,
    /// The channel's own, such as who else reads along and which message is answered. Only its adapter reads it. The
    /// customer's words, like the subject.
    pub data: String,
}

/// Most bytes of a context. The adapter cuts; what is longer is not kept.
pub const CONTEXT_BYTES: usize = 8 * 1024;

impl Context {
    /// How many bytes of people's words it holds.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.subject.as_ref().map_or(0, String::len) + self.data.len()
    }
}

impl Media {
    /// Whether somebody still has to fetch it.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        matches!(self.place, MediaPlace::Platform | MediaPlace::Url(_))
    }

    /// Its file, once there is one.
    #[must_use]
    pub fn file(&self) -> Option<&StoredFile> {
        match &self.place {
            MediaPlace::Stored(file) => Some(file),
            MediaPlace::Platform | MediaPlace::Url(_) | MediaPlace::Lost(_) => None,
        }
    }
}

impl Card {
    /// About how many bytes of people's words it holds.
    pub(super) fn weight(&self) -> usize {
        let title = self.title.as_ref().map_or(0, String::len);
        256 + title + self.text.len() + self.actions.iter().map(Action::weight).sum::<usize>()
    }
}

impl Action {
    fn weight(&self) -> usize {
        64 + self.label.len() + self.does.weight()
    }
}

impl Dress {
    /// About how many bytes of people's words it holds.
    #[must_use]
    pub fn weight(&self) -> usize {
        let sender = self
            .sender
            .as_ref()
            .map_or(0, |sender| 64 + sender.name.len() + sender.icon_url.as_ref().map_or(0, String::len));
        sender + self.quick_replies.iter().map(Action::weight).sum::<usize>()
    }
}

impl Does {
    /// About how many bytes of people's words it holds.
    fn weight(&self) -> usize {
        match self {
            Self::Say(text) | Self::Open(text) => text.len(),
            Self::Postback { data, display } => data.len() + display.as_ref().map_or(0, String::len),
        }
    }
}
