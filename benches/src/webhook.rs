//! Webhooks of LINE as ready-made requests: signed, each event and message new, customers by number.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use madoguchi_engine::channels::line::signature::sign;
use serde_json::json;

use crate::wire::request;

const DESTINATION: &str = "U00000000000000000000000000000bot";

/// Makes requests for one account.
#[derive(Clone, Debug)]
pub struct Webhooks {
    secret: String,
    path: String,
    run: u64,
    /// Shared by clones, so that no two of them make the same event.
    made: Arc<AtomicU64>,
}

/// The platform's id of a customer.
#[must_use]
pub fn customer(number: usize) -> String {
    format!("U{number:032x}")
}

impl Webhooks {
    /// For the account whose webhook is at `path`. Ids differ from those of any earlier maker.
    #[must_use]
    pub fn new(secret: &str, path: &str) -> Self {
        let run = now_ms() * 1_000 + u64::from(std::process::id()) % 1_000;
        Self { secret: secret.to_owned(), path: path.to_owned(), run, made: Arc::default() }
    }

    /// One customer says something.
    #[must_use]
    pub fn message(&self, from: usize, text: &str) -> Vec<u8> {
        self.with_signature(&self.body(from, text))
    }

    /// The body alone, for a peer that is given the same bytes.
    /// A body without events: everything but the journal.
    #[must_use]
    pub fn empty(&self) -> Vec<u8> {
        let body = serde_json::to_vec(&json!({ "destination": DESTINATION, "events": [] }));
        self.with_signature(&body.expect("plain data"))
    }

    fn with_signature(&self, body: &[u8]) -> Vec<u8> {
        let header = format!("content-type: application/json\r\nx-line-signature: {}\r\n", sign(&self.secret, body));
        request("POST", &self.path, &header, body)
    }

    /// The body alone, for a peer that is given the same bytes.
    #[must_use]
    pub fn body(&self, from: usize, text: &str) -> Vec<u8> {
        let (run, made) = (self.run, self.made.fetch_add(1, Ordering::Relaxed));
        // Written by hand: a generator on one core must not spend it on building trees.
        format!(
            concat!(
                r#"{{"destination":"{}","events":[{{"type":"message","message":{{"type":"text","id":"{}{:09}","#,
                r#""quoteToken":"q3Plxr4AgKd","text":"{}"}},"webhookEventId":"01{:012X}{:012X}","#,
                r#""deliveryContext":{{"isRedelivery":false}},"timestamp":{},"source":{{"type":"user","userId":"{}"}},"#,
                r#""replyToken":"{:016x}{:016x}","mode":"active"}}]}}"#
            ),
            DESTINATION, run % 1_000_000_000, made, text, run % (1 << 48), made, now_ms(), customer(from), run, made
        )
        .into_bytes()
    }
}

#[expect(clippy::disallowed_methods, reason = "the platform's clock, not the engine's")]
fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use madoguchi_engine::channels::Parsed;
    use madoguchi_engine::channels::line::webhook::parse;
    use madoguchi_engine::domain::time::Timestamp;

    use super::*;

    #[test]
    fn the_engine_reads_what_is_sent_here_and_no_two_events_are_the_same() {
        let webhooks = Webhooks::new("secret", "/hooks/line/x");
        let bodies: Vec<_> = (0..2).map(|_| webhooks.clone().body(7, "こんにちは")).collect();
        let ids: Vec<String> = bodies
            .iter()
            .map(|body| {
                let value: serde_json::Value = serde_json::from_slice(body).expect("JSON");
                assert_eq!(value["events"][0]["source"]["userId"], customer(7));
                value["events"][0]["webhookEventId"].as_str().expect("an id").to_owned()
            })
            .collect();
        assert_ne!(ids[0], ids[1]);
        assert_eq!(ids[0].len(), 26);
        let parsed = parse(&bodies[0].clone().into(), Timestamp(0)).expect("an envelope");
        assert!(matches!(parsed.events.as_slice(), [Parsed::Event(_)]), "{parsed:?}");
    }
}
