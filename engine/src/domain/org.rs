//! The organisation: logins and roles, windows and inboxes that exist. One stream, `org`.

mod bot;
mod bot_channel;
mod inbox;
mod invitation;
mod line;
mod lineworks;
mod mail;
mod mail_domain;
pub mod products;
pub mod reset;
#[cfg(test)]
mod tests;
pub mod trial;
#[cfg(test)]
mod windows_test;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::id::{AgentId, InboxId, InvitationId, StreamId, WindowId};
use super::rejected::Rejected;
use super::time::Timestamp;
use super::window::{Picture, Profile};

use self::products::Owned;
use self::reset::Former;
use self::trial::Trial;

pub use bot::Bot;
pub use bot_channel::BotChannelSettings;
pub use inbox::{ChannelKind, Inbox, InboxSettings};
pub use invitation::{Invitation, Joining};
pub use line::{Access, FormerSecret, LineSettings, SendMode, WhenQuotaEmpty};
pub use lineworks::{CALLS_A_MINUTE, LineWorksSettings, Maker};
pub use mail::{CompanyAddress, Forwarding, MailSettings};
pub use mail_domain::{MailDomain, MailKey, is_domain};

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
    /// What was said of it since; nothing in [`Event::WindowCreated`].
    #[serde(skip)]
    pub more: More,
}

/// What is said of a window besides its creation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct More {
    /// What it is for.
    pub description: String,
    /// Its picture.
    pub picture: Option<Picture>,
    /// The code of its invite link: chance as a whole, the same for ever, another one for another window of this address.
    pub invite: Option<u128>,
    /// The product that it is about to change to.
    pub reserved: Option<u16>,
}

impl WindowEntry {
    /// What customers and agents see of it.
    #[must_use]
    pub fn profile(&self) -> Profile {
        Profile {
            name: self.name.clone(),
            description: self.more.description.clone(),
            picture: self.more.picture.clone(),
        }
    }
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
    /// A window has its invite link.
    WindowInvited {
        /// Which one.
        window: WindowId,
        /// The link's code.
        code: u128,
    },
    /// A window is called or described otherwise, or has another picture.
    WindowDescribed {
        /// Which one.
        window: WindowId,
        /// All of it as it is now.
        profile: Profile,
    },
    /// A window is about to change to another product, which nobody else can have.
    ProductReserved {
        /// Which one.
        window: WindowId,
        /// The other product.
        product: u16,
    },
    /// A window is bound to this product; of the two that it had, the other is free.
    ProductSettled {
        /// Which one.
        window: WindowId,
        /// Its product.
        product: u16,
    },
    /// Another number of products is under contract.
    ProductsOwned(Owned),
    /// A trial began.
    TrialStarted(Trial),
    /// A contract follows the trial.
    TrialEnded,
    /// A window was reset: it is no more.
    WindowReset {
        /// Which one.
        window: WindowId,
        /// When its own stream said so.
        reset_at: Timestamp,
        /// Who did it.
        by: Option<AgentId>,
        /// It was the last one: everything is erased.
        erase: bool,
    },
    /// Nothing is left of what was said in a window that was reset.
    WindowErased {
        /// The code of its invite link.
        code: u128,
    },
    /// A link was given out, with which one person makes their own login.
    Invited(Invitation),
    /// The link was taken back.
    InvitationTakenBack {
        /// Which one.
        id: InvitationId,
    },
    /// Somebody came with the link; they were created in the same record.
    InvitationAccepted {
        /// Which one.
        id: InvitationId,
        /// Who they are.
        agent: AgentId,
    },
    /// The windows of the invitation have been told.
    InvitationSettled {
        /// Which one.
        id: InvitationId,
    },
    /// A bot stands in front of a window, or stands there otherwise.
    BotSet(Box<Bot>),
    /// No bot stands in front of a window any more.
    BotRemoved {
        /// Which.
        window: WindowId,
    },
    /// A domain that mail carries, or how it stands.
    MailDomainSet(MailDomain),
    /// A domain is not carried any more.
    MailDomainRemoved {
        /// Its name.
        name: String,
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
    /// Accounts of windows that were reset: what their platforms still deliver is answered and thrown away.
    pub retired: BTreeMap<InboxId, Inbox>,
    /// How many products are under contract.
    pub owned: Owned,
    /// The trial that runs, or ran out.
    pub trial: Option<Trial>,
    /// There was a trial.
    pub tried: bool,
    /// Windows that were reset, in the order in which they were.
    pub former: Vec<Former>,
    /// Invitations that are neither spent nor taken back; those that have ended stay until the next one is given out.
    pub invitations: BTreeMap<InvitationId, Invitation>,
    /// Who came by an invitation whose windows are still to be told.
    pub joining: BTreeMap<InvitationId, Joining>,
    /// The bots, by the window that each stands in front of.
    pub bots: BTreeMap<WindowId, Bot>,
    /// The domains that mail carries, by name.
    pub mail_domains: BTreeMap<String, MailDomain>,
}

impl Org {
    /// An account, also one whose window was reset.
    #[must_use]
    pub fn account(&self, inbox: InboxId) -> Option<&Inbox> {
        self.inboxes.get(&inbox).or_else(|| self.retired.get(&inbox))
    }

