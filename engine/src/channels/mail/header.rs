//! Header fields as people wrote them: encoded-words in every state of repair, raw bytes of any charset, parameters in
//! segments, lists of addresses.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::address;
use super::charset;
use crate::domain::mail::MailAddress;

/// Addresses that are taken out of one field.
pub(super) const ADDRESSES: usize = 100;
/// Longest display name, in characters.
const NAME_CHARS: usize = 100;

/// Base64 as it comes: with padding or without, and with bits left over at the end.
pub(super) const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A field's text: unfolded, decoded, one line.
#[must_use]
pub fn text(raw: &[u8]) -> String {
    let unfolded = unfold(raw);
    let is_jis = unfolded.windows(2).any(|pair| pair == b"\x1b$" || pair == b"\x1b(");
    let decoded = if is_jis { words(charset::guess(&unfolded).as_bytes()) } else { words(&unfolded) };
    one_line(&decoded)
}

/// Without the line ends of folding.
fn unfold(raw: &[u8]) -> Vec<u8> {
    raw.iter().copied().filter(|byte| *byte != b'\r' && *byte != b'\n' && *byte != 0).collect()
}

/// One line without control characters, and without space around it.
pub(super) fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|c| !c.is_control()).collect();
    spaced.trim().to_owned()
}

/// An encoded-word: its charset, its way of encoding, its text.
struct Word<'a> {
    charset: &'a [u8],
    is_base64: bool,
    text: &'a [u8],
    len: usize,
}

/// The encoded-word that `bytes` begin with. One that never ends goes to the end.
fn word(bytes: &[u8]) -> Option<Word<'_>> {
    let rest = bytes.strip_prefix(b"=?")?;
    let charset_end = rest.iter().position(|byte| *byte == b'?')?;
    let (charset, rest) = rest.split_at(charset_end);
    let plain = |byte: &u8| byte.is_ascii_graphic() && !b"()<>@,;:\"/[]=".contains(byte);
    if charset.is_empty() || charset.len() > 40 || !charset.iter().all(plain) {
        return None;
    }
    let [b'?', way, b'?', text @ ..] = rest else { return None };
    let is_base64 = match way.to_ascii_lowercase() {
        b'b' => true,
        b'q' => false,
        _ => return None,
    };
    let end = text.windows(2).position(|pair| pair == b"?=");
    let (text, closing) = (&text[..end.unwrap_or(text.len())], if end.is_some() { 2 } else { 0 });
    let charset = charset.split(|byte| *byte == b'*').next().unwrap_or(charset);
    Some(Word { charset, is_base64, text, len: 2 + charset_end + 3 + text.len() + closing })
}

/// Encoded-words decoded, all else by what its bytes are. Words that stand side by side are one text that was cut: where
/// they are in the same charset their bytes are joined before anything is decoded.
fn words(bytes: &[u8]) -> String {
    let mut out = String::new();
    let mut plain = 0;
    let mut at = 0;
    while at < bytes.len() {
        let Some(first) = bytes[at..].starts_with(b"=?").then(|| word(&bytes[at..])).flatten() else {
            at += 1;
            continue;
        };
        out.push_str(&charset::guess(&bytes[plain..at]));
        at += first.len;
        let mut run = vec![first];
        loop {
            let gap = bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let Some(next) = word(&bytes[at + gap..]) else { break };
            at += gap + next.len;
            let same = run.last().is_some_and(|last| {
                last.charset.eq_ignore_ascii_case(next.charset) && last.is_base64 == next.is_base64
            });
            if !same {
                out.push_str(&joined(&run));
                run.clear();
            }
            run.push(next);
        }
        out.push_str(&joined(&run));
        plain = at;
    }
    out.push_str(&charset::guess(&bytes[plain..]));
    out
}

fn joined(run: &[Word<'_>]) -> String {
    let Some(first) = run.first() else { return String::new() };
    let mut bytes = Vec::new();
    if first.is_base64 {
        let texts: Vec<Vec<u8>> = run.iter().map(|word| base64_letters(word.text)).collect();
        let (last, others) = texts.split_last().map_or((&[][..], &[][..]), |(last, others)| (last.as_slice(), others));
        // Cut between the letters of one group, as some programs do.
        let is_padded = |word: &Word<'_>| word.text.trim_ascii_end().ends_with(b"=");
        if others.iter().zip(run).any(|(text, word)| text.len() % 4 != 0 && !is_padded(word)) {
            bytes = base64(&texts.concat());
        } else {
            others.iter().for_each(|text| bytes.extend(base64(text)));
            bytes.extend(base64(last));
        }
    } else {
        run.iter().for_each(|word| bytes.extend(quoted(word.text)));
    }
    charset::decode(&bytes, std::str::from_utf8(first.charset).ok())
}

fn base64_letters(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte)).collect()
}

