use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use super::*;
use crate::domain::id::{AgentId, ConversationId};
use crate::domain::time::Timestamp;

const PURPOSE: Purpose = Purpose::Message { conversation: ConversationId(7), number: 3 };

fn keep() -> Keep {
    Keep { purpose: PURPOSE, at: Timestamp(5), name: Some("a.png".to_owned()), source: None }
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |x, y| Rgb([x as u8, y as u8, (x * y) as u8]));
    let mut bytes = Vec::new();
    DynamicImage::ImageRgb8(picture).write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).expect("memory");
    bytes
}

/// A PNG that says it has so many pixels, and holds next to nothing.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut header = Vec::from(*b"IHDR");
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut crc = u32::MAX;
    for byte in &header {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    let idat = [0, 0, 0, 0, b'I', b'D', b'A', b'T', 0x35, 0xaf, 0x06, 0x1e];
    [&b"\x89PNG\r\n\x1a\n\0\0\0\x0d"[..], &header, &(!crc).to_be_bytes(), &idat].concat()
}

fn put(store: &ContentStore, id: u128, bytes: &[u8]) -> Result<crate::domain::content::StoredFile, Refused> {
    let mut writer = store.create(FileId(id), 1 << 20)?;
    for chunk in bytes.chunks(1_000) {
        writer.write(chunk)?;
    }
    writer.finish(FileId(id + 1_000), keep())
}

fn names(store: &ContentStore) -> Vec<String> {
    let entries = fs::read_dir(&store.dir).expect("a folder");
    let mut names: Vec<_> = entries.map(|e| e.expect("an entry").file_name().into_string().expect("a name")).collect();
    names.sort();
    names
}

#[test]
fn a_picture_is_kept_with_what_its_bytes_say_and_goes_with_its_small_one() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = ContentStore::open(dir.path()).expect("a store");
    let bytes = png(900, 600);
    let file = put(&store, 1, &bytes).expect("a picture");
    assert_eq!((file.mime.as_str(), file.bytes, file.size), ("image/png", bytes.len() as u64, Some((900, 600))));
    let again = ContentStore::open(dir.path()).expect("the store after a restart");
    let (note, _) = again.read(file.id).expect("the disk").expect("the file");
    assert_eq!((&note.file, note.purpose, note.name.as_deref()), (&file, PURPOSE, Some("a.png")));
    assert_eq!(fs::read(again.path(file.id)).expect("its bytes"), bytes);
    let small = file.preview.expect("a small one");
    let (note, _) = again.read(small).expect("the disk").expect("the small one");
    assert_eq!((note.purpose, note.name), (PURPOSE, None));
    let seen = image::load_from_memory(&fs::read(again.path(small)).expect("its bytes")).expect("a picture");
    assert_eq!((seen.width(), seen.height()), (480, 320));
    assert_eq!(again.ids().expect("the disk").len(), 2);
    again.remove(file.id).expect("the disk");
    again.remove(file.id).expect("removing it again is nothing");
    assert_eq!(names(&again), [""; 0]);
}

#[test]
fn more_bytes_than_are_kept_leave_nothing_behind() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = ContentStore::open(dir.path()).expect("a store");
    let mut writer = store.create(FileId(1), 10).expect("a writer");
    writer.write(b"0123456789").expect("exactly as many");
    assert!(matches!(writer.write(b"x"), Err(Refused::TooLong)));
    drop(writer);
    assert_eq!(names(&store), [""; 0]);
}

#[test]
fn a_picture_that_unpacks_to_gigabytes_is_refused_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = ContentStore::open(dir.path()).expect("a store");
    for (width, height) in [(20_000, 20_000), (u32::MAX >> 1, u32::MAX >> 1), (1, u32::MAX >> 1)] {
        let refused = put(&store, 1, &bomb(width, height)).expect_err(&format!("{width}×{height}"));
        assert!(matches!(refused, Refused::TooManyPixels), "{width}×{height}: {refused:?}");
        assert_eq!(names(&store), [""; 0]);
    }
}

