//! Pictures of stickers: fetched from where the platform shows them to everybody, and kept in a folder that may be
//! emptied at any time. So a console needs no address but ours.

use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::Core;
use crate::channels::media::{Download, Opened};
use crate::content;
use crate::domain::time::Timestamp;
use crate::failure::Failure;
use crate::journal::writer::Lane;

/// The longest name of a sticker, in digits.
const DIGITS: usize = 20;
/// The longest picture that is kept, in bytes.
const BYTES: usize = 1 << 20;
/// Pictures that are kept; above that the oldest go.
const KEPT: usize = 2_000;
/// How many go at a time.
const GOES: usize = 200;
/// Stickers without a picture that are remembered; above that all are forgotten.
const MISSED: usize = 2_000;
/// How long one without a picture is not asked for again, in milliseconds.
const MISSED_MS: i64 = 3_600_000;
/// Pictures fetched at a time; who comes later waits.
const AT_ONCE: usize = 4;
/// How long somebody waits for a picture, in milliseconds.
const PATIENCE_MS: i64 = 5_000;

/// What is remembered between two questions.
pub(crate) struct Stickers {
    places: Semaphore,
    missed: Mutex<HashMap<String, Timestamp>>,
}

impl Default for Stickers {
    fn default() -> Self {
        Self { places: Semaphore::new(AT_ONCE), missed: Mutex::default() }
    }
}

/// A picture and its media type; `None` where there is none, or none now.
pub(crate) async fn picture(core: &Arc<Core>, sticker: &str) -> Result<Option<(Bytes, &'static str)>, Failure> {
    let is_name = (1..=DIGITS).contains(&sticker.len()) && sticker.bytes().all(|byte| byte.is_ascii_digit());
    if !is_name {
        return Ok(None);
    }
    let path = core.config.data_dir.join("cache").join("stickers").join(sticker);
    if let Some(found) = read(core, path.clone()).await? {
        return Ok(picture_of(found));
    }
    let base = core.config.media.sticker_base_url.trim_end_matches('/');
    let missed = |at: &Timestamp| core.now().since_ms(*at) < MISSED_MS;
    if base.is_empty() || core.stickers.missed.lock().get(sticker).is_some_and(missed) {
        return Ok(None);
    }
    let address = format!("{base}/stickershop/v1/sticker/{sticker}/android/sticker.png");
    let fetched = core.config.clock.within_ms(PATIENCE_MS, fetch(core, &address)).await;
    let Some(found) = fetched.flatten().and_then(picture_of) else {
        miss(core, sticker);
        return Ok(None);
    };
    if core.space.has_room() {
        let bytes = found.0.clone();
        let put = core.pool.run(Lane::Ordinary, move || put(&path, &bytes)).await?;
        if let Err(error) = put {
            tracing::warn!(%error, "a sticker's picture could not be kept");
        }
    }
    Ok(Some(found))
}

fn miss(core: &Core, sticker: &str) {
    let mut missed = core.stickers.missed.lock();
    if missed.len() >= MISSED {
        missed.clear();
    }
    missed.insert(sticker.to_owned(), core.now());
}

async fn read(core: &Core, path: PathBuf) -> Result<Option<Bytes>, Failure> {
    let read = core.pool.run(Lane::Ordinary, move || fs::read(path)).await?;
    match read {
        Ok(bytes) => Ok(Some(bytes.into())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(_) => Err(Failure::Interrupted),
    }
}

async fn fetch(core: &Core, address: &str) -> Option<Bytes> {
    let _place = core.stickers.places.acquire().await.ok()?;
    let is_local = address.starts_with("http://");
    match core.platform.outside(address, is_local).await {
        Opened::Bytes(download) => whole(download).await,
        Opened::NotYet | Opened::Gone | Opened::Later | Opened::Refused | Opened::Unsafe => None,
    }
}

async fn whole(mut download: Download) -> Option<Bytes> {
    let mut whole = Vec::new();
    while let Some(bytes) = download.next().await.ok()? {
        if whole.len() + bytes.len() > BYTES {
            return None;
        }
        whole.extend_from_slice(&bytes);
    }
    Some(whole.into())
}

/// With its type, where it is a picture.
fn picture_of(bytes: Bytes) -> Option<(Bytes, &'static str)> {
    let mime = content::mime_of(&bytes);
    content::is_plain_picture(mime).then_some((bytes, mime))
}

/// Keeps a picture. It is not synced: a lost one is fetched again.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    fs::create_dir_all(folder)?;
    let part = path.with_extension("part");
    fs::write(&part, bytes)?;
    fs::rename(&part, path)?;
    let mut kept: Vec<_> = fs::read_dir(folder)?.filter_map(Result::ok).collect();
    if kept.len() > KEPT {
        kept.sort_by_key(|entry| entry.metadata().and_then(|about| about.modified()).ok());
        for entry in &kept[..GOES] {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_pictures_stays_small() {
        let dir = tempfile::tempdir().expect("a folder");
        for name in 0..=KEPT {
            fs::create_dir_all(dir.path()).expect("a folder");
            fs::write(dir.path().join(name.to_string()), b"x").expect("a picture");
        }
        put(&dir.path().join("9999999"), b"new").expect("the disk");
        let left = fs::read_dir(dir.path()).expect("a folder").count();
        assert_eq!(left, KEPT + 2 - GOES);
        assert_eq!(fs::read(dir.path().join("9999999")).expect("the newest stays"), b"new");
    }

    #[test]
    fn what_is_no_picture_is_not_shown_as_one() {
        assert_eq!(picture_of(Bytes::from_static(b"<svg onload=alert(1)>")), None);
        assert!(picture_of(Bytes::from_static(b"\x89PNG\r\n\x1a\n")).is_some());
    }
}
