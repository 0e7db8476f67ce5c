//! Pictures of every format, and what a camera wrote into them.

use std::io::Cursor;

use image::{ImageFormat, Rgb, Rgba, RgbaImage};

use super::*;

/// A picture that is red on the left and blue on the right.
fn red_and_blue(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| if x < width / 2 { Rgb([250, 0, 0]) } else { Rgb([0, 0, 250]) })
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), format).expect("a small picture");
    bytes
}

fn ready(bytes: &[u8]) -> Ready {
    prepare(Cursor::new(bytes)).expect("a picture")
}

/// A JPEG with an EXIF block: an orientation, and words that nobody may see.
fn photo(orientation: u8) -> Vec<u8> {
    let jpeg = encoded(&DynamicImage::ImageRgb8(red_and_blue(64, 32)), ImageFormat::Jpeg);
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0".to_vec();
    exif.extend(2_u16.to_le_bytes());
    // Orientation: one short.
    exif.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    // The owner's name: 16 bytes of text behind the two entries.
    exif.extend([0x3b, 0x01, 2, 0, 16, 0, 0, 0, 38, 0, 0, 0]);
    exif.extend([0; 4]);
    exif.extend(b"secret-of-camera");
    let len = u16::try_from(exif.len() + 2).expect("short").to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &len, &exif, &jpeg[2..]].concat()
}

#[test]
fn every_format_becomes_one_that_line_takes() {
    let rgb = DynamicImage::ImageRgb8(red_and_blue(40, 20));
    for (format, mime) in [
        (ImageFormat::Jpeg, "image/jpeg"),
        (ImageFormat::Png, "image/png"),
        (ImageFormat::WebP, "image/jpeg"),
        (ImageFormat::Bmp, "image/jpeg"),
        (ImageFormat::Tiff, "image/jpeg"),
    ] {
        let ready = ready(&encoded(&rgb, format));
        assert_eq!((ready.mime, ready.size), (mime, (40, 20)), "{format:?}");
        assert_eq!(image::guess_format(&ready.preview).expect("a picture"), ImageFormat::Jpeg);
        let again = image::load_from_memory(&ready.bytes).expect("a picture").to_rgb8();
        assert!(again.get_pixel(2, 10).0[0] > 200 && again.get_pixel(38, 10).0[2] > 200, "{format:?}");
    }
}

#[test]
fn of_an_animation_the_first_frame_is_sent() {
    let mut bytes = Vec::new();
    {
        let mut gif = image::codecs::gif::GifEncoder::new(&mut bytes);
        for colour in [[255, 0, 0, 255], [0, 255, 0, 255]] {
            gif.encode_frame(image::Frame::new(RgbaImage::from_pixel(8, 8, Rgba(colour)))).expect("a frame");
        }
    }
    let first = image::load_from_memory(&ready(&bytes).bytes).expect("a picture").to_rgb8();
    assert!(first.get_pixel(4, 4).0[0] > 200 && first.get_pixel(4, 4).0[1] < 50);
}

#[test]
fn a_photo_stands_upright_and_tells_nothing_of_its_owner() {
    let lying = photo(6);
    assert!(lying.windows(6).any(|bytes| bytes == b"secret"));
    let ready = ready(&lying);
    assert_eq!(ready.size, (32, 64), "turned");
    let upright = image::load_from_memory(&ready.bytes).expect("a picture").to_rgb8();
    assert!(upright.get_pixel(16, 4).0[0] > 200 && upright.get_pixel(16, 60).0[2] > 200);
    for bytes in [&ready.bytes, &ready.preview] {
        assert!(!bytes.windows(6).any(|bytes| bytes == b"secret" || bytes == b"Exif\0\0"));
    }
}

#[test]
fn what_one_can_see_through_stays_so_and_is_white_in_the_small_picture() {
    let clear = DynamicImage::ImageRgba8(RgbaImage::from_pixel(10, 10, Rgba([0, 0, 0, 0])));
    let ready = ready(&encoded(&clear, ImageFormat::Png));
    assert_eq!(ready.mime, "image/png");
    let small = image::load_from_memory(&ready.preview).expect("a picture").to_rgb8();
    assert!(small.get_pixel(5, 5).0.iter().all(|c| *c > 250));
}

#[test]
fn large_pictures_shrink_until_they_fit() {
    // Noise is what compresses worst.
    let mut seed = 1_u32;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        seed.to_le_bytes()[0]
    };
    let noise = RgbImage::from_fn(2_200, 1_600, |_, _| Rgb([next(), next(), next()]));
    let came = encoded(&DynamicImage::ImageRgb8(noise), ImageFormat::Png);
    assert!(came.len() as u64 > PICTURE_BYTES);
    let ready = ready(&came);
    assert_eq!(ready.mime, "image/jpeg");
    assert!(ready.bytes.len() as u64 <= PICTURE_BYTES && ready.preview.len() as u64 <= PREVIEW_BYTES);
    let small = image::load_from_memory(&ready.preview).expect("a picture");
    assert!(small.width().max(small.height()) <= LONGEST_SMALL);
}

#[test]
fn a_picture_that_unpacks_to_too_much_is_refused_before_it_does() {
    // The header of a PNG of 20,000 by 20,000 pixels, with its checksum, and nothing behind it.
    let mut png = encoded(&DynamicImage::ImageRgb8(RgbImage::new(1, 1)), ImageFormat::Png);
    png[16..24].copy_from_slice(&[0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20]);
    let crc = png[12..29].iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    });
    png[29..33].copy_from_slice(&(!crc).to_be_bytes());
    assert!(matches!(prepare(Cursor::new(&png)), Err(Unusable::TooManyPixels)));
}

#[test]
fn what_is_no_picture_says_so() {
    let jpeg = encoded(&DynamicImage::ImageRgb8(red_and_blue(64, 32)), ImageFormat::Jpeg);
    for broken in [&jpeg[..20], b"\x89PNG\r\n\x1a\n and no more"] {
        assert!(matches!(prepare(Cursor::new(broken)), Err(Unusable::BrokenPicture(_))), "{broken:?}");
    }
    assert!(image::load_from_memory(&neutral()).is_ok());
}
