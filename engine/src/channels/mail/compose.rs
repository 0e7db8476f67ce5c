//! An answer as a mail: header and body as RFC 5322, 2045 to 2047, 2183 and 2231 have them, seven bits wide.
//!
//! A pure function: the same letter gives the same bytes, so that a mail that is tried again tomorrow is the mail of today.
//! Nothing that anybody typed can end a header: a value with a control character is refused, not cleaned.

use std::borrow::Cow;

use mail_builder::MessageBuilder;
use mail_builder::headers::HeaderType;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::mime::{BodyPart, MimePart};
use sha2::{Digest as _, Sha256};

use crate::domain::time::Timestamp;

/// Ids in References beyond which the middle is left out.
const REFERENCES: usize = 40;
/// Bytes of References beyond which the middle is left out.
const REFERENCES_BYTES: usize = 900;

/// Somebody in a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party<'a> {
    /// The name beside the address; empty for none.
    pub name: &'a str,
    /// The address, as it goes on the wire.
    pub address: &'a str,
}

/// A file that goes along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its media type; anything that is none, or that a relay may take apart, goes as `application/octet-stream`.
    pub mime: &'a str,
    /// Its bytes.
    pub bytes: Cow<'a, [u8]>,
}

/// Everything that a mail says.
#[derive(Clone, Debug)]
pub struct Letter<'a> {
    /// Who writes.
    pub from: Party<'a>,
    /// Whom it is for.
    pub to: Vec<Party<'a>>,
    /// Who reads along.
    pub cc: Vec<Party<'a>>,
    /// Where answers go, where that is not the sender's address.
    pub reply_to: Option<&'a str>,
    /// What it is about.
    pub subject: &'a str,
    /// When it was accepted.
    pub date: Timestamp,
    /// Its own id, without angle brackets.
    pub message_id: &'a str,
    /// What it answers, the oldest first and the answered mail last, without angle brackets.
    pub references: &'a [String],
    /// By which this installation knows what it sent itself.
    pub loop_mark: &'a str,
    /// What it says, whole.
    pub text: &'a str,
    /// What goes along.
    pub attachments: Vec<Attachment<'a>>,
    /// No person wrote it (RFC 3834).
    pub automatic: bool,
}

/// A value that cannot stand in a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} cannot stand in the header of a mail")]
pub struct Unsafe {
    /// Which.
    pub field: &'static str,
}

/// The header that carries the loop mark.
pub const LOOP_HEADER: &str = "X-Madoguchi-Loop";

/// The bytes of a letter, lines ended by CR LF.
///
/// # Errors
/// Something in it cannot stand in a header.
pub fn build(letter: &Letter<'_>) -> Result<Vec<u8>, Unsafe> {
    check(letter)?;
    let mut message = MessageBuilder::new()
        .header("Date", Date::new(letter.date.0.div_euclid(1_000)))
        .header("From", one(letter.from))
        .header("To", list(&letter.to));
    if !letter.cc.is_empty() {
        message = message.header("Cc", list(&letter.cc));
    }
    if let Some(reply_to) = letter.reply_to {
        message = message.header("Reply-To", one(Party { name: letter.from.name, address: reply_to }));
    }
    message =
        message.header("Subject", Text::new(letter.subject)).header("Message-ID", MessageId::new(letter.message_id));
    if let Some(answered) = letter.references.last() {
        message = message.header("In-Reply-To", MessageId::new(answered.as_str()));
        message = message.header("References", MessageId::new_list(shortened(letter.references).into_iter()));
    }
    if letter.automatic {
        message = message
            .header("Auto-Submitted", Raw::new("auto-replied"))
            .header("X-Auto-Response-Suppress", Raw::new("All"))
            .header("Precedence", Raw::new("auto_reply"));
    }
    let loop_mark: HeaderType<'_> = Raw::new(letter.loop_mark).into();
    let bytes = message
        .header(LOOP_HEADER, loop_mark)
        .header("MIME-Version", Raw::new("1.0"))
        .body(body(letter))
        .write_to_vec();
    Ok(bytes.expect("writing to memory does not fail"))
}

