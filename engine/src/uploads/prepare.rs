//! A file that came in, made into what can be sent. Runs on a thread that may take its time.

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::probe::{self, Found};
use super::{Tools, Unusable, boxes, picture, program, sound};
use crate::domain::content::MediaKind;

/// What can be sent.
pub(super) struct Prepared {
    /// Bytes that take the place of those that came; `None` where they are sent as they are.
    pub(super) instead: Option<Vec<u8>>,
    pub(super) kind: MediaKind,
    pub(super) mime: &'static str,
    pub(super) size: Option<(u32, u32)>,
    pub(super) preview: Option<Vec<u8>>,
    pub(super) duration_ms: Option<u32>,
}

impl Prepared {
    fn as_it_is(kind: MediaKind, mime: &'static str) -> Self {
        Self { instead: None, kind, mime, size: None, preview: None, duration_ms: None }
    }
}

/// Looks at the file, and converts it where that is needed. `scratch` is an empty folder for programs.
pub(super) fn prepare(path: &Path, scratch: &Path, tools: &Tools) -> Result<Prepared, Unusable> {
    let mut file = File::open(path)?;
    let mut head = Vec::new();
    file.by_ref().take(probe::HEAD as u64).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    match probe::find(&head) {
        _ if head.is_empty() => Err(Unusable::Empty),
        Found::Jpeg | Found::Png | Found::Gif | Found::Webp | Found::Bmp | Found::Tiff => {
            picture::prepare(BufReader::new(file)).map(picture_ready)
        }
        Found::Heif => heif(path, scratch, tools),
        Found::Mp4 => {
            let len = file.metadata()?.len();
            let facts = boxes::facts(&mut BufReader::new(file), len)?;
            Ok(played(path, scratch, tools, facts))
        }
        Found::Mp3 => {
            let duration_ms = sound::mp3_duration_ms(&mut BufReader::new(file));
            Ok(Prepared { duration_ms, ..Prepared::as_it_is(MediaKind::Audio, "audio/mpeg") })
        }
        found @ (Found::Pdf | Found::Other) => {
            let mime = if found == Found::Pdf { "application/pdf" } else { "application/octet-stream" };
            Ok(Prepared::as_it_is(MediaKind::File, mime))
        }
    }
}

/// How long a stored recording or film plays, in milliseconds.
pub(super) fn duration_ms(mime: &str, file: File) -> std::io::Result<Option<u32>> {
    match mime {
        "audio/mpeg" => Ok(sound::mp3_duration_ms(&mut BufReader::new(file))),
        "audio/mp4" | "video/mp4" => {
            let len = file.metadata()?.len();
            Ok(boxes::facts(&mut BufReader::new(file), len)?.duration_ms)
        }
        _ => Ok(None),
    }
}

/// As what a file that was prepared here can be sent.
pub(super) fn kind_of(mime: &str) -> MediaKind {
    match mime.split('/').next() {
        Some("image") => MediaKind::Image,
        Some("video") => MediaKind::Video,
        Some("audio") => MediaKind::Audio,
        _ => MediaKind::File,
    }
}

fn picture_ready(ready: picture::Ready) -> Prepared {
    Prepared {
        instead: Some(ready.bytes),
        kind: MediaKind::Image,
        mime: ready.mime,
        size: Some(ready.size),
        preview: Some(ready.preview),
        duration_ms: None,
    }
}

fn heif(path: &Path, scratch: &Path, tools: &Tools) -> Result<Prepared, Unusable> {
    let program = tools.heif.as_ref().ok_or(Unusable::NoHeif)?;
    let out = scratch.join("out.jpg");
    if !program::run(program, &[path.as_os_str(), out.as_os_str()], scratch) {
        return Err(Unusable::NotConverted);
    }
    let file = File::open(&out).map_err(|_| Unusable::NotConverted)?;
    picture::prepare(BufReader::new(file)).map(picture_ready)
}

fn played(path: &Path, scratch: &Path, tools: &Tools, facts: boxes::Facts) -> Prepared {
    if !facts.has_film {
        return if facts.has_sound {
            Prepared { duration_ms: facts.duration_ms, ..Prepared::as_it_is(MediaKind::Audio, "audio/mp4") }
        } else {
            Prepared::as_it_is(MediaKind::File, "application/octet-stream")
        };
    }
    let still = still(path, scratch, tools).unwrap_or_else(picture::neutral);
    Prepared {
        size: facts.size,
        preview: Some(still),
        duration_ms: facts.duration_ms,
        ..Prepared::as_it_is(MediaKind::Video, "video/mp4")
    }
}

/// The first picture of a film, where the machine can make one.
fn still(path: &Path, scratch: &Path, tools: &Tools) -> Option<Vec<u8>> {
    let program = tools.ffmpeg.as_ref()?;
    let out = scratch.join("out.jpg");
    let words = ["-nostdin", "-v", "error", "-protocol_whitelist", "file", "-f", "mp4", "-i"].map(std::ffi::OsStr::new);
    let mut arguments = words.to_vec();
    arguments.push(path.as_os_str());
    arguments.extend(["-frames:v", "1", "-y"].map(std::ffi::OsStr::new));
    arguments.push(out.as_os_str());
    if !program::run(program, &arguments, scratch) {
        return None;
    }
    let ready = picture::prepare(BufReader::new(File::open(&out).ok()?)).ok()?;
    Some(ready.preview)
}
