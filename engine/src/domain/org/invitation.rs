//! Invitations: a link with which one person makes their own login, once.
//!
//! The link's secret is never kept, only its digest. Whoever comes with it becomes a person in the same record that spends
//! it; the windows they were invited into follow from there, also after a crash.

use serde::{Deserialize, Serialize};

use super::{Agent, Event, Org, Role, agent};
use crate::domain::id::{AgentId, InvitationId, WindowId};
use crate::domain::rejected::Rejected;
use crate::domain::time::Timestamp;

/// Invitations that may be open at a time.
pub(super) const OPEN_MAX: usize = 500;
/// Windows that one of them may name.
pub(super) const WINDOWS_MAX: usize = 150;

/// A link that was given out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Its name here.
    pub id: InvitationId,
    /// SHA-256 of the secret in the link.
    pub secret_sha256: [u8; 32],
    /// What the person will be able to do.
    pub role: Role,
    /// The windows they become a member of.
    pub windows: Vec<WindowId>,
    /// The login they must take; none where they choose.
    pub login: Option<String>,
    /// Who invites. When they may not do so any more, nobody comes in by it.
    pub by: AgentId,
    /// When it was given out.
    pub created_at: Timestamp,
    /// From then on it is worth nothing.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invitation").field("id", &self.id).field("role", &self.role).finish_non_exhaustive()
    }
}

/// Somebody came in, and their windows are still to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joining {
    /// Who.
    pub agent: AgentId,
    /// Who invited them.
    pub by: AgentId,
    /// The windows.
    pub windows: Vec<WindowId>,
}

impl Org {
    /// The open invitation whose secret has this digest, unless it has ended.
    #[must_use]
    pub fn invited_by_secret(&self, secret_sha256: &[u8; 32], now: Timestamp) -> Option<&Invitation> {
        self.invitations
            .values()
            .find(|invitation| invitation.secret_sha256 == *secret_sha256 && now < invitation.expires_at)
    }
}

/// Gives a link out.
pub(super) fn invite(org: &Org, mut invitation: Invitation) -> Result<Vec<Event>, Rejected> {
    let open = org.invitations.values().filter(|other| invitation.created_at < other.expires_at).count();
    if open >= OPEN_MAX {
        return Err(Rejected::LimitReached { what: "invitations", limit: OPEN_MAX as u64 });
    }
    if invitation.windows.len() > WINDOWS_MAX {
        return Err(Rejected::invalid("windows", "at most 150"));
    }
    if let Some(missing) = invitation.windows.iter().find(|window| !org.windows.contains_key(*window)) {
        return Err(Rejected::invalid("windows", format!("windows that exist; {missing} is none")));
    }
    if let Some(login) = &invitation.login {
        agent::fits_login(login)?;
        if org.by_login(login).is_some() {
            return Err(Rejected::Exists { what: "login" });
        }
    }
    invitation.windows.sort_unstable();
    invitation.windows.dedup();
    Ok(vec![Event::Invited(invitation)])
}

/// Takes a link back.
pub(super) fn take_back(org: &Org, id: InvitationId) -> Result<Vec<Event>, Rejected> {
    if org.invitations.contains_key(&id) {
        return Ok(vec![Event::InvitationTakenBack { id }]);
    }
    Err(Rejected::not_found("invitation"))
}

/// Somebody comes with the link. `agent` is who they will be; role and, where it was named, login are the invitation's.
pub(super) fn accept(org: &Org, id: InvitationId, mut agent: Agent) -> Result<Vec<Event>, Rejected> {
    let invitation = org.invitations.get(&id).filter(|invitation| agent.created_at < invitation.expires_at);
    let invitation = invitation.ok_or_else(|| Rejected::not_found("invitation"))?;
    if let Some(login) = &invitation.login
        && *login != agent.login
    {
        return Err(Rejected::invalid("login", "the one that the invitation names"));
    }
    agent.role = invitation.role;
    let id = invitation.id;
    let accepted = Event::InvitationAccepted { id, agent: agent.id };
    let mut events = agent::create(org, agent)?;
    events.push(accepted);
    Ok(events)
}

/// Moves the state by one event of an invitation.
pub(super) fn apply(org: &mut Org, event: &Event) {
    match event {
        Event::Invited(invitation) => {
            // What has ended by then is forgotten, so that the list does not grow for ever.
            org.invitations.retain(|_, other| invitation.created_at < other.expires_at);
            org.invitations.insert(invitation.id, invitation.clone());
        }
        Event::InvitationTakenBack { id } => {
            org.invitations.remove(id);
        }
        Event::InvitationAccepted { id, agent } => {
            if let Some(Invitation { windows, by, .. }) = org.invitations.remove(id) {
                org.joining.insert(*id, Joining { agent: *agent, by, windows });
            }
        }
        Event::InvitationSettled { id } => {
            org.joining.remove(id);
        }
        _ => {}
    }
}
