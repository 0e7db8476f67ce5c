//! Logging in, and keys for programs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::agent::Agent;

/// `POST /api/v1/session`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The person's login; capitals count as small letters.
    pub login: String,
    /// Their password.
    pub password: String,
}

/// Who is logged in, and what they may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// The person.
    pub agent: Agent,
    /// The windows they work in, or may look at.
    pub windows: Vec<MyWindow>,
}

/// A window as its members know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MyWindow {
    /// Its address.
    pub id: String,
    /// What customers see.
    pub name: String,
    /// Whether the person is a member; supervisors see other windows too.
    pub member: bool,
}

/// `GET /api/v1/about`: what a page may know before anybody has logged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct About {
    /// What the operator wishes the login page to say; `null` for nothing.
    pub login_hint: Option<String>,
}

/// `POST /api/v1/tokens`: a key for a program that acts as its maker.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for; 1 to 100 characters.
    pub name: String,
    /// Days until it ends; 1 to 366, 90 when left out.
    #[serde(default)]
    pub expires_in_days: Option<u32>,
    /// What it may be used for, within its maker's rights; left out, everything that its maker may do. A token makes
    /// none that may more than itself.
    #[serde(default)]
    pub scopes: Option<Vec<Scope>>,
}

/// What a token may be used for. Its maker's role and memberships limit it further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Reading windows, conversations, messages, files, counters; the live socket.
    Read,
    /// Working at a desk: claiming, answering, handing over, completing, memos, uploads.
    Work,
    /// Keeping order: taking seats over, acts in bulk.
    Supervise,
    /// Windows, their settings and members.
    Windows,
    /// Inboxes and their secrets.
    Inboxes,
    /// People, invitations, sessions and tokens. Whoever may do this can make themselves anybody up to their role.
    People,
    /// Reading the audit log.
    Audit,
    /// Holding and releasing what is sent; putting back to work what was set aside.
    Operations,
}

/// A key as it is listed. The key itself is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Its id, for withdrawing it.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// Whom it acts as.
    pub agent: String,
    /// When it was made.
    pub created_at: String,
    /// When it ends.
    pub expires_at: String,
    /// What it may be used for; null for everything that its maker may do.
    pub scopes: Option<Vec<Scope>>,
    /// When it was last used, to the minute; null for never.
    pub last_used_at: Option<String>,
}

/// A key just made.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct TokenCreated {
    /// The key, for `Authorization: Bearer`. It is not stored and cannot be shown again.
    pub secret: String,
    /// What is known about it from now on.
    pub token: Token,
}
