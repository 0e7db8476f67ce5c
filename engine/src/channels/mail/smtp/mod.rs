//! The receiving side of SMTP (RFC 5321) and LMTP (RFC 2033), as a machine without IO: bytes go in, what to do comes out.
//! However the bytes are cut on their way, it does the same.
//!
//! It says 250 for a mail only after it was told that the mail is stored. It relays nothing.

mod data;
mod session;

pub use session::{Session, Step};

use super::ids::OwnCopy;
use crate::domain::id::{ConversationId, InboxId};

/// Which of the two protocols is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Strangers hand mail over.
    Smtp,
    /// Our own mail server hands it over, and hears about each recipient by itself.
    Lmtp,
}

/// What is done about line ends that are half of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BareLines {
    /// The mail is refused: two servers may disagree where it ends.
    Reject,
    /// They are made whole; from a server that is trusted to have looked.
    Normalise,
}

/// What a session keeps to.
#[derive(Clone, Debug)]
pub struct SessionLimits {
    /// Longest mail, in bytes.
    pub max_message: u64,
    /// Most recipients of one mail.
    pub max_recipients: usize,
    /// Most mails of one connection; 0 for any number.
    pub max_mails: usize,
    /// See [`BareLines`].
    pub bare_lines: BareLines,
}

/// Whom an address of ours belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mailbox {
    /// A window's account, by its default address; perhaps with the conversation that its detail proves.
    Window {
        /// The account.
        inbox: InboxId,
        /// The conversation.
        conversation: Option<ConversationId>,
    },
    /// The envelope sender of one copy of a mail that we sent.
    Copy(OwnCopy),
}

/// What becomes of a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is one of ours.
    Ours(Mailbox),
    /// There is no such window.
    Unknown,
    /// The window takes no mail.
    Off,
    /// It is somewhere else: we relay nothing.
    Foreign,
}

/// Who knows our addresses. Must not block.
pub trait House {
    /// Whose this address is; normalised.
    fn recipient(&self, address: &str) -> Answer;
    /// Whether mail can be taken at all now.
    fn is_open(&self) -> bool;
}

/// What a mail came with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// What the peer calls itself.
    pub helo: String,
    /// The sender, normalised where it is an address; `None` for the null sender.
    pub sender: Option<String>,
    /// The recipients as they were given, and whose they are.
    pub recipients: Vec<(String, Mailbox)>,
    /// The mail may hold letters beyond ASCII in its header.
    pub smtputf8: bool,
}

/// How storing a mail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is on disk, under this name.
    Yes(u128),
    /// Not now: full, stopping, or nobody knows. The peer keeps it.
    Later,
    /// The disk is full. The peer keeps it.
    NoRoom,
    /// Nobody is left whose mail it could be.
    Nobody,
}
