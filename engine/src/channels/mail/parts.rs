//! The parts of a mail: which of them are its text, which hang on it, and the bytes of each.
//!
//! `mail-parser` says where parts begin and end; what stands in them is decoded here.

use mail_parser::{Message, MessageParser, MessagePart, PartType};

use super::body::{self as text, Transfer};
use super::header::{self, Field};
use super::names;
use crate::domain::mail::{MailMark, MailPart, PartPlace};

/// Parts that are looked at.
const WALKED: usize = 500;
/// How deep parts may lie in parts.
const DEPTH: usize = 20;
/// Parts that are listed.
const LISTED: usize = 100;
/// Longest list of parts, in bytes of names and types.
const LISTED_BYTES: usize = 12 * 1024;
/// Longest text that is taken from a mail, in bytes.
const TEXT_BYTES: usize = 4 << 20;

/// A mail that was taken apart. Borrows its bytes.
pub struct Opened<'a> {
    raw: &'a [u8],
    message: Message<'a>,
}

/// A text of a mail, as each of the forms that it comes in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// As plain text.
    pub plain: Option<String>,
    /// As HTML.
    pub html: Option<String>,
}

/// What a mail consists of.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// Its texts, in order.
    pub bodies: Vec<Body>,
    /// What hangs on it.
    pub parts: Vec<MailPart>,
    /// What its reader should know about its parts.
    pub marks: Vec<MailMark>,
    /// The bytes of an invitation.
    pub calendar: Option<Vec<u8>>,
}

impl<'a> Opened<'a> {
    /// Takes a mail apart. `None` where there is not even a header, and where its parser fails.
    #[must_use]
    pub fn new(raw: &'a [u8]) -> Option<Self> {
        // Found by breaking mail at random: a mail in a mail whose boundary ends too early takes the parser out of its
        // bounds. What fails its parser is a mail that cannot be read.
        let message = std::panic::catch_unwind(|| MessageParser::default().parse(raw)).ok()??;
        (!message.parts.is_empty()).then_some(Self { raw, message })
    }

    /// The values of every header field with this name, as bytes, in order.
    pub fn fields<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'a [u8]> + 'b {
        self.message.parts.first().into_iter().flat_map(move |part| fields(self.raw, part, name))
    }

    /// The first header field with this name.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&'a [u8]> {
        self.fields(name).next()
    }

    /// Its date, in milliseconds since 1970.
    #[must_use]
    pub fn date_ms(&self) -> Option<i64> {
        let date = self.message.date().filter(|date| date.is_valid())?;
        date.to_timestamp().checked_mul(1_000)
    }

    /// The media type of the whole.
    #[must_use]
    pub fn content_type(&self) -> Field {
        self.first("content-type").map(header::field).unwrap_or_default()
    }

    /// Every part with this type, with its decoded bytes; at most 500 are looked at.
    pub fn of_type<'b>(&'b self, types: &'b [&str]) -> impl Iterator<Item = Vec<u8>> + 'b {
        let parts = self.message.parts.iter().take(WALKED);
        parts.filter(|part| types.contains(&self.content_type_of(part).value.as_str())).map(|part| self.bytes(part))
    }

    /// Its texts and parts. An attachment longer than `max_attachment` bytes is listed and not offered.
    #[must_use]
    pub fn content(&self, max_attachment: u64) -> Content {
        let mut walk =
            Walk { opened: self, content: Content::default(), walked: 0, listed: 0, max_attachment, text_bytes: 0 };
        walk.part(0, 0, None, false);
        let mut content = walk.content;
        settle_inline(&mut content);
        content
    }

    /// The bytes of a listed part.
    #[must_use]
    pub fn bytes_of(&self, place: &PartPlace) -> Option<Vec<u8>> {
        match place {
            PartPlace::Inside(index) => self.message.parts.get(*index as usize).map(|part| self.bytes(part)),
            PartPlace::Packed(index, inner) => {
                let packed = self.bytes(self.message.parts.get(*index as usize)?);
                tnef::read_attachments(&packed).ok()?.get(*inner as usize).map(|file| file.data.to_vec())
            }
            PartPlace::Stored(_) | PartPlace::TooLarge => None,
        }
    }

    fn content_type_of(&self, part: &MessagePart<'_>) -> Field {
        fields(self.raw, part, "content-type").next().map(header::field).unwrap_or_default()
    }

    fn transfer(&self, part: &MessagePart<'_>) -> Transfer {
        let named = fields(self.raw, part, "content-transfer-encoding").next().map(header::field);
        named.map_or(Transfer::Plain, |field| Transfer::named(&field.value))
    }

    fn wrapped(&self, part: &MessagePart<'_>) -> &'a [u8] {
        self.raw.get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default()
    }

    fn bytes(&self, part: &MessagePart<'_>) -> Vec<u8> {
        self.transfer(part).undo(self.wrapped(part))
    }
}