    /// The window of an invite link.
    #[must_use]
    pub fn invited(&self, code: u128) -> Option<&WindowEntry> {
        self.windows.values().find(|window| window.more.invite == Some(code))
    }

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
            Event::InboxChanged(inbox) if self.retired.contains_key(&inbox.id) => {
                self.retired.insert(inbox.id, inbox.clone());
            }
            Event::MailDomainSet(domain) => {
                self.mail_domains.insert(domain.name.clone(), domain.clone());
            }
            Event::MailDomainRemoved { name } => {
                self.mail_domains.remove(name);
            }
            Event::InboxCreated(inbox) | Event::InboxChanged(inbox) => {
                self.inboxes.insert(inbox.id, inbox.clone());
            }
            Event::WindowInvited { window, code } => self.change(window, |entry| entry.more.invite = Some(*code)),
            Event::WindowDescribed { window, profile } => self.change(window, |entry| {
                entry.name.clone_from(&profile.name);
                entry.more.description.clone_from(&profile.description);
                entry.more.picture.clone_from(&profile.picture);
            }),
            Event::BotSet(bot) => {
                self.bots.insert(bot.window.clone(), Bot::clone(bot));
            }
            Event::BotRemoved { window } => {
                self.bots.remove(window);
            }
            Event::ProductReserved { window, product } => {
                self.change(window, |entry| entry.more.reserved = Some(*product));
            }
            Event::ProductSettled { window, product } => self.change(window, |entry| {
                entry.product = *product;
                entry.more.reserved = None;
            }),
            Event::ProductsOwned(owned) => self.owned = *owned,
            Event::TrialStarted(trial) => self.begin_trial(*trial),
            Event::TrialEnded => self.trial = None,
            Event::WindowReset { window, reset_at, by, erase } => self.reset(window, *reset_at, *by, *erase),
            Event::WindowErased { code } => self.erased(*code),
            Event::Invited(_)
            | Event::InvitationTakenBack { .. }
            | Event::InvitationAccepted { .. }
            | Event::InvitationSettled { .. } => invitation::apply(self, event),
        }
    }

    fn change(&mut self, window: &WindowId, change: impl FnOnce(&mut WindowEntry)) {
        if let Some(entry) = self.windows.get_mut(window) {
            change(entry);
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
    /// Give a window its invite link, where it has none.
    InviteTo {
        /// Which one.
        window: WindowId,
        /// The link's code.
        code: u128,
    },
    /// Call or describe a window otherwise, or give it another picture.
    DescribeWindow {
        /// Which one.
        window: WindowId,
        /// All of it as it is to be.
        profile: Profile,
    },
    /// Keep a product for a window that is to change to it.
    ReserveProduct {
        /// Which one.
        window: WindowId,
        /// The product.
        product: u16,
    },
    /// The window has decided which of its two products it is bound to.
    SettleProduct {
        /// Which one.
        window: WindowId,
        /// Its product.
        product: u16,
    },
    /// Put other numbers of products under contract.
    OwnProducts(Vec<(u16, u16)>),
    /// Begin a trial.
    StartTrial {
        /// Now.
        now: Timestamp,
    },
    /// Put a contract after the trial.
    EndTrial,
    /// A window's stream has said that it was reset.
    ResetWindow {
        /// Which one.
        window: WindowId,
        /// When.
        reset_at: Timestamp,
        /// Who did it.
        by: Option<AgentId>,
        /// It was the last one.
        erase: bool,
    },
    /// What was said in a window that was reset is gone.
    NoteErased {
        /// The code of its invite link.
        code: u128,
    },
    /// Give a link out.
    Invite(Invitation),
    /// Take it back.
    TakeInvitationBack {
        /// Which one.
        id: InvitationId,
    },
    /// Come with the link.
    AcceptInvitation {
        /// Which one.
        id: InvitationId,
        /// Who they will be; role and, where it was named, login are the invitation's.
        agent: Agent,
    },
    /// Its windows have been told.
    SettleInvitation {
        /// Which one.
        id: InvitationId,
    },
    /// Put a bot in front of a window, or change it.
    SetBot(Box<Bot>),
    /// Take a window's bot away.
    RemoveBot {
        /// The window.
        window: WindowId,
    },
    /// Add a domain that mail carries.
    AddMailDomain(MailDomain),
    /// Keep how such a domain stands.
    ChangeMailDomain(MailDomain),
    /// Carry a domain no more.
    RemoveMailDomain {
        /// Its name.
        name: String,
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
        Command::ChangeInbox(inbox) if org.retired.contains_key(&inbox.id) => Ok(vec![Event::InboxChanged(inbox)]),
        Command::ChangeInbox(inbox) if !org.inboxes.contains_key(&inbox.id) => Err(Rejected::not_found("inbox")),
        Command::ChangeInbox(inbox) if !org.windows.contains_key(&inbox.window) => Err(Rejected::not_found("window")),
        Command::ChangeInbox(inbox) if org.inboxes[&inbox.id].settings.kind() != inbox.settings.kind() => {
            Err(Rejected::invalid("kind", "an account stays on its channel"))
        }
        Command::ChangeInbox(inbox) => inbox.settings.check().map(|()| vec![Event::InboxChanged(inbox)]),
        Command::SetBot(bot) => bot::check(org, &bot).map(|()| vec![Event::BotSet(bot)]),
        Command::RemoveBot { window } if org.bots.contains_key(&window) => Ok(vec![Event::BotRemoved { window }]),
        Command::RemoveBot { .. } => Err(Rejected::not_found("bot")),
        Command::Invite(wanted) => invitation::invite(org, wanted),
        Command::TakeInvitationBack { id } => invitation::take_back(org, id),
        Command::AcceptInvitation { id, agent } => invitation::accept(org, id, agent),
        Command::SettleInvitation { id } if org.joining.contains_key(&id) => Ok(vec![Event::InvitationSettled { id }]),
        Command::SettleInvitation { .. } => Ok(Vec::new()),
        Command::AddMailDomain(domain) => mail_domain::add(org, domain),
        Command::ChangeMailDomain(domain) => mail_domain::change(org, domain),
        Command::RemoveMailDomain { name } => mail_domain::remove(org, name),
        other => decide_window(org, other),
    }
}

/// Wishes about windows that exist, and about what windows need.
fn decide_window(org: &Org, command: Command) -> Result<Vec<Event>, Rejected> {
    match command {
        Command::InviteTo { window, code } => match org.windows.get(&window) {
            None => Err(Rejected::not_found("window")),
            Some(entry) if entry.more.invite.is_some() => Ok(Vec::new()),
            Some(_) => Ok(vec![Event::WindowInvited { window, code }]),
        },
        Command::DescribeWindow { window, profile } => describe_window(org, window, profile),
        Command::ReserveProduct { window, product } => products::reserve(org, &window, product),
        Command::SettleProduct { window, product } => products::settle(org, &window, product),
        Command::OwnProducts(wishes) => products::own(org, &wishes),
        Command::StartTrial { now } => trial::start(org, now),
        Command::EndTrial => trial::end(org),
        Command::ResetWindow { window, reset_at, by, erase } => reset::decide(org, &window, (reset_at, by), erase),
        Command::NoteErased { code } => Ok(vec![Event::WindowErased { code }]),
        other => unreachable!("{other:?} is decided with the others"),
    }
}

fn create_agent(org: &Org, agent: Agent) -> Result<Vec<Event>, Rejected> {
    fits_login(&agent.login)?;
    check_name(&agent.name)?;
    if org.by_login(&agent.login).is_some() || org.agents.contains_key(&agent.id) {
        return Err(Rejected::Exists { what: "login" });
    }
    Ok(vec![Event::AgentCreated(agent)])
}

fn fits_login(login: &str) -> Result<(), Rejected> {
    let fits =
        (1..=254).contains(&login.len()) && login.bytes().all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase());
    if fits { Ok(()) } else { Err(Rejected::invalid("login", "1 to 254 visible ASCII characters, no capitals")) }
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

/// Names that every mail domain keeps for itself (RFC 5321, 4.5.1; RFC 2142), and which a window's address must not take.
const RESERVED: &[&str] = &["postmaster", "abuse", "root", "noreply", "hostmaster", "webmaster"];

/// `window.more` says what is to follow: its description, picture and invite link.
fn create_window(org: &Org, mut window: WindowEntry) -> Result<Vec<Event>, Rejected> {
    if RESERVED.contains(&window.id.as_str()) {
        return Err(Rejected::invalid("id", "a name that is not reserved"));
    }
    let profile = window.profile().checked()?;
    if org.windows.contains_key(&window.id) {
        return Err(Rejected::Exists { what: "window id" });
    }
    check_unused_name(org, &profile.name, None)?;
    products::check_free(org, window.product)?;
    let more = std::mem::take(&mut window.more);
    window.name.clone_from(&profile.name);
    let id = window.id.clone();
    let mut events = vec![Event::WindowCreated(window)];
    events.extend(more.invite.map(|code| Event::WindowInvited { window: id.clone(), code }));
    if !profile.description.is_empty() || profile.picture.is_some() {
        events.push(Event::WindowDescribed { window: id, profile });
    }
    Ok(events)
}

fn describe_window(org: &Org, window: WindowId, profile: Profile) -> Result<Vec<Event>, Rejected> {
    let entry = org.windows.get(&window).ok_or(Rejected::not_found("window"))?;
    // What it has is kept, also where former releases took names by another rule.
    if profile == entry.profile() {
        return Ok(Vec::new());
    }
    let profile = profile.checked()?;
    check_unused_name(org, &profile.name, Some(&window))?;
    if profile == entry.profile() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::WindowDescribed { window, profile }])
}

fn check_unused_name(org: &Org, name: &str, but: Option<&WindowId>) -> Result<(), Rejected> {
    if org.windows.values().any(|other| other.name == name && Some(&other.id) != but) {
        return Err(Rejected::Exists { what: "window name" });
    }
    Ok(())
}
