//! A person who can log in, and the rules of names, logins and the last owner.

use serde::{Deserialize, Serialize};

use super::{Event, Org};
use crate::domain::id::AgentId;
use crate::domain::rejected::Rejected;
use crate::domain::time::Timestamp;

/// What a person may do (PRODUCT G1). The order is the order of rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Answers customers.
    Agent,
    /// Sees and takes over.
    Supervisor,
    /// Sets windows and people up.
    Administrator,
    /// Everything.
    Owner,
}

/// A person who can log in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Their id.
    pub id: AgentId,
    /// What they log in with; unique, lower case.
    pub login: String,
    /// What colleagues see.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// PHC string of their password.
    pub password_hash: String,
    /// May not log in any more.
    pub disabled: bool,
    /// When they were added.
    pub created_at: Timestamp,
    /// Where platforms fetch the picture that customers see beside their name. Nobody is added with one, so it is no part
    /// of [`Event::AgentCreated`].
    #[serde(skip)]
    pub icon_url: Option<String>,
}

impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent").field("id", &self.id).field("role", &self.role).finish_non_exhaustive()
    }
}

pub(super) fn create(org: &Org, agent: Agent) -> Result<Vec<Event>, Rejected> {
    fits_login(&agent.login)?;
    check_name(&agent.name)?;
    if org.by_login(&agent.login).is_some() || org.agents.contains_key(&agent.id) {
        return Err(Rejected::Exists { what: "login" });
    }
    Ok(vec![Event::AgentCreated(agent)])
}

pub(super) fn fits_login(login: &str) -> Result<(), Rejected> {
    let fits =
        (1..=254).contains(&login.len()) && login.bytes().all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase());
    if fits { Ok(()) } else { Err(Rejected::invalid("login", "1 to 254 visible ASCII characters, no capitals")) }
}

pub(super) fn check_name(name: &str) -> Result<(), Rejected> {
    let chars = name.trim().chars().count();
    if (1..=100).contains(&chars) { Ok(()) } else { Err(Rejected::invalid("name", "1 to 100 characters")) }
}

/// Longest address of a picture, in characters (Messaging API reference, "Sender").
const ICON_URL_CHARS: usize = 2_000;

fn check_icon(url: &str) -> Result<(), Rejected> {
    let host = url.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
    let has_host = host.is_some_and(|host| !host.is_empty() && !host.starts_with(':') && !host.contains('@'));
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&byte));
    if has_host && is_plain && url.len() <= ICON_URL_CHARS {
        return Ok(());
    }
    Err(Rejected::invalid("icon_url", "an https address of at most 2000 characters, percent-encoded, or empty"))
}

pub(super) fn change(
    org: &Org,
    agent: AgentId,
    name: Option<String>,
    role: Option<Role>,
    icon_url: Option<String>,
) -> Result<Vec<Event>, Rejected> {
    let now = &org.agents[&agent];
    let name = name.unwrap_or_else(|| now.name.clone());
    let role = role.unwrap_or(now.role);
    let icon_url = icon_url.map_or_else(|| now.icon_url.clone(), |url| (!url.is_empty()).then_some(url));
    check_name(&name)?;
    icon_url.as_deref().map_or(Ok(()), check_icon)?;
    if role != Role::Owner && org.is_last_owner(agent) {
        return Err(last_owner());
    }
    if name == now.name && role == now.role && icon_url == now.icon_url {
        return Ok(Vec::new());
    }
    Ok(vec![Event::AgentChanged { agent, name, role, icon_url }])
}

/// Without an owner nobody could make one.
pub(super) fn last_owner() -> Rejected {
    Rejected::invalid("agent", "somebody other than the last owner")
}
