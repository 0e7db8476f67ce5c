//! How people come in, where they are logged in, and which windows are theirs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::agent::{Agent, Role};
use crate::problem::Problem;

/// `POST /api/v1/invitations`: a link with which one person makes their own login, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// What they may do; at most the inviter's own role.
    pub role: Role,
    /// The windows they become a member of; at most 150, none is allowed.
    #[serde(default)]
    pub windows: Vec<String>,
    /// The login that they must take, such as their mail address; left out, they choose one.
    #[serde(default)]
    pub login: Option<String>,
    /// Hours until the link ends; 1 to 720, 72 when left out.
    #[serde(default)]
    pub expires_in_hours: Option<u32>,
}

/// An invitation that is open. The link itself is shown once, when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Invitation {
    /// Its id, for taking it back.
    pub id: String,
    /// What the person will be able to do.
    pub role: Role,
    /// The windows they become a member of.
    pub windows: Vec<String>,
    /// The login that they must take; null where they choose one.
    pub login: Option<String>,
    /// Who invites.
    pub invited_by: String,
    /// When it was made.
    pub created_at: String,
    /// When the link ends.
    pub expires_at: String,
}

/// An invitation just made.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct InvitationCreated {
    /// The link for the invited person: `{public_url}/invite#{secret}`. What stands behind `#` reaches no server and no
    /// log. It is not stored and cannot be shown again.
    pub url: String,
    /// What is known about it from now on.
    pub invitation: Invitation,
}

/// `POST /api/v1/invitation/look`: what stands behind `#` in the link.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationSecret {
    /// The part of the link behind `#`.
    pub secret: String,
}

/// What the invited person is shown before they choose a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvitationShown {
    /// What they will be able to do.
    pub role: Role,
    /// The names of the windows they become a member of.
    pub windows: Vec<String>,
    /// The login that they must take; null where they choose one.
    pub login: Option<String>,
    /// The name of who invites.
    pub invited_by: String,
    /// When the link ends.
    pub expires_at: String,
}

/// `POST /api/v1/invitation/accept`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitation {
    /// The part of the link behind `#`.
    pub secret: String,
    /// 1 to 254 visible ASCII characters; capitals count as small letters. To be left out, or the same, where the
    /// invitation names one.
    #[serde(default)]
    pub login: Option<String>,
    /// What colleagues will see; 1 to 100 characters.
    pub name: String,
    /// 8 characters at least, 256 bytes at most, and not one that everybody tries first.
    pub password: String,
}

/// The person exists and may log in; the link is spent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvitationAccepted {
    /// The new person.
    pub agent: Agent,
    /// What became of each window of the invitation.
    pub windows: Vec<MembershipDone>,
}

/// `PUT /api/v1/agents/{agent}/windows`: the windows that a person works in from now on, and no others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentWindows {
    /// Addresses of windows; at most 150.
    pub windows: Vec<String>,
}

/// What became of one membership. Each window decides for itself, so one may be refused and the next not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MembershipDone {
    /// The window.
    pub window: String,
    /// What happened.
    pub outcome: MembershipOutcome,
    /// Why it was refused, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// See [`MembershipDone`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MembershipOutcome {
    /// A member from now on.
    Added,
    /// No member any more.
    Removed,
    /// It was so already.
    Kept,
    /// The window said no; `problem` says why.
    Refused,
}

/// A session: somebody logged in with a browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenSession {
    /// Its id, for ending it.
    pub id: String,
    /// Whether it is the one that asks.
    pub current: bool,
    /// When it began.
    pub created_at: String,
    /// When it was last used, to the minute.
    pub seen_at: String,
    /// The address that it began from; an IPv6 address counts as its /64.
    pub address: Option<String>,
    /// What the browser said of itself, at most 200 characters.
    pub browser: Option<String>,
}
