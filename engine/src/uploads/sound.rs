//! How long a recording plays.

use std::io::{Read, Seek};

use lofty::config::ParseOptions;
use lofty::file::AudioFile as _;
use lofty::mpeg::MpegFile;

/// Milliseconds that an MP3 file plays; `None` where that cannot be told.
pub(super) fn mp3_duration_ms(file: &mut (impl Read + Seek)) -> Option<u32> {
    let read = MpegFile::read_from(file, ParseOptions::new().read_tags(false).read_cover_art(false)).ok()?;
    let ms = read.properties().duration().as_millis();
    u32::try_from(ms).ok().filter(|ms| *ms > 0)
}

/// A file of so many frames of silence for tests; each plays 26.12 milliseconds.
#[cfg(test)]
pub(super) fn sample_mp3(frames: usize) -> Vec<u8> {
    // MPEG 1, layer III, 128 kbit/s, 44,100 Hz: 417 bytes a frame.
    let mut frame = vec![0xff, 0xfb, 0x90, 0x00];
    frame.resize(417, 0);
    frame.repeat(frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_recording_is_read_from_it() {
        let ms = mp3_duration_ms(&mut std::io::Cursor::new(sample_mp3(100))).expect("a recording");
        assert!((2_500..2_700).contains(&ms), "{ms}");
        assert_eq!(mp3_duration_ms(&mut std::io::Cursor::new(b"ID3 and nothing behind it".to_vec())), None);
    }
}
