//! What a file is, by its first bytes. Names and media types that a sender claims are not looked at.

/// The bytes from the start that have to be known.
pub(super) const HEAD: usize = 64;

/// What a file was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Jpeg,
    Png,
    Gif,
    Webp,
    Bmp,
    Tiff,
    Heif,
    /// A film or a recording in an MP4 container; which of them its tracks tell.
    Mp4,
    Mp3,
    Pdf,
    Other,
}

/// Brands of still pictures in an ISO container.
const HEIF: [&[u8]; 8] = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif"];
/// Brands of QuickTime: not MP4, though alike.
const NOT_MP4: [&[u8]; 1] = [b"qt  "];

pub(super) fn find(head: &[u8]) -> Found {
    let starts = |magic: &[u8]| head.starts_with(magic);
    let brand = head.get(4..8).filter(|kind| *kind == b"ftyp").and_then(|_| head.get(8..12));
    match brand {
        Some(brand) if HEIF.contains(&brand) => return Found::Heif,
        Some(brand) if NOT_MP4.contains(&brand) => return Found::Other,
        Some(_) => return Found::Mp4,
        None => {}
    }
    match () {
        () if starts(b"\xff\xd8\xff") => Found::Jpeg,
        () if starts(b"\x89PNG\r\n\x1a\n") => Found::Png,
        () if starts(b"GIF87a") || starts(b"GIF89a") => Found::Gif,
        () if starts(b"RIFF") && head.get(8..12) == Some(b"WEBP") => Found::Webp,
        () if starts(b"BM") && head.get(6..10) == Some(&[0; 4]) => Found::Bmp,
        () if starts(b"II*\0") || starts(b"MM\0*") => Found::Tiff,
        () if starts(b"ID3") => Found::Mp3,
        // Eleven bits of a frame's start, layer III, and neither bit rate nor sampling rate of the forbidden kind.
        () if matches!(head, [0xff, second, third, ..]
            if second & 0xe6 == 0xe2 && third >> 4 != 0xf && third & 0x0c != 0x0c) =>
        {
            Found::Mp3
        }
        () if starts(b"%PDF-") => Found::Pdf,
        () => Found::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        for (head, found) in [
            (&b"\xff\xd8\xff\xe0abc"[..], Found::Jpeg),
            (b"\x89PNG\r\n\x1a\n", Found::Png),
            (b"GIF89a", Found::Gif),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Found::Webp),
            (b"\0\0\0\x18ftypheic\0\0\0\0", Found::Heif),
            (b"\0\0\0\x18ftypisom\0\0\0\0", Found::Mp4),
            (b"\0\0\0\x18ftypqt  \0\0\0\0", Found::Other),
            (b"ID3\x03\0", Found::Mp3),
            (b"\xff\xfb\x90\x00", Found::Mp3),
            (b"%PDF-1.7", Found::Pdf),
            (b"<!doctype html><script>", Found::Other),
            (b"<svg xmlns=", Found::Other),
            (b"BMW is no bitmap", Found::Other),
            (b"", Found::Other),
        ] {
            assert_eq!(find(head), found, "{head:?}");
        }
    }
}
