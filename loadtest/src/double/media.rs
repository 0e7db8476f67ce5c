//! Content that people send: a beginning that is held, and filler up to any size that is made while it is sent.
//!
//! So a video of 300 MB costs a few bytes here. Pictures are real PNG files, drawn from a seed; a decoder reads them
//! and passes over the filler behind their end. Videos and sound are a file type and one box of filler: a type check
//! and a size check find them in order, a player finds nothing to play.

use std::fmt;

use bytes::Bytes;

/// Filler is sent in pieces of this size.
const PIECE: usize = 64 * 1024;
static FILLER: [u8; PIECE] = [0; PIECE];

/// A body of a type and a size.
#[derive(Clone, PartialEq, Eq)]
pub struct Media {
    content_type: String,
    head: Bytes,
    size: u64,
}

impl Media {
    /// These bytes.
    #[must_use]
    pub fn new(content_type: &str, bytes: impl Into<Bytes>) -> Self {
        let head: Bytes = bytes.into();
        let size = head.len() as u64;
        Self { content_type: content_type.to_owned(), head, size }
    }

    /// A picture of 96 × 72 points in colours drawn from `seed`.
    #[must_use]
    pub fn picture(seed: &str) -> Self {
        Self::drawing(96, 72, seed)
    }

    /// A smaller one: what previews and profile pictures are.
    pub(crate) fn thumbnail(seed: &str) -> Self {
        Self::drawing(48, 36, seed)
    }

    /// A picture of so many points, all of them real.
    #[must_use]
    pub fn drawing(width: u32, height: u32, seed: &str) -> Self {
        Self::new("image/png", drawn(width.max(1), height.max(1), seed))
    }

    /// A video by its type; see the head of this file.
    #[must_use]
    pub fn video(size: u64) -> Self {
        Self::boxes("video/mp4", b"isom", size)
    }

    /// Sound by its type.
    #[must_use]
    pub fn sound(size: u64) -> Self {
        Self::boxes("audio/x-m4a", b"M4A ", size)
    }

    /// A PDF by its first line.
    #[must_use]
    pub fn document(size: u64) -> Self {
        Self::new("application/pdf", &b"%PDF-1.7\n"[..]).padded(size)
    }

    /// With filler behind it, up to so many bytes; never less than what it begins with.
    #[must_use]
    pub fn padded(self, size: u64) -> Self {
        Self { size: size.max(self.head.len() as u64), ..self }
    }

    /// With these bytes behind its end, which a decoder passes over.
    #[must_use]
    pub fn followed_by(self, bytes: &[u8]) -> Self {
        Self::new(&self.content_type, [&self.head[..], bytes].concat())
    }

    /// Under another `Content-Type`, right or wrong.
    #[must_use]
    pub fn named(self, content_type: &str) -> Self {
        Self { content_type: content_type.to_owned(), ..self }
    }

    /// Its `Content-Type`.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Bytes of memory it takes.
    pub(crate) fn held(&self) -> usize {
        self.head.len()
    }

    /// The piece that begins at `from`; none at the end.
    pub(crate) fn piece(&self, from: u64) -> Option<Bytes> {
        let left = usize::try_from(self.size.checked_sub(from)?).unwrap_or(usize::MAX);
        if left == 0 {
            return None;
        }
        match usize::try_from(from) {
            Ok(from) if from < self.head.len() => Some(self.head.slice(from..self.head.len().min(from + PIECE))),
            _ => Some(Bytes::from_static(&FILLER[..left.min(PIECE)])),
        }
    }

    /// A box with the file's type, and one of filler that says how long it is.
    fn boxes(content_type: &str, brand: &[u8; 4], size: u64) -> Self {
        let mut head = Vec::from(20_u32.to_be_bytes());
        head.extend(b"ftyp");
        head.extend(brand);
        head.extend(0_u32.to_be_bytes());
        head.extend(brand);
        // The long form, so that any size can be said.
        let rest = size.max(36) - head.len() as u64;
        head.extend(1_u32.to_be_bytes());
        head.extend(b"free");
        head.extend(rest.to_be_bytes());
        Self::new(content_type, head).padded(size)
    }
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Media({}, {} bytes)", self.content_type, self.size)
    }
}

/// A PNG: a slope between two colours that the seed gives, with a lighter hill in it.
fn drawn(width: u32, height: u32, seed: &str) -> Vec<u8> {
    let sum = seed.bytes().fold(0x811c_9dc5_u32, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let [red, green, blue, turn] = sum.to_le_bytes().map(u32::from);
    let mut points = Vec::with_capacity((width * height * 3) as usize);
    for y in 0..height {
        for x in 0..width {
            let slope = (x * 255 / width + y * 255 / height) / 2;
            let ridge = height * 3 / 4 - x * height * turn / (width * 512);
            let hill = if y > ridge { 60 } else { 0 };
            let colour = |base: u32| u8::try_from((90 + base / 3 + slope / 4 + hill).min(255)).unwrap_or(u8::MAX);
            points.extend([colour(red), colour(green), colour(blue)]);
        }
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&points));
    written.expect("a vector takes all that is written, and the points fit the size");
    file
}

#[cfg(test)]
mod tests {
    use super::Media;

    fn bytes(media: &Media) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some(piece) = media.piece(all.len() as u64) {
            all.extend_from_slice(&piece);
        }
        all
    }

    #[test]
    fn a_body_has_its_size_to_the_byte_and_a_picture_can_be_read() {
        for media in [Media::picture("a"), Media::video(300_000), Media::sound(64 * 1024), Media::document(65_537)] {
            assert_eq!(bytes(&media).len() as u64, media.size(), "{media:?}");
        }
        let padded = bytes(&Media::picture("a").padded(1_000_000));
        assert_eq!(padded.len(), 1_000_000);
        let mut reader = png::Decoder::new(std::io::Cursor::new(&padded)).read_info().expect("a PNG");
        let mut points = vec![0; reader.output_buffer_size().expect("a size")];
        let read = reader.next_frame(&mut points).expect("a picture");
        assert_eq!((read.width, read.height), (96, 72));
        let video = bytes(&Media::video(1_000));
        assert_eq!((&video[4..8], &video[28..36]), (&b"ftyp"[..], &980_u64.to_be_bytes()[..]));
        assert_ne!(bytes(&Media::picture("a")), bytes(&Media::picture("b")));
    }

    #[test]
    fn a_video_of_any_size_is_not_held_in_memory() {
        let video = Media::video(300 * 1024 * 1024);
        assert!(video.held() < 100);
        assert_eq!(video.piece(300 * 1024 * 1024 - 1).map(|piece| piece.len()), Some(1));
        assert!(video.piece(300 * 1024 * 1024).is_none());
    }
}
