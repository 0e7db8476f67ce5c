//! LINE as a channel: what its webhooks mean, what it carries, what it can be relied on for.

use bytes::Bytes;
use unicode_segmentation::UnicodeSegmentation;

use super::capabilities::{LINE, SENDER_UTF16};
use super::{signature, webhook};
use crate::channels::capabilities::Capabilities;
use crate::channels::{Adapter, Delivered, Header, NotABody, Traits};
use crate::domain::time::Timestamp;

/// The channel.
pub(crate) struct Line;

impl Adapter for Line {
    fn capabilities(&self) -> &'static Capabilities {
        &LINE
    }

    fn traits(&self) -> Traits {
        Traits { redelivers: true, recognises_repeats: true, fetches_files: true }
    }

    fn is_signed(&self, secrets: &[&str], body: &[u8], header: &Header<'_>, _now: Timestamp) -> bool {
        signature::verify(secrets, body, header("x-line-signature"))
    }

    fn parse(&self, body: &Bytes, received_at: Timestamp) -> Result<Delivered, NotABody> {
        let webhook = webhook::parse(body, received_at).map_err(|_| NotABody)?;
        Ok(Delivered { destination: webhook.destination, events: webhook.events })
    }

    fn around(&self, parked: &Bytes) -> Option<Bytes> {
        let is_whole = parked.windows(8).any(|part| part == b"\"events\"");
        (!is_whole).then(|| Bytes::from([b"{\"events\":[".as_slice(), parked, b"]}"].concat()))
    }

    /// Short, and not pretending to be LINE.
    fn sender_name(&self, name: &str) -> Option<String> {
        let full = name.trim();
        if full.to_ascii_lowercase().contains("line") {
            return None;
        }
        let mut name = String::new();
        for character in full.graphemes(true) {
            if name.encode_utf16().count() + character.encode_utf16().count() > SENDER_UTF16 {
                break;
            }
            name.push_str(character);
        }
        (!name.is_empty()).then_some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_between_characters_and_never_claims_to_be_line() {
        let shown = |name: &str| Line.sender_name(name);
        assert_eq!(shown(" 山田 ").as_deref(), Some("山田"));
        assert_eq!(shown(&"あ".repeat(21)), Some("あ".repeat(20)));
        let family = "👨\u{200D}👩\u{200D}👧";
        assert_eq!(shown(&family.repeat(3)), Some(family.repeat(2)), "eight units each");
        for taken in ["LINE公式", "Line サポート", "online"] {
            assert_eq!(shown(taken), None, "{taken}");
        }
    }

    #[test]
    fn an_event_that_was_parked_alone_gets_its_envelope_back_and_a_body_keeps_its_own() {
        let alone = Bytes::from_static(b"{\"type\":\"message\"}");
        assert_eq!(Line.around(&alone).unwrap(), b"{\"events\":[{\"type\":\"message\"}]}".as_slice());
        let body = Bytes::from_static(b"{\"events\":[]}");
        assert_eq!(Line.around(&body), None);
    }
}
