//! One mail as the desk knows it, from nothing but its bytes. The same bytes read the same, now and at every replay.

use std::collections::HashSet;

use super::bounce::{self, Report};
use super::calendar::{self, Invitation};
use super::parts::{Body, Content, Opened};
use super::{auto, header, html, quote};
use crate::domain::mail::{Mail, MailAddress, MailMark};

/// Longest header that is read, in bytes.
const HEADER_BYTES: usize = 256 * 1024;
/// Longest subject that is kept, in characters.
const SUBJECT_CHARS: usize = 500;
/// Longest beginning of the text that records hold, in characters and bytes.
const TEXT_CHARS: usize = 4_000;
const TEXT_BYTES: usize = 16 * 1024;
/// Longest addresses that records hold, in bytes.
const ADDRESSES_BYTES: usize = 12 * 1024;
/// Ids of former mail that are kept, and their bytes (RFC 5322, 3.6.4 names no limit; some servers have one).
const REFERENCES: usize = 40;
const REFERENCES_BYTES: usize = 900;
/// Servers on a mail's way; more is a loop.
const MOST_RECEIVED: usize = 50;

/// What reading depends on besides the bytes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest attachment that is offered, in bytes.
    pub max_attachment: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_attachment: 10 * 1024 * 1024 }
    }
}

/// Why a mail is for a person to look at (要確認).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unreadable {
    /// It has no header at all.
    #[error("mail without a header")]
    NoHeader,
    /// Its header is longer than any that people send.
    #[error("mail with a header longer than 256 KiB")]
    HeaderTooLong,
    /// It does not say who wrote it, and neither does its envelope.
    #[error("mail without a sender")]
    NoSender,
}

impl Unreadable {
    /// A stable word for counters and lists.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoHeader => "mail_no_header",
            Self::HeaderTooLong => "mail_header_too_long",
            Self::NoSender => "mail_no_sender",
        }
    }
}

/// A mail that was read.
#[derive(Clone, Debug)]
pub struct Letter {
    /// As records hold it; its id is empty where it has none, its file and its sender's proof are for others to fill in.
    pub mail: Mail,
    /// When it was written, in milliseconds since 1970, as it says itself.
    pub date_ms: Option<i64>,
    /// The ids that it answers directly.
    pub in_reply_to: Vec<String>,
    /// Every id that it refers to, the oldest first.
    pub references: Vec<String>,
    /// Who sent it before somebody forwarded it as a mail of their own, as far as the header tells.
    pub original_sender: Option<MailAddress>,
    /// What installations wrote into it to know it again.
    pub loop_ids: Vec<String>,
    /// More servers on its way than any way has.
    pub is_looping: bool,
    /// A report about mail that we sent, when it looks like one.
    pub report: Option<Report>,
    /// Everything that it says, without HTML, quoted text included.
    pub text: String,
    /// A hash of what it says, for mails without an id.
    pub fingerprint: [u8; 32],
}

/// Who handed a mail over, as far as reading needs it.
#[derive(Clone, Copy, Debug, Default)]
pub struct From<'a> {
    /// The envelope's sender, normalised; `None` for the null sender.
    pub sender: Option<&'a str>,
    /// It came to the address of one copy of a mail that we sent.
    pub is_expected_report: bool,
}

