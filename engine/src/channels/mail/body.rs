//! The body of a text part: its transfer encoding, its charset, its paragraphs (`format=flowed`, RFC 3676).

use base64::Engine as _;

use super::charset;
use super::header::{Field, LENIENT};

/// How the bytes of a part are wrapped for the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transfer {
    /// Not at all.
    Plain,
    /// `quoted-printable`.
    Quoted,
    /// `base64`.
    Base64,
}

impl Transfer {
    /// By the field's value, in any case.
    #[must_use]
    pub(super) fn named(name: &str) -> Self {
        match name.trim().to_ascii_lowercase().as_str() {
            "quoted-printable" => Self::Quoted,
            "base64" => Self::Base64,
            _ => Self::Plain,
        }
    }

    /// The bytes as they were before.
    #[must_use]
    pub(super) fn undo(self, body: &[u8]) -> Vec<u8> {
        match self {
            Self::Plain => body.to_vec(),
            Self::Quoted => unquoted(body),
            Self::Base64 => unbased(body),
        }
    }
}

/// Soft line ends go, and so does white space at the end of a line, which only the way put there.
fn unquoted(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let (content, end) = match line {
            [content @ .., b'\r', b'\n'] => (content, &b"\r\n"[..]),
            [content @ .., b'\n'] => (content, &b"\n"[..]),
            content => (content, &b""[..]),
        };
        let content = content.trim_ascii_end();
        let (content, is_soft) = content.strip_suffix(b"=").map_or((content, false), |content| (content, true));
        let mut rest = content;
        while let [first, tail @ ..] = rest {
            rest = tail;
            let pair = tail.first_chunk::<2>().and_then(|[high, low]| Some((digit(*high)?, digit(*low)?)));
            match pair.filter(|_| *first == b'=') {
                Some((high, low)) => {
                    bytes.push(high << 4 | low);
                    rest = &tail[2..];
                }
                None => bytes.push(*first),
            }
        }
        if !is_soft {
            bytes.extend_from_slice(end);
        }
    }
    bytes
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Letters that belong to no base64 are passed over, and what follows the padding too, unless it goes on (two texts in
/// one, as some programs write it).
fn unbased(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len() / 4 * 3);
    let mut letters = Vec::with_capacity(body.len());
    for byte in body {
        match byte {
            b'=' => flush(&mut letters, &mut bytes),
            byte if byte.is_ascii_alphanumeric() || b"+/".contains(byte) => letters.push(*byte),
            _ => {}
        }
    }
    flush(&mut letters, &mut bytes);
    bytes
}

fn flush(letters: &mut Vec<u8>, bytes: &mut Vec<u8>) {
    if letters.len() % 4 == 1 {
        letters.pop();
    }
    bytes.extend(LENIENT.decode(&*letters).unwrap_or_default());
    letters.clear();
}

/// The text of a part: decoded, tidy, and as paragraphs where its lines were wrapped for the way.
#[must_use]
pub(super) fn of_part(bytes: &[u8], content_type: &Field) -> String {
    let text = charset::tidy(&charset::decode(bytes, content_type.get("charset")));
    let is_flowed = content_type.get("format").is_some_and(|format| format.eq_ignore_ascii_case("flowed"));
    if !is_flowed {
        return text;
    }
    let drops_space = content_type.get("delsp").is_some_and(|delsp| delsp.eq_ignore_ascii_case("yes"));
    unflowed(&text, drops_space)
}

/// Paragraphs of flowed lines: a line that ends in a space goes on in the next one of the same depth.
fn unflowed(text: &str, drops_space: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.split('\n') {
        let depth = line.bytes().take_while(|byte| *byte == b'>').count();
        let content = &line[depth..];
        let content = content.strip_prefix(' ').unwrap_or(content);
        if open != Some(depth) {
            if open.is_some() {
                out.push('\n');
            }
            if depth > 0 {
                out.push_str(&">".repeat(depth));
                out.push(' ');
            }
        }
        let flows = content.ends_with(' ') && content != "-- ";
        if flows && drops_space {
            out.push_str(&content[..content.len() - 1]);
        } else {
            out.push_str(content);
        }
        open = flows.then_some(depth);
        if !flows {
            out.push('\n');
        }
    }
    // One line end was put behind the last line, which had none.
    if out.ends_with('\n') {
        out.pop();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flowed_paragraphs_are_put_together_again_and_quotes_keep_their_depth() {
        let text = "これは \n長い \n段落です。\n次。\n> 引用 \n> 続き\n>> 深い\n\n-- \n署名";
        assert_eq!(unflowed(text, true), "これは長い段落です。\n次。\n> 引用続き\n>> 深い\n\n-- \n署名");
        assert_eq!(unflowed("one \ntwo\n", false), "one two\n");
        assert_eq!(unflowed(" >not a quote\n", false), ">not a quote\n", "stuffed");
        assert_eq!(unflowed("a \n> b", false), "a \n> b", "a quote ends a paragraph");
    }

    #[test]
    fn whatever_the_way_did_to_the_bytes_is_undone() {
        assert_eq!(Transfer::named(" Base64 ").undo(b"44GC\r\n44GE"), "あい".as_bytes());
        assert_eq!(Transfer::Base64.undo(b"YQ==YQ=="), b"aa", "two texts in one");
        assert_eq!(Transfer::Base64.undo(b"44GC4"), "あ".as_bytes(), "cut");
        assert_eq!(Transfer::Base64.undo(b"!!! no base64 ---"), Transfer::Base64.undo(b"nobase64"));
        assert_eq!(Transfer::Quoted.undo(b"=E3=81=\r\n=82 \t\r\na=3"), "あ\r\na=3".as_bytes());
        assert_eq!(Transfer::named("8bit").undo(b"\x82\xa0"), b"\x82\xa0");
    }
}