/// Of letters alone; one too many at the end is dropped.
fn base64(letters: &[u8]) -> Vec<u8> {
    let whole = if letters.len() % 4 == 1 { &letters[..letters.len() - 1] } else { letters };
    LENIENT.decode(whole).unwrap_or_default()
}

fn quoted(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'_', _) => bytes.push(b' '),
            (b'=', [high, low, after @ ..]) if hex(*high).is_some() && hex(*low).is_some() => {
                bytes.push(hex(*high).unwrap_or(0) << 4 | hex(*low).unwrap_or(0));
                rest = after;
            }
            (byte, _) => bytes.push(*byte),
        }
    }
    bytes
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// A structured field with parameters: its value in lower case, and its parameters by lower-case name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// Such as `text/plain` or `attachment`.
    pub value: String,
    parameters: Vec<(String, String)>,
}

impl Field {
    /// A parameter, decoded.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Parameters as they stand in the field: name, star-number, whether percent-encoded, bytes.
type Segment = (String, Option<u32>, bool, Vec<u8>);

/// Reads a field with parameters (RFC 2045, RFC 2231). What is given both ways is taken the newer way; segments are joined
/// as bytes before they are decoded, since a character may be cut between two of them.
#[must_use]
pub fn field(raw: &[u8]) -> Field {
    let raw = unfold(raw);
    let mut pieces = pieces(&raw).into_iter();
    let value = pieces.next().map(|piece| charset::guess(piece).trim().to_ascii_lowercase()).unwrap_or_default();
    let mut segments: Vec<Segment> = Vec::new();
    for piece in pieces {
        let Some(equals) = piece.iter().position(|byte| *byte == b'=') else { continue };
        let name = String::from_utf8_lossy(&piece[..equals]).trim().to_ascii_lowercase();
        let (name, is_percent) = name.strip_suffix('*').map_or((name.as_str(), false), |name| (name, true));
        let (name, number) = match name.rsplit_once('*') {
            Some((base, number)) => (base, number.parse().ok()),
            None => (name, None),
        };
        segments.push((name.trim().to_owned(), number, is_percent, unquote(&piece[equals + 1..])));
    }
    let mut names: Vec<String> = segments.iter().map(|(name, ..)| name.clone()).collect();
    names.sort();
    names.dedup();
    let parameters = names.into_iter().map(|name| {
        let value = parameter(&name, &segments);
        (name, value)
    });
    Field { value, parameters: parameters.collect() }
}

fn parameter(name: &str, segments: &[Segment]) -> String {
    let mine = segments.iter().filter(|(known, ..)| known == name);
    let mut newer: Vec<&Segment> =
        mine.clone().filter(|(_, number, percent, _)| number.is_some() || *percent).collect();
    if newer.is_empty() {
        return mine.clone().next().map(|(.., bytes)| text(bytes)).unwrap_or_default();
    }
    newer.sort_by_key(|(_, number, ..)| number.unwrap_or(0));
    let mut charset = None;
    let mut joined = Vec::new();
    for (index, (_, _, is_percent, bytes)) in newer.iter().enumerate() {
        let mut bytes = bytes.as_slice();
        if index == 0 && *is_percent {
            let quotes: Vec<usize> = bytes.iter().enumerate().filter(|(_, b)| **b == b'\'').map(|(at, _)| at).collect();
            if let [first, second, ..] = quotes.as_slice() {
                charset = Some(String::from_utf8_lossy(&bytes[..*first]).into_owned());
                bytes = &bytes[second + 1..];
            }
        }
        if *is_percent {
            joined.extend(percent_encoding::percent_decode(bytes));
        } else {
            joined.extend_from_slice(bytes);
        }
    }
    let decoded = match charset {
        Some(charset) => charset::decode(&joined, Some(&charset)),
        None => return text(&joined),
    };
    one_line(&decoded)
}

/// The field cut at semicolons outside quotes. Raw bytes of ISO-2022-JP are passed over.
fn pieces(raw: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let (mut start, mut in_quotes, mut escaped, mut in_jis) = (0, false, false, false);
    for (at, byte) in raw.iter().enumerate() {
        if *byte == 0x1b {
            in_jis = raw.get(at + 1) == Some(&b'$');
        }
        match byte {
            _ if in_jis => {}
            _ if escaped => escaped = false,
            b'\\' if in_quotes => escaped = true,
            b'"' => in_quotes = !in_quotes,
            b';' if !in_quotes => {
                pieces.push(&raw[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(&raw[start..]);
    pieces
}

fn unquote(value: &[u8]) -> Vec<u8> {
    let value = value.trim_ascii();
    let Some(inner) = value.strip_prefix(b"\"") else { return value.to_vec() };
    let inner = inner.strip_suffix(b"\"").unwrap_or(inner);
    if inner.contains(&0x1b) {
        return inner.to_vec();
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        // A backslash is also the second byte of characters in Shift_JIS.
        let escapes = byte == b'\\' && matches!(rest.peek(), Some(b'"' | b'\\'));
        bytes.push(if escapes { rest.next().unwrap_or(byte) } else { byte });
    }
    bytes
}

/// The addresses of a field, in order, each once. Groups are opened; what is no address is left out.
#[must_use]
pub fn addresses(raw: &[u8]) -> Vec<MailAddress> {
    let raw = unfold(raw);
    let raw = if raw.contains(&0x1b) { charset::guess(&raw).into_bytes() } else { raw };
    let mut found: Vec<MailAddress> = Vec::new();
    let mut name: Vec<u8> = Vec::new();
    for mailbox in mailboxes(&raw) {
        if found.len() >= ADDRESSES {
            break;
        }
        match one_address(&mailbox) {
            Some(one) if found.iter().any(|other| other.address == one.address) => name.clear(),
            Some(mut one) => {
                if !name.is_empty() {
                    // A name with a comma that nobody put in quotes.
                    let before = display(&std::mem::take(&mut name));
                    one.name = shortened(&format!("{before}, {}", one.name));
                }
                found.push(one);
            }
            None => name = mailbox,
        }
    }
    found
}

/// A field cut at commas and the signs of groups, outside quotes, comments and angle brackets.
fn mailboxes(raw: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let mut one = Vec::new();
    let (mut in_quotes, mut in_angle, mut escaped, mut comments) = (false, false, false, 0_u32);
    for byte in raw {
        let splits = !in_quotes && !in_angle && comments == 0;
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_quotes || comments > 0 => escaped = true,
            b'"' if comments == 0 => in_quotes = !in_quotes,
            b'(' if !in_quotes => comments += 1,
            b')' if !in_quotes => comments = comments.saturating_sub(1),
            b'<' if !in_quotes && comments == 0 => in_angle = true,
            b'>' if !in_quotes && comments == 0 => in_angle = false,
            b',' | b';' if splits => {
                all.push(std::mem::take(&mut one));
                continue;
            }
            b':' if splits && !one.contains(&b'@') => {
                one.clear();
                continue;
            }
            _ => {}
        }
        one.push(*byte);
    }
    all.push(one);
    all.retain(|one| !one.trim_ascii().is_empty());
    all
}

fn one_address(mailbox: &[u8]) -> Option<MailAddress> {
    let open = mailbox.iter().rposition(|byte| *byte == b'<');
    if let Some(open) = open {
        let inner = &mailbox[open + 1..];
        let inner = &inner[..inner.iter().position(|byte| *byte == b'>').unwrap_or(inner.len())];
        // A source route before the address (RFC 5321, appendix C).
        let inner = inner.iter().rposition(|byte| *byte == b':').map_or(inner, |colon| &inner[colon + 1..]);
        let address = address::normalise(&charset::guess(inner))?;
        return Some(MailAddress { name: display(&mailbox[..open]), address });
    }
    let (bare, comment) = uncommented(mailbox);
    let address = address::normalise(&charset::guess(&bare))?;
    if address.contains(' ') && !address.starts_with('"') {
        return None;
    }
    Some(MailAddress { name: display(&comment), address })
}

/// Without comments, and the first comment.
fn uncommented(mailbox: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut bare, mut comment, mut depth) = (Vec::new(), Vec::new(), 0_u32);
    for byte in mailbox {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            byte if depth > 0 => comment.push(*byte),
            byte => bare.push(*byte),
        }
    }
    (bare, comment)
}

/// A display name, without its quotes.
fn display(raw: &[u8]) -> String {
    let name = unquote(raw.trim_ascii());
    let name = text(&name);
    let name = name.trim_matches(|c| c == '"' || c == '\'' || c == ' ');
    shortened(name)
}

fn shortened(name: &str) -> String {
    name.chars().filter(|c| !is_bidi(*c)).take(NAME_CHARS).collect()
}

/// Characters that turn the direction of what follows, and so can make one thing look like another.
pub(super) fn is_bidi(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}')
}

/// The ids of a field, without angle brackets and without the white space that folding put into them. Where there are no
/// brackets, words with an `@`.
#[must_use]
pub fn ids(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(&unfold(raw)).into_owned();
    let mut ids = Vec::new();
    let mut rest = text.as_str();
    while let Some((_, after)) = rest.split_once('<') {
        let Some((inner, tail)) = after.split_once('>') else { break };
        ids.extend(id(inner));
        rest = tail;
    }
    if ids.is_empty() {
        ids.extend(text.split_whitespace().filter(|word| word.contains('@')).filter_map(id));
    }
    ids.dedup();
    ids
}

/// Longest id that is kept, in bytes.
const ID_BYTES: usize = 250;

fn id(inner: &str) -> Option<String> {
    let id: String = inner.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !"<>".contains(*c)).collect();
    (!id.is_empty() && id.len() <= ID_BYTES).then_some(id)
}