/// Reads a mail.
///
/// # Errors
/// There is nothing to show, or nobody to answer.
pub fn read(raw: &[u8], from: From<'_>, limits: Limits) -> Result<Letter, Unreadable> {
    if header_len(raw) > HEADER_BYTES {
        return Err(Unreadable::HeaderTooLong);
    }
    let opened = Opened::new(raw).ok_or(Unreadable::NoHeader)?;
    let content = opened.content(limits.max_attachment);
    let list = |name: &str| opened.fields(name).flat_map(header::addresses).collect::<Vec<_>>();
    let envelope = || from.sender.map(|address| MailAddress { name: String::new(), address: address.to_owned() });
    let sender = list("from").into_iter().next().or_else(|| list("sender").into_iter().next()).or_else(envelope);
    let text = text_of(&content.bodies);
    let report = bounce::read(&opened, &text, from.is_expected_report);
    let sender = match sender {
        Some(sender) => sender,
        // A report may come from nobody.
        None if report.is_some() => MailAddress::default(),
        None => return Err(Unreadable::NoSender),
    };
    let (shown, is_folded) = quote::fold(&text);
    let (shown, is_shortened) = beginning(&shown);
    let mut mail = Mail {
        message_id: opened
            .first("message-id")
            .map(header::ids)
            .and_then(|ids| ids.into_iter().next())
            .unwrap_or_default(),
        subject: opened.first("subject").map(header::text).unwrap_or_default().chars().take(SUBJECT_CHARS).collect(),
        reply_to: list("reply-to"),
        to: list("to"),
        cc: list("cc"),
        references: Vec::new(),
        text: shown,
        is_cut: is_folded || is_shortened,
        parts: content.parts,
        marks: content.marks,
        from: sender,
        ..Mail::default()
    };
    let is_partial = shorten_addresses(&mut mail);
    let flags = [
        (is_partial, MailMark::Partial),
        (is_folded, MailMark::Quote),
        (content.bodies.iter().any(|body| body.html.is_some()), MailMark::Html),
    ];
    flags.into_iter().filter(|(so, _)| *so).for_each(|(_, mark)| mail.mark(mark));
    for mark in auto::marks(&opened, from.sender.is_none(), &mail.from.address) {
        mail.mark(mark);
    }
    let in_reply_to: Vec<String> = opened.fields("in-reply-to").flat_map(header::ids).collect();
    let references = references(&opened, &in_reply_to);
    mail.references = kept_references(&references);
    let original = ["x-original-from", "x-original-sender"].iter().flat_map(|name| list(name)).next();
    Ok(Letter {
        fingerprint: fingerprint(&opened, &mail, &text),
        date_ms: opened.date_ms(),
        in_reply_to,
        references,
        original_sender: original,
        loop_ids: opened.fields("x-madoguchi-loop").map(header::text).collect(),
        is_looping: opened.fields("received").count() > MOST_RECEIVED,
        report,
        text,
        mail,
    })
}

/// Where the header ends.
fn header_len(raw: &[u8]) -> usize {
    let window = &raw[..raw.len().min(HEADER_BYTES + 4)];
    let end = window.windows(2).position(|pair| pair == b"\n\n").map(|at| at + 2);
    let end =
        [end, window.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)].into_iter().flatten().min();
    end.unwrap_or(if raw.len() > HEADER_BYTES { usize::MAX } else { raw.len() })
}

/// Everything that a mail says: each text as it is plain, else made of its HTML.
fn text_of(bodies: &[Body]) -> String {
    let mut texts: Vec<String> = Vec::new();
    for body in bodies {
        let plain = body.plain.as_ref().filter(|plain| !plain.trim().is_empty());
        match (plain, &body.html) {
            (Some(plain), _) => texts.push(plain.clone()),
            (None, Some(html)) => texts.extend(html::to_text(html)),
            (None, None) => {}
        }
    }
    texts.retain(|text| !text.trim().is_empty());
    texts.iter().map(|text| text.trim_end()).collect::<Vec<_>>().join("\n\n")
}

/// What records hold of a text, and whether that is less than all of it.
fn beginning(text: &str) -> (String, bool) {
    let mut kept = String::new();
    for c in text.trim().chars().take(TEXT_CHARS) {
        if kept.len() + c.len_utf8() > TEXT_BYTES {
            break;
        }
        kept.push(c);
    }
    let is_shortened = kept.len() < text.trim().len();
    (kept, is_shortened)
}

/// Leaves out the last addresses where there are more than records hold. Whether any were.
fn shorten_addresses(mail: &mut Mail) -> bool {
    let mut room = ADDRESSES_BYTES;
    let mut left_out = false;
    for list in [&mut mail.reply_to, &mut mail.to, &mut mail.cc] {
        let before = list.len();
        list.retain(|one| {
            let weight = 16 + one.name.len() + one.address.len();
            let fits = weight <= room;
            room = if fits { room - weight } else { 0 };
            fits
        });
        left_out |= list.len() < before;
    }
    left_out
}

