//! The organisation: logins and roles, windows and inboxes that exist. One stream, `org`.

mod agent;
mod bot;
mod bot_channel;
mod command;
mod decide;
mod event;
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
mod window;
#[cfg(test)]
mod windows_test;

use std::collections::BTreeMap;

use super::id::{AgentId, InboxId, InvitationId, WindowId};

use self::products::Owned;
use self::reset::Former;
use self::trial::Trial;

pub use agent::{Agent, Role};
pub use bot::Bot;
pub use bot_channel::BotChannelSettings;
pub use command::Command;
pub use decide::decide;
pub use event::Event;
pub use inbox::{ChannelKind, Inbox, InboxSettings};
pub use invitation::{Invitation, Joining};
pub use line::{Access, FormerSecret, LineSettings, SendMode, WhenQuotaEmpty};
pub use lineworks::{CALLS_A_MINUTE, LineWorksSettings, Maker};
pub use mail::{CompanyAddress, Forwarding, MailSettings};
pub use mail_domain::{MailDomain, MailKey, is_domain, key_name, next_selector};
pub use window::{More, WindowEntry};

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
