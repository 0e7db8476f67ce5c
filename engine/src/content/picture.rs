//! A picture's size, and a small one of it for lists and timelines.
//!
//! Reads nothing that would unpack to more than [`MOST_PIXELS`] or [`MOST_MEMORY`], whatever its header says.

use std::io::{BufRead, Cursor, Seek};

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::writer::Refused;

/// Most pixels of a picture that is kept: a browser has to unpack it too.
pub(super) const MOST_PIXELS: u64 = 64_000_000;
/// Memory that reading one may take, in bytes.
const MOST_MEMORY: u64 = 256 << 20;
/// Longest side of the small one, in pixels.
const LONGEST: u32 = 480;
/// A picture that is as small as that itself needs no other, in bytes.
const SMALL_BYTES: u64 = 64 * 1024;
const QUALITY: u8 = 80;

/// What was seen of a picture.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Width and height as it is shown.
    pub(super) size: Option<(u32, u32)>,
    /// The small one, where one was made.
    pub(super) small: Option<Vec<u8>>,
}

/// Looks at a picture. One that cannot be read is kept as it is: people may have programs that can.
///
/// # Errors
/// [`Refused::TooManyPixels`].
pub(super) fn look(file: impl BufRead + Seek, bytes: u64) -> Result<Seen, Refused> {
    let Ok(reader) = ImageReader::new(file).with_guessed_format() else { return Ok(Seen::default()) };
    let mut decoder = match reader.into_decoder() {
        Ok(decoder) => decoder,
        Err(ImageError::Limits(_)) => return Err(Refused::TooManyPixels),
        Err(_) => return Ok(Seen::default()),
    };
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Refused::TooManyPixels);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    if decoder.set_limits(limits).is_err() || decoder.total_bytes() > MOST_MEMORY {
        return Err(Refused::TooManyPixels);
    }
    let turned = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut picture = match DynamicImage::from_decoder(decoder) {
        Ok(picture) => picture,
        Err(ImageError::Limits(_)) => return Err(Refused::TooManyPixels),
        Err(_) => return Ok(Seen { size: Some((width, height)), small: None }),
    };
    picture.apply_orientation(turned);
    let size = Some((picture.width(), picture.height()));
    if bytes <= SMALL_BYTES && width.max(height) <= LONGEST {
        return Ok(Seen { size, small: None });
    }
    Ok(Seen { size, small: small(&picture) })
}

fn small(picture: &DynamicImage) -> Option<Vec<u8>> {
    let small = picture.thumbnail(LONGEST, LONGEST);
    let mut bytes = Vec::new();
    let made = if small.color().has_alpha() {
        DynamicImage::ImageRgba8(small.to_rgba8()).write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
    } else {
        JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(&small.to_rgb8())
    };
    made.ok().map(|()| bytes)
}
