//! The log of API calls: what came in, what was done, what was answered.

use bytes::Bytes;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::faults::{Endpoint, Fault};

/// One call of the messaging or content API. Never holds the access token.
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    /// Counted from 0 over the double's life, in the order in which their outcome was settled.
    pub number: u64,
    /// When its outcome was settled, on the double's clock.
    pub at_ms: i64,
    /// The channel of its token.
    pub channel: Option<String>,
    /// Its kind; none where no path fits.
    pub endpoint: Option<Endpoint>,
    /// `POST`.
    pub method: String,
    /// `/v2/bot/message/push`.
    pub path: String,
    /// Its `x-line-request-id`.
    pub request_id: Uuid,
    /// Its `x-line-retry-key`, well-formed or not.
    pub retry_key: Option<String>,
    /// Its body.
    #[serde(serialize_with = "as_text")]
    pub body: Bytes,
    /// Whether it had its effect: for a send, that these messages were taken now (a 409 was taken before).
    pub accepted: bool,
    /// What was answered; none where the caller got no answer.
    pub status: Option<u16>,
    /// What went wrong on purpose.
    pub fault: Option<Fault>,
}

fn as_text<S: Serializer>(body: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(body))
}
