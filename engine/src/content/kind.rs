//! What bytes are, by themselves.

/// How many bytes of the beginning tell it.
pub(super) const HEAD: usize = 8 * 1024;
/// What is said of bytes that nobody knows.
const UNKNOWN: &str = "application/octet-stream";

/// The media type of a file that begins so.
#[must_use]
pub fn mime_of(head: &[u8]) -> &'static str {
    infer::get(head).map_or(UNKNOWN, |kind| kind.mime_type())
}

/// Whether a browser may show a file of this type in its place: pictures that hold no program.
#[must_use]
pub fn is_plain_picture(mime: &str) -> bool {
    matches!(mime, "image/jpeg" | "image/png" | "image/gif" | "image/webp" | "image/bmp")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_calls_itself_a_picture_is_no_picture() {
        for bytes in [
            &b"<html><script>alert(1)</script></html>"[..],
            b"<!DOCTYPE html><p>",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>",
            b"<?xml version=\"1.0\"?><svg/>",
            b"%PDF-1.7",
            b"#!/bin/sh",
            b"",
        ] {
            assert!(!is_plain_picture(mime_of(bytes)), "{:?}", String::from_utf8_lossy(bytes));
        }
        for (bytes, mime) in [
            (&b"\x89PNG\r\n\x1a\n"[..], "image/png"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
            (b"GIF89a\x01\0\x01\0", "image/gif"),
            (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
        ] {
            assert_eq!(mime_of(bytes), mime);
            assert!(is_plain_picture(mime));
        }
        assert!(!is_plain_picture("image/svg+xml"));
    }
}
