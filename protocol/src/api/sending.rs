//! Whether anything leaves the house.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /api/v1/sending`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sending {
    /// Nothing goes out until somebody lets go.
    pub held: bool,
    /// The settings hold it (`engine.hold_sending`); then it cannot be let go here.
    pub by_settings: bool,
    /// Answers accepted before this are not sent but shown as unknown: the store was restored from a backup then, and
    /// they may have been sent by the store that the backup was taken of.
    pub unsure_before: Option<String>,
}

/// `PUT /api/v1/sending`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSending {
    /// Hold it, or let it go on.
    pub held: bool,
    /// Letting go: what waited in the backup was never sent by the other store, and is to go out.
    #[serde(default)]
    pub send_waiting: bool,
}
