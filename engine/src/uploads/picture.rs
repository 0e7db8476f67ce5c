//! Pictures as platforms take them: JPEG or PNG, upright, without what a camera wrote beside them (place, owner, time),
//! and a small one with each.

use std::io::{BufRead, Cursor, Seek};

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, GenericImageView as _, ImageError, ImageFormat, RgbImage};

use super::Unusable;
use crate::channels::line::capabilities::{PICTURE_BYTES, PREVIEW_BYTES};
use crate::content::picture::{Packed, Unpacked, unpack, upright};

/// Longest side of a converted picture, in pixels.
const LONGEST: u32 = 4_096;
/// Longest side of the small one, in pixels.
const LONGEST_SMALL: u32 = 1_024;
/// Qualities that are tried until a picture is small enough; then it is halved.
const QUALITIES: [u8; 4] = [90, 80, 65, 50];

/// A picture ready to be sent.
pub(super) struct Ready {
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
    /// What they are.
    pub(super) mime: &'static str,
    /// Width and height.
    pub(super) size: (u32, u32),
    /// The small one: a JPEG.
    pub(super) preview: Vec<u8>,
}

/// Reads a picture of any format that is known, and makes it ready. Of an animation the first frame.
pub(super) fn prepare(file: impl BufRead + Seek) -> Result<Ready, Unusable> {
    let Unpacked { picture, turned, format } = match unpack(file) {
        Ok(unpacked) => unpacked,
        Err(Packed::TooMuch) => return Err(Unusable::TooManyPixels),
        Err(Packed::Broken(error, _)) => return Err(Unusable::BrokenPicture(error)),
    };
    let picture = upright(picture, turned, LONGEST);
    let preview = jpeg(&no_larger(flat(&picture), LONGEST_SMALL), PREVIEW_BYTES).map_err(Unusable::BrokenPicture)?.0;
    // What is drawn stays sharp, and what one can see through stays so, as long as it is small enough.
    if format == Some(ImageFormat::Png) || picture.color().has_alpha() {
        let mut bytes = Vec::new();
        let eight_bits = eight_bits(&picture);
        eight_bits.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).map_err(Unusable::BrokenPicture)?;
        if bytes.len() as u64 <= PICTURE_BYTES {
            return Ok(Ready { bytes, mime: "image/png", size: picture.dimensions(), preview });
        }
    }
    let (bytes, size) = jpeg(&flat(&picture), PICTURE_BYTES).map_err(Unusable::BrokenPicture)?;
    Ok(Ready { bytes, mime: "image/jpeg", size, preview })
}

/// What stands for a film of which no picture could be made: a sign for "play" on grey.
pub(super) fn neutral() -> Vec<u8> {
    let (width, height) = (640_u32, 360_u32);
    let picture = RgbImage::from_fn(width, height, |x, y| {
        // A triangle that points to the right, around the middle.
        let (dx, dy) = (i64::from(x) - 320 + 40, (i64::from(y) - 180).abs());
        let inside = (0..=100).contains(&dx) && dy * 100 <= (100 - dx) * 60;
        image::Rgb(if inside { [238, 238, 238] } else { [68, 68, 68] })
    });
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 80).encode_image(&picture).expect("a small picture in memory");
    bytes
}

fn no_larger(picture: DynamicImage, longest: u32) -> DynamicImage {
    upright(picture, Orientation::NoTransforms, longest)
}

fn eight_bits(picture: &DynamicImage) -> DynamicImage {
    if picture.color().has_alpha() {
        DynamicImage::ImageRgba8(picture.to_rgba8())
    } else {
        DynamicImage::ImageRgb8(picture.to_rgb8())
    }
}

/// On white, where one could see through.
fn flat(picture: &DynamicImage) -> DynamicImage {
    if !picture.color().has_alpha() {
        return DynamicImage::ImageRgb8(picture.to_rgb8());
    }
    let rgba = picture.to_rgba8();
    let flat = RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [r, g, b, a] = rgba.get_pixel(x, y).0;
        let on_white = |c: u8| {
            let mixed = (u32::from(c) * u32::from(a) + 255 * (255 - u32::from(a))) / 255;
            u8::try_from(mixed).unwrap_or(255)
        };
        image::Rgb([on_white(r), on_white(g), on_white(b)])
    });
    DynamicImage::ImageRgb8(flat)
}

/// A JPEG of at most so many bytes, and its size.
fn jpeg(picture: &DynamicImage, most_bytes: u64) -> Result<(Vec<u8>, (u32, u32)), ImageError> {
    let mut picture = picture.clone();
    loop {
        for quality in QUALITIES {
            let mut bytes = Vec::new();
            JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(&picture)?;
            if bytes.len() as u64 <= most_bytes {
                return Ok((bytes, picture.dimensions()));
            }
        }
        let (width, height) = picture.dimensions();
        picture = no_larger(picture, (width.max(height) / 2).max(1));
    }
}

#[cfg(test)]
#[path = "picture_test.rs"]
mod tests;
