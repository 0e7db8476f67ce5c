//! Bytes of a mail as text: what the sender's program called the charset, what it really is, and what is left when it is
//! neither. Nothing here fails; what cannot be read becomes U+FFFD.

use encoding_rs::{EUC_JP, Encoding, ISO_2022_JP, SHIFT_JIS, UTF_8};

/// Bytes that detection looks at.
const DETECTED: usize = 64 * 1024;

/// The text of `bytes`, whose sender says that they are in `charset`.
#[must_use]
pub fn decode(bytes: &[u8], charset: Option<&str>) -> String {
    let named = charset.map(str::trim).filter(|name| !name.is_empty());
    let says_nothing =
        named.is_none_or(|name| is_any(name, &["us-ascii", "ascii", "unknown-8bit", "x-unknown", "8bit"]));
    if says_nothing {
        return guess(bytes);
    }
    let name = named.unwrap_or_default();
    let Some(encoding) = encoding_of(name) else {
        return other(bytes, name).unwrap_or_else(|| guess(bytes));
    };
    if encoding != ISO_2022_JP && has_jis_escape(bytes) && bytes.is_ascii() {
        return with(bytes, ISO_2022_JP).0;
    }
    let (text, errors) = with(bytes, encoding);
    if errors == 0 {
        return text;
    }
    let (other, others) = best(bytes);
    if others < errors { other } else { text }
}

/// The text of bytes about which nothing is said.
#[must_use]
pub fn guess(bytes: &[u8]) -> String {
    if has_jis_escape(bytes) {
        return with(bytes, ISO_2022_JP).0;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => best(bytes).0,
    }
}

/// The reading of these bytes with the fewest errors.
fn best(bytes: &[u8]) -> (String, usize) {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Allow);
    let part = &bytes[..bytes.len().min(DETECTED)];
    detector.feed(part, part.len() == bytes.len());
    let found = detector.guess(Some(b"jp"), chardetng::Utf8Detection::Allow);
    let tried = [UTF_8, found, SHIFT_JIS, EUC_JP, ISO_2022_JP];
    let readings = tried.into_iter().map(|encoding| with(bytes, encoding));
    readings.min_by_key(|(_, errors)| *errors).unwrap_or_default()
}

/// The encoding with this name, by the names that mail programs give it.
fn encoding_of(name: &str) -> Option<&'static Encoding> {
    let lower = name.to_ascii_lowercase();
    let lower = lower.trim_matches(|c| c == '"' || c == '\'');
    match lower {
        "cp932" | "ms932" | "windows-932" | "sjis-win" | "mskanji" | "shift-jis" | "shift_jis-2004" | "sjis-open" => {
            Some(SHIFT_JIS)
        }
        "iso-2022-jp-ms"
        | "cp50220"
        | "cp50221"
        | "cp50222"
        | "iso-2022-jp-1"
        | "iso-2022-jp-2"
        | "iso-2022-jp-3"
        | "iso-2022-jp-2004"
        | "jis"
        | "x-windows-iso2022jp" => Some(ISO_2022_JP),
        "eucjp-ms" | "eucjp-win" | "cp51932" | "eucjp" | "euc-jp-linux" | "euc-jisx0213" | "ujis" => Some(EUC_JP),
        "utf8" | "utf-8n" | "utf-8-mac" | "unicode-1-1-utf-8" | "utf8mb4" => Some(UTF_8),
        _ => Encoding::for_label(lower.as_bytes()).filter(|encoding| *encoding != encoding_rs::REPLACEMENT),
    }
}

/// What `encoding_rs` does not know.
fn other(bytes: &[u8], name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    mail_parser::decoders::charsets::map::charset_decoder(lower.as_bytes()).map(|decode| decode(bytes))
}

/// The text, and how many of its characters could not be read.
fn with(bytes: &[u8], encoding: &'static Encoding) -> (String, usize) {
    let (text, had_errors) = if encoding == ISO_2022_JP {
        let settled = settle_escapes(bytes);
        let (text, had_errors) = encoding.decode_without_bom_handling(&settled);
        (text.into_owned(), had_errors)
    } else {
        let (text, had_errors) = encoding.decode_with_bom_removal(bytes);
        (text.into_owned(), had_errors)
    };
    let errors = if had_errors { text.matches('\u{FFFD}').count().max(1) } else { 0 };
    (text, errors)
}

fn has_jis_escape(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair == b"\x1b$" || pair == b"\x1b(")
}

/// ISO-2022-JP as a strict decoder takes it: no escape that the next one undoes, none left open at the end of a line, and
/// half-width kana by the one escape however they were shifted in.
fn settle_escapes(bytes: &[u8]) -> Vec<u8> {
    const ASCII: &[u8] = b"\x1b(B";
    const KANA: &[u8] = b"\x1b(I";
    let mut settled = Vec::with_capacity(bytes.len() + 16);
    let (mut wanted, mut now, mut shifted) = (ASCII, ASCII, false);
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        let escape = [ASCII, b"\x1b(J", KANA, b"\x1b$B", b"\x1b$@"].into_iter().find(|escape| rest.starts_with(escape));
        if let Some(escape) = escape {
            wanted = escape;
            rest = &rest[escape.len()..];
            continue;
        }
        rest = tail;
        match first {
            0x0e => shifted = true,
            0x0f => shifted = false,
            b'\r' | b'\n' => {
                (wanted, shifted) = (ASCII, false);
                put(&mut settled, &mut now, ASCII, *first);
            }
            0xa1..=0xdf => put(&mut settled, &mut now, KANA, first & 0x7f),
            byte if shifted && (0x21..=0x5f).contains(byte) => put(&mut settled, &mut now, KANA, *byte),
            // Neither a space nor a control character has a second byte.
            0x20 | 0x09 if wanted.starts_with(b"\x1b$") => put(&mut settled, &mut now, ASCII, *first),
            byte => put(&mut settled, &mut now, wanted, *byte),
        }
    }
    if now != ASCII {
        settled.extend_from_slice(ASCII);
    }
    settled
}

fn put(settled: &mut Vec<u8>, now: &mut &'static [u8], wanted: &'static [u8], byte: u8) {
    if *now != wanted {
        settled.extend_from_slice(wanted);
        *now = wanted;
    }
    settled.push(byte);
}

/// Decoded text as it is kept: lines end in LF, and no control character but tab and LF.
#[must_use]
pub fn tidy(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| !c.is_control() || *c == '\n' || *c == '\t').filter(|c| *c != '\u{FEFF}').collect()
}

fn is_any(name: &str, names: &[&str]) -> bool {
    names.iter().any(|one| name.eq_ignore_ascii_case(one))
}
