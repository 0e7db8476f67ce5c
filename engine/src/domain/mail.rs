//! A mail as records hold it: who, what about, how it begins, what hangs on it. The whole of it is a file of the content
//! store, exactly as it came; everything here can be made anew from that file.
//!
//! An answer has the same form: its text is whole, and its attachments are uploads.

use serde::{Deserialize, Serialize};

use super::content::StoredFile;

/// A mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mail {
    /// Its Message-ID without the angle brackets; where it had none, or one that another mail has, one made here.
    pub message_id: String,
    /// Decoded; empty where there is none. At most 500 characters.
    pub subject: String,
    /// Whom it is from, as its header says.
    pub from: MailAddress,
    /// Where it wants answers to go.
    pub reply_to: Vec<MailAddress>,
    /// Whom it is to.
    pub to: Vec<MailAddress>,
    /// Who gets copies.
    pub cc: Vec<MailAddress>,
    /// The ids that it answers, the oldest first, without angle brackets. At most 40 and 900 bytes.
    pub references: Vec<String>,
    /// What it says, without what it quotes. Of one that came in the beginning only, see `is_cut`.
    pub text: String,
    /// There is more in the file: text beyond the limit, or quoted text.
    pub is_cut: bool,
    /// What hangs on it.
    pub parts: Vec<MailPart>,
    /// It exactly as it came, or as it went out. `None` for an answer that has not been built.
    pub file: Option<StoredFile>,
    /// How far its sender is known.
    pub sender: SenderProof,
    /// What else the reader should know. Each at most once.
    pub marks: Vec<MailMark>,
}

/// A mail address and the name beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MailAddress {
    /// The name, decoded; empty where there is none.
    pub name: String,
    /// The address, normalised: lower case, domain as A-labels.
    pub address: String,
}

/// Something that hangs on a mail.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MailPart {
    /// Its name, safe to save under.
    pub name: String,
    /// Its media type, as the mail says.
    pub mime: String,
    /// Its length in bytes, decoded.
    pub bytes: u64,
    /// Its Content-ID, where the text shows it in place.
    pub content_id: Option<String>,
    /// Where its bytes are.
    pub place: PartPlace,
}

/// Where the bytes of a part are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PartPlace {
    /// In the mail's own file: which part of it, counted from the front.
    Inside(u32),
    /// In a container (TNEF) that is a part of the mail's file: which part, and which file in it.
    Packed(u32, u32),
    /// A file of its own: an upload.
    Stored(StoredFile),
    /// Not offered: longer than attachments may be.
    TooLarge,
}

/// How far it is known that a mail is from whom it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SenderProof {
    /// Nobody looked, or nothing proves it (確認できません).
    #[default]
    None,
    /// A forwarder that is trusted proved it before (転送経由・確認済み).
    Forwarded,
    /// Signed by the sender's domain, or sent from where it sends (認証済み).
    Proven,
}

/// What the reader of a mail should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MailMark {
    /// A machine wrote it (自動送信).
    Automatic,
    /// The answer of somebody absent, or another automatic answer: itself never answered automatically.
    AutoReply,
    /// Nothing automatic answers it: its sender asks for that, had such an answer within a day, or writes too much at once.
    NoAutoReply,
    /// From a mailing list.
    List,
    /// Signed; nobody checked the signature.
    Signed,
    /// Encrypted: there is nothing to show but the file.
    Encrypted,
    /// It has more parts, or deeper ones, than are looked at (一部のみ表示).
    Partial,
    /// It has a part that is longer than attachments may be.
    Oversize,
    /// It has HTML to look at.
    Html,
    /// Its sender was no participant of this conversation (参加者以外からの返信).
    Stranger,
    /// It quotes former mail, which is folded away.
    Quote,
    /// Forwarded as a mail of its own; the sender was found inside.
    Forwarded,
}

impl Mail {
    /// Whether it has this mark.
    #[must_use]
    pub fn is(&self, mark: MailMark) -> bool {
        self.marks.contains(&mark)
    }

    /// Gives it a mark.
    pub fn mark(&mut self, mark: MailMark) {
        if !self.is(mark) {
            self.marks.push(mark);
        }
    }

    /// Where its sender wants an answer to go: the one address to reply to, else whom it is from.
    #[must_use]
    pub fn answers_to(&self) -> &MailAddress {
        match self.reply_to.as_slice() {
            [one] => one,
            _ => &self.from,
        }
    }

    /// The files that are kept for it.
    pub fn files(&self) -> impl Iterator<Item = &StoredFile> {
        let uploads = self.parts.iter().filter_map(|part| match &part.place {
            PartPlace::Stored(file) => Some(file),
            PartPlace::Inside(_) | PartPlace::Packed(..) | PartPlace::TooLarge => None,
        });
        self.file.iter().chain(uploads)
    }

    /// Whether this address wrote it or got it.
    #[must_use]
    pub fn has_participant(&self, address: &str) -> bool {
        let all = [&self.from].into_iter().chain(&self.reply_to).chain(&self.to).chain(&self.cc);
        all.into_iter().any(|one| one.address == address)
    }

    /// What it calls whoever of its authors has this address: the address where it says nothing, `None` for others.
    #[must_use]
    pub fn name_of(&self, address: &str) -> Option<&str> {
        let mut authors = [&self.from].into_iter().chain(&self.reply_to);
        let author = authors.find(|one| one.address == address)?;
        Some(if author.name.is_empty() { &author.address } else { &author.name })
    }

    /// About how many bytes of people's words it holds.
    #[must_use]
    pub fn weight(&self) -> usize {
        let addresses = [&self.from].into_iter().chain(&self.reply_to).chain(&self.to).chain(&self.cc);
        let parts = self
            .parts
            .iter()
            .map(|part| 128 + part.name.len() + part.mime.len() + part.content_id.as_ref().map_or(0, String::len));
        512 + self.message_id.len()
            + self.subject.len()
            + self.text.len()
            + self.references.iter().map(|id| 8 + id.len()).sum::<usize>()
            + addresses.map(|one| 16 + one.name.len() + one.address.len()).sum::<usize>()
            + parts.sum::<usize>()
    }
}
