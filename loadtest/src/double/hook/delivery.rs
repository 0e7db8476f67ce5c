//! Records of what was delivered and how the engine answered.

use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};

use super::post::Reason;

/// The console's switch "Webhook redelivery". LINE tells neither count nor interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Redelivery {
    /// Events without a 2xx are lost. The default, as on LINE.
    Off,
    /// They wait until `redeliver` is called.
    ByHand,
    /// They come again by themselves after so many milliseconds of real time, until they get a 2xx.
    AfterMs(u64),
}

/// One event as it took place.
#[derive(Clone, Debug, Serialize)]
pub struct Placed {
    /// Whose event it is; none for raw ones.
    pub user: Option<String>,
    /// `webhookEventId`.
    pub event_id: Option<String>,
    /// `message.id`.
    pub message_id: Option<String>,
    /// `replyToken`.
    pub reply_token: Option<String>,
}

/// One webhook request and its answer.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// Counted from 0 over the double's life.
    pub number: u64,
    /// Whose webhook.
    pub channel: String,
    /// The events in the body, in its order.
    pub events: Vec<Placed>,
    /// Whether they came with `isRedelivery: true`.
    pub redelivery: bool,
    /// When it was sent, on the double's clock.
    pub at_ms: i64,
    /// The answer's status; none without an answer in time.
    pub status: Option<u16>,
    /// What LINE would call it.
    pub reason: Reason,
    /// From sending to the end of the answer, in real time.
    #[serde(rename = "took_ms", serialize_with = "as_ms")]
    pub took: Duration,
}

impl Delivery {
    /// Whether the engine answered 2xx in time: from then on it must not lose these events.
    #[must_use]
    pub fn acknowledged(&self) -> bool {
        self.reason == Reason::Ok
    }
}

/// One message of a user and how its webhook was answered.
#[derive(Clone, Debug, Serialize)]
pub struct Delivered {
    /// `webhookEventId`.
    pub event_id: String,
    /// `message.id`.
    pub message_id: String,
    /// `replyToken`.
    pub reply_token: String,
    /// The answer's status; none without an answer in time.
    pub status: Option<u16>,
    /// What LINE would call it.
    pub reason: Reason,
    /// From sending to the end of the answer, in real time.
    #[serde(rename = "took_ms", serialize_with = "as_ms")]
    pub took: Duration,
}

impl Delivered {
    /// Whether the engine answered 2xx in time: from then on it must not lose this message.
    #[must_use]
    pub fn acknowledged(&self) -> bool {
        self.reason == Reason::Ok
    }

    pub(crate) fn of(delivery: &Delivery) -> Self {
        let placed = delivery.events.first();
        let field =
            |pick: fn(&Placed) -> &Option<String>| placed.and_then(|placed| pick(placed).clone()).unwrap_or_default();
        Self {
            event_id: field(|placed| &placed.event_id),
            message_id: field(|placed| &placed.message_id),
            reply_token: field(|placed| &placed.reply_token),
            status: delivery.status,
            reason: delivery.reason,
            took: delivery.took,
        }
    }
}

fn as_ms<S: Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(took.as_secs_f64() * 1_000.0)
}
