//! A picture's size, and a small one of it for lists and timelines.
//!
//! Reads nothing that would unpack to more than [`MOST_PIXELS`] or [`MOST_MEMORY`], whatever its header says.

use std::io::{BufRead, Cursor, Seek};

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::writer::Refused;

/// Most pixels of a picture that is kept or sent: a browser, or a phone, has to unpack it too.
pub(crate) const MOST_PIXELS: u64 = 64_000_000;
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

/// A picture that was unpacked, not yet turned.
pub(crate) struct Unpacked {
    /// Its pixels.
    pub(crate) picture: DynamicImage,
    /// How it has to be turned to stand upright.
    pub(crate) turned: Orientation,
    /// What it was, if that is known.
    pub(crate) format: Option<ImageFormat>,
}

/// Why a picture was not unpacked.
#[derive(Debug)]
pub(crate) enum Packed {
    /// It would take more pixels or memory than is safe.
    TooMuch,
    /// It cannot be read. With its size, where that much could be read.
    Broken(ImageError, Option<(u32, u32)>),
}

/// Reads a picture, if that is safe. Of an animation the first frame.
pub(crate) fn unpack(file: impl BufRead + Seek) -> Result<Unpacked, Packed> {
    let broken = |error: ImageError, size| match error {
        ImageError::Limits(_) => Packed::TooMuch,
        error => Packed::Broken(error, size),
    };
    let reader = ImageReader::new(file).with_guessed_format().map_err(|error| broken(error.into(), None))?;
    let format = reader.format();
    let mut decoder = reader.into_decoder().map_err(|error| broken(error, None))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS || decoder.total_bytes() > MOST_MEMORY {
        return Err(Packed::TooMuch);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    let size = Some((width, height));
    decoder.set_limits(limits).map_err(|error| broken(error, size))?;
    let turned = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| broken(error, size))?;
    Ok(Unpacked { picture, turned, format })
}

/// The picture with sides of at most `longest`, upright. It is made small before it is turned: both take memory.
pub(crate) fn upright(mut picture: DynamicImage, turned: Orientation, longest: u32) -> DynamicImage {
    if picture.width().max(picture.height()) > longest {
        picture = picture.thumbnail(longest, longest);
    }
    picture.apply_orientation(turned);
    picture
}

/// Looks at a picture. One that cannot be read is kept as it is: people may have programs that can.
///
/// # Errors
/// [`Refused::TooManyPixels`].
pub(super) fn look(file: impl BufRead + Seek, bytes: u64) -> Result<Seen, Refused> {
    let Unpacked { picture, turned, .. } = match unpack(file) {
        Ok(unpacked) => unpacked,
        Err(Packed::TooMuch) => return Err(Refused::TooManyPixels),
        Err(Packed::Broken(_, size)) => return Ok(Seen { size, small: None }),
    };
    let (width, height) = (picture.width(), picture.height());
    let lies = matches!(
        turned,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    );
    let size = Some(if lies { (height, width) } else { (width, height) });
    if bytes <= SMALL_BYTES && width.max(height) <= LONGEST {
        return Ok(Seen { size, small: None });
    }
    Ok(Seen { size, small: small(&upright(picture, turned, LONGEST)) })
}

fn small(small: &DynamicImage) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let made = if small.color().has_alpha() {
        DynamicImage::ImageRgba8(small.to_rgba8()).write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
    } else {
        JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(&small.to_rgb8())
    };
    made.ok().map(|()| bytes)
}
