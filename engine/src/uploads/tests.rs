//! Uploads from the first byte to the day on which nobody named them.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use bytes::Bytes;

use super::boxes::sample::mp4;
use super::sound::sample_mp3;
use super::*;
use crate::content::{ContentStore, Purpose};
use crate::domain::id::{AgentId, ConversationId, FileId};
use crate::domain::time::Timestamp;

/// Who sends in these tests, and in which conversation.
const AGENT: AgentId = AgentId(1);
const TALK: ConversationId = ConversationId(10);
const NOW: Timestamp = Timestamp(9);

fn with_tools(dir: &Path, tools: Tools) -> Uploads {
    let store = ContentStore::open(dir).expect("a store");
    Uploads::open(store, &dir.join("uploads"), tools).expect("a folder")
}

fn uploads(dir: &Path) -> Uploads {
    with_tools(dir, Tools::default())
}

async fn upload(uploads: &Uploads, bytes: &[u8]) -> Result<Upload, Unusable> {
    let mut incoming = uploads.begin().expect("a disk").expect("a place");
    for piece in bytes.chunks(1_000) {
        incoming.write(Bytes::copy_from_slice(piece)).await?;
    }
    incoming.finish(Sender { agent: AGENT, at: Timestamp(5), name: Some("名.bin".to_owned()) }).await
}

fn png() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(30, 20).write_to(&mut bytes, image::ImageFormat::Png).expect("a small picture");
    bytes.into_inner()
}

fn files(dir: &Path) -> usize {
    std::fs::read_dir(dir.join("content/files")).expect("the folder").count()
}

fn exists(uploads: &Uploads, id: FileId) -> bool {
    uploads.read(id).expect("a disk").is_some()
}

fn mime(uploads: &Uploads, id: FileId) -> String {
    uploads.read(id).expect("a disk").expect("a file").0.file.mime
}

/// A program that stands in for one of the machine's.
fn program(dir: &Path, script: &str) -> PathBuf {
    let path = dir.join("program");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a program");
    path
}

#[actix_rt::test]
async fn each_kind_is_told_by_its_bytes_and_keeps_what_a_message_needs() {
    let dir = tempfile::tempdir().expect("a folder");
    let uploads = uploads(dir.path());
    let picture = upload(&uploads, &png()).await.expect("a picture");
    assert_eq!((picture.kind, picture.file.size), (MediaKind::Image, Some((30, 20))));
    assert!(picture.file.preview.is_some_and(|preview| exists(&uploads, preview)));
    let film = upload(&uploads, &mp4(2_500, &[b"vide", b"soun"])).await.expect("a film");
    assert_eq!((film.kind, film.duration_ms, film.file.mime.as_str()), (MediaKind::Video, Some(2_500), "video/mp4"));
    assert_eq!(mime(&uploads, film.file.preview.expect("a neutral picture")), "image/jpeg");
    let memo = upload(&uploads, &mp4(700, &[b"soun"])).await.expect("a recording");
    assert_eq!((memo.kind, memo.duration_ms, memo.file.mime.as_str()), (MediaKind::Audio, Some(700), "audio/mp4"));
    let song = upload(&uploads, &sample_mp3(40)).await.expect("a recording");
    assert_eq!((song.kind, song.file.mime.as_str()), (MediaKind::Audio, "audio/mpeg"));
    assert!(song.duration_ms.is_some_and(|ms| (900..1_200).contains(&ms)), "{:?}", song.duration_ms);
    let page = upload(&uploads, b"<html><script>alert(1)</script>").await.expect("a file");
    assert_eq!((page.kind, page.file.mime.as_str()), (MediaKind::File, "application/octet-stream"));
    assert_eq!(page.name.as_deref(), Some("名.bin"));
    for stored in [film, memo, song, page] {
        let (note, file) = uploads.read(stored.file.id).expect("a disk").expect("a file");
        assert_eq!(file.metadata().expect("there").len(), stored.file.bytes);
        assert_eq!(note.file, stored.file);
        // What is told when it is named is what was told when it came.
        assert_eq!(uploads.name(stored.file.id, AGENT, TALK, 3, NOW).expect("a disk"), Some(stored));
    }
}

#[actix_rt::test]
async fn what_cannot_be_used_leaves_nothing_behind() {
    let dir = tempfile::tempdir().expect("a folder");
    let uploads = uploads(dir.path());
    assert!(matches!(upload(&uploads, b"").await, Err(Unusable::Empty)));
    assert!(matches!(upload(&uploads, b"\xff\xd8\xff broken").await, Err(Unusable::BrokenPicture(_))));
    assert!(matches!(upload(&uploads, b"\0\0\0\x18ftypheic\0\0\0\0").await, Err(Unusable::NoHeif)));
    let mut incoming = uploads.begin().expect("a disk").expect("a place");
    let piece = Bytes::from(vec![0; 50 << 20]);
    for _ in 0..4 {
        incoming.write(piece.clone()).await.expect("up to the limit");
    }
    assert!(matches!(incoming.write(Bytes::from_static(b"x")).await, Err(Unusable::TooLong)));
    drop(incoming);
    assert_eq!(files(dir.path()), 0);
    assert_eq!(std::fs::read_dir(dir.path().join("uploads")).expect("the folder").count(), 0);
}