fn fields<'a>(raw: &'a [u8], part: &MessagePart<'_>, name: &str) -> impl Iterator<Item = &'a [u8]> {
    let mine = part.headers.iter().filter(move |header| header.name().eq_ignore_ascii_case(name));
    let values = mine.filter_map(|header| raw.get(header.offset_start as usize..header.offset_end as usize));
    values.collect::<Vec<_>>().into_iter()
}

struct Walk<'o, 'a> {
    opened: &'o Opened<'a>,
    content: Content,
    walked: usize,
    listed: usize,
    max_attachment: u64,
    text_bytes: usize,
}

impl Walk<'_, '_> {
    /// `body`: the text whose other forms stand beside this part. `packed`: nothing below is shown as text.
    fn part(&mut self, index: u32, depth: usize, body: Option<usize>, packed: bool) {
        self.walked += 1;
        if self.walked > WALKED || depth > DEPTH {
            return self.mark(MailMark::Partial);
        }
        let Some(part) = self.opened.message.parts.get(index as usize) else { return };
        let content_type = self.opened.content_type_of(part);
        match &part.body {
            PartType::Multipart(children) => self.multipart(children, &content_type.value, depth, body, packed),
            _ => self.leaf(index, part, &content_type, body, packed),
        }
    }

    fn multipart(&mut self, children: &[u32], kind: &str, depth: usize, body: Option<usize>, packed: bool) {
        let depth = depth + 1;
        match kind {
            "multipart/alternative" => {
                let body = body.unwrap_or_else(|| self.new_body());
                children.iter().for_each(|child| self.part(*child, depth, Some(body), packed));
            }
            "multipart/related" => {
                for (place, child) in children.iter().enumerate() {
                    // Its first part is the text; what follows is shown in it.
                    let is_root = place == 0;
                    self.part(*child, depth, if is_root { body } else { None }, packed || !is_root);
                }
            }
            "multipart/signed" => {
                self.mark(MailMark::Signed);
                children
                    .iter()
                    .enumerate()
                    .for_each(|(place, child)| self.part(*child, depth, body, packed || place > 0));
            }
            "multipart/encrypted" => {
                self.mark(MailMark::Encrypted);
                children.iter().for_each(|child| self.part(*child, depth, None, true));
            }
            // A Macintosh file in two forks, of which others can use the second.
            "multipart/appledouble" => children.iter().skip(1).for_each(|child| self.part(*child, depth, None, true)),
            "multipart/report" => {
                children
                    .iter()
                    .enumerate()
                    .for_each(|(place, child)| self.part(*child, depth, None, packed || place > 0));
            }
            _ => children.iter().for_each(|child| self.part(*child, depth, None, packed)),
        }
    }

    fn leaf(&mut self, index: u32, part: &MessagePart<'_>, content_type: &Field, body: Option<usize>, packed: bool) {
        let raw = self.opened.raw;
        let disposition = fields(raw, part, "content-disposition").next().map(header::field).unwrap_or_default();
        let name = disposition.get("filename").or_else(|| content_type.get("name")).unwrap_or_default().to_owned();
        let kind = if content_type.value.contains('/') { content_type.value.as_str() } else { "text/plain" };
        // What says that it is a message and is none reads as what it says.
        let kind = if matches!(part.body, PartType::Message(_)) { "message/rfc822" } else { kind };
        let is_attached = disposition.value == "attachment" || !name.is_empty() || packed;
        match kind {
            "text/plain" | "text/html" if !is_attached => {
                return self.text(part, content_type, kind == "text/html", body);
            }
            "text/calendar" if self.content.calendar.is_none() => self.content.calendar = Some(self.opened.bytes(part)),
            "application/pkcs7-mime" | "application/x-pkcs7-mime" => self.mark(MailMark::Encrypted),
            "application/applefile" => return,
            "application/ms-tnef" | "application/vnd.ms-tnef" => self.packed(index, part),
            _ => {}
        }
        let content_id = fields(raw, part, "content-id").next().and_then(|raw| header::ids(raw).into_iter().next());
        let content_id = content_id.or_else(|| bare_id(fields(raw, part, "content-id").next()?));
        let wrapped = self.opened.wrapped(part);
        let bytes = match self.opened.transfer(part) {
            Transfer::Plain => wrapped.len(),
            transfer => transfer.undo(wrapped).len(),
        };
        let name = if name.is_empty() { subject_of(part) } else { name };
        self.list(&name, kind, bytes as u64, content_id, PartPlace::Inside(index));
    }

