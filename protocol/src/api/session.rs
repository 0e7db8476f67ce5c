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
}

/// A key just made.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct TokenCreated {
    /// The key, for `Authorization: Bearer`. It is not stored and cannot be shown again.
    pub secret: String,
    /// What is known about it from now on.
    pub token: Token,
}