fn body<'a>(letter: &'a Letter<'_>) -> MimePart<'a> {
    let text = MimePart::new(
        ContentType::new("text/plain").attribute("charset", "utf-8"),
        BodyPart::Text(crlf(letter.text).into()),
    );
    if letter.attachments.is_empty() {
        return text;
    }
    let files = letter.attachments.iter().map(|file| {
        // A reader that knows only one of the two places of a file's name finds it.
        let kind = ContentType::new(media_type(file.mime)).attribute("name", file.name);
        MimePart::new(kind, BodyPart::Binary(Cow::Borrowed(&*file.bytes))).attachment(file.name)
    });
    let parts: Vec<MimePart<'a>> = std::iter::once(text).chain(files).collect();
    let boundary = boundary(letter);
    MimePart::new(ContentType::new("multipart/mixed").attribute("boundary", boundary), BodyPart::Multipart(parts))
}

/// A line that no part holds: nobody can write a text that names its own hash.
fn boundary(letter: &Letter<'_>) -> String {
    let mut hash = Sha256::new();
    hash.update(letter.message_id);
    hash.update(letter.text);
    letter.attachments.iter().for_each(|file| hash.update(&file.bytes));
    let hex: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("=_{hex}")
}

/// What goes by its own type; what is a mail itself, or names no type, goes as bytes.
fn media_type(mime: &str) -> &str {
    let token =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    match mime.split_once('/') {
        // Text is rewritten on the way (line ends, charset): a file must arrive as it is.
        Some((kind, sub)) if token(kind) && token(sub) && !matches!(kind, "text" | "message" | "multipart") => mime,
        _ => "application/octet-stream",
    }
}

/// Line ends as mail has them.
fn crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace(['\r', '\u{0}'], "\n").replace('\n', "\r\n")
}

/// The ids that fit; the beginning and the end say most.
fn shortened(references: &[String]) -> Vec<&str> {
    let all: Vec<&str> = references.iter().map(String::as_str).collect();
    let bytes: usize = all.iter().map(|id| id.len() + 3).sum();
    if all.len() <= REFERENCES && bytes <= REFERENCES_BYTES {
        return all;
    }
    let mut kept = vec![all[0]];
    let mut left = REFERENCES_BYTES.saturating_sub(all[0].len() + 3);
    let mut tail = Vec::new();
    for id in all[1..].iter().rev().take(REFERENCES - 1) {
        let Some(rest) = left.checked_sub(id.len() + 3) else { break };
        left = rest;
        tail.push(*id);
    }
    kept.extend(tail.into_iter().rev());
    if kept.len() == 1 && all.len() > 1 {
        // One id alone is longer than all may be: what is answered counts.
        kept = vec![all[all.len() - 1]];
    }
    kept
}

fn one<'a>(party: Party<'a>) -> Address<'a> {
    Address::new_address((!party.name.is_empty()).then_some(party.name), party.address)
}

fn list<'a>(parties: &[Party<'a>]) -> Address<'a> {
    Address::new_list(parties.iter().map(|party| one(*party)).collect())
}

/// Refuses whatever could end its header, or stand in two.
fn check(letter: &Letter<'_>) -> Result<(), Unsafe> {
    let plain = |field: &'static str, value: &str| {
        if value.chars().any(char::is_control) { Err(Unsafe { field }) } else { Ok(()) }
    };
    let id = |field: &'static str, value: &str| if is_id(value) { Ok(()) } else { Err(Unsafe { field }) };
    let party = |field: &'static str, party: &Party<'_>| {
        plain(field, party.name)?;
        address(party.address).then_some(()).ok_or(Unsafe { field })
    };
    party("from", &letter.from)?;
    letter.to.iter().try_for_each(|one| party("to", one))?;
    letter.cc.iter().try_for_each(|one| party("cc", one))?;
    if letter.to.is_empty() {
        return Err(Unsafe { field: "to" });
    }
    if !letter.reply_to.is_none_or(address) {
        return Err(Unsafe { field: "reply_to" });
    }
    plain("subject", letter.subject)?;
    id("message_id", letter.message_id)?;
    letter.references.iter().try_for_each(|one| id("references", one))?;
    id("loop_mark", letter.loop_mark)?;
    letter.attachments.iter().try_for_each(|file| plain("attachment", file.name))
}

/// Whether this can stand in a header as an id.
#[must_use]
pub fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_graphic() && !b"<>".contains(&b))
}

/// Whether a relay can be told this address: ASCII, nothing but one mailbox.
#[must_use]
pub fn address(address: &str) -> bool {
    address.is_ascii() && address.len() <= 254 && address.parse::<lettre::Address>().is_ok()
}

#[cfg(test)]
#[path = "compose_test.rs"]
mod tests;
