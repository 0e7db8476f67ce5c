//! Acts of supervisors on many conversations at once, and the figures that they look at.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::agent::Presence;
use crate::problem::Problem;

/// `POST /api/v1/bulk`: one act on many conversations. Each is decided for itself, in turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Bulk {
    /// What is to be done.
    pub act: BulkAct,
    /// Why; 1 to 500 characters. Former holders are shown it where a seat is taken from them.
    pub reason: String,
    /// These conversations; at most 200. Either this or `holder`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversations: Option<Vec<String>>,
    /// Everything that this person holds, in every window or in `window`; the first 200, `left` says how many are left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// Together with `holder`: in this window only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
}

/// See [`Bulk::act`]. To complete or release, the seat is taken from its holder and used in one step, so that nobody is
/// left half way; what is already so stays so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum BulkAct {
    /// Names who is responsible.
    Assign(super::Assign),
    /// Offers the seat to a colleague, with the reason. Whoever holds it keeps it until the colleague says yes.
    Handover(BulkHandover),
    /// 対応完了.
    Complete(super::Claim),
    /// 未対応に戻す.
    Release(super::Claim),
}

/// See [`BulkAct::Handover`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkHandover {
    /// The colleague.
    pub to: String,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BulkDone {
    /// Each conversation, in the order asked.
    pub items: Vec<BulkItem>,
    /// How many were done.
    pub done: usize,
    /// How many of the holder's were left for the next call.
    pub left: usize,
}

/// One conversation of a [`BulkDone`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BulkItem {
    /// The conversation.
    pub conversation: String,
    /// Why it was refused; left out where it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// The figures of one window now. `GET /api/v1/counters` and the socket's `counters`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WindowCounters {
    /// The window.
    pub window: String,
    /// Conversations that are 未対応.
    pub new: usize,
    /// Conversations, new or in progress, whose customer waits for a person's answer.
    pub waiting: usize,
    /// Since when the one waits who has waited longest.
    pub oldest_waiting_since: Option<String>,
    /// Conversations that are 対応中.
    pub in_progress: usize,
    /// Its members, and whoever else holds a seat in it.
    pub agents: Vec<AgentCounters>,
}

/// The figures of one person in one window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgentCounters {
    /// The person.
    pub agent: String,
    /// How many seats they hold here.
    pub held: usize,
    /// How they are.
    pub presence: Presence,
}
