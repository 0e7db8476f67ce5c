//! The organisation: logins and roles, windows and inboxes that exist. One stream, `org`.

mod bot;
mod inbox;
mod line;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::id::{AgentId, InboxId, StreamId, WindowId};
use super::rejected::Rejected;
use super::time::Timestamp;

pub use bot::Bot;
pub use inbox::{ChannelKind, Inbox, InboxSettings};
pub use line::{Access, FormerSecret, LineSettings, SendMode, WhenQuotaEmpty};

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

/// A window that exists, and the stream that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowEntry {
    /// Its address.
    pub id: WindowId,
    /// Its stream.
    pub stream: StreamId,
    /// What customers see.
    pub name: String,
    /// Its product: 5, 30 or 100 places.
    pub product: u16,
    /// When it was added.
    pub created_at: Timestamp,
}

/// Facts of the organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A person can log in.
    AgentCreated(Agent),
    /// A person's password changed.
    PasswordChanged {
        /// Who.
        agent: AgentId,
        /// PHC string of the new one.
        password_hash: String,
    },
    /// A person may not log in any more, or may again.
    AgentDisabled {
        /// Who.
        agent: AgentId,
        /// Whether they are out.
        disabled: bool,
    },
    /// A person is called otherwise, may do other things, or has another picture.
    AgentChanged {
        /// Who.
        agent: AgentId,
        /// What colleagues see now.
        name: String,
        /// What they may do now.
        role: Role,
        /// Where their picture is now.
        icon_url: Option<String>,
    },
    /// A window exists.
    WindowCreated(WindowEntry),
    /// An account feeds a window.
    InboxCreated(Inbox),
    /// An account's settings changed.
    InboxChanged(Inbox),
    /// A bot stands in front of a window, or stands there otherwise.
    BotSet(Box<Bot>),
    /// No bot stands in front of a window any more.
    BotRemoved {
        /// Which.
        window: WindowId,
    },
}

/// Live state of the organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Org {
    /// Everybody, by id.
    pub agents: BTreeMap<AgentId, Agent>,
    /// Every window, by address.
    pub windows: BTreeMap<WindowId, WindowEntry>,
    /// Every account, by id.
    pub inboxes: BTreeMap<InboxId, Inbox>,
    /// The bots, by the window that each stands in front of.
    pub bots: BTreeMap<WindowId, Bot>,
}

/// How many windows of each product an organisation may own (PRODUCT W3).
pub const WINDOWS_PER_PRODUCT: usize = 50;

impl Org {
    /// The person with this login.
    #[must_use]
    pub fn by_login(&self, login: &str) -> Option<&Agent> {
        self.agents.values().find(|agent| agent.login == login)
    }

    /// Whether nobody else is an owner who may log in.
    #[must_use]
    pub fn is_last_owner(&self, agent: AgentId) -> bool {
        let mut owners = self.agents.values().filter(|person| person.role == Role::Owner && !person.disabled);
        owners.next().is_some_and(|owner| owner.id == agent) && owners.next().is_none()
    }

    /// Moves the state by one event.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::AgentCreated(agent) => {
                self.agents.insert(agent.id, agent.clone());
            }
            Event::PasswordChanged { agent, password_hash } => {
                if let Some(agent) = self.agents.get_mut(agent) {
                    agent.password_hash.clone_from(password_hash);
                }
            }
            Event::AgentDisabled { agent, disabled } => {
                if let Some(agent) = self.agents.get_mut(agent) {
                    agent.disabled = *disabled;
                }
            }
            Event::AgentChanged { agent, name, role, icon_url } => {
                if let Some(agent) = self.agents.get_mut(agent) {
                    agent.name.clone_from(name);
                    agent.role = *role;
                    agent.icon_url.clone_from(icon_url);
                }
            }
            Event::WindowCreated(window) => {
                self.windows.insert(window.id.clone(), window.clone());
            }
            Event::InboxCreated(inbox) | Event::InboxChanged(inbox) => {
                self.inboxes.insert(inbox.id, inbox.clone());
            }
            Event::BotSet(bot) => {
                self.bots.insert(bot.window.clone(), Bot::clone(bot));
            }
            Event::BotRemoved { window } => {
                self.bots.remove(window);
            }
        }
    }
}

