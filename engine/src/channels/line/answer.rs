//! What LINE's answer to a call means (line.md 2.4 and 2.5). LINE promises its statuses, not its texts: a text decides
//! only where one status means two things.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::channels::Outcome;
use crate::channels::json::{self, Lazy};
use crate::channels::words::one_line;

/// Longest detail of a refusal, in characters.
const DETAIL_CHARS: usize = 500;

/// Which call was made, where that changes the meaning of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// An answer by reply token.
    Reply,
    /// A push with a retry key.
    Push,
    /// A question that sends nothing.
    Ask,
}

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Answer {
    /// Its status.
    pub(super) status: u16,
    /// `x-line-request-id`.
    pub(super) request_id: Option<String>,
    /// `x-line-accepted-request-id`: the call that was accepted under this retry key before.
    pub(super) accepted_request_id: Option<String>,
    /// Its body; empty where it was too long or broke off.
    pub(super) body: Vec<u8>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow)]
    message: Lazy<'a>,
    #[serde(borrow)]
    details: Lazy<'a>,
    #[serde(borrow)]
    sent_messages: Lazy<'a>,
}

#[derive(Deserialize)]
struct Detail<'a> {
    #[serde(borrow)]
    message: Lazy<'a>,
    #[serde(borrow)]
    property: Lazy<'a>,
}

#[derive(Deserialize)]
struct SentMessage<'a> {
    #[serde(borrow)]
    id: Lazy<'a>,
}

/// Reads an answer.
pub(super) fn outcome(call: Call, answer: &Answer) -> Outcome {
    let body: Option<&RawValue> = serde_json::from_slice(&answer.body).ok();
    let body: Body<'_> = json::object(body).unwrap_or_default();
    let message = json::text(body.message).unwrap_or_default();
    let says = |words: &str| message.to_ascii_lowercase().contains(words);
    match answer.status {
        200..=299 => Outcome::Accepted { external_ids: sent_ids(&body), request_id: answer.request_id.clone() },
        409 if call == Call::Push => Outcome::Accepted {
            external_ids: sent_ids(&body),
            request_id: answer.accepted_request_id.clone().or_else(|| answer.request_id.clone()),
        },
        400 if call == Call::Reply && says("invalid reply token") => Outcome::TokenInvalid,
        429 if says("monthly limit") => Outcome::QuotaEmpty,
        429 => Outcome::RateLimited,
        status @ (401 | 403) => Outcome::Unauthorised { status },
        // 408 comes from machines between us and LINE; like 5xx it does not say how far the request got.
        408 | 500.. => Outcome::Ambiguous,
        status => Outcome::Refused { status, detail: detail(&message, body.details) },
    }
}

/// The ids of the sent messages, in order. The reference calls them numbers, the schema strings (line.md 2.1). If one
/// cannot be read none is told, as the others could not be told apart.
fn sent_ids(body: &Body<'_>) -> Vec<String> {
    let list: Vec<&RawValue> = json::plain(body.sent_messages).unwrap_or_default();
    let ids = list.into_iter().map(|sent| {
        let sent: SentMessage<'_> = json::object(Some(sent))?;
        json::id(sent.id)
    });
    ids.collect::<Option<_>>().unwrap_or_default()
}

/// LINE's own words: the message, then what is wrong with which property.
fn detail(message: &str, details: Lazy<'_>) -> String {
    let details: Vec<&RawValue> = json::plain(details).unwrap_or_default();
    let mut words = message.to_owned();
    for (index, detail) in details.into_iter().enumerate() {
        let Some(detail) = json::object::<Detail<'_>>(Some(detail)) else {
            continue;
        };
        let parts = [json::text(detail.property), json::text(detail.message)];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        words.push_str(if index == 0 { ": " } else { "; " });
        words.push_str(&parts.join(" "));
    }
    one_line(&words, DETAIL_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(call: Call, status: u16, body: &str) -> Outcome {
        outcome(
            call,
            &Answer {
                status,
                request_id: Some("this".to_owned()),
                accepted_request_id: Some("first".to_owned()),
                body: body.as_bytes().to_vec(),
            },
        )
    }

    fn accepted(ids: &[&str], request_id: &str) -> Outcome {
        Outcome::Accepted {
            external_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
            request_id: Some(request_id.to_owned()),
        }
    }

    #[test]
    fn ids_of_sent_messages_are_read_as_strings_and_as_numbers() {
        let body = r#"{"sentMessages":[{"id":"590000000000000001","quoteToken":"q"},{"id":590000000000000002}]}"#;
        let both = accepted(&["590000000000000001", "590000000000000002"], "this");
        assert_eq!(of(Call::Push, 200, body), both);
        for none in ["", "{}", "[]", "<html>", r#"{"sentMessages":{}}"#, r#"{"sentMessages":[{"id":"1"},{}]}"#] {
            assert_eq!(of(Call::Reply, 200, none), accepted(&[], "this"), "{none}");
        }
    }

    #[test]
    fn a_key_that_was_accepted_before_is_success_and_names_the_first_call() {
        let body = r#"{"message":"The retry key is already accepted","sentMessages":[{"id":"7"}]}"#;
        assert_eq!(of(Call::Push, 409, body), accepted(&["7"], "first"));
        assert!(matches!(of(Call::Reply, 409, body), Outcome::Refused { status: 409, .. }));
    }

    #[test]
    fn every_status_has_its_meaning() {
        let token = r#"{"message":"Invalid reply token"}"#;
        assert_eq!(of(Call::Reply, 400, token), Outcome::TokenInvalid);
        assert!(matches!(of(Call::Push, 400, token), Outcome::Refused { status: 400, .. }));
        let quota = r#"{"message":"You have reached your monthly limit."}"#;
        assert_eq!(of(Call::Push, 429, quota), Outcome::QuotaEmpty);
        let rate = r#"{"message":"The API rate limit has been exceeded. Try again later."}"#;
        assert_eq!(of(Call::Push, 429, rate), Outcome::RateLimited);
        assert_eq!(of(Call::Push, 429, "not json"), Outcome::RateLimited);
        for status in [401, 403] {
            assert_eq!(of(Call::Push, status, "{}"), Outcome::Unauthorised { status });
        }
        for status in [408, 500, 502, 503, 504, 599, 999] {
            assert_eq!(of(Call::Reply, status, quota), Outcome::Ambiguous, "{status}");
        }
        for status in [301, 307, 400, 404, 405, 410, 413, 415, 422] {
            let refused = of(Call::Push, status, "");
            let detail = String::new();
            assert_eq!(refused, Outcome::Refused { status, detail });
        }
    }

    #[test]
    fn a_refusal_tells_in_lines_words_what_is_wrong_and_not_more() {
        let body = r#"{"message":"The request body has 2 error(s)","details":[
            {"message":"May not be empty","property":"messages[0].text"},5,{"property":"to"}]}"#;
        let Outcome::Refused { detail, .. } = of(Call::Push, 400, body) else {
            panic!("not refused");
        };
        assert_eq!(detail, "The request body has 2 error(s): messages[0].text May not be empty; to");
        let long = format!(r#"{{"message":"{}"}}"#, "誤".repeat(9_000));
        let Outcome::Refused { detail, .. } = of(Call::Push, 400, &long) else {
            panic!("not refused");
        };
        assert_eq!(detail.chars().count(), DETAIL_CHARS);
    }
}
