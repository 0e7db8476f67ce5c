//! Mail as desks show it: its head, how it begins, what hangs on it, and how far its sender is known.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::MailParty;

/// A mail in a conversation, one that came or one that went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mail {
    /// What it is about; empty where it does not say (件名なし).
    pub subject: String,
    /// Whom it is from.
    pub from: MailParty,
    /// Where it wants answers to go, where that is not whom it is from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reply_to: Vec<MailParty>,
    /// Whom it is to.
    pub to: Vec<MailParty>,
    /// Who gets copies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<MailParty>,
    /// How it begins, without what it quotes; at most 4,000 characters. Empty where it says nothing (本文なし).
    pub text: String,
    /// There is more to read in all of it.
    pub cut: bool,
    /// What hangs on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<MailAttachment>,
    /// How far its sender is known.
    pub proof: MailProof,
    /// What else its reader should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<MailMark>,
    /// Where all of it is told; null for one that is not kept as it came or went.
    pub whole_url: Option<String>,
}

/// Something that hangs on a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailAttachment {
    /// Its name, safe to save under.
    pub name: String,
    /// Its media type, as the mail says.
    pub mime: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// The text shows it in place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inline: bool,
    /// Where it can be downloaded, for whoever may read the conversation; null where it is longer than attachments may be.
    pub url: Option<String>,
}

/// How far it is known that a mail is from whom it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailProof {
    /// Nothing proves it (確認できません).
    None,
    /// A forwarder that is trusted proved it before (転送経由・確認済み).
    Forwarded,
    /// Signed by the sender's domain, or sent from where it sends (認証済み).
    Proven,
}

/// What the reader of a mail should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailMark {
    /// A machine wrote it (自動送信).
    Automatic,
    /// The answer of somebody absent, or another automatic answer.
    AutoReply,
    /// Nothing automatic answers it: its sender asks for that, had such an answer within a day, or writes too much at once.
    NoAutoReply,
    /// From a mailing list.
    List,
    /// Signed; nobody checked the signature (署名あり・未検証).
    Signed,
    /// Encrypted: there is nothing to show but the file (暗号化されたメール).
    Encrypted,
    /// It has more parts, or deeper ones, than are looked at (一部のみ表示).
    Partial,
    /// It has an attachment that is longer than attachments may be.
    Oversize,
    /// It has HTML to look at.
    Html,
    /// Its sender was no participant of this conversation (参加者以外からの返信).
    Stranger,
    /// It quotes former mail, which is folded away (引用を表示).
    Quote,
    /// Forwarded as a mail of its own; the sender was found inside.
    Forwarded,
}

/// `GET /api/v1/files/{file}/mail`: all of a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WholeMail {
    /// Everything that it says, quoted text included, without HTML.
    pub text: String,
    /// Where its HTML is, cleaned, for a sandboxed frame; null where it has none that can be shown. `?pictures=true` shows
    /// pictures that are elsewhere too, which tells their owner that it was read.
    pub html_url: Option<String>,
    /// Its HTML has pictures that are elsewhere, and are not shown unasked.
    pub remote_pictures: bool,
    /// Where it can be downloaded exactly as it came.
    pub original_url: String,
    /// Its header as it came.
    pub header: String,
    /// The invitation in it.
    pub invitation: Option<MailInvitation>,
}

/// An invitation. It is never answered by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailInvitation {
    /// What it is about.
    pub title: String,
    /// When it begins, as written: `20261121T100000`, with `Z` at the end in UTC, a date alone for a whole day.
    pub starts: String,
    /// When it ends; empty where it does not say.
    pub ends: String,
    /// The time zone of both, by its name; empty for UTC and for none.
    pub zone: String,
    /// Where it is.
    pub place: String,
    /// Who invites.
    pub organiser: String,
    /// It is called off.
    pub cancelled: bool,
}
