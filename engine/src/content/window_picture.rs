//! Pictures of windows: PNG files that a person sends, kept without what programs wrote beside the picture.
//!
//! What it is, is seen from its bytes. Must never keep what cannot be shown, nor be asked on a thread that may not block.

use std::io::{self, Cursor};

use image::ImageFormat;

use super::picture::{Packed, unpack};
use super::{ContentStore, Keep, Purpose, Refused};
use crate::domain::content::StoredFile;
use crate::domain::id::{AgentId, FileId};
use crate::domain::record::By;
use crate::domain::time::Timestamp;

/// A picture has fewer bytes than this (PRODUCT W2).
pub const PICTURE_BYTES: u64 = 10_000_000;

/// Why bytes are no picture for a window.
#[derive(Debug, thiserror::Error)]
pub enum NoPicture {
    /// Too many bytes.
    #[error("below 10 MB")]
    TooLong,
    /// Something else than PNG.
    #[error("a PNG file")]
    NotPng,
    /// A PNG that cannot be read.
    #[error("a PNG file that can be read")]
    Broken,
    /// It unpacks to more than is safe.
    #[error("a picture of fewer pixels")]
    TooManyPixels,
    /// The disk refused.
    #[error("the picture could not be stored")]
    Disk(#[from] io::Error),
}

/// Keeps a picture for a day, until a window takes it.
pub(crate) fn store(
    content: &ContentStore,
    id: FileId,
    bytes: &[u8],
    (agent, at, name): (AgentId, Timestamp, String),
) -> Result<StoredFile, NoPicture> {
    if bytes.len() as u64 >= PICTURE_BYTES {
        return Err(NoPicture::TooLong);
    }
    let plain = without_words(bytes).ok_or(NoPicture::NotPng)?;
    let unpacked = match unpack(Cursor::new(&plain)) {
        Ok(unpacked) if unpacked.format == Some(ImageFormat::Png) => unpacked,
        Ok(_) => return Err(NoPicture::NotPng),
        Err(Packed::TooMuch) => return Err(NoPicture::TooManyPixels),
        Err(Packed::Broken(..)) => return Err(NoPicture::Broken),
    };
    let size = Some((unpacked.picture.width(), unpacked.picture.height()));
    let keep = Keep { purpose: Purpose::Upload { agent }, at, name: Some(name), source: None };
    let put = || -> Result<StoredFile, Refused> {
        let mut writer = content.create(id, PICTURE_BYTES)?;
        writer.write(&plain)?;
        writer.finish_as("image/png", size, None, &keep)
    };
    put().map_err(|refused| match refused {
        Refused::TooLong => NoPicture::TooLong,
        Refused::TooManyPixels => NoPicture::TooManyPixels,
        Refused::Disk(error) => NoPicture::Disk(error),
    })
}

/// The name of a picture that may be a window's: one that `by` sent, or that a window has already. It is kept for windows
/// from now on.
pub(crate) fn take(
    content: &ContentStore,
    by: By,
    id: FileId,
    is_shown: impl Fn(FileId) -> bool,
    at: Timestamp,
) -> io::Result<Option<String>> {
    let Some(note) = content.note(id)? else { return Ok(None) };
    let is_picture = note.file.mime == "image/png" && note.file.bytes < PICTURE_BYTES;
    let name = note.name.filter(|name| is_picture && crate::domain::window::check_picture_name(name).is_ok());
    match note.purpose {
        Purpose::Upload { agent } if by == By::Agent(agent) => {}
        Purpose::WindowPicture if is_shown(id) => {}
        _ => return Ok(None),
    }
    if name.is_some() {
        content.keep_for(id, Purpose::WindowPicture, at)?;
    }
    Ok(name)
}

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Chunks that say how the picture looks; the others say who made it, where, when and with what (PNG 3rd ed., 11.2 and 11.3).
const LOOKS: [&[u8; 4]; 14] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"pHYs",
    b"bKGD", b"hIST",
];