/// `References`, with what `In-Reply-To` names at their end.
fn references(mail: &Opened<'_>, in_reply_to: &[String]) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut all: Vec<String> = mail.fields("references").flat_map(header::ids).collect();
    all.extend(in_reply_to.iter().cloned());
    all.retain(|id| seen.insert(id.clone()));
    all.truncate(1_000);
    all
}

/// The first and the last of them, within the limits: the first names the thread, the last what is answered.
fn kept_references(all: &[String]) -> Vec<String> {
    let Some((first, rest)) = all.split_first() else { return Vec::new() };
    let mut kept = Vec::new();
    let mut room = REFERENCES_BYTES.saturating_sub(first.len() + 3);
    for id in rest.iter().rev().take(REFERENCES - 1) {
        if id.len() + 3 > room {
            break;
        }
        room -= id.len() + 3;
        kept.push(id.clone());
    }
    kept.push(first.clone());
    kept.reverse();
    kept
}

fn fingerprint(opened: &Opened<'_>, mail: &Mail, text: &str) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for field in [
        mail.from.address.as_bytes(),
        opened.first("date").unwrap_or_default(),
        mail.subject.as_bytes(),
        text.as_bytes(),
    ] {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field);
    }
    hash.finalize().into()
}

/// A whole mail, for whoever wants to see all of it.
#[derive(Clone, Debug, Default)]
pub struct Whole {
    /// Everything that it says, without HTML.
    pub text: String,
    /// Its HTML, where it has any, as it came.
    pub html: Option<String>,
    /// The parts that its HTML shows in place.
    pub inline: html::Inline,
    /// The invitation in it.
    pub invitation: Option<Invitation>,
    /// Its header as it came, decoded line by line.
    pub header: String,
}

/// Longest pictures that are shown in a document, together, in bytes.
const INLINE_BYTES: usize = 8 << 20;
/// Longest header that is shown, in bytes.
const SHOWN_HEADER: usize = 64 * 1024;

/// All of a mail. `None` where there is not even a header.
#[must_use]
pub fn whole(raw: &[u8], limits: Limits) -> Option<Whole> {
    let opened = Opened::new(raw)?;
    let content = opened.content(limits.max_attachment);
    let html: Vec<&str> = content.bodies.iter().filter_map(|body| body.html.as_deref()).collect();
    let has_html = !html.is_empty();
    let html = has_html.then(|| {
        let each = content.bodies.iter().map(|body| match (&body.html, &body.plain) {
            (Some(html), _) => html.clone(),
            (None, Some(plain)) => format!("<pre>{}</pre>", escaped(plain)),
            (None, None) => String::new(),
        });
        each.collect::<Vec<_>>().join("\n<hr>\n")
    });
    let end = header_len(raw).min(raw.len()).min(SHOWN_HEADER);
    Some(Whole {
        text: text_of(&content.bodies).replace(quote::SENTINEL, ""),
        html,
        inline: inline(&opened, &content),
        invitation: content.calendar.as_deref().and_then(calendar::read),
        header: super::charset::tidy(&super::charset::guess(&raw[..end])),
    })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The pictures that the HTML shows in place: those that are such by their bytes, as many as fit.
fn inline(opened: &Opened<'_>, content: &Content) -> html::Inline {
    use base64::Engine as _;
    let mut shown = html::Inline::new();
    let mut room = INLINE_BYTES;
    for part in &content.parts {
        let Some(id) = &part.content_id else { continue };
        let Some(bytes) = opened.bytes_of(&part.place).filter(|bytes| bytes.len() <= room) else { continue };
        let mime = crate::content::mime_of(&bytes);
        if crate::content::is_plain_picture(mime) {
            room -= bytes.len();
            let encoded = base64::engine::general_purpose::STANDARD.encode(&bytes);
            shown.insert(id.clone(), format!("data:{mime};base64,{encoded}"));
        }
    }
    shown
}

#[cfg(test)]
#[path = "read_test.rs"]
mod tests;
