//! People who answer, and people who set things up.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person may do. Each includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Answers customers in the windows they are a member of.
    Agent,
    /// Reads every window and may take a seat over.
    Supervisor,
    /// Sets windows, inboxes, members and people up.
    Administrator,
    /// Everything.
    Owner,
}

/// How a person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// 待機.
    Available,
    /// 未待機.
    Away,
    /// 後処理.
    WrapUp,
    /// On no socket, and no request lately.
    Offline,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Agent {
    /// Their id.
    pub id: String,
    /// What they log in with.
    pub login: String,
    /// What colleagues see.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// May not log in any more.
    pub disabled: bool,
    /// When they were added.
    pub created_at: String,
    /// Where platforms fetch the picture that customers see beside their name.
    pub icon_url: Option<String>,
}

/// `POST /api/v1/agents`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAgent {
    /// 1 to 254 visible ASCII characters; capitals count as small letters.
    pub login: String,
    /// What colleagues see; 1 to 100 characters.
    pub name: String,
    /// What they may do; at most the caller's own role.
    pub role: Role,
    /// 8 characters at least, 256 bytes at most, and not one that everybody tries first.
    pub password: String,
}

/// `PATCH /api/v1/agents/{agent}`. What is left out stays as it was.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentPatch {
    /// What colleagues see; 1 to 100 characters.
    #[serde(default)]
    pub name: Option<String>,
    /// What they may do; at most the caller's own role.
    #[serde(default)]
    pub role: Option<Role>,
    /// Shut out, or let in again.
    #[serde(default)]
    pub disabled: Option<bool>,
    /// Where platforms fetch their picture: https, at most 2,000 characters, percent-encoded; empty for none.
    #[serde(default)]
    pub icon_url: Option<String>,
}

/// `PUT /api/v1/agents/{agent}/password`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// 8 characters at least, 256 bytes at most, and not one that everybody tries first.
    pub password: String,
}

/// `PUT /api/v1/session/password`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The one that counts now.
    pub old_password: String,
    /// 8 characters at least, 256 bytes at most, and not one that everybody tries first.
    pub new_password: String,
}
