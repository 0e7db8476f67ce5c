//! Files that messages and people name, and pictures of stickers.
//!
//! Strangers made them: a browser shows nothing but plain pictures in its place, runs nothing, and believes no type but
//! the one that the bytes have.

use std::path::Path;

use actix_files::NamedFile;
use actix_web::http::header::{
    self, Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue, HeaderValue,
};
use actix_web::{HttpRequest, HttpResponse, web};
use madoguchi_engine::content::{Note, is_plain_picture};
use madoguchi_engine::domain::id::FileId;
use madoguchi_protocol::Code;

use super::Answer;
use crate::App;
use crate::commands::refused;
use crate::error::problem;
use crate::extract::Place;

/// Nothing in a file is run, wherever it is shown.
const POLICY: &str = "default-src 'none'; sandbox";
/// A picture that was taken back is gone at the next look: each look asks whether it is still there.
const ASKED_EACH_TIME: &str = "private, no-cache";
/// A sticker's picture never changes.
const KEPT: &str = "private, max-age=86400";
/// Characters of a name that are kept.
const NAME_CHARS: usize = 100;

/// The bytes of a file, whole or a range of them. Plain pictures may be shown in their place; everything else is to be saved.
#[utoipa::path(get, path = "/api/v1/files/{file}", tag = "files",
    responses((status = 200, description = "The bytes.", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "The range that was asked for."),
        (status = 304, description = "The caller has it already.")))]
pub(crate) async fn file(app: web::Data<App>, req: HttpRequest, place: Place) -> Answer {
    let id: FileId = place.id("file")?;
    let (note, file) = app.engine.file(id).await.map_err(|failure| refused(&app, failure))?;
    // The path gives nothing but the name of the type, which is set below.
    let named = NamedFile::from_file(file, Path::new("file")).map_err(|_| problem(Code::Internal))?;
    let mime = note.file.mime.parse().unwrap_or(mime::APPLICATION_OCTET_STREAM);
    let mut response = named.set_content_type(mime).set_content_disposition(disposition(&note)).into_response(&req);
    guard(&mut response, ASKED_EACH_TIME);
    Ok(response)
}

/// The picture of one of LINE's stickers.
#[utoipa::path(get, path = "/api/v1/stickers/line/{sticker}", tag = "files",
    responses((status = 200, description = "The picture.", body = Vec<u8>, content_type = "image/png")))]
pub(crate) async fn line_sticker(app: web::Data<App>, place: Place) -> Answer {
    let sticker: String = place.id("sticker")?;
    let (bytes, mime) = app.engine.line_sticker(&sticker).await.map_err(|failure| refused(&app, failure))?;
    let mut response = HttpResponse::Ok().content_type(mime).body(bytes);
    guard(&mut response, KEPT);
    Ok(response)
}

fn guard(response: &mut HttpResponse, cache: &'static str) {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, cache),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

fn disposition(note: &Note) -> ContentDisposition {
    let shown = is_plain_picture(&note.file.mime);
    let name = safe_name(note.name.as_deref().unwrap_or_default()).unwrap_or_else(|| fallback(note));
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
