//! Answers by mail: what an agent gives, what is fixed, and what became of each recipient's copy.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An answer by mail. Recipients and subject are fixed by what it answers; see [`MailHead`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMail {
    /// What it says; at most 24,996 UTF-16 units. The signature of the window is added below.
    pub text: String,
    /// Uploads that go along; each at most 10 MiB, at most 20, together at most 25,000,000 bytes as they are sent.
    #[serde(default)]
    pub files: Vec<String>,
    /// Whether the mail that it answers is quoted below; the window's setting without a choice.
    #[serde(default)]
    pub quote: Option<bool>,
}

/// Somebody in a mail's header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailParty {
    /// The name beside the address; empty where there is none.
    pub name: String,
    /// The address.
    pub address: String,
}

/// `GET /api/v1/conversations/{conversation}/mail`: what an answer carries whatever its author writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MailHead {
    /// Who it is from.
    pub from: MailParty,
    /// Whom it is to.
    pub to: Vec<MailParty>,
    /// Who gets copies.
    pub cc: Vec<MailParty>,
    /// What it is about.
    pub subject: String,
    /// Stands below the text.
    pub signature: String,
    /// Whether the answered mail is quoted without a choice.
    pub quote: bool,
    /// The answered mail as it would be quoted; empty where there is nothing to quote.
    pub quoted: String,
    /// Longest attachment, in bytes.
    pub max_file: u64,
    /// Most attachments.
    pub max_files: usize,
}

/// One recipient's copy of a message, on channels where each has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Copy {
    /// Whose: To first, then Cc.
    pub to: String,
    /// What became of it.
    pub state: CopyState,
    /// The other side's code, such as 550; 0 where it gave none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub code: u16,
    /// The other side's words, at most 500 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Tries so far.
    pub tries: u16,
    /// When it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference to every field")]
fn is_zero(value: &u16) -> bool {
    *value == 0
}

/// What became of one copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CopyState {
    /// Waits its turn (送信待ち).
    Queued,
    /// On its way; its end may have been said (送信中).
    Sending,
    /// The relay would not take it yet, or a server behind it said that it is late (遅延). It is tried again.
    Delayed,
    /// The relay took it (送信済み).
    Sent,
    /// The recipient's server said that it has it (配達済み).
    Delivered,
    /// Refused for good, at once or by a bounce (不達).
    Failed,
    /// Nobody can know (不明); never repeated by itself.
    Unknown,
}
