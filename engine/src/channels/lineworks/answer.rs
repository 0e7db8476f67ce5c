//! What the platform's answer to a call means (other-channels.md 1.6).

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::channels::Outcome;
use crate::channels::json::{self, Lazy};
use crate::channels::words::one_line;

/// Longest detail of a refusal, in characters.
const DETAIL_CHARS: usize = 500;

#[derive(Default, Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    code: Lazy<'a>,
    #[serde(borrow)]
    description: Lazy<'a>,
}

/// Reads an answer. No id of a message is ever told.
pub(super) fn outcome(status: u16, body: &[u8]) -> Outcome {
    match status {
        200..=299 => Outcome::Accepted { external_ids: Vec::new(), request_id: None },
        401 | 403 => Outcome::Unauthorised { status },
        429 => Outcome::RateLimited,
        // 408 comes from machines between us and the platform; like 5xx it does not say how far the request got.
        408 | 500.. => Outcome::Ambiguous,
        status => Outcome::Refused { status, detail: detail(body) },
    }
}

fn detail(body: &[u8]) -> String {
    let body: Option<&RawValue> = serde_json::from_slice(body).ok();
    let body: Body<'_> = json::object(body).unwrap_or_default();
    let words: Vec<String> = [body.code, body.description].into_iter().filter_map(json::text).collect();
    one_line(&words.join(": "), DETAIL_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_meaning_and_a_refusal_its_words() {
        assert!(matches!(outcome(201, b""), Outcome::Accepted { .. }));
        assert_eq!(outcome(401, b"{}"), Outcome::Unauthorised { status: 401 });
        assert_eq!(outcome(403, b"{}"), Outcome::Unauthorised { status: 403 });
        assert_eq!(outcome(429, b"{}"), Outcome::RateLimited);
        for status in [408, 500, 502, 503, 599] {
            assert_eq!(outcome(status, b"{}"), Outcome::Ambiguous, "{status}");
        }
        let said = br#"{"code":"NOT_FOUND","description":"no\nsuch user"}"#;
        assert_eq!(outcome(404, said), Outcome::Refused { status: 404, detail: "NOT_FOUND: no such user".to_owned() });
        assert_eq!(outcome(400, b"<html>"), Outcome::Refused { status: 400, detail: String::new() });
        let long = format!(r#"{{"description":"{}"}}"#, "誤".repeat(9_000));
        let Outcome::Refused { detail, .. } = outcome(400, long.as_bytes()) else { panic!("a refusal") };
        assert_eq!(detail.chars().count(), DETAIL_CHARS);
    }
}
