//! The few facts of an MP4 file that a message needs: whether it holds a film, how long it plays, how large it is.
//!
//! Reads headers of boxes only, never more than [`MOST_BOXES`], and believes no length that leads out of its parent.

use std::io::{self, Read, Seek, SeekFrom};

/// Boxes that are looked at; a file with more of them in front of its facts has none.
const MOST_BOXES: u32 = 4_096;

/// How deep a box with facts lies: `moov`, `trak`, `mdia`.
const DEEPEST: u8 = 3;

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// It has a track of pictures.
    pub(super) has_film: bool,
    /// It has a track of sound.
    pub(super) has_sound: bool,
    /// How long it plays, in milliseconds.
    pub(super) duration_ms: Option<u32>,
    /// Width and height of the film.
    pub(super) size: Option<(u32, u32)>,
}

/// The facts of a file of this length. What cannot be read is not there.
pub(super) fn facts(file: &mut (impl Read + Seek), len: u64) -> io::Result<Facts> {
    let mut reading = Reading { file, left: MOST_BOXES, facts: Facts::default() };
    match reading.inside(0, len, 0) {
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(reading.facts),
    }
}

struct Reading<'a, F> {
    file: &'a mut F,
    left: u32,
    facts: Facts,
}

impl<F: Read + Seek> Reading<'_, F> {
    /// Looks at the boxes from `at` to `end`, and into those that hold facts.
    fn inside(&mut self, mut at: u64, end: u64, depth: u8) -> io::Result<()> {
        while end.saturating_sub(at) >= 8 && self.left > 0 {
            self.left -= 1;
            self.file.seek(SeekFrom::Start(at))?;
            let head: [u8; 8] = self.read()?;
            let (mut header, mut size) = (8, u64::from(number(&head)));
            if size == 1 {
                size = u64::from_be_bytes(self.read()?);
                header = 16;
            } else if size == 0 {
                size = end - at;
            }
            let next = at.checked_add(size).filter(|next| size >= header && *next <= end);
            let Some(next) = next else { return Ok(()) };
            match &head[4..] {
                b"moov" | b"trak" | b"mdia" if depth < DEEPEST => self.inside(at + header, next, depth + 1)?,
                b"mvhd" => self.duration()?,
                b"tkhd" => self.track()?,
                b"hdlr" => self.handler()?,
                _ => {}
            }
            at = next;
        }
        Ok(())
    }

    fn read<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn duration(&mut self) -> io::Result<()> {
        let [version, ..] = self.read::<4>()?;
        let (scale, duration) = if version == 1 {
            let times: [u8; 28] = self.read()?;
            let mut long = [0; 8];
            long.copy_from_slice(&times[20..28]);
            (number(&times[16..]), u64::from_be_bytes(long))
        } else {
            let times: [u8; 16] = self.read()?;
            (number(&times[8..]), u64::from(number(&times[12..])))
        };
        let is_known = duration != u64::MAX && duration != u64::from(u32::MAX);
        if scale > 0 && is_known {
            let ms = u128::from(duration) * 1_000 / u128::from(scale);
            self.facts.duration_ms = u32::try_from(ms).ok().filter(|ms| *ms > 0);
        }
        Ok(())
    }

    fn track(&mut self) -> io::Result<()> {
        let [version, ..] = self.read::<4>()?;
        let skipped = if version == 1 { 84 } else { 72 };
        self.file.seek(SeekFrom::Current(skipped))?;
        let size: [u8; 8] = self.read()?;
        // Whole pixels stand in the upper half.
        let (width, height) = (number(&size) >> 16, number(&size[4..]) >> 16);
        if width > 0 && height > 0 {
            self.facts.size = Some((width, height));
        }
        Ok(())
    }

    fn handler(&mut self) -> io::Result<()> {
        let bytes: [u8; 12] = self.read()?;
        match &bytes[8..] {
            b"vide" => self.facts.has_film = true,
            b"soun" => self.facts.has_sound = true,
            _ => {}
        }
        Ok(())
    }
}

/// The number in the first four bytes.
fn number(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

/// Files for tests: containers with headers and nothing to play.
#[cfg(test)]
pub(super) mod sample {
    pub(in crate::uploads) fn boxed(kind: &[u8; 4], inner: &[u8]) -> Vec<u8> {
        let len = u32::try_from(inner.len() + 8).expect("a small box");
        [&len.to_be_bytes(), &kind[..], inner].concat()
    }

    /// A file that plays `ms` milliseconds, of these kinds of track.
    pub(in crate::uploads) fn mp4(ms: u32, tracks: &[&[u8; 4]]) -> Vec<u8> {
        let numbers = |numbers: &[u32]| numbers.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<_>>();
        let mut moov = boxed(b"mvhd", &[numbers(&[0, 0, 0, 1_000, ms]), vec![0; 80]].concat());
        for kind in tracks {
            let size = if *kind == b"vide" { [640 << 16, 360 << 16] } else { [0, 0] };
            let head = boxed(b"tkhd", &[vec![0; 76], numbers(&size)].concat());
            let handler = boxed(b"hdlr", &[&[0; 8], &kind[..], &[0; 13]].concat());
            moov.extend(boxed(b"trak", &[head, boxed(b"mdia", &handler)].concat()));
        }
        [boxed(b"ftyp", b"isom\0\0\0\0isom"), boxed(b"mdat", &[9; 100]), boxed(b"moov", &moov)].concat()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::sample::{boxed, mp4};
    use super::*;

    fn of(bytes: &[u8]) -> Facts {
        facts(&mut Cursor::new(bytes), bytes.len() as u64).expect("memory does not fail")
    }

    #[test]
    fn film_and_recording_are_told_apart_by_their_tracks() {
        let film = Facts { has_film: true, has_sound: true, duration_ms: Some(12_345), size: Some((640, 360)) };
        assert_eq!(of(&mp4(12_345, &[b"vide", b"soun"])), film);
        let sound = Facts { has_film: false, has_sound: true, duration_ms: Some(700), size: None };
        assert_eq!(of(&mp4(700, &[b"soun"])), sound);
        assert_eq!(of(&mp4(u32::MAX, &[])), Facts::default(), "an unknown length is none");
    }

    #[test]
    fn boxes_in_boxes_and_lengths_that_lie_end_the_look() {
        let mut deep = boxed(b"moov", b"");
        for _ in 0..2_000 {
            deep = boxed(b"moov", &deep);
        }
        assert_eq!(of(&deep), Facts::default());
        assert_eq!(of(b"\xff\xff\xff\xffmoov\0\0\0\x08mvhd"), Facts::default());
        assert_eq!(of(b"\0\0\0\x04moov"), Facts::default());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn no_bytes_lead_astray(at in 0_usize..400, with in proptest::collection::vec(any::<u8>(), 1..40)) {
            let mut bytes = mp4(1_000, &[b"vide", b"soun"]);
            let at = at.min(bytes.len());
            let end = (at + with.len()).min(bytes.len());
            bytes.splice(at..end, with);
            let _ = of(&bytes);
        }
    }
}
