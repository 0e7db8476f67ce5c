//! The audit log: who did what with an administrative or supervisory right.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::code::Code;

/// One act. It is written down before it is done, and completed before it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// Its place in the log: 1, 2, 3…; entries come in pairs of records, so ids have gaps.
    pub id: String,
    /// When it began.
    pub at: String,
    /// Who.
    pub actor: AuditActor,
    /// From which address, behind configured proxies; null at the server's own command line, or once erased.
    pub from: Option<String>,
    /// What: the row of docs/rights.md, such as `POST /api/v1/agents` or `command takeover`; `operator …` for the
    /// server's own command line.
    pub action: String,
    /// To what, as `kind:id`, such as `window:sales` and `agent:01J…`.
    pub objects: Vec<String>,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// Why it was refused, where it was.
    pub code: Option<Code>,
    /// What changed. Never a secret, never a message.
    pub changes: Vec<AuditChange>,
    /// Personal content was erased; that, when, what and to what it was done stays.
    pub erased: bool,
    /// The entry's link of the chain, in hexadecimal: it covers everything before it.
    pub hash: String,
}

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditActor {
    /// The person; null for the operator at the server's own command line, or the invited person.
    pub agent: Option<String>,
    /// What they are called now.
    pub name: Option<String>,
    /// The API token that they used.
    pub token: Option<String>,
}

/// How an act ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditOutcome {
    /// It was done.
    Done,
    /// It was refused after the right was found to be there: a rule, a limit, a wrong field.
    Refused,
    /// Nobody can say: the server ended, or the answer was lost, in the middle of it.
    Unknown,
    /// It is under way.
    UnderWay,
}

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditChange {
    /// Which field, with dots where it stands deeper.
    pub field: String,
    /// What it was; null for nothing.
    pub before: Option<String>,
    /// What it is now; null for nothing.
    pub after: Option<String>,
}