#[test]
fn what_looks_like_a_picture_and_is_none_is_kept_as_it_is() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = ContentStore::open(dir.path()).expect("a store");
    let mut torn = png(900, 600);
    torn.truncate(300);
    for (id, bytes) in [(1, torn), (2, b"\xff\xd8\xffnothing".to_vec()), (3, Vec::new()), (4, b"plain".to_vec())] {
        let file = put(&store, id, &bytes).expect("kept");
        assert_eq!((file.bytes, file.preview), (bytes.len() as u64, None));
    }
}

#[test]
fn a_stop_at_any_step_leaves_a_whole_file_or_none() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = ContentStore::open(dir.path()).expect("a store");
    put(&store, 1, &png(900, 600)).expect("a picture");
    let whole: Vec<(String, Vec<u8>)> =
        names(&store).into_iter().map(|name| (name.clone(), fs::read(store.dir.join(name)).expect("a file"))).collect();
    assert_eq!(whole.len(), 4);
    // In the order in which they get their names: the small one's note, the small one, the note, the file.
    let order = |name: &str| (!name.starts_with(&FileId(1_001).to_string()), !name.ends_with(NOTE));
    let mut steps = whole;
    steps.sort_by_key(|(name, _)| order(name));
    for stop_after in 0..=steps.len() {
        let dir = tempfile::tempdir().expect("a folder");
        let torn = ContentStore::open(dir.path()).expect("a store");
        for (name, bytes) in &steps[..stop_after] {
            fs::write(torn.dir.join(name), bytes).expect("a file");
        }
        if let Some((name, bytes)) = steps.get(stop_after) {
            fs::write(torn.dir.join(name).with_extension(PART), &bytes[..bytes.len() / 2]).expect("a file");
        }
        let after = ContentStore::open(dir.path()).expect("the store after a stop");
        for id in after.ids().expect("the disk") {
            let (note, file) = after.read(id).expect("the disk").expect("a whole file");
            assert_eq!(file.metadata().expect("its length").len(), note.file.bytes, "after {stop_after}");
        }
        let left = names(&after);
        assert_eq!(left.len() % 2, 0, "a file and its note, or neither: {left:?}");
        assert_eq!(after.note(FileId(1)).expect("the disk").is_some(), stop_after == steps.len(), "{stop_after}");
    }
}

#[test]
fn an_upload_is_kept_for_the_message_that_names_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = ContentStore::open(dir.path()).expect("a store");
    let mut writer = store.create(FileId(1), 1 << 20).expect("a writer");
    writer.write(&png(900, 600)).expect("room");
    let upload = Purpose::Upload { agent: AgentId(4) };
    let file = writer.finish(FileId(2), Keep { purpose: upload, ..keep() }).expect("a file");
    assert_eq!(store.note(FileId(2)).expect("the disk").expect("its small one").purpose, upload);
    store.keep_for(file.id, PURPOSE, Timestamp(9)).expect("the disk");
    for id in [1, 2] {
        assert_eq!(store.note(FileId(id)).expect("the disk").expect("a note").purpose, PURPOSE);
    }
    assert!(store.keep_for(FileId(9), PURPOSE, Timestamp(9)).is_err());
}

#[test]
fn bytes_that_were_on_their_way_out_do_not_come_to_stay() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = ContentStore::open(dir.path()).expect("a store");
    let file = put(&store, 1, b"%PDF-1.7 taken back").expect("a file");
    let kept = put(&store, 2, b"%PDF-1.7 kept").expect("a file");
    // The disk may have remembered the end of the note and not that of the bytes.
    fs::remove_file(store.note_path(file.id)).expect("a note");
    let again = ContentStore::open(dir.path()).expect("the store after a power cut");
    assert_eq!(again.ids().expect("the disk"), [kept.id]);
}