/// The same picture without words, places, animation, and whatever stands behind its end. `None` where it is no PNG.
fn without_words(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = bytes.strip_prefix(SIGNATURE)?;
    let mut plain = SIGNATURE.to_vec();
    loop {
        let length = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?);
        let kind: &[u8; 4] = rest.get(4..8)?.try_into().ok()?;
        // Length, kind and checksum have four bytes each.
        let whole = usize::try_from(length).ok()?.checked_add(12)?;
        let chunk = rest.get(..whole)?;
        if LOOKS.contains(&kind) {
            plain.extend_from_slice(chunk);
        }
        if kind == b"IEND" {
            return Some(plain);
        }
        rest = &rest[whole..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let picture = image::DynamicImage::new_rgba8(width, height);
        picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
        bytes
    }

    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        // Nobody looks at the checksum of what is left out.
        [&length[..], kind, data, &[0; 4]].concat()
    }

    fn put(bytes: &[u8]) -> Result<(StoredFile, Vec<u8>), NoPicture> {
        let folder = tempfile::tempdir().unwrap();
        let content = ContentStore::open(folder.path()).unwrap();
        let file = store(&content, FileId(7), bytes, (AgentId(1), Timestamp(1), "a.png".to_owned()))?;
        let (_, mut kept) = content.read(file.id).unwrap().unwrap();
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut kept, &mut bytes).unwrap();
        Ok((file, bytes))
    }

    #[test]
    fn a_picture_is_what_its_bytes_are() {
        let (file, kept) = put(&png(3, 2)).unwrap();
        assert_eq!((file.mime.as_str(), file.size), ("image/png", Some((3, 2))));
        assert_eq!(image::load_from_memory(&kept).unwrap().width(), 3);
        let cut = png(30, 20);
        let cut = &cut[..cut.len() / 2];
        for (bytes, name) in [
            (&b"\xff\xd8\xff\xe0\0\x10JFIF"[..], "a JPEG"),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "a drawing with scripts"),
            (b"GIF89a\x01\0\x01\0", "a GIF"),
            (SIGNATURE, "a beginning"),
            (cut, "a half"),
            (b"", "nothing"),
        ] {
            assert!(matches!(put(bytes), Err(NoPicture::NotPng | NoPicture::Broken)), "{name}");
        }
    }

    #[test]
    fn where_a_photograph_was_taken_is_nobodys_business() {
        let whole = png(3, 2);
        let (head, tail) = whole.split_at(33);
        let words = [chunk(b"eXIf", b"35.68 N"), chunk(b"tEXt", b"Author\0Sato"), chunk(b"iTXt", b"x")].concat();
        let told = [head, &words, tail, b"<script>behind</script>"].concat();
        let (_, kept) = put(&told).unwrap();
        assert_eq!(kept, whole);
    }

    #[test]
    fn ten_megabytes_are_too_many_and_a_byte_less_is_not() {
        let whole = png(3, 2);
        let (head, tail) = whole.split_at(33);
        let of = |length: usize| {
            let filler = vec![0; length - whole.len() - 12];
            [head, &chunk(b"tEXt", &filler), tail].concat()
        };
        assert!(put(&of(9_999_999)).is_ok());
        assert!(matches!(put(&of(10_000_000)), Err(NoPicture::TooLong)));
    }

    #[test]
    fn a_bomb_of_pixels_is_not_unpacked() {
        let mut bomb = png(3, 2);
        // 100,000 by 100,000, with the checksum that belongs to it.
        bomb[16..24].copy_from_slice(&[0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0]);
        let sum = crc(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&sum.to_be_bytes());
        assert!(matches!(put(&bomb), Err(NoPicture::TooManyPixels)));
    }

    fn crc(bytes: &[u8]) -> u32 {
        let step =
            |sum: u32, byte: &u8| (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 * (sum & 1)));
        !bytes.iter().fold(!0, step)
    }

    #[test]
    fn only_who_sent_a_picture_gives_it_to_a_window() {
        let folder = tempfile::tempdir().unwrap();
        let content = ContentStore::open(folder.path()).unwrap();
        let (aya, ben) = (By::Agent(AgentId(1)), By::Agent(AgentId(2)));
        store(&content, FileId(7), &png(3, 2), (AgentId(1), Timestamp(1), "a.png".to_owned())).unwrap();
        let take = |by, shown: bool| take(&content, by, FileId(7), |_| shown, Timestamp(2)).unwrap();
        assert_eq!(take(ben, false), None);
        assert_eq!(take(aya, false).as_deref(), Some("a.png"));
        assert_eq!(take(aya, false), None, "no window has it any more");
        assert_eq!(take(ben, true).as_deref(), Some("a.png"), "a window has it");
        assert_eq!(super::take(&content, aya, FileId(8), |_| true, Timestamp(2)).unwrap(), None);
    }
}
