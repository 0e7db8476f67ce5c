//! A refusal as it travels: a problem document (RFC 9457) with a stable code and what a client needs to go on.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::code::Code;

/// The media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was refused. Over a socket the same document stands in the reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// A reference to the description of the code, relative to the server's address.
    #[serde(rename = "type")]
    #[schema(example = "/api/problems#seat_taken")]
    pub kind: String,
    /// A short sentence, the same for every problem with this code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable word to decide by.
    pub code: Code,
    /// What was wrong this time, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What else a client needs to go on; in the document these stand beside the others.
    #[serde(flatten)]
    pub extra: Box<Extra>,
}

/// What a client may need to go on. Each is there only where it says something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Extra {
    /// The field that is wrong, in the words of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The rule that the field breaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The limit that was reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Who holds the seat; absent when nobody or a bot does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<Holder>,
    /// The epoch of the seat now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// The window where the conversation is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// When another try makes sense, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// Who holds a seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Holder {
    /// The person's id.
    pub id: String,
    /// What colleagues see.
    pub name: String,
}

impl Problem {
    /// A problem with this code and status, and nothing more to say.
    #[must_use]
    pub fn new(code: Code, status: u16) -> Self {
        Self {
            kind: format!("/api/problems#{}", code.as_str()),
            title: code.title().to_owned(),
            status,
            code,
            detail: None,
            extra: Box::default(),
        }
    }

    /// The same, with words about this time.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The same, naming the field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.extra.field = Some(field.into());
        self
    }

    /// The same, naming the rule.
    #[must_use]
    pub fn rule(mut self, rule: impl Into<String>) -> Self {
        self.extra.rule = Some(rule.into());
        self
    }

    /// The same, naming the limit.
    #[must_use]
    pub fn limit(mut self, limit: u64) -> Self {
        self.extra.limit = Some(limit);
        self
    }

    /// The same, saying when to try again.
    #[must_use]
    pub fn retry_after_ms(mut self, ms: u64) -> Self {
        self.extra.retry_after_ms = Some(ms);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_carries_what_a_client_decides_by_and_leaves_the_rest_out() {
        let mut problem = Problem::new(Code::SeatTaken, 409);
        problem.extra.holder = Some(Holder { id: "01J".to_owned(), name: "花子".to_owned() });
        problem.extra.epoch = Some(7);
        let json = serde_json::to_value(&problem).expect("plain data serialises");
        assert_eq!(
            json,
            serde_json::json!({
                "type": "/api/problems#seat_taken",
                "title": "Somebody else is answering.",
                "status": 409,
                "code": "seat_taken",
                "holder": {"id": "01J", "name": "花子"},
                "epoch": 7,
            })
        );
    }
}
