//! Which ways of reaching people there are.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One of `GET /api/v1/channels`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChannelAvailability {
    /// Its word: a `kind` of inbox, or one that there cannot be.
    pub channel: String,
    /// What people write arrives here.
    pub receives: bool,
    /// Answers reach them.
    pub sends: bool,
    /// Where it ends, in a sentence or two.
    pub statement: String,
}
