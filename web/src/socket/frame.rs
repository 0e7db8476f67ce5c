//! WebSocket frames as a server writes them (RFC 6455 section 5.2): unmasked, never fragmented. Made once, shared by
//! every socket that sends them.

use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;

const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;

/// A text frame with this value as JSON.
pub(crate) fn text(value: &impl Serialize) -> Bytes {
    // Strings, numbers and lists of them: nothing that JSON cannot hold.
    let json = serde_json::to_vec(value).unwrap_or_default();
    let mut out = BytesMut::with_capacity(json.len() + 10);
    out.put_u8(TEXT);
    match json.len() {
        len @ 0..=125 => out.put_u8(u8::try_from(len).unwrap_or(125)),
        len @ 126..=65_535 => {
            out.put_u8(126);
            out.put_u16(u16::try_from(len).unwrap_or(u16::MAX));
        }
        len => {
            out.put_u8(127);
            out.put_u64(len as u64);
        }
    }
    out.extend_from_slice(&json);
    out.freeze()
}

/// A close frame with its code.
pub(crate) fn close(code: u16) -> Bytes {
    let [high, low] = code.to_be_bytes();
    Bytes::copy_from_slice(&[CLOSE, 2, high, low])
}

/// A ping without a body.
pub(crate) fn ping() -> Bytes {
    Bytes::from_static(&[PING, 0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_gets_the_header_that_the_standard_says() {
        for (len, header) in [(0, 2), (123, 2), (124, 4), (65_533, 4), (65_534, 10), (200_000, 10)] {
            let frame = text(&"x".repeat(len));
            assert_eq!(frame.len(), header + len + 2, "{len} characters and two quotes");
            assert_eq!(frame[0], 0x81);
        }
    }
}
