//! The bytes of a mail on their way in: the dots that the way added, the one end that counts, line ends that are none.

use super::BareLines;

/// Finds where a mail ends. Only CR LF . CR LF ends it.
#[derive(Debug)]
pub(super) struct Receiver {
    bare_lines: BareLines,
    max: u64,
    taken: u64,
    state: At,
    /// A CR or LF stood alone.
    pub(super) is_bare: bool,
    /// It grew over the limit; the rest is passed over.
    pub(super) is_too_long: bool,
}

/// What was read last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// A whole line end, or the beginning: a dot here may be the end, or one that the way added.
    LineStart,
    /// In a line.
    Line,
    /// A CR, which is not taken yet.
    Cr,
    /// A dot at the start of a line, which is not taken.
    Dot,
    /// A dot at the start of a line and a CR, which are not taken.
    DotCr,
}

impl Receiver {
    pub(super) fn new(bare_lines: BareLines, max: u64) -> Self {
        Self { bare_lines, max, taken: 0, state: At::LineStart, is_bare: false, is_too_long: false }
    }

    /// Takes bytes into `body` until the end. How many were used, and whether the end is among them.
    pub(super) fn take(&mut self, bytes: &[u8], body: &mut Vec<u8>) -> (usize, bool) {
        for (at, byte) in bytes.iter().enumerate() {
            if self.step(*byte, body) {
                return (at + 1, true);
            }
        }
        (bytes.len(), false)
    }

    fn step(&mut self, byte: u8, body: &mut Vec<u8>) -> bool {
        self.state = match (self.state, byte) {
            (At::LineStart, b'.') => At::Dot,
            (At::Dot, b'\r') => At::DotCr,
            (At::DotCr, b'\n') => return true,
            (At::DotCr, byte) => {
                // The dot was added; what follows it is a CR that stands alone.
                self.state = At::Cr;
                return self.step(byte, body);
            }
            (At::Cr, b'\n') => {
                self.put(b"\r\n", body);
                At::LineStart
            }
            (At::Cr, byte) => {
                self.bare(b"\r", body);
                self.state = At::Line;
                return self.step(byte, body);
            }
            (_, b'\r') => At::Cr,
            (_, b'\n') => {
                self.bare(b"\n", body);
                At::Line
            }
            (_, byte) => {
                self.put(&[byte], body);
                At::Line
            }
        };
        false
    }

    fn bare(&mut self, byte: &[u8], body: &mut Vec<u8>) {
        self.is_bare = true;
        match self.bare_lines {
            BareLines::Reject => self.put(byte, body),
            BareLines::Normalise => self.put(b"\r\n", body),
        }
    }

    fn put(&mut self, bytes: &[u8], body: &mut Vec<u8>) {
        self.taken += bytes.len() as u64;
        self.is_too_long |= self.taken > self.max;
        // What is refused anyway needs no room.
        let is_refused = self.is_too_long || (self.is_bare && self.bare_lines == BareLines::Reject);
        if !is_refused {
            body.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(bytes: &[u8], bare_lines: BareLines) -> Option<(Vec<u8>, usize, bool)> {
        let mut receiver = Receiver::new(bare_lines, 1_000);
        let mut body = Vec::new();
        let (used, ended) = receiver.take(bytes, &mut body);
        ended.then_some((body, used, receiver.is_bare))
    }

    #[test]
    fn only_a_dot_between_whole_line_ends_is_the_end() {
        for smuggled in [
            &b"a\n.\n"[..],
            b"a\n.\r\n",
            b"a\r\n.\n",
            b"a\r.\r",
            b"a\r\n.\r",
            b"a\r.\r\n",
            b"\n.\r\n",
            b"a\r\n.\r\r\n",
            b"a\0\r\n.\0\r\n",
        ] {
            for bare_lines in [BareLines::Reject, BareLines::Normalise] {
                assert_eq!(taken(smuggled, bare_lines), None, "{smuggled:?}");
            }
        }
        assert_eq!(taken(b"a\r\n.\r\nQUIT\r\n", BareLines::Reject), Some((b"a\r\n".to_vec(), 6, false)));
        assert_eq!(taken(b".\r\n", BareLines::Reject), Some((Vec::new(), 3, false)));
    }

    #[test]
    fn one_added_dot_goes_and_no_other() {
        assert_eq!(taken(b"..a\r\n...\r\nb.\r\n.\r\n", BareLines::Reject).unwrap().0, b".a\r\n..\r\nb.\r\n");
        assert_eq!(taken(b".a\r\n.\r\n", BareLines::Reject).unwrap().0, b"a\r\n");
    }

    #[test]
    fn half_line_ends_are_seen_or_made_whole() {
        assert!(taken(b"a\nb\r\n.\r\n", BareLines::Reject).unwrap().2);
        assert!(taken(b"a\rb\r\n.\r\n", BareLines::Reject).unwrap().2);
        assert_eq!(taken(b"a\nb\rc\r\n.\r\n", BareLines::Normalise).unwrap().0, b"a\r\nb\r\nc\r\n");
        // What the change makes is no end.
        assert_eq!(taken(b"a\n.\r\nMAIL\r\n.\r\n", BareLines::Normalise).unwrap().0, b"a\r\n.\r\nMAIL\r\n");
    }

    #[test]
    fn too_much_is_passed_over_and_its_end_is_found() {
        let mut receiver = Receiver::new(BareLines::Reject, 10);
        let mut body = Vec::new();
        let (_, ended) = receiver.take(b"0123456789abc\r\nmore\r\n.\r\n", &mut body);
        assert!(ended && receiver.is_too_long);
        assert!(body.len() <= 10);
    }
}
