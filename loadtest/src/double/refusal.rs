//! What the platform answers when it refuses: status, text and details in LINE's shapes.
//!
//! LINE promises the status only; the texts are those seen or documented.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

/// One thing that is wrong with a request body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Detail {
    /// What is wrong.
    pub(crate) message: Cow<'static, str>,
    /// Where: `messages[0].text`.
    pub(crate) property: String,
}

/// A refusal of an API call.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) message: Cow<'static, str>,
    pub(crate) details: Vec<Detail>,
    /// The request that a repeated retry key was first accepted with, and what it sent.
    pub(crate) accepted: Option<(uuid::Uuid, Option<Value>)>,
}

impl Refusal {
    pub(crate) fn new(status: u16, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, message: message.into(), details: Vec::new(), accepted: None }
    }

    pub(crate) fn details(details: Vec<Detail>) -> Self {
        let message = format!("The request body has {} error(s)", details.len());
        Self { details, ..Self::new(400, message) }
    }

    pub(crate) fn property(name: &str) -> Self {
        Self::new(400, format!("The property, '{name}', in the request body is invalid (line: -, column: -)"))
    }

    pub(crate) fn not_json(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        Self::new(400, format!("The request body could not be parsed as JSON (line: {line}, column: {column})"))
    }

    pub(crate) fn reply_token() -> Self {
        Self::new(400, "Invalid reply token")
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Authentication failed. Confirm that the access token in the authorization header is valid.")
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, "Not found")
    }

    pub(crate) fn rate() -> Self {
        Self::new(429, "The API rate limit has been exceeded. Try again later.")
    }

    pub(crate) fn quota() -> Self {
        Self::new(429, "You have reached your monthly limit.")
    }

    pub(crate) fn internal() -> Self {
        Self::new(500, "An internal error occurred.")
    }

    pub(crate) fn key_accepted(request: uuid::Uuid, sent: Option<Value>) -> Self {
        Self { accepted: Some((request, sent)), ..Self::new(409, "The retry key is already accepted") }
    }

    /// The body of the answer.
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({ "message": self.message });
        if !self.details.is_empty() {
            body["details"] = json!(self.details);
        }
        if let Some((_, Some(sent))) = &self.accepted {
            body["sentMessages"] = sent.clone();
        }
        body
    }
}
