//! Bytes that strangers made, on their way to a browser: it shows nothing but plain pictures, films and sound in their
//! place, runs nothing, and believes no type but the one that the bytes have.

use std::fs::File;
use std::path::Path;

use actix_files::NamedFile;
use actix_web::http::header::{
    self, Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue, HeaderValue,
};
use actix_web::{HttpRequest, HttpResponse};
use madoguchi_engine::content::{Note, is_plain_picture};
use madoguchi_protocol::Code;

use super::Answer;
use crate::error::problem;

/// A file that was taken back is gone at the next look: each look asks whether it is still there.
pub(super) const ASKED_EACH_TIME: &str = "private, no-cache";
/// What never changes, in seconds a day long.
pub(super) const KEPT: &str = "private, max-age=86400";
/// Nothing in a file is run, wherever it is shown.
const POLICY: &str = "default-src 'none'; sandbox";
/// Characters of a name that are kept.
const NAME_CHARS: usize = 100;

/// A file, whole or the range that was asked for.
pub(super) fn file(req: &HttpRequest, note: &Note, file: File, cache: &'static str) -> Answer {
    // The path gives nothing but the name of the type, which is set below.
    let named = NamedFile::from_file(file, Path::new("file")).map_err(|_| problem(Code::Internal))?;
    let mime = note.file.mime.parse().unwrap_or(mime::APPLICATION_OCTET_STREAM);
    let named = named.set_content_type(mime).prefer_utf8(false).set_content_disposition(disposition(note));
    Ok(guarded(named.into_response(req), cache))
}

/// The headers that keep a browser from trusting what it gets.
pub(super) fn guarded(mut response: HttpResponse, cache: &'static str) -> HttpResponse {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, cache),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn disposition(note: &Note) -> ContentDisposition {
    let mime = note.file.mime.as_str();
    let shown = is_plain_picture(mime) || matches!(mime, "video/mp4" | "audio/mp4" | "audio/mpeg");
    let name = safe_name(note.name.as_deref().unwrap_or_default()).unwrap_or_else(|| fallback(note));
    named(&name, shown)
}

/// The header with which a file is saved under this name, or shown in its place.
pub(super) fn named(name: &str, shown: bool) -> ContentDisposition {
    let name = safe_name(name).unwrap_or_else(|| "file".to_owned());
    let name =
        ExtendedValue { charset: Charset::Ext("UTF-8".to_owned()), language_tag: None, value: name.into_bytes() };
    ContentDisposition {
        disposition: if shown { DispositionType::Inline } else { DispositionType::Attachment },
        parameters: vec![DispositionParam::FilenameExt(name)],
    }
}

fn fallback(note: &Note) -> String {
    let known = mime_guess::get_mime_extensions_str(&note.file.mime).and_then(|all| all.first());
    format!("{}.{}", note.file.id, known.unwrap_or(&"bin"))
}

/// A name that is only a name: no folders, no control characters, nothing that turns the direction of writing.
fn safe_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain: String = last.chars().filter(|c| !c.is_control() && !turns(*c)).take(NAME_CHARS).collect();
    let plain = plain.trim_matches(|c: char| c == '.' || c.is_whitespace());
    (!plain.is_empty()).then(|| plain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_only_a_name() {
        for (name, wanted) in [
            ("請求書.pdf", Some("請求書.pdf")),
            ("../../etc/passwd", Some("passwd")),
            (r"C:\temp\a.txt", Some("a.txt")),
            ("a\r\nSet-Cookie: x=1.txt", Some("aSet-Cookie: x=1.txt")),
            ("gpj.\u{202e}exe", Some("gpj.exe")),
            ("..", None),
            ("", None),
        ] {
            assert_eq!(safe_name(name).as_deref(), wanted, "{name:?}");
        }
        assert_eq!(safe_name(&"長".repeat(4_000)).map(|name| name.chars().count()), Some(NAME_CHARS));
    }
}