#[actix_rt::test]
async fn too_many_at_a_time_are_told_to_come_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let uploads = uploads(dir.path());
    let held: Vec<_> = (0..AT_ONCE).map(|_| uploads.begin().expect("a disk").expect("a place")).collect();
    assert!(uploads.begin().expect("a disk").is_none());
    drop(held);
    assert!(uploads.begin().expect("a disk").is_some());
}

#[actix_rt::test]
async fn a_file_is_kept_for_the_message_that_names_it_under_the_number_it_got() {
    let dir = tempfile::tempdir().expect("a folder");
    let uploads = self::uploads(dir.path());
    let named = upload(&uploads, &png()).await.expect("a picture");
    let (id, preview) = (named.file.id, named.file.preview.expect("a small one"));
    let purposes = || [id, preview].map(|id| uploads.read(id).expect("a disk").expect("a file").0.purpose);
    assert_eq!(purposes(), [Purpose::Upload { agent: AGENT }; 2]);
    assert_eq!(uploads.name(FileId(1), AGENT, TALK, 3, NOW).expect("a disk"), None);
    assert_eq!(uploads.name(id, AGENT, TALK, 3, NOW).expect("a disk").as_ref(), Some(&named));
    assert_eq!(purposes(), [Purpose::Message { conversation: TALK, number: 3 }; 2], "before the message is");
    uploads.sent(id, TALK, 4, NOW).expect("a disk");
    assert_eq!(uploads.name(id, AGENT, TALK, 9, NOW).expect("a disk").as_ref(), Some(&named), "as often as it is said");
    assert_eq!(purposes(), [Purpose::Message { conversation: TALK, number: 4 }; 2], "what it got");
    uploads.sent(FileId(1), TALK, 4, NOW).expect("a file that went is no fault");
}

#[actix_rt::test]
async fn nobody_sends_what_another_uploaded_or_what_belongs_elsewhere() {
    let dir = tempfile::tempdir().expect("a folder");
    let uploads = self::uploads(dir.path());
    let mine = upload(&uploads, &png()).await.expect("a picture").file.id;
    assert_eq!(uploads.name(mine, AgentId(2), TALK, 3, NOW).expect("a disk"), None, "a colleague");
    assert!(uploads.name(mine, AGENT, TALK, 3, NOW).expect("a disk").is_some());
    assert_eq!(uploads.name(mine, AGENT, ConversationId(11), 3, NOW).expect("a disk"), None, "another customer");
    assert!(uploads.name(mine, AgentId(2), TALK, 3, NOW).expect("a disk").is_some(), "the next holder of this one");
}

#[actix_rt::test]
async fn uploads_outlive_the_process_and_half_of_one_does_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let first = uploads(dir.path());
    let kept = upload(&first, &png()).await.expect("a picture");
    let mut half = first.begin().expect("a disk").expect("a place");
    half.write(Bytes::from_static(b"half of it")).await.expect("taken");
    // The process ends here: nothing cleans up.
    std::mem::forget(half);
    let second = uploads(dir.path());
    assert_eq!(std::fs::read_dir(dir.path().join("uploads")).expect("the folder").count(), 0);
    assert_eq!(second.name(kept.file.id, AGENT, TALK, 3, NOW).expect("a disk"), Some(kept));
}

#[actix_rt::test]
async fn programs_of_the_machine_are_used_where_they_are_and_work() {
    let dir = tempfile::tempdir().expect("a folder");
    let tool = tempfile::tempdir().expect("a folder");
    let picture = tool.path().join("picture.png");
    std::fs::write(&picture, png()).expect("written");
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec();
    let copies = program(tool.path(), &format!("for last; do :; done; cp '{}' \"$last\"", picture.display()));
    let tools = Tools { heif: Some(copies.clone()), ffmpeg: Some(copies) };
    let uploads = with_tools(dir.path(), tools);
    let photo = upload(&uploads, &heic).await.expect("converted");
    assert_eq!((photo.kind, photo.file.size), (MediaKind::Image, Some((30, 20))));
    let film = upload(&uploads, &mp4(1_000, &[b"vide"])).await.expect("a film");
    let (_, mut small) = uploads.read(film.file.preview.expect("a still")).expect("a disk").expect("a file");
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut small, &mut bytes).expect("a file");
    let still = image::load_from_memory(&bytes).expect("a picture");
    assert_eq!((still.width(), still.height()), (30, 20), "not the neutral one");

    let fails = program(tool.path(), "exit 1");
    let tools = Tools { heif: Some(fails.clone()), ffmpeg: Some(fails) };
    let other = tempfile::tempdir().expect("a folder");
    let uploads = with_tools(other.path(), tools);
    assert!(matches!(upload(&uploads, &heic).await, Err(Unusable::NotConverted)));
    let film = upload(&uploads, &mp4(1_000, &[b"vide"])).await.expect("a film without its program is still one");
    assert!(film.file.preview.is_some());
}
