//! Who may do what: one function for every route, every command and every socket.
//!
//! Deny by default: a right that no line below gives is not there. Whether a command fits the state of a conversation
//! (who holds the seat, whose memo it is) is the domain's to decide, not this file's. docs/rights.md is the whole of it as
//! a table, and the tests hold both together.

use std::fmt;

use madoguchi_engine::Handle;
use madoguchi_engine::domain::id::{AgentId, WindowId};
use madoguchi_engine::domain::org::Role;

use crate::auth::Identity;

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Log out, see oneself.
    OwnSession,
    /// See the windows that one may see, and their conversations.
    ListOwn,
    /// See who works here.
    ReadAgents,
    /// Read a window: its members, conversations, messages, stored bodies.
    ReadWindow,
    /// Sit at a desk of a window: claim a free conversation, accept a hand-over. Members only: who is in no window has no desk.
    Work,
    /// Keep order in a window: assign, write memos, replay a stored body.
    Oversee,
    /// Do what only the holder of a seat may do: send, cancel, complete, release, hand over.
    UseSeat,
    /// Upload files to send them, and see those.
    SendFiles,
    /// Take a seat from a present holder.
    TakeOver,
    /// Put a conversation back to work that was set aside after repeated failures.
    TakeBack,
    /// Add windows, change their settings and members.
    ManageWindows,
    /// Say which products are under contract, and whether there is a trial.
    ManageProducts,
    /// See and add inboxes.
    ManageInboxes,
    /// Point an inbox at another platform than its own.
    SetBaseUrls,
    /// Add, change, disable and enable people of a given role, and give them another password.
    ManageAgents,
    /// Make, see and withdraw tokens.
    ManageTokens,
    /// See whether anything goes out, hold it, let it go.
    ManageSending,
    /// Change one's own password, end one's own sessions.
    OwnAccount,
    /// Act on many conversations at once, whoever holds them.
    ActInBulk,
    /// Read the audit log.
    ReadAudit,
}

/// What it is to be done to.
#[derive(Clone, Copy, Debug)]
pub enum Object<'a> {
    /// The organisation as a whole.
    Organisation,
    /// One window and what is in it.
    Window(&'a WindowId),
    /// People of this role.
    People(Role),
}

/// What must be known about windows to decide.
pub trait Members {
    /// Whether the person works in the window.
    fn is_member(&self, window: &WindowId, agent: AgentId) -> bool;

    /// Whether the person works in any window.
    fn is_anywhere(&self, agent: AgentId) -> bool;
}

impl Members for Handle {
    fn is_member(&self, window: &WindowId, agent: AgentId) -> bool {
        self.window(window).is_some_and(|window| window.members.contains(&agent))
    }

    fn is_anywhere(&self, agent: AgentId) -> bool {
        self.org().windows.keys().any(|window| self.is_member(window, agent))
    }
}

/// The right is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied;

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the right for this is missing")
    }
}

impl std::error::Error for Denied {}

/// Whether `actor` may do `action` to `object`.
///
/// # Errors
/// [`Denied`] for everything that is not given.
pub fn authorize(actor: &Identity, action: Action, object: Object<'_>, members: &impl Members) -> Result<(), Denied> {
    if !actor.scopes.allow(action) {
        return Err(Denied);
    }
    let is_supervisor = actor.role >= Role::Supervisor;
    let is_administrator = actor.role >= Role::Administrator;
    let given = match (action, object) {
        (Action::OwnSession | Action::OwnAccount | Action::ListOwn, Object::Organisation) => true,
        // Who is in no window sees no desk, and no colleagues either.
        (Action::ReadAgents | Action::SendFiles, Object::Organisation) => {
            is_supervisor || members.is_anywhere(actor.agent)
        }
        // A supervisor who took a seat over must be able to use it and to give it back.
        (Action::ReadWindow | Action::Oversee | Action::UseSeat, Object::Window(window)) => {
            is_supervisor || members.is_member(window, actor.agent)
        }
        (Action::Work, Object::Window(window)) => members.is_member(window, actor.agent),
        (Action::TakeOver, Object::Window(_)) | (Action::ActInBulk, Object::Organisation) => is_supervisor,
        (Action::ReadAudit, Object::Organisation) => is_administrator,
        (Action::TakeBack, Object::Window(_)) => is_administrator,
        (
            Action::ManageWindows | Action::ManageInboxes | Action::ManageTokens | Action::ManageSending,
            Object::Organisation | Object::Window(_),
        ) => is_administrator,
        (Action::SetBaseUrls | Action::ManageProducts, Object::Organisation) => actor.role == Role::Owner,
        (Action::ManageAgents, Object::People(role)) => is_administrator && role <= actor.role,
        _ => false,
    };
    if given { Ok(()) } else { Err(Denied) }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Only(WindowId, AgentId);

    impl Members for Only {
        fn is_member(&self, window: &WindowId, agent: AgentId) -> bool {
            *window == self.0 && agent == self.1
        }

        fn is_anywhere(&self, agent: AgentId) -> bool {
            agent == self.1
        }
    }

    fn who(role: Role) -> Identity {
        Identity::of(AgentId(1), role)
    }

    #[test]
    fn an_action_on_the_wrong_kind_of_thing_is_denied_even_to_owners() {
        let window = WindowId::new("w").expect("an id");
        let members = Only(window.clone(), AgentId(1));
        for (action, object) in [
            (Action::ReadWindow, Object::Organisation),
            (Action::Work, Object::People(Role::Agent)),
            (Action::ManageAgents, Object::Organisation),
            (Action::ManageAgents, Object::Window(&window)),
            (Action::SetBaseUrls, Object::Window(&window)),
            (Action::TakeOver, Object::Organisation),
        ] {
            assert_eq!(authorize(&who(Role::Owner), action, object, &members), Err(Denied), "{action:?} {object:?}");
        }
    }

    #[test]
    fn nobody_makes_somebody_mightier_than_themselves() {
        let members = Only(WindowId::new("w").expect("an id"), AgentId(1));
        let roles = [Role::Agent, Role::Supervisor, Role::Administrator, Role::Owner];
        for actor in roles {
            for made in roles {
                let given = authorize(&who(actor), Action::ManageAgents, Object::People(made), &members);
                let wanted = actor >= Role::Administrator && made <= actor;
                assert_eq!(given.is_ok(), wanted, "{actor:?} makes {made:?}");
            }
        }
    }

    #[test]
    fn a_member_of_one_window_is_nobody_in_another() {
        let mine = WindowId::new("mine").expect("an id");
        let other = WindowId::new("other").expect("an id");
        let members = Only(mine.clone(), AgentId(1));
        for action in [Action::ReadWindow, Action::Work, Action::Oversee, Action::UseSeat] {
            let on = |window| authorize(&who(Role::Agent), action, Object::Window(window), &members);
            assert_eq!(on(&mine), Ok(()), "{action:?}");
            assert_eq!(on(&other), Err(Denied), "{action:?}");
        }
    }
}