    fn text(&mut self, part: &MessagePart<'_>, content_type: &Field, is_html: bool, body: Option<usize>) {
        let wrapped = self.opened.wrapped(part);
        self.text_bytes = self.text_bytes.saturating_add(wrapped.len());
        if self.text_bytes > TEXT_BYTES {
            return self.mark(MailMark::Partial);
        }
        let bytes = self.opened.bytes(part);
        let body = body.unwrap_or_else(|| self.new_body());
        let text = if is_html { html_text(&bytes, content_type) } else { text::of_part(&bytes, content_type) };
        if text.contains("-----BEGIN PGP MESSAGE-----") {
            self.mark(MailMark::Encrypted);
        }
        if text.contains("-----BEGIN PGP SIGNED MESSAGE-----") {
            self.mark(MailMark::Signed);
        }
        let body = &mut self.content.bodies[body];
        let form = if is_html { &mut body.html } else { &mut body.plain };
        match form {
            Some(before) => {
                before.push('\n');
                before.push_str(&text);
            }
            None => *form = Some(text),
        }
    }

    /// The files in a container of Outlook's own. It stays listed itself, since not every one of them can be opened.
    fn packed(&mut self, index: u32, part: &MessagePart<'_>) {
        let bytes = self.opened.bytes(part);
        let Ok(files) = tnef::read_attachments(&bytes) else { return };
        for (place, file) in files.iter().enumerate().take(LISTED) {
            let name = file.transport_filename.clone().unwrap_or_else(|| file.title.clone());
            let mime = mime_guess::from_path(&name).first_or_octet_stream().essence_str().to_owned();
            let place = PartPlace::Packed(index, u32::try_from(place).unwrap_or(u32::MAX));
            self.list(name.trim_end_matches('\0'), &mime, file.data.len() as u64, None, place);
        }
    }

    fn list(&mut self, name: &str, kind: &str, bytes: u64, content_id: Option<String>, place: PartPlace) {
        let name = names::safe(name, kind, self.content.parts.len() + 1);
        let mime: String = kind.chars().take(100).collect();
        let weight = 64 + name.len() + mime.len() + content_id.as_ref().map_or(0, String::len);
        if self.content.parts.len() >= LISTED || self.listed + weight > LISTED_BYTES {
            return self.mark(MailMark::Partial);
        }
        self.listed += weight;
        let place = if bytes > self.max_attachment {
            self.mark(MailMark::Oversize);
            PartPlace::TooLarge
        } else {
            place
        };
        self.content.parts.push(MailPart { name, mime, bytes, content_id, place });
    }

    fn new_body(&mut self) -> usize {
        self.content.bodies.push(Body::default());
        self.content.bodies.len() - 1
    }

    fn mark(&mut self, mark: MailMark) {
        if !self.content.marks.contains(&mark) {
            self.content.marks.push(mark);
        }
    }
}

/// The subject of an attached mail is its name.
fn subject_of(part: &MessagePart<'_>) -> String {
    let PartType::Message(inner) = &part.body else { return String::new() };
    let Some(first) = inner.parts.first() else { return String::new() };
    let subject = fields(&inner.raw_message, first, "subject").next().map(header::text).unwrap_or_default();
    if subject.is_empty() { subject } else { format!("{}.eml", subject.replace(['/', '\\'], "_")) }
}

/// A Content-ID that nobody put into angle brackets.
fn bare_id(raw: &[u8]) -> Option<String> {
    let id = header::text(raw);
    (!id.is_empty() && id.len() <= 250 && !id.contains(['<', '>', ' '])).then_some(id)
}

/// HTML says its charset itself where the header does not.
fn html_text(bytes: &[u8], content_type: &Field) -> String {
    let named = content_type.get("charset").map(str::to_owned).or_else(|| {
        let head = String::from_utf8_lossy(&bytes[..bytes.len().min(2_048)]).to_ascii_lowercase();
        let (_, rest) = head.split_once("charset=")?;
        let name: String = rest
            .trim_start_matches(['"', '\''])
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
            .collect();
        (!name.is_empty()).then_some(name)
    });
    super::charset::tidy(&super::charset::decode(bytes, named.as_deref()))
}

/// A part is shown in the text when the HTML refers to it; every other part with a Content-ID is an attachment.
fn settle_inline(content: &mut Content) {
    let html: Vec<String> = content.bodies.iter().filter_map(|body| body.html.clone()).collect();
    for part in &mut content.parts {
        let Some(id) = part.content_id.clone() else { continue };
        let encoded = percent_encoding::utf8_percent_encode(&id, percent_encoding::NON_ALPHANUMERIC).to_string();
        let refers = html
            .iter()
            .any(|html| refers_to(html, &id) || refers_to(html, &encoded) || refers_to(html, &id.replace('@', "%40")));
        if !refers {
            part.content_id = None;
        }
    }
}

fn refers_to(html: &str, id: &str) -> bool {
    html.match_indices(id).any(|(at, _)| {
        let before = &html.as_bytes()[..at];
        before.len() >= 4 && before[before.len() - 4..].eq_ignore_ascii_case(b"cid:")
    })
}