/// A wish to the organisation.
#[derive(Clone, Debug)]
pub enum Command {
    /// Let a person log in.
    CreateAgent(Agent),
    /// Give a person another password.
    ChangePassword {
        /// Who.
        agent: AgentId,
        /// PHC string.
        password_hash: String,
    },
    /// Shut a person out, or let them in again.
    DisableAgent {
        /// Who.
        agent: AgentId,
        /// Whether they are out.
        disabled: bool,
    },
    /// Call a person otherwise, let them do other things, or give them another picture. What is left out stays.
    ChangeAgent {
        /// Who.
        agent: AgentId,
        /// What colleagues are to see.
        name: Option<String>,
        /// What they may do.
        role: Option<Role>,
        /// Where their picture is; empty for none.
        icon_url: Option<String>,
    },
    /// Add a window.
    CreateWindow(WindowEntry),
    /// Add an account.
    CreateInbox(Inbox),
    /// Change an account.
    ChangeInbox(Inbox),
    /// Put a bot in front of a window, or change it.
    SetBot(Box<Bot>),
    /// Take a window's bot away.
    RemoveBot {
        /// The window.
        window: WindowId,
    },
}

/// What follows from a wish.
///
/// # Errors
/// The rule that the wish breaks.
pub fn decide(org: &Org, command: Command) -> Result<Vec<Event>, Rejected> {
    match command {
        Command::CreateAgent(agent) => create_agent(org, agent),
        Command::ChangePassword { agent, .. }
        | Command::DisableAgent { agent, .. }
        | Command::ChangeAgent { agent, .. }
            if !org.agents.contains_key(&agent) =>
        {
            Err(Rejected::not_found("agent"))
        }
        Command::ChangePassword { agent, password_hash } => Ok(vec![Event::PasswordChanged { agent, password_hash }]),
        Command::DisableAgent { agent, disabled } if org.agents[&agent].disabled == disabled => Ok(Vec::new()),
        Command::DisableAgent { agent, disabled: true } if org.is_last_owner(agent) => Err(last_owner()),
        Command::ChangeAgent { agent, name, role, icon_url } => change_agent(org, agent, name, role, icon_url),
        Command::DisableAgent { agent, disabled } => Ok(vec![Event::AgentDisabled { agent, disabled }]),
        Command::CreateWindow(window) => create_window(org, window),
        Command::CreateInbox(inbox) if org.inboxes.contains_key(&inbox.id) => Err(Rejected::Exists { what: "inbox" }),
        Command::CreateInbox(inbox) if !org.windows.contains_key(&inbox.window) => Err(Rejected::not_found("window")),
        Command::CreateInbox(inbox) => inbox.settings.check().map(|()| vec![Event::InboxCreated(inbox)]),
        Command::ChangeInbox(inbox) if !org.inboxes.contains_key(&inbox.id) => Err(Rejected::not_found("inbox")),
        Command::ChangeInbox(inbox) if !org.windows.contains_key(&inbox.window) => Err(Rejected::not_found("window")),
        Command::ChangeInbox(inbox) if org.inboxes[&inbox.id].settings.kind() != inbox.settings.kind() => {
            Err(Rejected::invalid("kind", "an account stays on its channel"))
        }
        Command::ChangeInbox(inbox) => inbox.settings.check().map(|()| vec![Event::InboxChanged(inbox)]),
        Command::SetBot(bot) => bot::check(org, &bot).map(|()| vec![Event::BotSet(bot)]),
        Command::RemoveBot { window } if org.bots.contains_key(&window) => Ok(vec![Event::BotRemoved { window }]),
        Command::RemoveBot { .. } => Err(Rejected::not_found("bot")),
    }
}

fn create_agent(org: &Org, agent: Agent) -> Result<Vec<Event>, Rejected> {
    let login_fits = (1..=254).contains(&agent.login.len())
        && agent.login.bytes().all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase());
    if !login_fits {
        return Err(Rejected::invalid("login", "1 to 254 visible ASCII characters, no capitals"));
    }
    check_name(&agent.name)?;
    if org.by_login(&agent.login).is_some() || org.agents.contains_key(&agent.id) {
        return Err(Rejected::Exists { what: "login" });
    }
    Ok(vec![Event::AgentCreated(agent)])
}

fn check_name(name: &str) -> Result<(), Rejected> {
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

fn change_agent(
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
fn last_owner() -> Rejected {
    Rejected::invalid("agent", "somebody other than the last owner")
}

fn create_window(org: &Org, window: WindowEntry) -> Result<Vec<Event>, Rejected> {
    let chars = window.name.trim().chars().count();
    if chars == 0 || chars > super::window::NAME_CHARS {
        return Err(Rejected::invalid("name", "1 to 20 characters"));
    }
    if ![5, 30, 100].contains(&window.product) {
        return Err(Rejected::invalid("product", "5, 30 or 100"));
    }
    if org.windows.contains_key(&window.id) {
        return Err(Rejected::Exists { what: "window id" });
    }
    if org.windows.values().any(|other| other.name == window.name) {
        return Err(Rejected::Exists { what: "window name" });
    }
    if org.windows.values().filter(|other| other.product == window.product).count() >= WINDOWS_PER_PRODUCT {
        return Err(Rejected::LimitReached { what: "windows of this product", limit: WINDOWS_PER_PRODUCT as u64 });
    }
    Ok(vec![Event::WindowCreated(window)])
}
